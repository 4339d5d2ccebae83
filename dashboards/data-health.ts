import { dayOf, SETTLE_MS, slotStart } from '#contract/grid.ts'
import type { Park } from '#contract/park.ts'
import { rollUp } from '#intervals/rollup.ts'
import type { DataHealth } from './api/completeness-shapes.ts'
import { calibrationDue, inTurns } from './completeness.ts'
import { settledSlots } from './energy-sums.ts'
import { expectedCount } from './energy.ts'
import { dayText } from './overview.ts'
import type { BooksView } from './sources.ts'

/**
 * How far the data of the day can be trusted, in a few numbers: slots of all meters of a park that should be there by
 * now, and what waits for a person.
 * @param park what the viewer sees of it
 * @param isWhole false for a viewer of a part: quarantine and gaps of gateways concern the whole park
 */
export async function dataHealthOf(
  park: Park,
  books: BooksView,
  { nowMs, isWhole }: { nowMs: number; isWhole: boolean },
): Promise<DataHealth> {
  const { timeZone } = park.description
  const meters = [...park.meters.values()]
  const day = dayOf(nowMs, timeZone)
  // What is not settled yet is not missing either.
  const untilMs = Math.max(day.fromMs, slotStart(nowMs - SETTLE_MS))
  const slots = { expected: 0, known: 0 }
  await inTurns(meters, (meter) => {
    const sums = rollUp(books.daySums(meter.id, meter.register, day), [day])
    const expected = expectedCount(meter, day, untilMs)
    slots.expected += expected
    // More were known before the date of installation was moved.
    for (const { known } of settledSlots(books, meter, sums, untilMs))
      slots.known += Math.min(known, expected)
    return []
  })
  const isSeen = (meter: string | undefined): boolean =>
    meter === undefined ? isWhole : park.meters.has(meter)
  return {
    slots,
    openGaps: books.unfilledGaps().filter(({ state, meter }) => state === 'open' && isSeen(meter)).length,
    quarantined: isWhole ? books.counts().quarantined : null,
    quarantineOverflow: isWhole
      ? books.quarantineOverflow().reduce((sum, { refusals }) => sum + refusals, 0)
      : null,
    calibrationDue: calibrationDue(meters, dayText(nowMs, timeZone)).length,
  }
}
