import type { AccountState } from '../account-state.ts'
import { decimal, type Decimal } from '../decimal.ts'
import { isIncomplete, totalsOf } from '../statement.ts'

/** What an account's ledger says of a month, as targets ask for it. */
export interface LedgerMonth {
  /** tCO2 of scope 1 and 2, by location and by market; undefined where nothing is known. */
  readonly location: Decimal | undefined
  readonly market: Decimal | undefined
  /** Sources of these scopes whose figure is that of the whole month. */
  readonly whole: ReadonlySet<string>
  /** False for a month of which nothing but its closing is known. */
  readonly isPosted: boolean
  readonly isClosed: boolean
}

const isTotal = (scope: string): boolean => scope === '1' || scope === '2'
const known = (text: string | undefined): Decimal | undefined =>
  text === undefined ? undefined : decimal(text)

/** The months of a state that have a posting or an adjustment, or are closed. */
export function ledgerMonthsOf(state: AccountState): Map<string, LedgerMonth> {
  const postings = Map.groupBy(
    [...state.postings.values()].map(({ body }) => body),
    ({ month }) => month,
  )
  const adjustments = Map.groupBy(
    [...state.adjustments.values()].map(({ body }) => body),
    ({ month }) => month,
  )
  const isPosted = new Set([...postings.keys(), ...adjustments.keys()])
  const months = new Set([...isPosted, ...state.closings.keys()])
  return new Map(
    [...months].map((month) => {
      const posted = postings.get(month) ?? []
      const { total, totalMarketBased } = totalsOf(posted, adjustments.get(month) ?? [])
      const whole = posted.filter((each) => isTotal(each.scope) && !isIncomplete(each))
      return [
        month,
        {
          location: known(total),
          market: known(totalMarketBased),
          whole: new Set(whole.map(({ source }) => source)),
          isPosted: isPosted.has(month),
          isClosed: state.closings.has(month),
        },
      ]
    }),
  )
}
