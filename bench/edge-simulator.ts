import { z } from 'zod'
import { makeLog } from '#cli/log.ts'
import { systemClock } from '#cli/system-clock.ts'
import { busKey, startSimulation } from '#simulators/simulation.ts'
import { PROFILE, simulatedPark } from './simulated-park.ts'

/**
 * The meters of the edge benchmark, as a process: it tells its ports and devices, and, asked, its use of the machine and
 * what the serial lines have carried since it was asked before.
 */
const settings = z
  .object({
    meters: z.int(),
    unitsPerBus: z.int(),
    transport: z.looseObject({ kind: z.string() }),
    turnaroundMs: z.number(),
    ptyFolder: z.string().optional(),
  })
  .parse(JSON.parse(process.argv[2] ?? ''))

const { park, scenario, gateway } = simulatedPark(settings.meters, settings)
const keys = gateway.buses.map(({ id }) => busKey(gateway.gateway, id))
const line = { exchanges: 0, unanswered: 0, busyMs: 0, firstMs: 0, lastMs: 0 }
const simulation = await startSimulation({
  scenario,
  park,
  gateways: [gateway],
  clock: systemClock,
  log: makeLog('bench', 'error'),
  host: '127.0.0.1',
  ports: new Map(keys.map((key) => [key, 0])),
  behaviour: { manners: [{ profile: PROFILE, turnaroundMs: settings.turnaroundMs }], faults: [] },
  ...(settings.ptyFolder === undefined ? {} : { ptyFolder: settings.ptyFolder }),
  onExchange: (_bus, { replyBytes, requestBeginsMs, freeMs }) => {
    if (line.exchanges === 0) line.firstMs = requestBeginsMs
    line.exchanges += 1
    line.unanswered += replyBytes === 0 ? 1 : 0
    line.busyMs += freeMs - requestBeginsMs
    line.lastMs = freeMs
  },
})
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.({ cpuMs: (user + system) / 1_000, line })
  line.exchanges = 0
  line.unanswered = 0
  line.busyMs = 0
})
process.once('disconnect', () => {
  void simulation.stop()
})
process.send?.({
  ports: Object.fromEntries(gateway.buses.map(({ id }) => [id, simulation.ports.get(busKey('g', id)) ?? 0])),
  paths: Object.fromEntries(gateway.buses.map(({ id }) => [id, simulation.paths.get(busKey('g', id)) ?? ''])),
})
