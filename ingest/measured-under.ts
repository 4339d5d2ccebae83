import type { Reading, UsableReading } from '#contract/reading.ts'
import type { ReadingStore } from '#store/port.ts'

/** Readings of a list that are no further apart are looked up together. */
const TOGETHER_MS = 15 * 60_000

function isMeasured(reading: Reading): reading is UsableReading {
  return reading.quality !== 'bad' && reading.quality !== 'manual'
}

/** Readings of one register in order of time, in stretches without a long pause. */
function stretchesOf(readings: readonly Reading[]): Reading[][] {
  const stretches: Reading[][] = []
  let last: Reading[] | undefined
  for (const reading of readings.toSorted((a, b) => a.atMs - b.atMs)) {
    if (last !== undefined && reading.atMs - (last.at(-1)?.atMs ?? 0) <= TOGETHER_MS) last.push(reading)
    else stretches.push((last = [reading]))
  }
  return stretches
}

/** What was measured of the same quantity at the same moment as some readings, where anything was. */
export async function measuredUnder(
  readings: readonly Reading[],
  store: Pick<ReadingStore, 'readings'>,
): Promise<ReadonlyMap<Reading, UsableReading>> {
  const found = new Map<Reading, UsableReading>()
  const registers = Map.groupBy(readings, ({ meter, quantity }) => `${meter} ${quantity}`)
  for (const own of registers.values()) {
    for (const stretch of stretchesOf(own)) {
      const [first, last] = [stretch[0], stretch.at(-1)]
      if (first === undefined || last === undefined) continue
      const period = { fromMs: first.atMs, toMs: last.atMs + 1 }
      const stored = await store.readings(first.meter, first.quantity, period)
      const measured = new Map(stored.filter(isMeasured).map((reading) => [reading.atMs, reading]))
      for (const reading of stretch) {
        const under = measured.get(reading.atMs)
        if (under !== undefined) found.set(reading, under)
      }
    }
  }
  return found
}
