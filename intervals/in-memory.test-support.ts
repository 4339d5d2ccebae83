import type { Period } from '#contract/grid.ts'
import type { Interval } from '#contract/interval.ts'
import type { Meter } from '#contract/park.ts'
import type { QuantityName } from '#contract/quantities.ts'
import type { RegisterReading } from '#contract/reading.ts'
import type { Books, DirtyWindow, ReadingStore, RegisterSeries } from '#store/port.ts'

/** What this room needs of the two ports, in memory: to run it alone. */

/** The readings of one register. */
export class MemorySeries {
  #readings: readonly RegisterReading[] = []

  constructor(readings: readonly RegisterReading[] = []) {
    this.add(readings)
  }

  /** In any order; a moment that is known already keeps its reading. */
  add(readings: readonly RegisterReading[]): void {
    const byTime = new Map([...readings, ...this.#readings].map((reading) => [reading.atMs, reading]))
    this.#readings = [...byTime.values()].toSorted((a, b) => a.atMs - b.atMs)
  }

  series({ fromMs, toMs }: Period): RegisterSeries {
    return {
      before: this.#readings.findLast(({ atMs }) => atMs < fromMs),
      within: this.#readings.filter(({ atMs }) => atMs >= fromMs && atMs < toMs),
      after: this.#readings.find(({ atMs }) => atMs >= toMs),
    }
  }
}

/** A reading store of one meter; `asked` tells which periods were read. */
export class MemoryStore implements Pick<ReadingStore, 'registerSeries'> {
  readonly asked: Period[] = []
  readonly #registers: ReadonlyMap<QuantityName, MemorySeries>

  constructor(registers: ReadonlyMap<QuantityName, MemorySeries>) {
    this.#registers = registers
  }

  registerSeries(_meter: string, quantity: QuantityName, period: Period): Promise<RegisterSeries> {
    this.asked.push(period)
    return Promise.resolve((this.#registers.get(quantity) ?? new MemorySeries()).series(period))
  }
}

/** The newest interval of each slot, and the windows that were taken out of the dirty ones. */
export class MemoryBooks implements Pick<Books, 'record'> {
  readonly cleared: DirtyWindow[] = []
  readonly #slots = new Map<string, Interval>()

  newest(quantity: QuantityName, slotMs: number): Interval | undefined {
    return this.#slots.get(`${quantity} ${slotMs}`)
  }

  get quantities(): ReadonlySet<QuantityName> {
    return new Set([...this.#slots.values()].map(({ quantity }) => quantity))
  }

  record(window: DirtyWindow, intervals: readonly Interval[]): number {
    if (window.toMs >= window.fromMs) this.cleared.push(window)
    let written = 0
    for (const interval of intervals) {
      const key = `${interval.quantity} ${interval.slotMs}`
      if (JSON.stringify(this.#slots.get(key)) === JSON.stringify(interval)) continue
      this.#slots.set(key, interval)
      written += 1
    }
    return written
  }
}

/** A meter of imported electricity, 60 kW, unless said otherwise. */
export function memoryMeter(facts: Partial<Meter> = {}): Meter {
  return {
    id: 'm1',
    name: { zh: '电表', en: 'meter' },
    carrier: 'electricity',
    role: 'terminal',
    gateway: 'g1',
    energyFrom: 'register',
    register: 'activeEnergyImport.total',
    ratingPerHour: 60,
    gapSeconds: 300,
    installedMs: 0,
    events: [],
    path: ['park'],
    enterprise: undefined,
    ...facts,
  }
}
