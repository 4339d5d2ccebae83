import { z } from 'zod'
import { decimalText, positiveDecimalText } from '#contract/decimal-text.ts'
import { confidences } from '../factor.ts'

/** Periods of time-of-use tariffs, dearest first: 尖峰, 高峰, 平段, 低谷, 深谷. */
export const tariffPeriods = ['sharp', 'peak', 'flat', 'valley', 'deepValley'] as const
export type TariffPeriod = (typeof tariffPeriods)[number]
export const tariffPeriod = z.enum(tariffPeriods)

/** First day, and first day no more; an end that is not given is open. */
export const dated = {
  from: z.iso.date(),
  to: z.iso.date().optional().meta({ description: 'First day no more; open where not given' }),
}

/**
 * What a kilowatt-hour and the demand cost from a day on, as it stands on a bill or in a contract. Prices come from a
 * document of the enterprise or the grid company; none is guessed, and where there is none there is no cost.
 */
export const priceRow = z.strictObject({
  ...dated,
  document: z
    .string()
    .min(1)
    .max(500)
    .meta({ description: 'Bill, contract or price list it was taken from' }),
  confidence: z.enum(confidences),
  energy: z.discriminatedUnion('by', [
    z.strictObject({
      by: z.literal('period'),
      cnyPerKwh: z.partialRecord(tariffPeriod, positiveDecimalText),
    }),
    z.strictObject({
      by: z
        .literal('multiplier')
        .meta({ description: 'Price of a period = floating part × the tariff’s multiplier + fixed part' }),
      floatingCnyPerKwh: positiveDecimalText,
      fixedCnyPerKwh: decimalText.default('0'),
    }),
  ]),
  fundsCnyPerKwh: decimalText.optional().meta({
    description:
      'Government funds within these prices. They are no part of the base of the power-factor adjustment, so without them there is none',
  }),
  basic: z
    .discriminatedUnion('by', [
      z.strictObject({ by: z.literal('maximum-demand'), cnyPerKwMonth: positiveDecimalText }),
      z.strictObject({
        by: z.literal('contracted-demand'),
        cnyPerKwMonth: positiveDecimalText,
        contractKw: positiveDecimalText.optional().meta({
          description: 'Contracted demand from that day on; demandContractKw of the account where not given',
        }),
      }),
      z.strictObject({ by: z.literal('capacity'), cnyPerKvaMonth: positiveDecimalText }),
    ])
    .optional()
    .meta({
      description:
        'The basic charge of two-part tariffs: on maximum demand, on the contracted one or on capacity',
    }),
})
export type PriceRow = z.output<typeof priceRow>
