import { canonicalText } from '#contract/canonical-text.ts'
import type { ChangeCause, EntryBody, Posting } from '#contract/entry.ts'
import type { AccountState, Numbered } from './account-state.ts'
import { decimal, quotient, type Decimal } from './decimal.ts'

/** What must be added to a ledger so that a month says what is computed of it now. */

/** Who enters what nobody asked for. */
const POSTING_LOOP = 'tanbiao'

const reasonOf = {
  'late-data': 'Readings, decisions or records of this month came later.',
  factor: 'Another factor holds for this month.',
  plan: 'The accounting plan counts this source in another way.',
} as const satisfies Record<ChangeCause, string>

/** True where two postings publish the same; what they rest on may differ without anyone seeing it here. */
function publishTheSame(a: Posting, b: Posting): boolean {
  return (
    a.tCo2 === b.tCo2 &&
    a.tCo2MarketBased === b.tCo2MarketBased &&
    a.completeness === b.completeness &&
    a.activity?.amount === b.activity?.amount &&
    a.activity?.unit === b.activity?.unit &&
    a.sourceKind === b.sourceKind &&
    a.formula === b.formula &&
    canonicalText(a.factors) === canonicalText(b.factors)
  )
}

/** The first of plan, factors and data that differs. */
export function causeOf(before: Posting, after: Posting): ChangeCause {
  const counted = ({ sourceKind, formula, evidence }: Posting): string =>
    canonicalText({
      sourceKind,
      formula,
      terms: evidence.meters.map(({ meter, quantity, share }) => [meter, quantity, share]),
    })
  if (counted(before) !== counted(after)) return 'plan'
  if (canonicalText(before.factors) === canonicalText(after.factors)) return 'late-data'
  const records = ({ evidence }: Posting): string =>
    canonicalText(evidence.records.filter(({ use }) => use === 'factor'))
  return records(before) === records(after) ? 'factor' : 'late-data'
}

/** True where a figure has come or gone, or differs by more than a share of what was posted. */
function isMaterial(before: string | undefined, after: string | undefined, materiality: Decimal): boolean {
  if (before === undefined || after === undefined) return before !== after
  const [old, difference] = [decimal(before).abs(), decimal(after).minus(decimal(before)).abs()]
  if (old.eq(0)) return !difference.eq(0)
  return quotient(difference, old).gt(materiality)
}

function difference(
  { number }: Numbered<Posting>,
  fresh: Posting,
  cause: ChangeCause,
  because: 'immaterial' | 'closed',
): Extract<EntryBody, { kind: 'difference' }> {
  const { month, tCo2, tCo2MarketBased } = fresh
  return {
    kind: 'difference',
    month,
    posting: number,
    cause,
    because,
    ...(tCo2 === undefined ? {} : { tCo2 }),
    ...(tCo2MarketBased === undefined ? {} : { tCo2MarketBased }),
  }
}

/**
 * Entries that bring a month of an account to what was computed of it: new postings, reversals with the posting that
 * takes their place, and differences that are kept visible and not restated. None where the ledger says it already.
 */
export function restatementOf(
  state: AccountState,
  month: string,
  fresh: readonly Posting[],
  materiality: string,
): EntryBody[] {
  const isClosed = state.closings.has(month)
  const bodies: EntryBody[] = []
  const limit = decimal(materiality)
  const reverse = (posted: Numbered<Posting>, cause: ChangeCause): number =>
    bodies.push({
      kind: 'reversal',
      month,
      reverses: posted.number,
      cause,
      reason: reasonOf[cause],
      by: POSTING_LOOP,
    })
  for (const posting of fresh) {
    const posted = state.posting(month, posting.source)
    if (posted === undefined) {
      // A closed month says nothing of a source that came to the plan later, and is not opened by it.
      if (!isClosed) bodies.push(posting)
      continue
    }
    if (publishTheSame(posted.body, posting)) {
      // What would be different once is so no longer: that is said too.
      const noted = state.differences.get(posted.number)?.body
      if (noted !== undefined && noted.tCo2 !== posting.tCo2)
        bodies.push(difference(posted, posting, noted.cause, 'immaterial'))
      continue
    }
    const cause = causeOf(posted.body, posting)
    const material =
      limit.eq(0) ||
      isMaterial(posted.body.tCo2, posting.tCo2, limit) ||
      isMaterial(posted.body.tCo2MarketBased, posting.tCo2MarketBased, limit)
    if (material && !isClosed) {
      reverse(posted, cause)
      bodies.push(posting)
      continue
    }
    const noted = difference(posted, posting, cause, isClosed ? 'closed' : 'immaterial')
    const known = state.differences.get(posted.number)?.body
    if (known === undefined || canonicalText(known) !== canonicalText(noted)) bodies.push(noted)
  }
  if (isClosed) return bodies
  const sources = new Set(fresh.map(({ source }) => source))
  for (const posted of state.postingsOf(month)) {
    if (!sources.has(posted.body.source)) reverse(posted, 'plan')
  }
  return bodies
}
