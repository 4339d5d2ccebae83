import type { Logger } from 'pino'
import type { Clock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import type { StateMessage } from '#contract/messages.ts'
import type { BusDescription, GatewayFile } from '#firmware-config/gateway.ts'
import { loadProfile, type RegisterMap, type TransformerRatios } from '#firmware-config/profile.ts'
import type { SlotCounts } from './agenda.ts'
import { Bus } from './bus.ts'
import { GroupCommit } from './commit.ts'
import { slept } from './deadline.ts'
import { meterState, type MeterHealth } from './health.ts'
import { Journal } from './journal.ts'
import { lineOf, placeOf, refuseContradictions } from './lines.ts'
import { lineCost } from './line-cost.ts'
import { MeterPoll, type PolledMeter } from './poll.ts'
import { tasksOf } from './tasks.ts'
import { Uplink } from './uplink.ts'

const MS_PER_HOUR = 3_600_000
/** Rows whose grace time is over are looked for this often. */
const TRIM_EVERY_MS = 60_000

export interface AgentOptions {
  readonly gateway: GatewayFile
  /** Path of the journal; it is made where there is none. */
  readonly journalFile: string
  readonly clock: Clock
  readonly log: Logger
  /** A number in [0, 1); Math.random by default. */
  readonly random?: () => number
  /** What the gateway shows to the broker. */
  readonly credentials?: { readonly username: string; readonly password: string }
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
  const { gateway, clock, log, random = Math.random } = options
  refuseContradictions(gateway.buses.map(({ transport }) => transport))
  const buses = new Map<string, Bus>()
  const meters = gateway.buses.flatMap((bus) =>
    polledMeters(bus, busOf(buses, bus, options), options.profile),
  )
  refuseRepeated(meters)
  const journal = Journal.open({
    file: options.journalFile,
    gateway: gateway.gateway,
    graceMs: gateway.journal.graceHours * MS_PER_HOUR,
    clock,
  })
  const health = new Map<string, { now: MeterHealth; slots: SlotCounts }>()
  const commit = new GroupCommit({
    journal,
    windowMs: gateway.journal.commitWindowMs,
    clock,
    log,
    committed: (rows) => uplink.offer(rows),
  })
  const uplink = new Uplink({
    ...gateway.uplink,
    gateway: gateway.gateway,
    park: gateway.park,
    credentials: options.credentials,
    journal,
    clock,
    log,
    random,
    state: () => ({
      ...journalState(journal, commit, log),
      meters: [...health].map(([meter, { now, slots }]) => meterState(meter, now, slots)),
    }),
  })
  const polled = (meter: string, now: MeterHealth, slots: SlotCounts): void => {
    if (health.get(meter)?.now.state !== now.state) uplink.stateChanged()
    health.set(meter, { now, slots })
  }
  const surroundings = {
    clock,
    log,
    read: (readings: Parameters<GroupCommit['add']>[0]) => commit.add(readings),
    polled,
  }

  const stopping = new AbortController()
  const polls = meters.map((meter) => new MeterPoll(meter, surroundings).run(stopping.signal))
  const trimming = trimNowAndThen(journal, clock, log, stopping.signal)
  const delivering = uplink.run()
  log.info({ gateway: gateway.gateway, epoch: journal.epoch, meters: meters.length }, 'the agent runs')

  const stop = async (): Promise<void> => {
    stopping.abort()
    await Promise.all([...polls, trimming])
    for (const bus of buses.values()) bus.close()
    if (!commit.finish())
      log.error({ readings: commit.unwritten }, 'readings are lost: the disk refuses them')
    await uplink.stop()
    await delivering
    journal.close()
    log.info({ gateway: gateway.gateway }, 'the agent has stopped')
  }
  let stopped: Promise<void> | undefined
  return { stop: () => (stopped ??= stop()) }
}

/**
 * The owner of a bus's line; buses at the same place share it, because many devices take one connection only and a
 * serial device has one master.
 */
function busOf(buses: Map<string, Bus>, { transport }: BusDescription, options: AgentOptions): Bus {
  const { clock, log, random = Math.random } = options
  const place = placeOf(transport)
  const bus = buses.get(place) ?? new Bus(lineOf(transport, { clock, log, random }), clock)
  buses.set(place, bus)
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
      tasks: tasksOf(line, map),
      limits: map.limits,
      cost: lineCost(description.transport, map.limits),
      timeoutMs: description.timeoutMs,
      quality: line.simulated ? 'simulated' : 'good',
      bus,
    }
  })
}

/** A meter that is polled twice could get two readings of the same moment. */
function refuseRepeated(meters: readonly PolledMeter[]): void {
  const seen = new Set<string>()
  for (const { meter } of meters) {
    if (seen.has(meter)) throw new Fault('file-invalid', `Meter ${meter} stands in the gateway file twice.`)
    seen.add(meter)
  }
}

function journalState(journal: Journal, commit: GroupCommit, log: Logger): Pick<StateMessage, 'journal'> {
  try {
    const { rows, bytes, oldestMs } = journal.waiting()
    return {
      journal: {
        rows,
        bytes,
        ...(oldestMs === undefined ? {} : { oldestMs }),
        ...(commit.unwritten === 0 ? {} : { unwritten: commit.unwritten }),
        ...(commit.lost === 0 ? {} : { lost: commit.lost }),
      },
    }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    log.error({ err: error }, 'the journal cannot be read')
    return {}
  }
}

async function trimNowAndThen(
  journal: Journal,
  clock: Clock,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  do {
    try {
      journal.trim()
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      log.error({ err: error }, 'the journal cannot be trimmed')
    }
  } while (await slept(clock, TRIM_EVERY_MS, signal))
}
