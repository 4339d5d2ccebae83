import { z } from 'zod'
import { unsourcedView } from '#accounts/unsourced-shape.ts'
import { decimalText } from '#contract/decimal-text.ts'
import { accountMonth, posting, scopes } from '#contract/entry.ts'
import { epochMs, identifier, localName } from '#contract/identity.ts'
import { quantityName } from '#contract/quantities.ts'
import { slotRevision } from './trace-shapes.ts'

/** What /api/v1/accounts answers. */

const totals = z.object({
  total: decimalText.optional().meta({ description: 'tCO2 of scopes 1 and 2, by location' }),
  totalMarketBased: decimalText.optional(),
  byScope: z.partialRecord(z.enum(scopes), decimalText),
  adjustments: z.partialRecord(z.enum(scopes), decimalText),
  uncertainty: decimalText
    .optional()
    .meta({ description: 'Half-width of the 95 % interval of what is known, as a share' }),
  uncertaintyLacks: z.object({ slots: decimalText, figures: decimalText, unknown: z.int() }).optional().meta({
    description:
      'What the uncertainty says nothing of: shares of slots that are missing and of figures without one, postings without a result',
  }),
})

export const accountList = z.object({
  accounts: z.array(
    z.object({
      account: identifier,
      name: localName,
      entries: z.int(),
      months: z.array(accountMonth),
      closed: z.array(accountMonth),
    }),
  ),
})

const tonnesOrNull = decimalText
  .nullable()
  .meta({ description: 'tCO2 of scopes 1 and 2; null: nothing is known' })

export const parkCarbon = z.object({
  from: accountMonth,
  to: accountMonth,
  total: tonnesOrNull,
  market: tonnesOrNull,
  accounts: z.array(
    z.object({
      account: identifier,
      name: localName,
      months: z.int().meta({ description: 'Months of these that are posted' }),
      total: tonnesOrNull,
      market: tonnesOrNull,
    }),
  ),
})
export type ParkCarbon = z.output<typeof parkCarbon>

export const statement = z.object({
  account: identifier,
  knownOn: z.iso.date().optional(),
  /** What its sources are called. */
  sourceNames: z.record(z.string(), localName),
  from: z.string(),
  to: z.string(),
  totals,
  months: z.array(
    totals.extend({
      month: accountMonth,
      state: z.enum(['open', 'closed', 'provisional']),
      restatements: z.int(),
    }),
  ),
  lines: z.array(
    z.object({
      month: accountMonth,
      source: identifier,
      entry: z.int().optional(),
      posting,
      doubtful: z.array(z.string()),
    }),
  ),
  missing: z.array(accountMonth),
  incomplete: z.array(z.string()),
  unsourced: z.array(unsourcedView).optional().meta({
    description:
      'Energy of the balance table that no emission source counts, by what is known now: [] is the check passed; not in a statement as known on an earlier day',
  }),
  positions: z
    .array(
      z.object({
        year: z.int(),
        allowance: decimalText.optional().meta({ description: 'tCO2' }),
        offsets: decimalText.optional().meta({ description: 'tCO2, taken off no emission' }),
        certificatesKwh: decimalText.optional(),
        certificates: decimalText.optional().meta({ description: 'tCO2' }),
        emissions: decimalText.optional().meta({ description: 'tCO2 of scopes 1 and 2 posted in the year' }),
        months: z.int().meta({ description: 'Months of the year that are posted' }),
        complete: z.boolean(),
        left: decimalText.optional().meta({ description: 'tCO2: allowance less emissions' }),
        entries: z.array(z.int()),
      }),
    )
    .meta({ description: 'Of the years of the period in which there are any' }),
  clocks: z.array(z.object({ entry: z.int(), wallMs: epochMs, datedMs: epochMs })).meta({
    description:
      'Of a statement "as known on": a clock said wallMs after it had said datedMs, so what was added between may be dated later and is not in it',
  }),
  differences: z.array(
    z.object({
      entry: z.int(),
      month: accountMonth,
      source: z.string(),
      because: z.enum(['immaterial', 'closed', 'locked']),
      tCo2: decimalText.optional(),
    }),
  ),
})

const slot = slotRevision.extend({ meter: identifier, quantity: quantityName, slotMs: epochMs })

export const slotTraceAnswer = z.object({ account: identifier, entry: z.int(), posting, slot })

export type Statement = z.output<typeof statement>
export type StatementLine = Statement['lines'][number]
