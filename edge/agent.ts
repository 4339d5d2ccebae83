import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import type { Clock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import type { StateMessage } from '#contract/messages.ts'
import type { BusDescription, GatewayFile } from '#firmware-config/gateway.ts'
import { loadProfile, type RegisterMap, type TransformerRatios } from '#firmware-config/profile.ts'
import type { SlotCounts } from './agenda.ts'
import { Bus } from './bus.ts'
import { busState, meterState, type MeterHealth } from './health.ts'
import { lineOf, placeOf, refuseContradictions } from './lines.ts'
import { lineCost } from './line-cost.ts'
import { MeterPoll, type PolledMeter } from './poll.ts'
import { Recorder } from './recorder.ts'
import type { AgentReport } from './report.ts'
import { tasksOf } from './tasks.ts'
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
  /** How the gateway is doing at this moment. */
  report(): AgentReport
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
  refuseContradictions(gateway.buses.map(({ transport }) => transport))
  const described = gateway.buses.map((bus) => ({ bus, meters: describedMeters(bus, options.profile) }))
  refuseRepeated(described.flatMap(({ meters }) => meters))
  const health = new Map<string, { now: MeterHealth; slots: SlotCounts }>()
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
  // From here on all time is that which the recorder keeps: slots and stamps must be of one clock.
  const { clock, journal } = recorder
  const buses = new Map<string, Bus>()
  const names = new Map<Bus, string>()
  const meters = described.flatMap(({ bus, meters }) => {
    const owner = busOf(buses, bus, { clock, log, random })
    if (!names.has(owner)) names.set(owner, bus.id)
    return meters.map((meter): PolledMeter => ({ ...meter, bus: owner }))
  })
  const state = (): Pick<StateMessage, 'journal' | 'clock' | 'meters' | 'buses'> => ({
    ...recorder.state(),
    meters: [...health].map(([meter, { now, slots }]) => meterState(meter, now, slots)),
    buses: [...names].map(([bus, name]) => busState(name, bus.counts, clock.monotonicMs())),
  })
  const delivery = new Uplink({
    ...gateway.uplink,
    gateway: gateway.gateway,
    park: gateway.park,
    journal,
    clock,
    log,
    random,
    state,
    serverTime: (serverMs, roundTripMs) => recorder.clock.confirm(serverMs, roundTripMs),
  })
  uplink = delivery
  let polledMs = clock.monotonicMs()
  const polled = (meter: string, now: MeterHealth, slots: SlotCounts): void => {
    if (health.get(meter)?.now.state !== now.state) uplink?.stateChanged()
    health.set(meter, { now, slots })
    polledMs = clock.monotonicMs()
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
  const delivering = delivery.run()
  log.info({ gateway: gateway.gateway, epoch: journal.epoch, meters: meters.length }, 'the agent runs')

  const stop = async (): Promise<void> => {
    stopping.abort()
    await Promise.all([...polls, upkeep])
    for (const bus of buses.values()) bus.close()
    recorder.finish()
    await delivery.stop()
    await delivering
    journal.close()
    log.info({ gateway: gateway.gateway }, 'the agent has stopped')
  }
  const report = (): AgentReport => {
    const nowMs = clock.monotonicMs()
    const { connected, sinceMs } = delivery.connection
    return {
      gateway: gateway.gateway,
      epoch: journal.epoch,
      described: meters.length,
      shortestMs: Math.min(...meters.flatMap(({ tasks }) => tasks.map(({ everyMs }) => everyMs))),
      sincePollMs: nowMs - polledMs,
      uplink: { connected, forMs: nowMs - sinceMs },
      ...state(),
    }
  }
  let stopped: Promise<void> | undefined
  return { report, stop: () => (stopped ??= stop()) }
}

/**
 * The owner of a bus's line; buses at the same place share it, because many devices take one connection only and a
 * serial device has one master.
 */
function busOf(
  buses: Map<string, Bus>,
  { transport }: BusDescription,
  surroundings: Parameters<typeof lineOf>[1],
): Bus {
  const place = placeOf(transport)
  const bus = buses.get(place) ?? new Bus(lineOf(transport, surroundings), surroundings.clock)
  buses.set(place, bus)
  return bus
}

function describedMeters(
  description: BusDescription,
  profile: NonNullable<AgentOptions['profile']> = loadProfile,
): Omit<PolledMeter, 'bus'>[] {
  return description.meters.map((line) => {
    const map = profile(line.profile, line.ratios)
    return {
      meter: line.meter,
      unit: line.unit,
      tasks: tasksOf(line, map),
      limits: map.limits,
      cost: lineCost(description.transport, map.limits),
      timeoutMs: description.timeoutMs,
      quality: line.simulated ? 'simulated' : 'good',
    }
  })
}

/** A meter that is polled twice could get two readings of the same moment. */
function refuseRepeated(meters: readonly { readonly meter: string }[]): void {
  const seen = new Set<string>()
  for (const { meter } of meters) {
    if (seen.has(meter)) throw new Fault('file-invalid', `Meter ${meter} stands in the gateway file twice.`)
    seen.add(meter)
  }
}
