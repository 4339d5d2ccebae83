import type { Decimal } from '../decimal.ts'
import type { Target } from './target.ts'
import type { MonthFigure } from './month-figure.ts'

/** An energy month with what a target may leave out of it. */
export interface EnergyMonth {
  readonly figure: MonthFigure
  readonly feedstock: Decimal
}

/** Of one month, by account and value; what is not known is kept as well. */
type Figures<T> = Map<string, { readonly figure: T }>

/** Figures of months that were summed up once: they stay until an interval or a record of the month changes. */
export class MonthMemory {
  readonly #energy = new Map<string, Figures<EnergyMonth>>()
  readonly #renewable = new Map<string, Figures<Decimal | undefined>>()

  /** What is kept of a month's energy, or is made. */
  energy(month: string, account: string, basis: Target['basis'], make: () => EnergyMonth): EnergyMonth {
    return kept(this.#energy, month, `${account} ${basis}`, make)
  }

  /** The same of its renewable electricity. */
  renewable(
    month: string,
    account: string,
    basis: Target['basis'],
    make: () => Decimal | undefined,
  ): Decimal | undefined {
    return kept(this.#renewable, month, `${account} ${basis}`, make)
  }

  hasEnergy(month: string, account: string, basis: Target['basis']): boolean {
    return this.#energy.get(month)?.has(`${account} ${basis}`) === true
  }

  /**
   * A memory without some months. Whoever still works with this one adds nothing to it of those: what it read of them may
   * be older.
   */
  without(months: ReadonlySet<string>): MonthMemory {
    const rest = new MonthMemory()
    for (const [month, figures] of this.#energy) if (!months.has(month)) rest.#energy.set(month, figures)
    for (const [month, figures] of this.#renewable)
      if (!months.has(month)) rest.#renewable.set(month, figures)
    return rest
  }
}

function kept<T>(of: Map<string, Figures<T>>, month: string, key: string, make: () => T): T {
  const found = of.get(month) ?? new Map<string, { readonly figure: T }>()
  of.set(month, found)
  const known = found.get(key) ?? { figure: make() }
  found.set(key, known)
  return known.figure
}
