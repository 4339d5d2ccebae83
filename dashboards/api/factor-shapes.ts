import { z } from 'zod'
import { factorRow } from '#accounts/factor-list.ts'
import { priceRow } from '#accounts/tariff/price.ts'
import { tariffFile } from '#accounts/tariff/tariff.ts'
import { accountMonth } from '#contract/entry.ts'
import { identifier, localName } from '#contract/identity.ts'

/** What /api/v1/factors and the preview of a restatement answer. */

export const factorsAnswer = z.object({
  factors: z.array(factorRow),
  tariffs: z.array(tariffFile),
  /** What the plan says of the accounts that the viewer sees. */
  accounts: z.array(
    z.object({
      account: identifier,
      name: localName,
      electricityRegion: z.string(),
      electricitySeries: z.string(),
      electricityVintage: z.int().nullable(),
      fuelSet: z.string(),
      /** Sources that burn a fuel, and the unit of its amounts. */
      fuels: z.array(z.object({ id: identifier, name: localName, per: z.string() })),
      tariff: z.string().nullable(),
      prices: z.array(priceRow),
    }),
  ),
  standardCoalEdition: z.string().nullable(),
})
export type FactorsAnswer = z.output<typeof factorsAnswer>

const figureOrNull = z.string().nullable()

export const changePreview = z.object({
  account: identifier,
  unit: z.enum(['tce', 'CNY']),
  months: z.array(
    z.object({
      month: accountMonth,
      incomplete: z.boolean().meta({ description: 'A part of what it rests on is missing' }),
      figures: z.array(
        z.object({
          what: z.enum(['calorific', 'equal', 'energy', 'total']).meta({
            description: 'Consumption by calorific or equal value; energy charge or the whole bill',
          }),
          before: figureOrNull,
          after: figureOrNull,
        }),
      ),
    }),
  ),
})
export type ChangePreview = z.output<typeof changePreview>

export const restatementPreview = z.object({
  account: identifier,
  electricityYear: z.int().nullable(),
  factor: z.string().nullable().meta({ description: 'Code of the row with another value' }),
  months: z.array(
    z.object({
      month: accountMonth,
      closed: z.boolean(),
      before: z.string().nullable(),
      after: z.string().nullable(),
      restated: z.int(),
    }),
  ),
})
export type RestatementPreview = z.output<typeof restatementPreview>
