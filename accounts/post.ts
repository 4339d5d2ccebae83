import { canonicalText } from '#contract/canonical-text.ts'
import type { MeterEvidence, Posting } from '#contract/entry.ts'
import type { Park } from '#contract/park.ts'
import type { Books } from '#store/port.ts'
import type { AccountMonth } from './account-month.ts'
import type { AccountState } from './account-state.ts'
import type { AccountPlan, EmissionSource, MeasuredTerm } from './accounting-plan.ts'
import { evidenceOf, meterMonth, registerOf, type MeterMonth } from './evidence.ts'
import { postingsOf, type PostingRules } from './posting.ts'
import { sourceFactors } from './source-factors.ts'

/** From the books to postings: the evidence of a month, and what is computed of it. */

export interface PostingGround {
  readonly books: Pick<Books, 'slotProof' | 'records'>
  readonly park: Park
  readonly rules: PostingRules
}

/** Records that matter to a month: those of its days, and stocks at the end of the day before. */
function recordsOf(
  books: Pick<Books, 'records'>,
  account: string,
  month: AccountMonth,
): ReturnType<Books['records']> {
  const from = Temporal.PlainDate.from(month.from).subtract({ days: 1 }).toString()
  return books.records({ account, from, to: month.to })
}

/** A meter's month as it stands in a posting, where it needs not be read again. */
function keptMonth(
  posted: Posting | undefined,
  term: MeasuredTerm,
  quantity: string,
): MeterMonth | undefined {
  return posted?.evidence.meters.find((each) => each.meter === term.meter && each.quantity === quantity)
}

/**
 * What an account's postings of a month would be now. Throws as `postingsOf`.
 * @param kept postings whose evidence still holds, so that its intervals are not read again; `isChanged` names registers
 *   that are read all the same
 */
export function computedPostings(
  { books, park, rules }: PostingGround,
  account: AccountPlan,
  month: AccountMonth,
  nowMs: number,
  kept?: {
    readonly state: AccountState
    readonly isChanged: (meter: string, quantity: string) => boolean
  },
): Posting[] {
  const metersOf = (source: EmissionSource): MeterEvidence[] => {
    const posted = kept?.state.posting(month.name, source.id)?.body
    return source.measured.flatMap((term): MeterEvidence[] => {
      const register = registerOf(term, park)
      if (register === undefined) return []
      const { meter, quantity } = register
      const known =
        kept?.isChanged(meter.id, quantity) === false ? keptMonth(posted, term, quantity) : undefined
      const read = known ?? meterMonth(books, meter, quantity, month, nowMs)
      return [evidenceOf(read, term, meter, rules.assumptions)]
    })
  }
  return postingsOf(account, month, metersOf, recordsOf(books, account.account, month), rules)
}

/**
 * Everything but measurements and records that a month's postings are computed by, as one text: where it differs, the
 * month is computed again. Throws `factor-missing` or `factor-ambiguous`.
 */
export function rulesText(
  account: AccountPlan,
  month: AccountMonth,
  park: Park,
  rules: PostingRules,
): string {
  const sources = account.sources.map((source) => ({
    source,
    factors: sourceFactors(source, account, month, rules.library, []).factors,
    accuracy: source.measured.map((term) => registerOf(term, park)?.meter.accuracyPercent ?? 0),
  }))
  return canonicalText({ sources, assumptions: rules.assumptions })
}

/** Registers that an account's sources are measured by, as `meter quantity`. */
export function registersOf(account: AccountPlan, park: Park): ReadonlySet<string> {
  return new Set(
    account.sources.flatMap(({ measured }) =>
      measured.flatMap((term) => {
        const register = registerOf(term, park)
        return register === undefined ? [] : [`${register.meter.id} ${register.quantity}`]
      }),
    ),
  )
}
