import { z } from 'zod'

const DECIMAL = /^-?(?:0|[1-9]\d*)(?:\.\d*[1-9])?$/
const LENGTH_MAX = 80

/** True for a decimal text; the schema below says why one is none. */
export function isDecimalText(text: string): boolean {
  return text.length <= LENGTH_MAX && text !== '-0' && DECIMAL.test(text)
}

/** A decimal as it stands in a data file or a ledger: no exponent, no superfluous zero, e.g. "0.7143" or "-12". */
export const decimalText = z
  .string()
  .max(LENGTH_MAX)
  .regex(DECIMAL, 'a decimal without exponent or trailing zeros, e.g. "0.7143"')
  .refine((text) => text !== '-0', 'zero has no sign')

/** A decimal above zero. */
export const positiveDecimalText = decimalText.refine(
  (text) => !text.startsWith('-') && text !== '0',
  'above zero',
)
