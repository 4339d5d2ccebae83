import { decimal, type Decimal } from '../decimal.ts'

/** Tonnes of a month of the calendar, as the accounts give them. */
export interface MonthFigure {
  /** E.g. "2026-03". */
  readonly month: string
  /** tce or tCO2; undefined where nothing is known of it. */
  readonly tonnes: Decimal | undefined
  /** The month is over, and nothing of it is missing. */
  readonly complete: boolean
  /** Why it is not complete, where that can be said. */
  readonly why?: string | undefined
  /** A meter counted the output and records state it as well. */
  readonly conflict?: true | undefined
}

/** The twelve months of a year. */
export function monthsOf(year: number): string[] {
  return Array.from({ length: 12 }, (_, index) => `${year}-${String(index + 1).padStart(2, '0')}`)
}

/** The month so many months later. */
export function laterMonth(month: string, months: number): string {
  return Temporal.PlainYearMonth.from(month).add({ months }).toString()
}

export function daysIn(month: string): number {
  return Temporal.PlainYearMonth.from(month).daysInMonth
}

/** Months by name; of two of one name the later one. */
export function byMonth(figures: readonly MonthFigure[]): ReadonlyMap<string, MonthFigure> {
  return new Map(figures.map((figure) => [figure.month, figure]))
}

/** Sum of the complete months among these; undefined of none. */
export function sumOfComplete(
  figures: ReadonlyMap<string, MonthFigure>,
  months: readonly string[],
): Decimal | undefined {
  let sum: Decimal | undefined
  for (const month of months) {
    const figure = figures.get(month)
    if (figure?.complete === true && figure.tonnes !== undefined)
      sum = (sum ?? decimal('0')).plus(figure.tonnes)
  }
  return sum
}

/**
 * Energy without what a target leaves out: raw-material use, and renewable energy beyond that of the same month of the
 * base year. A month whose deduction is unknown is unknown.
 */
export function deducted(
  figures: readonly MonthFigure[],
  {
    feedstock,
    renewable,
    baseYear,
  }: {
    readonly feedstock?: ReadonlyMap<string, Decimal>
    readonly renewable?: ReadonlyMap<string, Decimal>
    readonly baseYear?: number | undefined
  },
): MonthFigure[] {
  return figures.map((figure) => {
    let { tonnes } = figure
    if (feedstock !== undefined) {
      const part = feedstock.get(figure.month)
      tonnes = part === undefined ? undefined : tonnes?.minus(part)
    }
    if (renewable !== undefined && baseYear !== undefined) {
      const now = renewable.get(figure.month)
      const then = renewable.get(`${baseYear}${figure.month.slice(4)}`)
      const added = now === undefined || then === undefined ? undefined : now.minus(then)
      // Less than in the base year is no addition to energy consumption.
      tonnes = added === undefined ? undefined : tonnes?.minus(added.gt(0) ? added : decimal('0'))
    }
    return { ...figure, tonnes, complete: figure.complete && tonnes !== undefined }
  })
}
