import type { AccountingRecord } from '#contract/accounting-record.ts'

/** A record of the books with its number; those that were corrected or withdrawn are not among them. */
export interface NumberedRecord {
  readonly number: number
  readonly record: AccountingRecord
}
