import { z } from 'zod'
import { amount } from '#contract/amount.ts'
import { SLOT_MS } from '#contract/grid.ts'
import { epochMs, identifier } from '#contract/identity.ts'
import { intervalMethods, type Interval } from '#contract/interval.ts'
import { quantityName } from '#contract/quantities.ts'

/**
 * The shape of an interval in the books. Its order of keys is the canonical one: a parsed interval has it, so two
 * intervals are equal exactly when their texts are.
 */
const registerPoint = z.strictObject({ atMs: epochMs, register: amount })

const boundary = z.strictObject({
  atMs: epochMs,
  register: amount,
  method: z.enum(['measured', 'interpolated', 'apportioned']),
  before: registerPoint,
  after: registerPoint,
})

const undecided = z.array(
  z.strictObject({
    from: registerPoint,
    to: registerPoint,
    reason: z.enum(['register-decreased', 'beyond-rating']),
  }),
)

const identity = {
  meter: identifier,
  quantity: quantityName,
  slotMs: epochMs.multipleOf(SLOT_MS),
}

const interval = z.discriminatedUnion('state', [
  z.strictObject({
    ...identity,
    state: z.literal('known'),
    energy: amount,
    method: z.enum(intervalMethods),
    coverage: z.number().min(0).max(1),
    opening: boundary,
    closing: boundary,
    simulated: z.boolean(),
    undecided,
  }),
  z.strictObject({
    ...identity,
    state: z.literal('missing'),
    cause: z.enum(['no-readings', 'undecided']),
    undecided,
  }),
])

/** The canonical text of an interval. Throws a ZodError for one that does not fit contract/interval.ts. */
export function canonicalText(computed: Interval): string {
  return JSON.stringify(interval.parse(computed))
}

/** An interval out of its canonical text. */
export function intervalOf(text: string): Interval {
  return interval.parse(JSON.parse(text))
}
