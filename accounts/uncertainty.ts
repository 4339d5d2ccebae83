import { z } from 'zod'
import { positiveDecimalText } from '#contract/decimal-text.ts'
import { carrierNames } from '#contract/carriers.ts'
import type { MeterEvidence, Posting } from '#contract/entry.ts'
import type { Decimal } from './decimal.ts'
import { confidences } from './factor.ts'

/**
 * Uncertainty of a posting by the propagation of errors (IPCC 2006 Guidelines vol. 1 ch. 3, approach 1; GHG Protocol,
 * guidance on uncertainty): greatest errors are rectangular, u = a/√3 (GUM); sums in quadrature, a product's relative ones
 * in quadrature; stated as the half-width at k = 2. Figures of many months are added linearly, source by source, because a
 * meter errs the same way in each.
 */

const assumption = z.strictObject({
  percent: positiveDecimalText,
  source: z.string().min(1),
  confidence: z.enum(confidences),
})

/** The shape of accounts/uncertainty.yaml. */
export const uncertaintyFile = z.strictObject({
  meters: z.partialRecord(z.enum(carrierNames), assumption),
  records: assumption,
  estimated: assumption,
})
export type UncertaintyAssumptions = z.output<typeof uncertaintyFile>

const COVERAGE_FACTOR = 2
const RECTANGULAR = Math.sqrt(3)
/** Methods by which an amount is not read from a register at either end. */
const ESTIMATED = ['estimated', 'manual'] as const

/** Half-width (k = 2) of a size that is known to so many percent at most. */
export function halfWidth(size: number, percent: string): number {
  return (COVERAGE_FACTOR * Math.abs(size) * Number(percent)) / 100 / RECTANGULAR
}

/** Shares are written to six decimals, which is more than an uncertainty is worth. */
export function shareText(share: number): string {
  return String(Number(share.toFixed(6)))
}

interface ActivityParts {
  readonly amount: Decimal
  readonly meters: readonly MeterEvidence[]
  /** What each record adds or takes away, in the unit of `amount`, and what one unit of the meters is in it. */
  readonly recordedParts: readonly Decimal[]
  readonly perMeterUnit: Decimal
  /** Half-width (k = 2) of the factor in percent, where it is known. */
  readonly factorPercent: string | undefined
}

/**
 * Undefined where the amount is zero, of which no share can be said. Where slots are missing it is that of the known ones: how
 * far these are from the whole is no error of the meter, and the posting's completeness stands beside it.
 */
export function uncertaintyOf(
  parts: ActivityParts,
  assumptions: UncertaintyAssumptions,
): Posting['uncertainty'] {
  const whole = Math.abs(parts.amount.toNumber())
  if (whole === 0) return undefined
  let variance = 0
  let assumed = false
  const add = (size: number, percent: string): void => {
    variance += ((Math.abs(size) * Number(percent)) / 100 / RECTANGULAR) ** 2
  }
  const perMeterUnit = parts.perMeterUnit.toNumber()
  for (const { energy, share, byMethod, accuracy } of parts.meters) {
    if (energy === undefined) continue
    const inActivity = (text: string): number => Number(text) * Number(share) * perMeterUnit
    add(inActivity(energy), accuracy.percent)
    assumed ||= accuracy.assumed
    for (const method of ESTIMATED) {
      const estimated = byMethod[method]
      if (estimated === undefined) continue
      add(inActivity(estimated), assumptions.estimated.percent)
      assumed = true
    }
  }
  // Each was weighed on its own: a small difference of great stocks is not known better than they are.
  for (const each of parts.recordedParts) {
    add(each.toNumber(), assumptions.records.percent)
    assumed = true
  }
  const activity = (COVERAGE_FACTOR * Math.sqrt(variance)) / whole
  const factor = parts.factorPercent === undefined ? 0 : Number(parts.factorPercent) / 100
  return {
    share: shareText(Math.hypot(activity, factor)),
    covers: parts.factorPercent === undefined ? 'activity' : 'activity and factor',
    assumed,
  }
}
