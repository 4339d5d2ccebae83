import { z } from 'zod'
import { fromDecimal, type Amount } from './amount-arithmetic.ts'

export * from './amount-arithmetic.ts'

/**
 * A cumulative register travels as a count of its resolution, with the resolution beside it, so that sums and
 * differences of energy are exact integers. { count: 123456, resolution: '0.01' } of kWh is 1234.56 kWh.
 *
 * The resolution is a decimal in the quantity's canonical unit, without exponent, above zero, at most 9 decimals.
 */
export const resolution = z
  .string()
  .max(24)
  .regex(
    /^(?:[1-9]\d*|(?:0|[1-9]\d*)\.\d{0,8}[1-9])$/,
    'a decimal above zero, at most 9 decimals, e.g. "0.01" or "10"',
  )

export const amount = z.strictObject({ count: z.int(), resolution })

/** A register or an energy as it is written: its last decimal is its resolution. */
export const writtenAmount = z
  .string()
  .regex(/^\d+(\.\d{1,9})?$/, 'a decimal such as 1234.5, in the unit of the register')
  .transform((written, context): Amount => {
    try {
      return fromDecimal(written)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      context.addIssue({ code: 'custom', message: error.message })
      return z.NEVER
    }
  })
