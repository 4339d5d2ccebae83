import { SLOT_MS, slotsBetween, type Period } from '#contract/grid.ts'
import type { Boundary, Interval } from '#contract/interval.ts'
import type { Meter, Park } from '#contract/park.ts'
import { openBooks } from '#store/open.ts'

/** Books as a server leaves them: measured slots of all meters of a park, a made-up energy each. */

const LATER = Date.UTC(2040, 0, 1)

function boundaryAt(atMs: number, count: number): Boundary {
  const register = { count, resolution: '0.01' }
  const read = { atMs, register }
  return { atMs, register, method: 'measured', before: read, after: read }
}

function slotsOf({ id: meter, register: quantity }: Meter, period: Period, hundredths: number): Interval[] {
  return [...slotsBetween(period.fromMs, period.toMs)].map((slotMs, index) => ({
    meter,
    quantity,
    slotMs,
    state: 'known',
    basis: 'register',
    energy: { count: hundredths, resolution: '0.01' },
    method: 'measured',
    coverage: 1,
    opening: boundaryAt(slotMs, index * hundredths),
    closing: boundaryAt(slotMs + SLOT_MS, (index + 1) * hundredths),
    simulated: false,
    uncertain: false,
    undecided: [],
  }))
}

/**
 * Writes books into a file.
 * @param hundredths energy of each of a meter's slots; undefined leaves the meter without a slot
 */
export function writeBooks(
  file: string,
  park: Park,
  period: Period,
  hundredths: (meter: Meter) => number | undefined,
): void {
  const books = openBooks(file, park.description.timeZone)
  try {
    for (const meter of park.meters.values()) {
      const each = hundredths(meter)
      if (each !== undefined)
        books.record({ meter: meter.id, fromMs: 1, toMs: 0 }, slotsOf(meter, period, each), LATER)
    }
  } finally {
    books.close()
  }
}
