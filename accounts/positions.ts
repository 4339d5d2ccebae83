import type { Posting } from '#contract/entry.ts'
import type { AccountState, Position } from './account-state.ts'
import { decimal, textOf, type Decimal } from './decimal.ts'
import type { UnsourcedView } from './unsourced-shape.ts'
import { isIncomplete, statementOf, totalsOf, type Statement } from './statement.ts'

/** Allowances, offsets and certificates of a year beside the year's emissions; nothing is netted but the allowance's rest. */
export interface YearPositions {
  readonly year: number
  /** tCO2; undefined where none was entered. */
  readonly allowance: string | undefined
  readonly offsets: string | undefined
  /** kWh of certificates, and tCO2 of those that are stated in it. */
  readonly certificatesKwh: string | undefined
  readonly certificates: string | undefined
  /** Posted emissions of scopes 1 and 2 by location, with adjustments. */
  readonly emissions: string | undefined
  /** Months of the year that are posted, and whether every posting in them is whole. */
  readonly months: number
  readonly complete: boolean
  /** Allowance less emissions; undefined where one of them is. */
  readonly left: string | undefined
  readonly entries: readonly number[]
}

const ZERO = decimal('0')

/** Positions by year, of the years in which there are any. */
export function yearPositions(state: AccountState, years: Iterable<number>): YearPositions[] {
  const positions = [...state.positions.values()]
  return [...new Set(years)]
    .toSorted((one, other) => one - other)
    .flatMap((year): YearPositions[] => {
      const its = positions.filter(({ body }) => body.year === year)
      if (its.length === 0) return []
      const sum = (kind: Position['kind'], unit: Position['unit']): Decimal | undefined => {
        const found = its.filter(({ body }) => body.kind === kind && body.unit === unit)
        return found.length === 0
          ? undefined
          : found.reduce((all, { body }) => all.plus(decimal(body.amount)), ZERO)
      }
      const text = (value: Decimal | undefined): string | undefined =>
        value === undefined ? undefined : textOf(value)
      const isOf = (month: string): boolean => month.startsWith(`${year}-`)
      const postings = [...state.postings.values()].map(({ body }) => body).filter(({ month }) => isOf(month))
      const adjustments = [...state.adjustments.values()]
        .map(({ body }) => body)
        .filter(({ month }) => isOf(month))
      const { total } = totalsOf(postings, adjustments)
      const allowance = sum('allowance', 'tCO2')
      return [
        {
          year,
          allowance: text(allowance),
          offsets: text(sum('offset', 'tCO2')),
          certificatesKwh: text(sum('certificate', 'kWh')),
          certificates: text(sum('certificate', 'tCO2')),
          emissions: total,
          months: new Set(postings.map(({ month }) => month)).size,
          complete: postings.every((each) => !isIncomplete(each)),
          left:
            allowance === undefined || total === undefined
              ? undefined
              : textOf(allowance.minus(decimal(total))),
          entries: its.map(({ number }) => number),
        },
      ]
    })
}

/** A statement with the positions of the years that its months are in. */
export interface StatementOfAccount extends Statement {
  readonly positions: readonly YearPositions[]
  /**
   * Energy of its months that is in the balance table and has no emission source, by what is known now; undefined in a
   * statement as known on an earlier day, which says nothing that was not in the ledger.
   */
  readonly unsourced: readonly UnsourcedView[] | undefined
}

/** The statement of a state for whole months, as `statementOf`, with its positions. */
export function statementOfAccount(
  state: AccountState,
  months: readonly string[],
  {
    provisional = [],
    unsourced,
  }: {
    readonly provisional?: readonly Posting[]
    readonly unsourced?: readonly UnsourcedView[] | undefined
  } = {},
): StatementOfAccount {
  const years = months.map((month) => Number(month.slice(0, 4)))
  return { ...statementOf(state, months, provisional), positions: yearPositions(state, years), unsourced }
}
