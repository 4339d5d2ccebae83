import { setImmediate as turn } from 'node:timers/promises'
import { decimal, ofAmount, textOrNull, type Decimal } from '#accounts/decimal.ts'
import { sum, toDecimal } from '#contract/amount.ts'
import { SETTLE_MS, slotStart, type Period } from '#contract/grid.ts'
import type { Meter, Park } from '#contract/park.ts'
import { quantityOf } from '#contract/quantities.ts'
import { partsOf, rollUp } from '#intervals/rollup.ts'
import type { Closures, Completeness } from './api/completeness-shapes.ts'
import { settledSlots } from './energy-sums.ts'
import { expectedCount } from './energy.ts'
import { metersInto } from './enterprise-view.ts'
import { dayText } from './overview.ts'
import type { BooksView } from './sources.ts'

/** How complete the readings of a month are, and where what flowed in does not meet what was measured behind. */

/** Meters that are looked at in one go: a large park must not hold up the process, which takes readings meanwhile. */
const METERS_AT_ONCE = 20

/** What is made of each meter, in pieces with other work between them. */
export async function inTurns<T>(
  meters: readonly Meter[],
  make: (meter: Meter) => readonly T[],
): Promise<T[]> {
  const made: T[] = []
  for (const [index, meter] of meters.entries()) {
    if (index > 0 && index % METERS_AT_ONCE === 0) await turn()
    made.push(...make(meter))
  }
  return made
}

interface Month {
  readonly month: string
  readonly period: Period
  readonly nowMs: number
}

/** Meters that are read and whose calibration is past its date, or has none on record. */
export function calibrationDue(meters: readonly Meter[], today: string): Completeness['calibration'] {
  return meters.flatMap(({ id, gateway, calibration }) => {
    if (gateway === undefined) return []
    const due = calibration?.due
    return due !== undefined && due >= today ? [] : { meter: id, due: due ?? null }
  })
}

/** Slots of each meter and day: those that should be there by now, and those that are. */
export async function completenessOf(
  park: Park,
  books: BooksView,
  { month, period, nowMs }: Month,
): Promise<Completeness> {
  const { timeZone } = park.description
  const days = [...partsOf('day', period, timeZone)]
  // What is not settled yet is not missing either.
  const untilMs = slotStart(nowMs - SETTLE_MS)
  const today = dayText(nowMs, timeZone)
  const meters = [...park.meters.values()]
  return {
    month,
    days: days.map(({ fromMs }) => dayText(fromMs, timeZone)),
    meters: await inTurns(meters, (meter) => {
      const sums = rollUp(books.daySums(meter.id, meter.register, period), days)
      const settled = settledSlots(books, meter, sums, untilMs)
      const expected = days.map((day) => expectedCount(meter, day, Math.max(day.fromMs, untilMs)))
      return [
        {
          meter: meter.id,
          expected,
          // More were known before the date of installation was moved.
          known: settled.map(({ known }, index) => Math.min(known, expected[index] ?? 0)),
          partial: settled.map(({ partial }) => partial),
        },
      ]
    }),
    calibration: calibrationDue(meters, today),
  }
}

const PERCENT = decimal('0.01')

interface Measured {
  readonly total: Decimal | undefined
  readonly text: string | null
  readonly complete: boolean
  /** Greatest error by accuracy class; undefined where a meter has none. */
  readonly error: Decimal | undefined
}

const NONE = { known: 0, partial: 0 }

function measured(books: BooksView, meters: readonly Meter[], { period, nowMs }: Month): Measured {
  const untilMs = slotStart(nowMs - SETTLE_MS)
  let complete = true
  let error: Decimal | undefined = decimal('0')
  const amounts = meters.flatMap((meter) => {
    const [part] = rollUp(books.sumsOver(meter.id, meter.register, period), [period])
    if (part === undefined || part.sum.energy === undefined) {
      complete = false
      return []
    }
    const [settled = NONE] = settledSlots(books, meter, [part], untilMs)
    complete &&= settled.known >= expectedCount(meter, period, untilMs) && settled.partial === 0
    error =
      meter.accuracyPercent === undefined
        ? undefined
        : error?.plus(ofAmount(part.sum.energy).abs().times(meter.accuracyPercent).times(PERCENT))
    return part.sum.energy
  })
  const total = sum(amounts)
  const text = total === undefined ? null : toDecimal(total)
  return { total: total === undefined ? undefined : ofAmount(total), text, complete, error }
}

/**
 * Own sources that feed in behind a meter: production, or what a conversion gives, of the same carrier at the same place,
 * fed from nowhere else. What is used behind comes through the meter and out of them.
 */
function sourcesBeside(all: readonly Meter[], { id, carrier, register, path }: Meter): Meter[] {
  const place = path.join('/')
  const { unit } = quantityOf(register)
  return all.filter(
    (other) =>
      other.id !== id &&
      (other.role === 'production' || other.role === 'conversion-output') &&
      other.carrier === carrier &&
      other.upstream === undefined &&
      other.path.join('/') === place &&
      quantityOf(other.register).unit === unit,
  )
}

/** Every meter with meters behind it: does what is measured behind fit into what flowed through it? */
export async function closuresOf(park: Park, books: BooksView, month: Month): Promise<Closures> {
  const all = [...park.meters.values()]
  const behindOf = Map.groupBy(all, ({ upstream }) => upstream)
  const lines = await inTurns(all, (meter): Closures['lines'] => {
    const { unit } = quantityOf(meter.register)
    const behind = metersInto(
      (behindOf.get(meter.id) ?? []).filter(
        ({ carrier, register }) => carrier === meter.carrier && quantityOf(register).unit === unit,
      ),
    )
    if (behind.length === 0) return []
    const feeds = meter.upstream === undefined || meter.role === 'boundary' ? sourcesBeside(all, meter) : []
    const [through, after] = [measured(books, [meter, ...feeds], month), measured(books, behind, month)]
    const isComplete = through.complete && after.complete
    const rest =
      through.total === undefined || after.total === undefined ? undefined : through.total.minus(after.total)
    const tolerance =
      through.error === undefined || after.error === undefined ? undefined : through.error.plus(after.error)
    const verdict = (): Closures['lines'][number]['verdict'] => {
      if (!isComplete || rest === undefined) return 'incomplete'
      if (rest.gte(0)) return 'closes'
      if (tolerance === undefined) return 'open'
      return rest.abs().gt(tolerance) ? 'over' : 'closes'
    }
    return [
      {
        meter: meter.id,
        unit,
        feeds: feeds.map(({ id }) => id),
        behind: behind.map(({ id }) => id),
        total: through.text,
        totalBehind: after.text,
        rest: textOrNull(rest),
        tolerance: textOrNull(tolerance),
        verdict: verdict(),
      },
    ]
  })
  return { month: month.month, lines }
}
