import { toDecimal } from '#contract/amount.ts'
import { quantityOf } from '#contract/quantities.ts'
import { badCauses, type Reading, type UsableReading } from '#contract/reading.ts'

/** Digits that a 32-bit float holds. */
const DIGITS = 7

/** A number without the noise behind its last digit. */
export function numberText(value: number, digits = DIGITS): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(digits))) : String(value)
}

/** A usable value with its unit: "230.2 V", "98765.43 kWh". */
export function valueText({ quantity, value }: UsableReading): string {
  const { unit } = quantityOf(quantity)
  const text = typeof value === 'number' ? numberText(value) : toDecimal(value)
  return unit === '1' ? text : `${text} ${unit}`
}

/** A reading's value with its unit, or why there is none. */
export function readingText(reading: Reading): string {
  return reading.quality === 'bad' ? badCauses[reading.cause].en : valueText(reading)
}
