import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SLOT_MS, type Period } from '#contract/grid.ts'
import { indexPark, type Meter } from '#contract/park.ts'
import { energyByPart } from '#dashboards/energy-sums.ts'
import { demoParkPath } from '#simulators/demo.test-support.ts'
import { readParkData } from '#firmware-config/park-file.ts'
import { openBooks } from '#store/open.ts'
import type { Books } from '#store/port.ts'
import { weekOf } from './made-up-intervals.ts'

/**
 * `npm run bench sums`: how long the books take to sum the days of the demonstration park, and to answer for a year of
 * it by month. Intervals are made up, 13 months of measured slots for every meter, and recorded a week at a time.
 */
const ROUNDS = 5
const WEEK_MS = 7 * 96 * SLOT_MS
const DAYS_AT_ONCE = 16
/** Later than all slots, so that all are settled. */
const LATER = Date.UTC(2030, 0, 1)

const at = (text: string): number => Temporal.Instant.from(text).epochMilliseconds
const all: Period = { fromMs: at('2025-01-01T00:00:00+08:00'), toMs: at('2026-02-01T00:00:00+08:00') }
const year: Period = { fromMs: all.fromMs, toMs: at('2026-01-01T00:00:00+08:00') }

/** Milliseconds that some work takes. */
function timed(work: () => void): number {
  const startMs = performance.now()
  work()
  return performance.now() - startMs
}

function record(books: Books, meters: readonly Meter[]): void {
  for (const meter of meters) {
    for (let fromMs = all.fromMs; fromMs < all.toMs; fromMs += WEEK_MS) {
      const week = { fromMs, toMs: Math.min(fromMs + WEEK_MS, all.toMs) }
      books.record({ meter: meter.id, fromMs: 1, toMs: 0 }, weekOf(meter, week), LATER)
    }
  }
}

export async function benchSums(): Promise<void> {
  const park = indexPark(readParkData(demoParkPath).value)
  const meters = [...park.meters.values()]
  const { timeZone } = park.description
  const folder = mkdtempSync(join(tmpdir(), 'tanbiao-sums-'))
  const books = openBooks(join(folder, 'books.sqlite'), timeZone)
  const say = (what: string, ms: number): void => console.log(`${what}: ${Math.round(ms)} ms`)
  try {
    say(
      `${meters.length} meters × 13 months recorded`,
      timed(() => record(books, meters)),
    )
    const turns: number[] = []
    const settle = (): boolean => {
      let summed = 0
      turns.push(
        timed(() => {
          summed = books.settleDays(LATER, DAYS_AT_ONCE)
        }),
      )
      return summed > 0
    }
    const settled = timed(() => {
      while (settle());
    })
    say(`all days summed, in ${turns.length} turns of ${DAYS_AT_ONCE}`, settled)
    say('the longest turn', Math.max(...turns))
    for (const part of ['month', 'day'] as const) {
      const rounds = Array.from({ length: ROUNDS }, () =>
        timed(() => {
          for (const meter of meters)
            energyByPart(books, meter, meter.register, { part, period: year, timeZone })
        }),
      ).toSorted((a, b) => a - b)
      const range = `${Math.round(rounds[0] ?? 0)} to ${Math.round(rounds.at(-1) ?? 0)}`
      say(`a year of the park by ${part}, median of ${ROUNDS} (${range})`, rounds[ROUNDS >> 1] ?? 0)
    }
  } finally {
    books.close()
    rmSync(folder, { recursive: true })
  }
}
