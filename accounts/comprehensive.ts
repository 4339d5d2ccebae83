import { coalOnly, NO_FIGURE, sumFigures, type BalanceFigure } from './balance-figure.ts'
import type { BalanceCell, BalanceLine, BalanceTable } from './balance-table.ts'
import type { CoalCoefficient } from './coal-coefficient.ts'
import type { EnergyItems } from './energy-item.ts'
import { decimal } from './decimal.ts'

/**
 * Comprehensive energy consumption (综合能耗, GB/T 2589): E = Σ E_i × k_i over the energy that was used and the energy media
 * that were got from outside. A medium made inside was made of energy that is counted already, and what is made of own
 * water or air and given away is not deducted. The total of the balance table is of energy alone.
 */
export interface ComprehensiveConsumption {
  /** As the table has it: final use, losses, and what transformation took more than it gave. */
  readonly energy: BalanceFigure
  /** What was got of each medium, less what of it was passed on. */
  readonly media: readonly { readonly item: string; readonly figure: BalanceFigure }[]
  /**
   * By either value of energy with media by their equal value: the standard has no other for them. Absent where a medium has
   * no coefficient.
   */
  readonly total: BalanceFigure
  /** Coefficients of the media. */
  readonly coefficients: readonly CoalCoefficient[]
}

/** Rows in which a medium is got from outside, and in which it is given away or laid up. */
const GOT = ['inflow', 'imports', 'received-inside', 'stock-begin'] as const
const GIVEN = ['outflow', 'exports', 'passed-inside', 'stock-end'] as const

const ZERO = decimal('0')

export function comprehensiveConsumption(table: BalanceTable, items: EnergyItems): ComprehensiveConsumption {
  const line = (id: string): BalanceLine | undefined => table.lines.find(({ row }) => row.id === id)
  const cellsOf = (rows: readonly string[], item: string): BalanceCell[] =>
    rows.flatMap((row) => line(row)?.cells.get(item) ?? [])
  const energy = coalOnly(line('consumption')?.total ?? NO_FIGURE)
  const coefficients = new Map<string, CoalCoefficient>()
  const media = table.items
    .filter((item) => items[item]?.media === true)
    .flatMap((item) => {
      const cells = cellsOf(GOT, item)
      const got = sumFigures(cells.map(({ figure }) => figure))
      if (got.amount === undefined && !got.incomplete) return []
      for (const each of cells.flatMap(({ parts }) => parts.flatMap((part) => part.coefficients)))
        coefficients.set(each.code, each)
      const given = sumFigures(cellsOf(GIVEN, item).map(({ figure }) => figure))
      return [{ item, figure: less(got, given) }]
    })
  return {
    energy,
    media,
    total: sumFigures([energy, ...media.map(({ figure }) => byEqualValue(figure))]),
    coefficients: [...coefficients.values()],
  }
}

/** What was got less what was given away of it; nothing where more was given away, which then was made inside. */
function less(got: BalanceFigure, given: BalanceFigure): BalanceFigure {
  const incomplete = got.incomplete || given.incomplete
  if (got.amount === undefined || given.amount === undefined) return { ...got, incomplete }
  const [amount, equal] = [got.amount.minus(given.amount), got.coal.equal?.minus(given.coal.equal ?? ZERO)]
  const isNothing = amount.lt(0)
  return {
    amount: isNothing ? ZERO : amount,
    coal: { calorific: undefined, equal: isNothing ? ZERO : equal },
    absent: got.absent,
    incomplete,
  }
}

/** A medium's standard coal in both sums. */
function byEqualValue({ coal, absent, incomplete }: BalanceFigure): BalanceFigure {
  const { equal } = absent
  return {
    amount: undefined,
    coal: { calorific: coal.equal, equal: coal.equal },
    absent: equal === undefined ? {} : { calorific: equal, equal },
    incomplete,
  }
}
