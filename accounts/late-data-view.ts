import { z } from 'zod'
import { accountMonth } from '#contract/entry.ts'
import { epochMs, identifier } from '#contract/identity.ts'
import { quantityName } from '#contract/quantities.ts'

/** What came late to a register in a closed month, as it is answered and shown. */

export const lateData = z.object({
  meter: identifier,
  quantity: quantityName,
  unit: z.string(),
  month: accountMonth,
  fromMs: epochMs,
  toMs: epochMs,
  slots: z.int().meta({ description: 'Slots that would be others' }),
  kept: z
    .string()
    .nullable()
    .meta({ description: 'Energy of these slots as it is kept; null: none is known' }),
  computed: z.string().nullable().meta({ description: 'As it would be now' }),
  notedMs: epochMs.meta({ description: 'When the first of it was noted' }),
  heldBy: z
    .array(z.object({ account: identifier, closing: z.int().nullable(), by: z.string(), why: z.string() }))
    .meta({ description: 'Locks that hold these intervals, with the entry that closed the month' }),
  heldByOthers: z.boolean().meta({ description: 'Other accounts hold them too; their names are not told' }),
  accounts: z
    .array(z.object({ account: identifier, sources: z.array(identifier), closed: z.boolean() }))
    .meta({ description: 'Accounts whose figures rest on them' }),
})
export type LateData = z.output<typeof lateData>
