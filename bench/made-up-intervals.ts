import { SLOT_MS, slotsBetween, type Period } from '#contract/grid.ts'
import type { Boundary, Interval } from '#contract/interval.ts'
import type { Meter } from '#contract/park.ts'

/** Measured slots for benchmarks that need a long past and not its truth. */

function boundaryAt(atMs: number, count: number): Boundary {
  const register = { count, resolution: '0.01' }
  // Polls are answered some milliseconds after the line.
  const read = { atMs: atMs + 12, register }
  return { atMs, register, method: 'measured', before: read, after: read }
}

/** Slots of a week; each has a few kWh, and the register goes on from where it stood. */
export function weekOf({ id: meter, register: quantity }: Meter, week: Period): Interval[] {
  let count = 1_000
  return [...slotsBetween(week.fromMs, week.toMs)].map((slotMs) => {
    const energy = 300 + ((slotMs / SLOT_MS) % 77)
    const opening = boundaryAt(slotMs, count)
    count += energy
    return {
      meter,
      quantity,
      slotMs,
      state: 'known',
      basis: 'register',
      energy: { count: energy, resolution: '0.01' },
      method: 'measured',
      coverage: 1,
      opening,
      closing: boundaryAt(slotMs + SLOT_MS, count),
      simulated: true,
      uncertain: false,
      undecided: [],
    }
  })
}
