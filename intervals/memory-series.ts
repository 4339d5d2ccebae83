import type { Period } from '#contract/grid.ts'
import type { RegisterReading } from '#contract/reading.ts'
import type { RegisterSeries } from '#store/port.ts'

/** The readings of one register in memory: what a reading store answers, to run this room alone. */
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

  /** As `registerSeries` of the reading store's port. */
  series({ fromMs, toMs }: Period): RegisterSeries {
    return {
      before: this.#readings.findLast(({ atMs }) => atMs < fromMs),
      within: this.#readings.filter(({ atMs }) => atMs >= fromMs && atMs < toMs),
      after: this.#readings.find(({ atMs }) => atMs >= toMs),
    }
  }
}
