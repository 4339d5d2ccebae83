import { z } from 'zod'
import { amount } from '#contract/amount.ts'
import { identifier } from '#contract/identity.ts'
import { intervalMethods, type Interval, type IntervalIdentity } from '#contract/interval.ts'
import { quantityName } from '#contract/quantities.ts'

/** The text of intervals that rest on no register: an object, in the order of keys below. */

const registerPoint = z.strictObject({ atMs: z.int(), register: amount })
const undecided = z.array(
  z.strictObject({
    from: registerPoint,
    to: registerPoint,
    reason: z.enum(['register-decreased', 'beyond-rating']),
  }),
)
const known = {
  state: z.literal('known'),
  energy: amount,
  method: z.enum(intervalMethods),
  coverage: z.number().min(0).max(1),
  simulated: z.boolean(),
  uncertain: z.boolean(),
  undecided,
}
const powerPoint = z.strictObject({ atMs: z.int(), value: z.number() })
const advancePoint = z.strictObject({ fromMs: z.int(), atMs: z.int(), advance: amount })
const formula = {
  formula: z.string(),
  inputs: z.array(z.strictObject({ meter: identifier, quantity: quantityName, revision: z.int().min(0) })),
}

const otherText = z.union([
  z.strictObject({
    basis: z.literal('power'),
    ...known,
    power: quantityName,
    first: powerPoint,
    last: powerPoint,
    samples: z.int().min(1),
  }),
  z.strictObject({
    basis: z.literal('advances'),
    ...known,
    first: advancePoint,
    last: advancePoint,
    samples: z.int().min(1),
  }),
  z.strictObject({ basis: z.literal('formula'), ...known, ...formula, partial: z.boolean() }),
  z.strictObject({
    basis: z.literal('manual'),
    ...known,
    entry: z.string(),
    fromMs: z.int(),
    toMs: z.int(),
    total: amount,
    shared: amount,
    slots: z.int().min(1),
  }),
  z.strictObject({
    basis: z.literal('weekday-profile'),
    ...known,
    sources: z.array(z.strictObject({ slotMs: z.int(), revision: z.int().min(1) })).min(1),
  }),
  z.strictObject({ basis: z.literal('pro-rata'), ...known, opening: registerPoint, closing: registerPoint }),
  z.strictObject({ state: z.literal('missing'), cause: z.literal('input-missing'), undecided, ...formula }),
])

type OtherInterval = Exclude<Interval, { basis: 'register' } | { cause: 'no-readings' | 'undecided' }>

/** Throws a ZodError for an interval that does not fit contract/interval.ts. */
export function otherTextOf({ meter, quantity, slotMs, ...content }: OtherInterval): string {
  void [meter, quantity, slotMs]
  return JSON.stringify(otherText.parse(content))
}

export function otherIntervalOf(identity: IntervalIdentity, parsed: unknown): Interval {
  return { ...identity, ...otherText.parse(parsed) }
}
