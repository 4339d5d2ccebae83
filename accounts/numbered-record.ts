import type { z } from 'zod'
import type { accountingRecord } from '#contract/accounting-record.ts'

/** A record of the books with its number; those that were corrected or withdrawn are not among them. */
export interface NumberedRecord {
  readonly number: number
  readonly record: z.output<typeof accountingRecord>
}
