import { accountMonthOf, monthNameAt } from '#accounts/account-month.ts'
import type { AccountPlan } from '#accounts/accounting-plan.ts'
import { meterMonth } from '#accounts/evidence.ts'
import { computedPostings } from '#accounts/post.ts'
import { isIncomplete, totalsOf } from '#accounts/statement.ts'
import type { Posting } from '#contract/entry.ts'
import { dayOf, isSettled, SLOT_MS, slotStart, startOfDay, type Period } from '#contract/grid.ts'
import type { Park } from '#contract/park.ts'
import type { AccountSources } from './account-view.ts'

/** Emissions of the day so far, beside the same hours of other days: what their month's posting will count of them. */

/** A stretch of a day from midnight on. */
export interface DayStretch extends Period {
  readonly which: 'today' | 'yesterday' | 'weekBefore'
}

const daysBack = { today: 0, yesterday: 1, weekBefore: 7 } as const
const whiches = ['today', 'yesterday', 'weekBefore'] as const

/** The end of the last slot of today that counts as final. */
export function settledUntil(nowMs: number, timeZone: string): number {
  const { fromMs } = dayOf(nowMs, timeZone)
  let endMs = slotStart(nowMs)
  while (endMs > fromMs && !isSettled(endMs - SLOT_MS, nowMs)) endMs -= SLOT_MS
  return endMs
}

/** Today up to the last slot that counts as final, and as many slots of yesterday and of the same weekday before. */
export function dayStretches(nowMs: number, timeZone: string): DayStretch[] {
  const today = dayOf(nowMs, timeZone)
  const lengthMs = settledUntil(nowMs, timeZone) - today.fromMs
  const date = Temporal.Instant.fromEpochMilliseconds(today.fromMs).toZonedDateTimeISO(timeZone).toPlainDate()
  return whiches.map((which) => {
    const fromMs = startOfDay(date.subtract({ days: daysBack[which] }), timeZone)
    return { which, fromMs, toMs: fromMs + lengthMs }
  })
}

export interface DayEmissions {
  readonly account: string
  /** Scope 1 and 2 by location, tCO2; undefined where nothing is known. */
  readonly tCo2: string | undefined
  /** Some slots of its meters are missing: what is here is what is known. */
  readonly incomplete: boolean
}

/**
 * What the meters of an account's sources come to in a stretch of a day, by the functions that post its month: formula,
 * factors and evidence of each source. Amounts that people record (deliveries, stocks) belong to whole months and are in
 * no day. Throws as `computedPostings`.
 */
export function dayPostingsOf(
  sources: AccountSources,
  park: Park,
  account: AccountPlan,
  stretch: Period,
  nowMs: number,
): readonly Posting[] {
  if (stretch.fromMs === stretch.toMs) return []
  const { timeZone } = park.description
  const month = accountMonthOf(monthNameAt(stretch.fromMs, timeZone), timeZone)
  const metered = { ...account, sources: account.sources.filter(({ measured }) => measured.length > 0) }
  const ground = { books: { records: () => [] }, park, rules: sources.rules }
  return computedPostings(ground, metered, month, (meter, quantity) =>
    meterMonth(sources.books, meter, quantity, stretch, nowMs),
  )
}

/** What these postings come to. Throws as `computedPostings`. */
export function emissionsOf(
  sources: AccountSources,
  park: Park,
  account: AccountPlan,
  stretch: Period,
  nowMs: number,
): DayEmissions {
  const postings = dayPostingsOf(sources, park, account, stretch, nowMs)
  return {
    account: account.account,
    tCo2: totalsOf(postings, []).total,
    incomplete: postings.some(isIncomplete),
  }
}
