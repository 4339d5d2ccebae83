import { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import { readGatewayFile } from '#firmware-config/gateway.ts'
import { openProfiles } from '#firmware-config/profile-library.ts'
import { readParkFile } from '#firmware-config/park-file.ts'
import { runControlPrompt } from '#simulators/control-prompt.ts'
import { startControlServer } from '#simulators/control-server.ts'
import { readBehaviour } from '#simulators/fault-schedule.ts'
import { openKeptSums } from '#simulators/kept-sums.ts'
import { readScenarioFor } from '#simulators/scenario-check.ts'
import { busKey, faultSubjects, startSimulation, type Simulation } from '#simulators/simulation.ts'
import { tellParent } from '../child.ts'
import { installationRoot, keptFolder } from '../installation.ts'
import { watchLifetime, type Lifetime } from '../lifetime.ts'
import { makeLog } from '../log.ts'
import { flag, gatewayFiles, logLevel, port, text } from '../options.ts'
import { clockOf, givenPace, paceOptions } from '../pace.ts'
import { ProgressLine } from '../progress.ts'
import { systemClock } from '../system-clock.ts'
import { verb } from '../verb.ts'

const options = z.object({
  scenario: text.meta({ description: 'The scenario file' }),
  park: text.meta({ description: 'The park file' }),
  config: gatewayFiles('A gateway file whose meters are simulated'),
  behaviour: text
    .optional()
    .meta({ description: 'A file of response times and scheduled faults, instead of those of the scenario' }),
  host: text
    .default('127.0.0.1')
    .meta({ description: 'Address to listen on; the loopback unless told otherwise' }),
  port: port.optional().meta({
    description:
      'Port of the first bus, the next ones follow (those of the gateway files; 0 takes free ones)',
  }),
  pty: text.optional().meta({
    description: 'Folder in which serial lines are made of pseudo-terminals (by socat)',
  }),
  serial: z
    .array(text.regex(/^[^=]+\/[^=]+=.+$/, 'gateway/bus=device'))
    .default([])
    .meta({ description: 'gateway/bus=DEVICE: the simulator’s own serial port for a bus; several times' }),
  'control-port': port.optional().meta({
    description: 'Port on the loopback for faults on command (0 takes a free one)',
  }),
  interactive: flag(
    'Take commands on stdin although it is no terminal (in a terminal they are taken in any case)',
  ),
  'served-log': text.optional().meta({ description: 'File for every reply that was served, one line each' }),
  profiles: text.optional().meta({ description: 'A folder with profiles of your own' }),
  'fault-log': text.optional().meta({ description: 'File for every fault that begins or ends' }),
  ...paceOptions,
  log: logLevel.optional().meta({
    description: 'trace, debug, info, warn, error or silent (info; warn beside a prompt)',
  }),
})

/** Devices by bus, from `gateway/bus=DEVICE`. Throws `argument-invalid` for a bus that is not there. */
function devicesOf(given: readonly string[], buses: readonly string[]): Map<string, string> {
  const devices = new Map(
    given.map((each): [string, string] => {
      const at = each.indexOf('=')
      return [each.slice(0, at), each.slice(at + 1)]
    }),
  )
  const unknown = [...devices.keys()].find((bus) => !buses.includes(bus))
  if (unknown === undefined) return devices
  throw new Fault('argument-invalid', `--serial: there is no bus "${unknown}", only ${buses.join(', ')}`)
}

/** Stands in for the meters of gateway files. */
export const simulate = verb('Stand in for a park’s meters', options, async (given) => {
  const lifetime = watchLifetime()
  const interactive = given.interactive || process.stdin.isTTY
  const log = makeLog('simulate', given.log ?? (interactive ? 'warn' : 'info'))
  const park = readParkFile(given.park)
  const gateways = given.config.map((file) => readGatewayFile(file).value)
  const buses = gateways.flatMap(({ gateway, buses }) => buses.map((bus) => busKey(gateway, bus.id)))
  const { port: firstPort } = given
  const profile = openProfiles(given.profiles).load
  const subjects = faultSubjects(gateways, profile)
  const scenario = readScenarioFor(park, given.scenario, subjects)
  const clock = clockOf(givenPace(given))
  const kept = openKeptSums(keptFolder(installationRoot, 'sums'), scenario, (why) =>
    log.warn({ err: why }, 'sums of days are not kept: the next start takes as long as this one'),
  )
  const simulation = await startSimulation({
    scenario,
    daySums: kept.daySums,
    park,
    gateways,
    profile,
    clock,
    log,
    host: given.host,
    devices: devicesOf(given.serial, buses),
    ...(firstPort === undefined
      ? {}
      : { ports: new Map(buses.map((bus, index) => [bus, firstPort === 0 ? 0 : firstPort + index])) }),
    ...(given.pty === undefined ? {} : { ptyFolder: given.pty }),
    behaviour: given.behaviour === undefined ? scenario : readBehaviour(given.behaviour, subjects),
    ...(given['served-log'] === undefined ? {} : { servedLog: given['served-log'] }),
    ...(given['fault-log'] === undefined ? {} : { faultLog: given['fault-log'] }),
  })
  const stop = [() => simulation.stop()]
  try {
    simulation.onFault(({ kind, target, phase }) => {
      if (kind !== 'power-cut' || !('gateway' in target)) return
      tellParent({ kind: 'gateway-power', gateway: target.gateway, on: phase === 'ends' })
    })
    let controlUrl: string | undefined
    if (given['control-port'] !== undefined) {
      const server = await startControlServer(simulation.control, given['control-port'])
      stop.unshift(() => server.stop())
      controlUrl = server.url
      log.info({ url: controlUrl }, 'faults on command')
    }
    tellParent({
      kind: 'ready',
      url: `modbus-tcp://${given.host}`,
      ports: Object.fromEntries(simulation.ports),
      paths: Object.fromEntries(simulation.paths),
      ...(controlUrl === undefined ? {} : { controlUrl }),
    })
    if (interactive) sayWhere(simulation, controlUrl)
    await sumUp(simulation, log, interactive, lifetime)
    kept.keep()
    if (interactive) await converse(simulation, lifetime)
    else await lifetime.ended
  } finally {
    for (const each of stop) await each()
  }
})

function sayWhere({ ports, paths }: Simulation, controlUrl: string | undefined): void {
  for (const [bus, at] of [...ports, ...paths]) console.log(`${bus} at ${at}`)
  if (controlUrl !== undefined) console.log(`control at ${controlUrl}`)
}

/** Work that is over sooner than this is not spoken of. */
const SPOKEN_OF_AFTER_MS = 1_000

/** Sums up the registers and says how far that is: until then a first read may take its time. */
async function sumUp(
  simulation: Simulation,
  log: ReturnType<typeof makeLog>,
  interactive: boolean,
  { signal }: Lifetime,
): Promise<void> {
  const line = new ProgressLine('累计寄存器 summing up the registers', process.stderr)
  const startedMs = systemClock.monotonicMs()
  let saidTenths = 0
  const progress = (share: number): void => {
    if (systemClock.monotonicMs() - startedMs < SPOKEN_OF_AFTER_MS) return
    if (interactive) line.show(share, 1)
    else if (share * 10 >= saidTenths + 1) {
      saidTenths = Math.floor(share * 10)
      log.info({ percent: saidTenths * 10 }, 'summing up the registers since their start')
    }
  }
  await simulation.sumUp({ progress, signal })
  line.end()
  if (!signal.aborted) log.info('all registers are summed up')
}

/** Takes commands until the terminal or the process ends. */
async function converse({ control }: Simulation, { signal }: Lifetime): Promise<void> {
  console.log('help shows the commands')
  await runControlPrompt(control, process.stdin, process.stdout, signal)
}
