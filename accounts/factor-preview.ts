import type { Park } from '#contract/park.ts'
import type { QuantityName } from '#contract/quantities.ts'
import type { Meter } from '#contract/park.ts'
import { accountMonthOf, type AccountMonth } from './account-month.ts'
import type { AccountState } from './account-state.ts'
import type { AccountPlan } from './accounting-plan.ts'
import type { MeterMonth } from './evidence.ts'
import { computedPostings, keptMonths, registerKey, type PostingGround } from './post.ts'
import { restatementOf } from './restatement.ts'
import { totalsOf } from './statement.ts'

/** A posted month, and what it would be by another factor. */
export interface MonthPreview {
  readonly month: string
  /** In a closed month the difference would be shown, and nothing restated. */
  readonly closed: boolean
  /** tCO2 of scopes 1 and 2 by location, without adjustments. */
  readonly before: string | undefined
  readonly after: string | undefined
  /** Postings that would be reversed and posted anew. */
  readonly restated: number
}

type ReadMonth = (meter: Meter, quantity: QuantityName, month: AccountMonth) => MeterMonth

/**
 * What another plan or other factors would restate, by the functions that post: from the evidence of the postings, so that
 * no interval is read again, and nothing is written. Throws `factor-missing` where there is none.
 * @param ground with the factors as they would be
 * @param account as it would be
 */
export function previewChange(
  ground: PostingGround & { readonly park: Park },
  state: AccountState,
  account: AccountPlan,
  readMonth: ReadMonth,
): MonthPreview[] {
  return state.months().map((name): MonthPreview => {
    const month = accountMonthOf(name, ground.park.description.timeZone)
    const kept = keptMonths(state, name)
    const fresh = computedPostings(
      ground,
      account,
      month,
      (meter, quantity) => kept.get(registerKey(meter.id, quantity)) ?? readMonth(meter, quantity, month),
    )
    const posted = state.postingsOf(name).map(({ body }) => body)
    const entries = restatementOf(state, name, fresh, account.materiality)
    return {
      month: name,
      closed: state.closings.has(name),
      before: totalsOf(posted, []).total,
      after: totalsOf(fresh, []).total,
      restated: entries.filter(({ kind }) => kind === 'reversal').length,
    }
  })
}
