import { Fault } from '#contract/fault.ts'
import type { BusMeter } from './bus-meter.ts'
import { entryOf, type FaultEntry } from './fault-entry.ts'
import { faultNatures, type FaultOrder } from './fault-kinds.ts'
import { orderProblem, timed, type FaultSubjects, type InjectedFault } from './fault-schedule.ts'

/** A bus as far as faults reach it. */
export interface FaultBus {
  readonly key: string
  readonly gateway: string
  readonly meters: readonly BusMeter[]
  /** The cable is cut: nothing comes through. */
  cutCable(cut: boolean): void
  /** The gateway is without power: its connections are gone. */
  power(on: boolean): void
}

/** Faults that wait, are in force or left their mark, at most: what a person or a test needs, many times over. */
const FAULTS_MAX = 10_000
/** Entries kept in memory; the file has all. */
const ENTRIES_MAX = 10_000

export interface FaultBoardOptions {
  readonly buses: readonly FaultBus[]
  readonly schedule: readonly FaultOrder[]
  readonly seed: number
  readonly startMs: number
}

/**
 * All faults of a simulation: those of its schedule and those on command. Nothing here looks at a clock: `advance` is
 * called with the time, before each answer and now and then, and carries out what is due, in order, at its own instant.
 */
export class FaultBoard {
  readonly #buses: readonly FaultBus[]
  readonly #meters: ReadonlyMap<string, { readonly meter: BusMeter; readonly bus: FaultBus }>
  readonly #subjects: FaultSubjects
  readonly #seed: number
  readonly #listeners = new Set<(entry: FaultEntry) => void>()
  readonly #entries: FaultEntry[] = []
  #waiting: InjectedFault[] = []
  #inForce: InjectedFault[] = []
  /** Value faults that have begun, ended ones included: registers keep what happened to them. */
  readonly #marks = new Map<string, InjectedFault[]>()
  #nextMs = Infinity
  #nowMs: number
  #commands = 0

  constructor({ buses, schedule, seed, startMs }: FaultBoardOptions) {
    this.#buses = buses
    this.#meters = new Map(
      buses.flatMap((bus) => bus.meters.map((meter) => [meter.served.meter, { meter, bus }] as const)),
    )
    this.#subjects = {
      meters: new Map([...this.#meters].map(([id, { meter }]) => [id, meter.served.map])),
      buses: new Set(buses.map(({ key }) => key)),
      gateways: new Set(buses.map(({ gateway }) => gateway)),
    }
    this.#seed = seed
    this.#nowMs = startMs
    this.#waiting = schedule.map((order, index) => timed(`s${index + 1}`, this.#checked(order), startMs))
    this.#lookAhead()
  }

  /** When the next fault begins or ends; Infinity for never. */
  get nextMs(): number {
    return this.#nextMs
  }

  /** Begins and ends what is due at that instant. */
  advance(nowMs: number): void {
    if (nowMs > this.#nowMs) this.#nowMs = nowMs
    while (nowMs >= this.#nextMs) {
      const dueMs = this.#nextMs
      const ending = this.#inForce.find(({ endMs }) => endMs <= dueMs)
      const beginning = this.#waiting.find(({ beginMs }) => beginMs <= dueMs)
      if (ending !== undefined) this.#endNow(ending)
      else if (beginning !== undefined) this.#begin(beginning)
      this.#lookAhead()
    }
  }

  /** Takes an order that begins now, or later when it says so. Throws `request-invalid` for one that does not fit. */
  inject(order: FaultOrder, nowMs: number): InjectedFault {
    this.advance(nowMs)
    const checked = this.#checked(order)
    if (this.#waiting.length + this.#inForce.length >= FAULTS_MAX) {
      throw new Fault('request-invalid', `There are ${FAULTS_MAX} faults already.`)
    }
    this.#commands += 1
    const fault = timed(`c${this.#commands}`, checked, nowMs)
    this.#waiting.push(fault)
    this.#lookAhead()
    this.advance(nowMs)
    return fault
  }

  /** Ends a fault now, or forgets one that has not begun. Throws `not-simulated`. */
  end(id: string, nowMs: number): InjectedFault {
    this.advance(nowMs)
    const waits = this.#waiting.find((fault) => fault.id === id)
    const inForce = this.#inForce.find((fault) => fault.id === id)
    if (waits !== undefined) this.#waiting = this.#waiting.filter((fault) => fault !== waits)
    const found = waits ?? inForce
    if (found === undefined) throw new Fault('not-simulated', `No fault "${id}" waits or is in force.`)
    const ended = { ...found, endMs: nowMs }
    if (inForce !== undefined) {
      this.#replace(inForce, ended)
      this.#endNow(ended)
    }
    this.#lookAhead()
    return ended
  }

  /** Faults in force, oldest first, and those that wait. */
  active(): { readonly inForce: readonly InjectedFault[]; readonly waiting: readonly InjectedFault[] } {
    return { inForce: this.#inForce, waiting: this.#waiting }
  }

  /** The last entries of the log, oldest first. */
  entries(): readonly FaultEntry[] {
    return this.#entries
  }

  /** Calls for each entry from now on. Returns how to stop that. */
  subscribe(listener: (entry: FaultEntry) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #checked(order: FaultOrder): FaultOrder {
    const problem = orderProblem(order, this.#subjects)
    if (problem === undefined) return order
    throw new Fault('request-invalid', problem.message, { place: { path: problem.path.join('.') } })
  }

  #lookAhead(): void {
    this.#nextMs = Math.min(
      ...this.#waiting.map(({ beginMs }) => beginMs),
      ...this.#inForce.map(({ endMs }) => endMs),
    )
  }

  #replace(old: InjectedFault, by: InjectedFault): void {
    const swap = (faults: readonly InjectedFault[]): InjectedFault[] =>
      faults.map((fault) => (fault === old ? by : fault))
    this.#inForce = swap(this.#inForce)
    const { meter } = old.order
    if (meter !== undefined) this.#marks.set(meter, swap(this.#marks.get(meter) ?? []))
  }

  #begin(fault: InjectedFault): void {
    const { order } = fault
    const { once, changesValues } = faultNatures[order.kind]
    this.#waiting = this.#waiting.filter((other) => other !== fault)
    const earlier = this.#marksOf(fault)
    if (!once) this.#inForce = [...this.#inForce, fault]
    if (changesValues && order.meter !== undefined) this.#marks.set(order.meter, [...earlier, fault])
    this.#apply(fault)
    this.#tell(entryOf(fault, once ? 'happens' : 'begins', this.#seed, this.#servedOf(fault), earlier))
  }

  #endNow(fault: InjectedFault): void {
    const { order } = fault
    this.#inForce = this.#inForce.filter((other) => other !== fault)
    const others = this.#marksOf(fault).filter((other) => other !== fault)
    if (order.meter !== undefined && this.#leftNothing(fault, others)) this.#marks.set(order.meter, others)
    this.#apply(fault)
    this.#tell(entryOf(fault, 'ends', this.#seed, this.#servedOf(fault), others))
  }

  /** True where no register would show anything else if the fault had never been. */
  #leftNothing({ order, beginMs, endMs }: InjectedFault, others: readonly InjectedFault[]): boolean {
    if (faultNatures[order.kind].leavesMark) return false
    const within = (atMs: number): boolean => beginMs <= atMs && atMs <= endMs
    return !others.some((other) => within(other.beginMs) || within(other.endMs))
  }

  #marksOf({ order }: InjectedFault): readonly InjectedFault[] {
    return order.meter === undefined ? [] : (this.#marks.get(order.meter) ?? [])
  }

  #servedOf({ order }: InjectedFault): BusMeter['served'] | undefined {
    return order.meter === undefined ? undefined : this.#meters.get(order.meter)?.meter.served
  }

  /** Hands what is in force to everything that a fault reaches. */
  #apply({ order }: InjectedFault): void {
    if (order.meter !== undefined) {
      const found = this.#meters.get(order.meter)
      if (found === undefined) return
      found.meter.showUnder(this.#marks.get(order.meter) ?? [])
      found.meter.answerUnder(this.#wireFaultsAt(found.bus, order.meter))
      return
    }
    for (const bus of this.#buses) {
      if (order.bus !== bus.key && order.gateway !== bus.gateway) continue
      const here = this.#inForce.filter(({ order }) => order.bus === bus.key || order.gateway === bus.gateway)
      const powerless = here.some(({ order }) => order.kind === 'power-cut')
      bus.cutCable(powerless || here.some(({ order }) => order.kind === 'cable-cut'))
      bus.power(!powerless)
      for (const meter of bus.meters) meter.answerUnder(this.#wireFaultsAt(bus, meter.served.meter))
    }
  }

  #wireFaultsAt(bus: FaultBus, meter: string): InjectedFault[] {
    return this.#inForce.filter(
      ({ order }) =>
        !faultNatures[order.kind].changesValues &&
        (order.meter === meter || order.bus === bus.key || order.gateway === bus.gateway),
    )
  }

  #tell(entry: FaultEntry): void {
    this.#entries.push(entry)
    if (this.#entries.length > ENTRIES_MAX) this.#entries.shift()
    for (const listener of this.#listeners) listener(entry)
  }
}
