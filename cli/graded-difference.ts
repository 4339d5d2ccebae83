import { decimal, ofAmount, presented, type Decimal } from '#accounts/decimal.ts'
import type { DifferenceCause, MeterGrade } from '#simulators/grade.ts'

/**
 * A figure that is computed from meters, against what the same computation makes of the truth. What the grades of the
 * meters name as the cause of a difference is taken from it, cause by cause; what is left must be the rounding of readings.
 */
export interface GradedFigure {
  readonly platform: Decimal
  readonly truth: Decimal
  /** Platform less truth, by cause, with signs. */
  readonly causes: ReadonlyMap<DifferenceCause, Decimal>
  /** The most that the readings at the ends of meters' stretches can round away. */
  readonly rounding: Decimal
}

const ZERO = decimal('0')

/** A meter's differences by cause, in the unit of its register. */
export function causesOf({ differences }: MeterGrade): Map<DifferenceCause, Decimal> {
  const causes = new Map<DifferenceCause, Decimal>()
  for (const { cause, difference } of differences)
    causes.set(cause, (causes.get(cause) ?? ZERO).plus(ofAmount(difference)))
  return causes
}

/** A meter's rounding as a decimal, rounded up to what decimals hold. */
export const roundingOf = ({ rounding }: MeterGrade): Decimal =>
  ofAmount({ count: Math.ceil(rounding * 1e9), resolution: '0.000000001' })

/** The part of a difference that no cause is named for. */
export function leftOf({ platform, truth, causes }: GradedFigure): Decimal {
  return [...causes.values()].reduce((left, caused) => left.minus(caused), platform.minus(truth))
}

/** True where all that has no cause is rounding. */
export function figuresAgree(graded: readonly GradedFigure[]): boolean {
  return graded.every((figure) => leftOf(figure).abs().lte(figure.rounding))
}

/** Headings of the causes that occur in any of the figures, in the order in which they came. */
export function causesIn(graded: readonly GradedFigure[]): DifferenceCause[] {
  return [...new Set(graded.flatMap(({ causes }) => [...causes.keys()]))]
}

/** Cells of a figure: truth, platform, each cause, what is left and what of it may be. */
export function figureCells(
  figure: GradedFigure,
  causes: readonly DifferenceCause[],
  decimals: number,
): string[] {
  const { truth, platform, rounding } = figure
  const values = [truth, platform, ...causes.map((cause) => figure.causes.get(cause) ?? ZERO)]
  return [...values, leftOf(figure), rounding].map((value) => presented(value, decimals))
}

/** A figure for programs: exact decimal texts. */
export function figureJson(figure: GradedFigure): object {
  const { truth, platform, causes, rounding } = figure
  return {
    truth: truth.toFixed(),
    platform: platform.toFixed(),
    causes: Object.fromEntries([...causes].map(([cause, value]) => [cause, value.toFixed()])),
    left: leftOf(figure).toFixed(),
    rounding: rounding.toFixed(),
  }
}
