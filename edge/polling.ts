import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import type { Clock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import type { StateMessage } from '#contract/messages.ts'
import type { BusDescription, GatewayFile, MeterLine } from '#firmware-config/gateway.ts'
import type { RegisterMap, TransformerRatios } from '#firmware-config/profile.ts'
import type { SlotCounts } from './agenda.ts'
import { Bus } from './bus.ts'
import { busState, meterState, type MeterHealth } from './health.ts'
import { lineOf, mannerOf, placeOf, refuseContradictions } from './lines.ts'
import { lineCost } from './line-cost.ts'
import { MeterPoll, type PolledMeter, type PollSurroundings } from './poll.ts'
import type { Signs } from './probation.ts'
import type { RatioContradiction } from './ratio-check.ts'
import { tasksOf } from './tasks.ts'

export type LoadProfile = (id: string, ratios: TransformerRatios) => RegisterMap

/** A meter as the gateway file and its profile describe it: everything on which its polls depend. */
interface MeterDescription {
  readonly line: MeterLine
  readonly transport: BusDescription['transport']
  readonly timeoutMs: number
  readonly map: RegisterMap
}

/** A meter that can be polled as soon as its bus is there. */
export interface DescribedMeter {
  /** Id of its bus in the gateway file. */
  readonly bus: string
  readonly description: MeterDescription
  readonly polled: Omit<PolledMeter, 'bus' | 'stampedMs'>
}

/**
 * What a gateway file wants polled. `former` are descriptions from before, which are used again where nothing differs:
 * planning takes time, and a change must not hold up the polls that go on. Throws, as nothing is touched: `profile-unknown`, `InvalidFile` or `file-invalid`
 * for what cannot be polled.
 */
export function describedMeters(
  gateway: GatewayFile,
  profile: LoadProfile,
  former: readonly DescribedMeter[] = [],
): DescribedMeter[] {
  refuseContradictions(gateway.buses.map(({ transport }) => transport))
  const formerById = new Map(former.map((each) => [each.polled.meter, each]))
  const seen = new Set<string>()
  return gateway.buses.flatMap(({ id, transport, timeoutMs, meters }) =>
    meters.map((line) => {
      // A meter that is polled twice could get two readings of the same moment.
      if (seen.has(line.meter))
        throw new Fault('file-invalid', `Meter ${line.meter} stands in the gateway file twice.`)
      seen.add(line.meter)
      const map = profile(line.profile, line.ratios)
      const description = { line, transport, timeoutMs, map }
      const same = formerById.get(line.meter)
      if (isDeepStrictEqual(same?.description, description) && same !== undefined) return same
      return {
        bus: id,
        description,
        polled: {
          meter: line.meter,
          unit: line.unit,
          tasks: tasksOf(line, map),
          limits: map.limits,
          ratioRegisters: map.ratioRegisters,
          cost: lineCost(transport, map.limits),
          timeoutMs,
          quality: line.simulated ? ('simulated' as const) : ('good' as const),
        },
      }
    }),
  )
}

export interface PollingSurroundings extends Omit<PollSurroundings, 'polled'> {
  readonly clock: Clock
  readonly log: Logger
  /** A number in [0, 1). */
  readonly random: () => number
  /** Makes the line of a transport; real ones by default. */
  readonly line?: typeof lineOf
  /** Called when a meter's state is another, or there are other meters. Must not throw. */
  readonly changed: () => void
}

/** Ids of meters, by what became of them. */
export interface PollingChange {
  readonly kept: readonly string[]
  readonly started: readonly string[]
  readonly stopped: readonly string[]
}

/** How a meter did at its last poll. */
interface PolledState {
  readonly health: MeterHealth
  readonly slots: SlotCounts
  readonly ratios: readonly RatioContradiction[]
}

interface Running {
  readonly description: MeterDescription
  readonly poll: MeterPoll
  readonly stop: AbortController
  readonly ended: Promise<void>
  now: PolledState | undefined
}

interface Owned {
  /** Of the first bus of the gateway file at this place. */
  readonly name: string
  readonly bus: Bus
  readonly manner: string
}

/** The meters that are polled, on the buses that they share; both come and go while the others go on. */
export class Polling {
  readonly #surroundings: PollingSurroundings
  readonly #buses = new Map<string, Owned>()
  readonly #running = new Map<string, Running>()
  /** The last moment of each meter that was stopped: it may come back. */
  readonly #stamped = new Map<string, number>()

  #polledMs: number

  constructor(surroundings: PollingSurroundings) {
    this.#surroundings = surroundings
    this.#polledMs = surroundings.clock.monotonicMs()
  }

  /** When a poll of any meter ended last, by the monotonic clock; the start where none did. */
  get polledMs(): number {
    return this.#polledMs
  }

  /**
   * Polls these meters from now on, and no others. One that is described as before keeps its place on its bus and loses
   * no slot. Calls must not overlap.
   */
  async change(wanted: readonly DescribedMeter[]): Promise<PollingChange> {
    const wantedById = new Map(wanted.map((each) => [each.polled.meter, each]))
    const leaving = [...this.#running].filter(
      ([meter, { description }]) => !isDeepStrictEqual(wantedById.get(meter)?.description, description),
    )
    await this.#stop(leaving)
    for (const [meter, { poll }] of leaving) {
      this.#running.delete(meter)
      this.#stamped.set(meter, poll.stampedMs)
    }
    // A serial device has one master: its line is given up before it is opened in another manner.
    this.#closeUnused(wanted)
    const joining = wanted.filter(({ polled }) => !this.#running.has(polled.meter))
    const kept = [...this.#running.keys()]
    for (const each of joining) this.#start(each)
    this.#surroundings.changed()
    return {
      kept,
      started: joining.map(({ polled }) => polled.meter),
      stopped: leaving.map(([meter]) => meter).filter((meter) => !wantedById.has(meter)),
    }
  }

  /** The meters' lines of the state message; of those only that have been polled. */
  states(): NonNullable<StateMessage['meters']> {
    return [...this.#running].flatMap(([meter, { now, description }]) => {
      const line = this.#buses.get(placeOf(description.transport))?.name
      return now === undefined ? [] : [meterState(meter, now, line)]
    })
  }

  /** The buses' lines of the state message. */
  busStates(): NonNullable<StateMessage['buses']> {
    const nowMs = this.#surroundings.clock.monotonicMs()
    return [...this.#buses.values()].map(({ name, bus }) => busState(name, bus.counts, nowMs))
  }

  /** Which meters answered their last poll, all of it or some; and how many have not been polled yet. */
  signs(): Pick<Signs, 'answering' | 'untried'> {
    const all = [...this.#running]
    const answering = all.filter(([, { now }]) => now?.health.failuresInRow === 0).map(([meter]) => meter)
    return {
      answering: new Set(answering),
      untried: all.filter(([, { now }]) => now === undefined).length,
    }
  }

  /** Ends all polls and gives up all lines; what became of meters and buses can still be asked. */
  async stop(): Promise<void> {
    await this.#stop([...this.#running])
    for (const { bus } of this.#buses.values()) bus.close()
  }

  async #stop(leaving: readonly (readonly [string, Running])[]): Promise<void> {
    for (const [, { stop }] of leaving) stop.abort()
    await Promise.all(leaving.map(([, { ended }]) => ended))
  }

  #closeUnused(wanted: readonly DescribedMeter[]): void {
    const manners = new Map(
      wanted.map(({ description }) => [placeOf(description.transport), mannerOf(description.transport)]),
    )
    for (const [place, { bus, manner }] of this.#buses) {
      if (manners.get(place) === manner) continue
      bus.close()
      this.#buses.delete(place)
    }
  }

  /** The owner of a line; buses at the same place share it, because many devices take one connection only. */
  #busAt({ bus: name, description: { transport } }: DescribedMeter): Bus {
    const place = placeOf(transport)
    const owned = this.#buses.get(place)
    if (owned !== undefined) return owned.bus
    const { line = lineOf, clock } = this.#surroundings
    const bus = new Bus(line(transport, this.#surroundings), clock)
    this.#buses.set(place, { name, bus, manner: mannerOf(transport) })
    return bus
  }

  #start(described: DescribedMeter): void {
    const { description, polled } = described
    const stampedMs = this.#stamped.get(polled.meter)
    const stop = new AbortController()
    const poll = new MeterPoll(
      { ...polled, bus: this.#busAt(described), stampedMs },
      {
        ...this.#surroundings,
        polled: (meter, health, slots, ratios) => this.#polled(meter, { health, slots, ratios }),
      },
    )
    const running: Running = { description, poll, stop, ended: poll.run(stop.signal), now: undefined }
    this.#running.set(polled.meter, running)
  }

  #polled(meter: string, now: PolledState): void {
    this.#polledMs = this.#surroundings.clock.monotonicMs()
    const running = this.#running.get(meter)
    if (running === undefined) return
    const before = running.now
    running.now = now
    if (before?.health.state !== now.health.state || before.ratios !== now.ratios)
      this.#surroundings.changed()
  }
}
