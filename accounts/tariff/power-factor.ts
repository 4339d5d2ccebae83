import { z } from 'zod'
import { decimalText, positiveDecimalText } from '#contract/decimal-text.ts'
import { localName } from '#contract/identity.ts'
import { decimal, quotient, rounded, squareRoot, textOf, type Decimal } from '../decimal.ts'
import { confidences, type Confidence } from '../factor.ts'

/** The shape of power-factor.yaml, and the adjustment of the bill by the month's mean power factor. */

export const powerFactorStandards = ['0.9', '0.85', '0.8'] as const
export type PowerFactorStandard = (typeof powerFactorStandards)[number]

const adjustmentRow = z.strictObject({
  powerFactor: positiveDecimalText,
  percent: decimalText,
  confidence: z.enum(confidences),
  otherwise: decimalText
    .optional()
    .meta({ description: 'The percentage that another source gives for this row' }),
})

const standard = z.strictObject({
  name: localName,
  rows: z
    .array(adjustmentRow)
    .min(1)
    .meta({ description: 'From the standard upwards; the last row holds for everything above it' }),
  below: z
    .array(
      z.strictObject({
        downTo: positiveDecimalText
          .optional()
          .meta({ description: 'Last power factor of these steps; open at the end' }),
        percentPerStep: positiveDecimalText,
        confidence: z.enum(confidences),
      }),
    )
    .min(1)
    .meta({ description: 'Steps of 0.01 below the standard, added up' }),
})

export const powerFactorFile = z.strictObject({
  document: z.string().min(1),
  source: z.string().min(1),
  standards: z.record(z.enum(powerFactorStandards), standard),
})
export type PowerFactorTable = z.output<typeof powerFactorFile>

const ZERO = decimal('0')

/**
 * Mean power factor of a month: kWh / √(kWh² + kvarh²), where the reverse reactive energy counts in full beside the
 * forward one; to 0.01. Undefined where nothing at all flowed.
 */
export function meanPowerFactor(
  activeKwh: Decimal,
  forwardKvarh: Decimal,
  reverseKvarh: Decimal,
): Decimal | undefined {
  const reactive = forwardKvarh.plus(reverseKvarh.abs())
  const apparentSquared = activeKwh.times(activeKwh).plus(reactive.times(reactive))
  if (apparentSquared.eq(ZERO)) return undefined
  return rounded(quotient(activeKwh, squareRoot(apparentSquared)), 2)
}

/** What a power factor does to the bill. */
export interface PowerFactorAdjustment {
  /** Of the base, in percent: above zero is paid, below zero is granted. */
  readonly percent: Decimal
  readonly confidence: Confidence
  /** What another source gives instead. */
  readonly otherwise: Decimal | undefined
}

/** The adjustment of a power factor (two decimals) by a standard of the table. */
export function powerFactorAdjustment(
  powerFactor: Decimal,
  standard: PowerFactorStandard,
  table: PowerFactorTable,
): PowerFactorAdjustment {
  const { rows, below } = table.standards[standard]
  const row = rows.findLast((each) => powerFactor.gte(decimal(each.powerFactor)))
  if (row !== undefined) {
    const { percent, confidence, otherwise } = row
    return {
      percent: decimal(percent),
      confidence,
      otherwise: otherwise === undefined ? undefined : decimal(otherwise),
    }
  }
  let percent = ZERO
  let from = decimal(standard)
  for (const { downTo, percentPerStep, confidence } of below) {
    const end = downTo === undefined || powerFactor.gt(decimal(downTo)) ? powerFactor : decimal(downTo)
    percent = percent.plus(from.minus(end).times(100).times(decimal(percentPerStep)))
    if (end.eq(powerFactor)) return { percent, confidence, otherwise: undefined }
    from = end
  }
  throw new RangeError(`no step for a power factor of ${textOf(powerFactor)}`)
}
