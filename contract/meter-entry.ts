import { z } from 'zod'
import { amount } from './amount.ts'
import { epochMs, identifier } from './identity.ts'
import { meterEvent } from './park.ts'
import { quantityName } from './quantities.ts'

/**
 * What a person says of a meter: a reading of its register, the energy of a period, or what happened to it. It travels
 * and is kept like a payload of a gateway, and is never changed: a wrong one is withdrawn by another.
 */

const who = {
  meter: identifier,
  by: z.string().trim().min(1).max(100).meta({ description: 'Who says so' }),
  why: z.string().trim().min(1).max(500).meta({ description: 'On what ground' }),
}

export const meterEntry = z.discriminatedUnion('kind', [
  z.strictObject({
    ...who,
    kind: z.literal('reading').meta({ description: 'The register as it was read off' }),
    quantity: quantityName,
    atMs: epochMs,
    value: amount,
  }),
  z.strictObject({
    ...who,
    kind: z.literal('energy').meta({ description: 'What flowed in a period, of a bill for example' }),
    quantity: quantityName,
    /** Whole slots. */
    fromMs: epochMs,
    toMs: epochMs,
    energy: amount,
  }),
  z.strictObject({
    ...who,
    kind: z.literal('event').meta({ description: 'What happened to the meter or its register' }),
    event: meterEvent,
  }),
  z.strictObject({
    ...who,
    kind: z.literal('withdrawal').meta({ description: 'An entry of this meter was wrong' }),
    entry: z.string().min(1).max(64).meta({ description: 'Digest of the entry' }),
  }),
])
export type MeterEntry = z.infer<typeof meterEntry>

/** An entry as the books keep it. */
export interface RecordedEntry {
  /** Digest of its commit record. */
  readonly digest: string
  readonly entry: MeterEntry
  readonly enteredMs: number
  readonly isWithdrawn: boolean
}
