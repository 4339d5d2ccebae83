import { z } from 'zod'
import { amount, type Amount } from './amount.ts'
import { epochMs, identifier } from './identity.ts'
import { meterEvent, type MeterEvent } from './park.ts'
import { quantityName, type QuantityName } from './quantities.ts'

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

/** An event as a person says it: what its meter has but one of need not be said. */
export interface GivenEvent {
  readonly kind: MeterEvent['kind']
  readonly at: string
  readonly until?: string | undefined
  /** The register, where it is not the one of the park file. */
  readonly quantity?: QuantityName | undefined
  readonly final?: Amount | undefined
  readonly initial?: Amount | undefined
  readonly before?: string | undefined
  readonly after?: string | undefined
  readonly wrapsAt?: Amount | undefined
}

/** An entry as the books keep it. */
export interface RecordedEntry {
  /** Digest of its commit record. */
  readonly digest: string
  readonly entry: MeterEntry
  readonly enteredMs: number
  readonly isWithdrawn: boolean
}
