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
      tariff: z.string().nullable(),
      prices: z.array(priceRow),
    }),
  ),
  standardCoalEdition: z.string().nullable(),
})
export type FactorsAnswer = z.output<typeof factorsAnswer>

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
