import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import type { Clock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import type { BusDescription, GatewayFile, MeterLine } from '#firmware-config/gateway.ts'
import { loadProfile, type RegisterMap, type TransformerRatios } from '#firmware-config/profile.ts'
import { Bus } from './bus.ts'
import { meterState, type MeterHealth } from './health.ts'
import { ModbusTcpLine } from './modbus/tcp.ts'
import { plan } from './plan.ts'
import { MeterPoll, type PolledMeter } from './poll.ts'
import { Recorder } from './recorder.ts'
import { Uplink } from './uplink.ts'

export interface AgentOptions {
  readonly gateway: GatewayFile
  /** Path of the journal; it is made where there is none. */
  readonly journalFile: string
  readonly clock: Clock
  readonly log: Logger
  /** A number in [0, 1); Math.random by default. */
  readonly random?: () => number
  /** Identity of this boot of the machine: monotonic times of the same boot can be compared. By default nothing can. */
  readonly boot?: string
  /** Where meter profiles come from; those of firmware-config by default. */
  readonly profile?: (id: string, ratios: TransformerRatios) => RegisterMap
}

export interface Agent {
  /** Stops polling, commits what was read, says farewell to the broker and closes the journal. Twice is once. */
  stop(): Promise<void>
}

/**
 * Starts a gateway: polls its meters, keeps the readings in the journal, delivers them. It runs until `stop`, whatever
 * meters, lines and broker do.
 *
 * Throws, having started nothing: `profile-unknown`, `InvalidFile` or `file-invalid` for a configuration that cannot be
 * run, `journal-unusable` for a journal that cannot be opened.
 */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { gateway, log, random = Math.random } = options
  const buses = new Map<string, Bus>()
  const meters = gateway.buses.flatMap((bus) =>
    polledMeters(bus, busOf(buses, bus, options), options.profile),
  )
  refuseRepeated(meters)
  const health = new Map<string, MeterHealth>()
  let uplink: Uplink | undefined
  const recorder = new Recorder({
    gateway,
    journalFile: options.journalFile,
    boot: options.boot ?? randomUUID(),
    clock: options.clock,
    log,
    committed: (rows) => uplink?.offer(rows),
    changed: () => uplink?.stateChanged(),
  })
  const { clock, journal } = recorder
  uplink = new Uplink({
    ...gateway.uplink,
    gateway: gateway.gateway,
    park: gateway.park,
    journal,
    clock,
    log,
    random,
    state: () => ({
      ...recorder.state(),
      meters: [...health].map(([meter, now]) => meterState(meter, now)),
    }),
    serverTime: (serverMs, roundTripMs) => recorder.clock.confirm(serverMs, roundTripMs),
  })
  const polled = (meter: string, now: MeterHealth): void => {
    if (health.get(meter)?.state !== now.state) uplink?.stateChanged()
    health.set(meter, now)
  }
  const surroundings = {
    clock,
    log,
    read: recorder.read,
    polled,
  }

  const stopping = new AbortController()
  const polls = meters.map((meter) => new MeterPoll(meter, surroundings).run(stopping.signal))
  const upkeep = recorder.upkeep(stopping.signal)
  const delivering = uplink.run()
  log.info({ gateway: gateway.gateway, epoch: journal.epoch, meters: meters.length }, 'the agent runs')

  const stop = async (): Promise<void> => {
    stopping.abort()
    await Promise.all([...polls, upkeep])
    for (const bus of buses.values()) bus.close()
    recorder.finish()
    await uplink.stop()
    await delivering
    journal.close()
    log.info({ gateway: gateway.gateway }, 'the agent has stopped')
  }
  let stopped: Promise<void> | undefined
  return { stop: () => (stopped ??= stop()) }
}

/** The owner of a bus's line; buses with the same address share it, because many devices take one connection only. */
function busOf(buses: Map<string, Bus>, { transport }: BusDescription, options: AgentOptions): Bus {
  const { clock, log, random = Math.random } = options
  if (transport.kind !== 'tcp')
    throw new Fault('file-invalid', `A bus of kind ${transport.kind} cannot be read yet.`)
  const address = `${transport.host}:${transport.port}`
  const bus =
    buses.get(address) ??
    new Bus(new ModbusTcpLine({ host: transport.host, port: transport.port, clock, log, random }), clock)
  buses.set(address, bus)
  return bus
}

function polledMeters(
  description: BusDescription,
  bus: Bus,
  profile: NonNullable<AgentOptions['profile']> = loadProfile,
): PolledMeter[] {
  return description.meters.map((line) => {
    const map = profile(line.profile, line.ratios)
    return {
      meter: line.meter,
      unit: line.unit,
      everyMs: Math.round(line.everySeconds * 1_000),
      quality: line.simulated ? 'simulated' : 'good',
      requests: plan(registersFor(line, map), map.limits),
      manner: { timeoutMs: description.timeoutMs, pauseMs: map.limits.pauseMs },
      bus,
    }
  })
}

function registersFor({ meter, quantities }: MeterLine, map: RegisterMap): RegisterMap['registers'] {
  if (quantities === undefined) return map.registers
  const missing = quantities.filter((name) => map.registers.every(({ quantity }) => quantity !== name))
  if (missing.length > 0) {
    throw new Fault('file-invalid', `Profile ${map.id} of meter ${meter} has no ${missing.join(', ')}.`)
  }
  return map.registers.filter(({ quantity }) => quantities.includes(quantity))
}

/** A meter that is polled twice could get two readings of the same moment. */
function refuseRepeated(meters: readonly PolledMeter[]): void {
  const seen = new Set<string>()
  for (const { meter } of meters) {
    if (seen.has(meter)) throw new Fault('file-invalid', `Meter ${meter} stands in the gateway file twice.`)
    seen.add(meter)
  }
}
