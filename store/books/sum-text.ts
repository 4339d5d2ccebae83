import { z } from 'zod'
import { amount, type Amount } from '#contract/amount.ts'
import type { EnergySum, MethodShare } from '#contract/energy-sum.ts'
import { Fault } from '#contract/fault.ts'
import { intervalMethods, type IntervalMethod } from '#contract/interval.ts'
import { isResolution } from '../storable.ts'

/** Sums as the books keep them: JSON, read without a schema where it is as usual. */

const exact = z.object(amount.shape)
const sumText = z.object({
  energy: exact.optional(),
  known: z.int(),
  missing: z.int(),
  partial: z.int(),
  undecided: z.int(),
  simulated: z.int(),
  uncertain: z.int(),
  coveredMs: z.int(),
  methods: z.array(z.object({ method: z.enum(intervalMethods), slots: z.int(), energy: exact })),
})

function textOfSum({ methods, ...sum }: EnergySum): string {
  const shares = Object.entries(methods).map(([method, share]) => ({ method, ...share }))
  return JSON.stringify(sumText.parse({ ...sum, methods: shares }))
}

type SumText = z.output<typeof sumText>
const methodNames: ReadonlySet<unknown> = new Set(intervalMethods)

const isObject = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === 'object' && value !== null

function isAmount(value: unknown): value is Amount {
  return (
    isObject(value) &&
    Number.isSafeInteger(value['count']) &&
    typeof value['resolution'] === 'string' &&
    isResolution(value['resolution'])
  )
}

const isShare = (value: unknown): boolean =>
  isObject(value) &&
  methodNames.has(value['method']) &&
  Number.isSafeInteger(value['slots']) &&
  isAmount(value['energy'])

/** What the schema says, without building anything; what is not told apart here is left to it. */
function isUsual(value: unknown): value is SumText {
  if (!isObject(value)) return false
  const { energy, known, missing, partial, undecided, simulated, uncertain, coveredMs, methods } = value
  return (
    Number.isSafeInteger(known) &&
    Number.isSafeInteger(missing) &&
    Number.isSafeInteger(partial) &&
    Number.isSafeInteger(undecided) &&
    Number.isSafeInteger(simulated) &&
    Number.isSafeInteger(uncertain) &&
    Number.isSafeInteger(coveredMs) &&
    (energy === undefined || isAmount(energy)) &&
    Array.isArray(methods) &&
    methods.every(isShare)
  )
}

/** Sums by their texts: reports ask for the same months of all meters again and again, and a text says what it says. */
const known = new Map<string, EnergySum>()
/** Three years of 1,000 meters; some tens of megabytes. */
const KNOWN_MAX = 40_000

/** A sum out of its text; one and the same object for one text. Throws a ZodError for what is none. */
export function sumOfText(text: string): EnergySum {
  const before = known.get(text)
  if (before !== undefined) return before
  const sum = parsedSum(text)
  if (known.size >= KNOWN_MAX) known.clear()
  known.set(text, sum)
  return sum
}

function parsedSum(text: string): EnergySum {
  const given: unknown = JSON.parse(text)
  const { energy, methods, ...counts } = isUsual(given) ? given : sumText.parse(given)
  const shares: Partial<Record<IntervalMethod, MethodShare>> = {}
  for (const { method, slots, energy } of methods) shares[method] = { slots, energy }
  return { energy, ...counts, methods: shares }
}

/** Content of a stretch whose slots have no common count that can be held exactly. */
export const NOT_SUMMABLE = ''

/** The text of a sum, or that it cannot be made: one meter must not keep the others waiting, and whoever asks is told. */
export function textOfMade(make: () => EnergySum): string {
  try {
    return textOfSum(make())
  } catch (error) {
    if (error instanceof Fault && error.code === 'amount-overflow') return NOT_SUMMABLE
    throw error
  }
}

/** True where a kept text says what is made now of the same ground; sums of before may lack what is not energy. */
function isSameSum(kept: string, made: string): boolean {
  if (kept === made) return true
  if (kept === NOT_SUMMABLE || made === NOT_SUMMABLE) return false
  const [a, b] = [sumOfText(kept), sumOfText(made)]
  const isSame =
    a.energy === undefined || b.energy === undefined
      ? a.energy === b.energy
      : a.energy.count === b.energy.count && a.energy.resolution === b.energy.resolution
  return isSame && a.known === b.known
}

/** What is wrong with a kept sum, in a few words; undefined where it is what is made now. */
export function sumDamage(kept: string, make: () => EnergySum): string | undefined {
  try {
    return isSameSum(kept, textOfMade(make)) ? undefined : 'is not that of what it sums up'
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return 'or what it sums up cannot be read'
  }
}

/** Damages of kept sums, a line for each register with the first of them. */
export class SumDamages {
  readonly #first = new Map<string, { readonly text: string; more: number }>()

  add(register: string, text: string): void {
    const before = this.#first.get(register)
    if (before === undefined) this.#first.set(register, { text, more: 0 })
    else before.more += 1
  }

  lines(): string[] {
    return [...this.#first.values()].map(({ text, more }) =>
      more === 0 ? text : `${text}, and ${more} more`,
    )
  }
}
