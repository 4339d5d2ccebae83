import { quotient, type Decimal } from '../decimal.ts'

/** Specific consumption: what a unit of product, or 10⁴ yuan of output, took. */
export interface SpecificConsumption {
  readonly amount: Decimal
  readonly amountUnit: string
  readonly per: Decimal
  readonly perUnit: string
  readonly value: Decimal
  /** False where the amount or the output of the period is known in part only. */
  readonly complete: boolean
}

/** An amount or an output of a period: undefined where nothing is known. */
export interface PeriodTotal {
  readonly total: Decimal | undefined
  readonly unit: string
  readonly complete: boolean
  /** Why it is not complete, where more can be said than that something is missing. */
  readonly why?: string
  /** A meter counted it and records state it as well: which of them holds is for a person to say. */
  readonly conflict?: true
}

/** Amount / output; undefined where either is unknown, or nothing was made. */
export function specificConsumption(
  amount: PeriodTotal,
  output: PeriodTotal,
): SpecificConsumption | undefined {
  if (amount.total === undefined || output.total === undefined || output.total.lte(0)) return undefined
  return {
    amount: amount.total,
    amountUnit: amount.unit,
    per: output.total,
    perUnit: output.unit,
    value: quotient(amount.total, output.total),
    complete: amount.complete && output.complete,
  }
}
