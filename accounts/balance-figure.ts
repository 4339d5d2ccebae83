import type { CoalAbsence } from './coal-coefficient.ts'
import type { Decimal } from './decimal.ts'
import { bases, type Basis } from './factor.ts'

/**
 * A sum in the balance table: in the unit of the item, and in tonnes of standard coal by both values. Undefined where
 * nothing of it is known: missing is never zero. A value by standard coal of which a part has no coefficient is absent
 * whole, because a part of it would look like the whole.
 */
export interface BalanceFigure {
  readonly amount: Decimal | undefined
  readonly coal: Readonly<Record<Basis, Decimal | undefined>>
  readonly absent: Readonly<Partial<Record<Basis, CoalAbsence>>>
  /** A part is missing, whole or some of its slots: what is here is what is known of it. */
  readonly incomplete: boolean
}

/** The sum of no parts at all: there is nothing to be missing. */
export const NO_FIGURE: BalanceFigure = {
  amount: undefined,
  coal: { calorific: undefined, equal: undefined },
  absent: {},
  incomplete: false,
}

const plus = (a: Decimal | undefined, b: Decimal | undefined): Decimal | undefined =>
  a === undefined ? b : b === undefined ? a : a.plus(b)
const negative = (a: Decimal | undefined): Decimal | undefined => a?.times(-1)

export function addFigures(a: BalanceFigure, b: BalanceFigure): BalanceFigure {
  const absent: Partial<Record<Basis, CoalAbsence>> = { ...a.absent, ...b.absent }
  const coal = (basis: Basis): Decimal | undefined =>
    absent[basis] === undefined ? plus(a.coal[basis], b.coal[basis]) : undefined
  return {
    amount: plus(a.amount, b.amount),
    coal: { calorific: coal('calorific'), equal: coal('equal') },
    absent,
    incomplete: a.incomplete || b.incomplete,
  }
}

export function negateFigure(figure: BalanceFigure): BalanceFigure {
  return {
    ...figure,
    amount: negative(figure.amount),
    coal: { calorific: negative(figure.coal.calorific), equal: negative(figure.coal.equal) },
  }
}

export function sumFigures(figures: Iterable<BalanceFigure>): BalanceFigure {
  let sum = NO_FIGURE
  for (const figure of figures) sum = addFigures(sum, figure)
  return sum
}

/** The standard coal of figures of different items: their amounts have no sum. */
export function coalOnly(figure: BalanceFigure): BalanceFigure {
  return { ...figure, amount: undefined }
}

/** True for a figure of which nothing is known and nothing is missing: an empty cell. */
export function isEmpty({ amount, coal, absent, incomplete }: BalanceFigure): boolean {
  return (
    amount === undefined &&
    !incomplete &&
    bases.every((basis) => coal[basis] === undefined && absent[basis] === undefined)
  )
}
