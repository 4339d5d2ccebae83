import { add, compare, multiply, subtract, type Amount } from '#contract/amount.ts'
import { BOUNDARY_TOLERANCE_MS, SLOT_MS } from '#contract/grid.ts'
import type { Boundary, RegisterPoint } from '#contract/interval.ts'
import type { UsableQuality } from '#contract/reading.ts'
import type { DecidedAdvance, Step } from './advance.ts'

/** A reading with its place on the grid: at the line that it was read for, or else where it was taken. */
export interface PlacedReading {
  readonly point: RegisterPoint
  readonly placedMs: number
  readonly quality: UsableQuality
}

/** Two neighbouring readings whose difference is explained. */
export interface DecidedStretch {
  readonly from: PlacedReading
  readonly to: PlacedReading
  readonly advance: DecidedAdvance
}

/**
 * Where each of the moments stands on the grid. Of the readings within the tolerance of a line the nearest one is
 * placed at it, of two equally near the earlier; all others stay where they are.
 *
 * Order is kept strictly: between the chosen reading and its line there is no other reading, for it would be nearer.
 * So a register that rises along the readings rises along their places too, and no slot gets negative energy.
 * A reading's place depends on its neighbours only, so a series that has one reading on either side of a stretch
 * gives the same places as the whole history.
 *
 * @param times in strictly rising order
 */
export function placesOf(times: readonly number[]): number[] {
  return times.map((atMs, index) => {
    const lineMs = Math.round(atMs / SLOT_MS) * SLOT_MS
    const distance = Math.abs(atMs - lineMs)
    const before = times[index - 1]
    const after = times[index + 1]
    const isNearest =
      (before === undefined || Math.abs(before - lineMs) > distance) &&
      (after === undefined || Math.abs(after - lineMs) >= distance)
    return distance <= BOUNDARY_TOLERANCE_MS && isNearest ? lineMs : atMs
  })
}

/** A position along a stretch: the boundary as evidence, and the energy from the stretch's start up to there. */
export interface Position {
  readonly boundary: Boundary
  readonly travelled: Amount
}

/** The register at the place of a reading. One that had to be placed farther off than a line's own was not measured there. */
function measured({ point, placedMs }: PlacedReading): Boundary {
  const isThere = Math.abs(point.atMs - placedMs) <= BOUNDARY_TOLERANCE_MS
  const method = isThere ? 'measured' : 'interpolated'
  return { atMs: placedMs, register: point.register, method, before: point, after: point }
}

/** Linear in time between the ends of a step, rounded down to whole counts of its advance. */
function shareOf({ from, to, advance }: Step, lineMs: number): Amount {
  const share = (BigInt(advance.count) * BigInt(lineMs - from.atMs)) / BigInt(to.atMs - from.atMs)
  return { count: Number(share), resolution: advance.resolution }
}

function between(step: Step, lineMs: number, share: Amount): Boundary {
  const { from, to, wrappedAt } = step
  const unwrapped = add(from.register, share)
  return {
    atMs: lineMs,
    register:
      wrappedAt !== undefined && compare(unwrapped, wrappedAt) >= 0
        ? subtract(unwrapped, wrappedAt)
        : unwrapped,
    method: to.atMs - from.atMs < SLOT_MS ? 'interpolated' : 'apportioned',
    before: from,
    after: to,
  }
}

/**
 * The register at a grid line, or at the end of the stretch that comes before or after the line. Positions are counted
 * along the advance, not along the register, so that they rise through rollovers and replacements; the dated final and
 * initial values of an event are known points like readings. At an event's own moment the register is the new one's.
 */
export function positionAt({ from, to, advance }: DecidedStretch, lineMs: number): Position {
  const nothing = { count: 0, resolution: advance.total.resolution }
  if (lineMs <= from.placedMs) return { boundary: measured(from), travelled: nothing }
  if (lineMs >= to.placedMs) return { boundary: measured(to), travelled: advance.total }
  let travelled: Amount = nothing
  for (const step of advance.steps) {
    if (lineMs < step.to.atMs) {
      const share = shareOf(step, lineMs)
      return {
        boundary: between(step, lineMs, share),
        travelled: add(travelled, multiply(share, step.factor)),
      }
    }
    travelled = add(travelled, multiply(step.advance, step.factor))
  }
  return { boundary: measured(to), travelled }
}
