import { z } from 'zod'
import { digest, epochIdentifier, epochMs, identifier, sequenceNumber, takenMs } from './identity.ts'
import { gapRecord } from './messages.ts'
import { meterEntry } from './meter-entry.ts'

/**
 * A commit record: written to the reading store after the readings of a payload and before its receipt.
 * It is how the owner of the books learns what arrived, so ingest workers need no state of their own.
 */
export const refusal = z.strictObject({
  code: z.string().meta({ description: 'Fault code (docs/faults.md)' }),
  detail: z.string(),
  meter: z.string().optional(),
  encoding: z.enum(['json', 'base64']),
  payload: z.string().meta({ description: 'The refused reading as JSON, or the raw payload in base64' }),
})
export type Refusal = z.infer<typeof refusal>

/** A declared gap as it is kept. */
export const takenGap = gapRecord.extend({ fromMs: takenMs, toMs: takenMs })

export const commitRecord = z.strictObject({
  gateway: identifier,
  /** Null for a payload that could not be decoded. */
  epoch: epochIdentifier.nullable(),
  seq: sequenceNumber.nullable(),
  digest,
  committedAtMs: epochMs,
  /** Readings stored, bad ones included. */
  stored: z.int().min(0),
  /** The time range touched per meter, both ends included. */
  touched: z.array(z.strictObject({ meter: identifier, fromMs: epochMs, toMs: epochMs })),
  refused: z.array(refusal),
  gap: takenGap.optional(),
  /** What a person says of a meter; such a record belongs to no gateway. */
  entry: meterEntry.optional(),
})
export type CommitRecord = z.infer<typeof commitRecord>
