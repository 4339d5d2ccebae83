import { makeLog } from '#cli/log.ts'
import { systemClock } from '#cli/system-clock.ts'
import { busKey, startSimulation } from '#simulators/simulation.ts'
import { simulatedPark } from './simulated-park.ts'

/** The simulator of the benchmark, as a process: it tells its ports, and its use of the machine whenever it is asked. */
const { park, scenario, gateway } = simulatedPark(Number(process.argv[2]))
const keys = gateway.buses.map(({ id }) => busKey(gateway.gateway, id))
const simulation = await startSimulation({
  scenario,
  park,
  gateways: [gateway],
  clock: systemClock,
  log: makeLog('bench', 'error'),
  host: '127.0.0.1',
  ports: new Map(keys.map((key) => [key, 0])),
})
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.({
    cpuMs: (user + system) / 1_000,
    residentBytes: process.memoryUsage.rss(),
  })
})
process.once('disconnect', () => {
  void simulation.stop()
})
process.send?.({ ports: keys.flatMap((key) => simulation.ports.get(key) ?? []) })
