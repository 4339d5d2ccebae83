import { z } from 'zod'
import { commitRecord, type CommitRecord } from '#contract/commit.ts'
import { epochMs, identifier } from '#contract/identity.ts'

/**
 * Commit records as the text that stores keep: JSON in which meters that follow one another with the same range are one
 * entry, `[FROM_MS, TO_MS, "METER METER …"]`. There is a record for every batch, and most of it would be its meters.
 */

type Touched = CommitRecord['touched']
type Together = [fromMs: number, toMs: number, meters: string]

/** Not in an identifier. */
const BETWEEN_METERS = ' '

/** Meters out of their text. */
export const metersTogether = z
  .string()
  .transform((text) => text.split(BETWEEN_METERS))
  .pipe(z.array(identifier))
const together = z
  .tuple([epochMs, epochMs, metersTogether])
  .transform(([fromMs, toMs, meters]) => meters.map((meter) => ({ meter, fromMs, toMs })))
/** One meter in an entry of its own: records until 2026-11-29. */
const alone = commitRecord.shape.touched.element.transform((touched) => [touched])

/** A commit record out of the JSON of its text. */
export const storedCommit = commitRecord
  .extend({ touched: z.array(z.union([together, alone])).transform((parts) => parts.flat()) })
  .strict()

/** Ranges, with the meters that follow one another and have it as one text. */
export function togetherOf(touched: Touched): Together[] {
  const all: Together[] = []
  for (const { meter, fromMs, toMs } of touched) {
    const last = all.at(-1)
    if (last !== undefined && last[0] === fromMs && last[1] === toMs) last[2] += `${BETWEEN_METERS}${meter}`
    else all.push([fromMs, toMs, meter])
  }
  return all
}

/** The text of a commit record; `storedCommit` gives the same record back. */
export function commitText(record: CommitRecord): string {
  return JSON.stringify({ ...record, touched: togetherOf(record.touched) })
}
