import { isSameContent } from '#contract/canonical-text.ts'
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
  method: 'The same data and factors are computed in another way.',
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
    isSameContent(a.factors, b.factors)
  )
}

const termsOf = ({ evidence }: Posting): unknown =>
  evidence.meters.map(({ meter, quantity, share }) => [meter, quantity, share])
const ownValuesOf = ({ evidence }: Posting): unknown => evidence.records.filter(({ use }) => use === 'factor')
/** All that a result rests on but its factors; an accuracy says how far it can be trusted, and changes none. */
const dataOf = ({ evidence }: Posting): unknown => [
  evidence.records,
  evidence.meters.map(({ accuracy: _accuracy, ...measured }) => measured),
]

/** The first of plan, factors and data that differs; where none does, it is the arithmetic. */
export function causeOf(before: Posting, after: Posting): ChangeCause {
  const isCountedAlike =
    before.sourceKind === after.sourceKind &&
    before.formula === after.formula &&
    isSameContent(termsOf(before), termsOf(after))
  if (!isCountedAlike) return 'plan'
  if (isSameContent(before.factors, after.factors))
    return isSameContent(dataOf(before), dataOf(after)) ? 'method' : 'late-data'
  return isSameContent(ownValuesOf(before), ownValuesOf(after)) ? 'factor' : 'late-data'
}

/** True where a figure has come or gone, or differs by more than a share of what was posted. */
function isBeyond(before: string | undefined, after: string | undefined, materiality: Decimal): boolean {
  if (before === undefined || after === undefined) return before !== after
  const [old, difference] = [decimal(before).abs(), decimal(after).minus(decimal(before)).abs()]
  if (old.eq(0)) return !difference.eq(0)
  return quotient(difference, old).gt(materiality)
}

type Difference = Extract<EntryBody, { kind: 'difference' }>

function difference(
  { number }: Numbered<Posting>,
  fresh: Posting,
  cause: ChangeCause,
  because: Difference['because'],
): Difference {
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
 * The difference to be said of a posting that stays; undefined where it is said already, or never was and there is none.
 * @param would what the source would come to
 */
function differenceToSay(
  state: AccountState,
  posted: Numbered<Posting>,
  would: Posting,
  because: Difference['because'],
): Difference | undefined {
  const said = state.differences.get(posted.number)?.body
  if (publishTheSame(posted.body, would)) {
    // What would be different once is so no longer: that is said too.
    return said === undefined || said.tCo2 === would.tCo2
      ? undefined
      : difference(posted, would, said.cause, 'immaterial')
  }
  const now = difference(posted, would, causeOf(posted.body, would), because)
  return said !== undefined && isSameContent(said, now) ? undefined : now
}

/**
 * Entries that bring a month of an account to what was computed of it: new postings, reversals with the posting that
 * takes their place, and differences that are kept visible and not restated. None where the ledger says it already.
 * @param fresh what the intervals that are kept come to
 * @param late what they would come to with what came late and is held back by a lock, where there is any, by source
 */
export function restatementOf(
  state: AccountState,
  month: string,
  fresh: readonly Posting[],
  materiality: string,
  late: ReadonlyMap<string, Posting> = new Map(),
): EntryBody[] {
  const isClosed = state.closings.has(month)
  const bodies: EntryBody[] = []
  const limit = decimal(materiality)
  const isMaterial = (before: Posting, after: Posting): boolean =>
    limit.eq(0) ||
    isBeyond(before.tCo2, after.tCo2, limit) ||
    isBeyond(before.tCo2MarketBased, after.tCo2MarketBased, limit)
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
    if (!isClosed && !publishTheSame(posted.body, posting) && isMaterial(posted.body, posting)) {
      reverse(posted, causeOf(posted.body, posting))
      bodies.push(posting)
      continue
    }
    const held = late.get(posting.source)
    const because = isClosed ? 'closed' : held === undefined ? 'immaterial' : 'locked'
    const said = differenceToSay(state, posted, held ?? posting, because)
    if (said !== undefined) bodies.push(said)
  }
  if (isClosed) return bodies
  const sources = new Set(fresh.map(({ source }) => source))
  for (const posted of state.postingsOf(month)) {
    if (!sources.has(posted.body.source)) reverse(posted, 'plan')
  }
  return bodies
}
