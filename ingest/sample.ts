import { z } from 'zod'
import { compare, toDecimal, type Amount } from '#contract/amount.ts'
import type { Refusal } from '#contract/commit.ts'
import type { FaultCode } from '#contract/fault.ts'
import { integrationFactor } from '#contract/integration.ts'
import { sample as sampleSchema } from '#contract/messages.ts'
import { measuringPoint, type Meter, type Park } from '#contract/park.ts'
import { isQuantityName, quantities, quantityOf, type QuantityName } from '#contract/quantities.ts'
import { badCause, readingValue, valueFits, type Reading } from '#contract/reading.ts'

/** What a sample is judged by. */
export interface SampleRules {
  /** The gateway that sent it; none where it speaks of a meter that no gateway reads. */
  readonly gateway: string | undefined
  readonly park: Park
  /** Readings after this moment (UTC ms) are refused. */
  readonly latestMs: number
  /** A person has looked at it: values beyond the rating are taken. */
  readonly isRatingWaived?: boolean | undefined
}

/** A fault of a sample: where in it, what, and how many readings it takes out. */
interface RefusedPart {
  /** '' for the whole sample, or '.values.voltage.l1' */
  readonly place: string
  readonly refusal: Refusal
  readonly readings: number
}

export interface JudgedSample {
  readonly readings: readonly Reading[]
  readonly refused: readonly RefusedPart[]
}

/** Above this many times the rating a power is a fault of wiring, ratio or decoding, not an overload. */
const RATING_TOLERANCE = 1.5

/** Any object, with every key that it has: a z.record passes over a key "__proto__" in silence. */
const anyKeys = z.custom<Readonly<Record<string, unknown>>>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'expected an object',
)

/** The values of a sample are looked at one by one, after its head. */
const sampleHead = sampleSchema.extend({ values: anyKeys, bad: anyKeys.optional() })
type SampleHead = z.infer<typeof sampleHead>

type Found = readonly [code: FaultCode, detail: string]

const namedMeter = z.object({ meter: sampleSchema.shape.meter })
const countable = z.object({ values: z.object({}).loose().catch({}), bad: z.object({}).loose().catch({}) })

/** The most that the meter's power quantity may plausibly show, or undefined where it cannot be compared. */
export function powerMax(meter: Meter): number | undefined {
  if (meter.power === undefined) return undefined
  const factor = integrationFactor(meter.register, meter.power)
  if (factor === undefined) return undefined
  const [made, hours] = factor
  return RATING_TOLERANCE * (Number(hours) / Number(made)) * meter.ratingPerHour
}

function refuse(
  code: FaultCode,
  detail: string,
  part: unknown,
  meter: string | undefined,
  place = '',
  readings = 1,
): RefusedPart {
  return {
    place,
    readings,
    // Written out when it is looked at: of a payload with very many only the first ones are.
    get refusal() {
      const payload = JSON.stringify(part)
      return { code, detail, ...(meter === undefined ? {} : { meter }), encoding: 'json' as const, payload }
    },
  }
}

function readingsIn(sample: unknown): number {
  const parts = countable.safeParse(sample).data
  return Math.max(1, Object.keys(parts?.values ?? {}).length + Object.keys(parts?.bad ?? {}).length)
}

/** Looked at one by one, names without end would cost more time than sending them. */
export const PARTS_MAX = quantities.length

const countsOf = ({ values, bad = {} }: SampleHead): number[] => [
  Object.keys(values).length,
  Object.keys(bad).length,
]

/** The fault of the sample as a whole: its form, its meter, its time. */
function headFault(head: SampleHead, rules: SampleRules): Found | undefined {
  const meter = measuringPoint(rules.park, head.meter)
  if (meter === undefined) return ['meter-unknown', `the park has no meter or sensor ${head.meter}`]
  if (meter.gateway !== rules.gateway)
    return [
      'meter-foreign',
      `${head.meter} is read by ${meter.gateway ?? 'no gateway'}, not by ${rules.gateway ?? 'nobody'}`,
    ]
  if (head.atMs > rules.latestMs)
    return ['time-in-future', `at ${head.atMs}, ${head.atMs - rules.latestMs} ms later than allowed`]
  if (head.atMs < meter.installedMs)
    return ['time-before-meter', `at ${head.atMs}, but ${head.meter} is there since ${meter.installedMs}`]
  return undefined
}

/**
 * A register alone can be judged by little: it does not count below zero, nor as far as where it starts again. Whether it
 * ran backwards or too fast is decided by the intervals, which see its neighbours and its events, and what they
 * cannot decide they leave open; a reading taken out here would be missing there as evidence.
 */
function registerFault(meter: Meter | undefined, quantity: QuantityName, value: Amount): string | undefined {
  if (value.count < 0) return `a register of ${toDecimal(value)} is below zero`
  const limit = meter === undefined ? undefined : registerLimit(meter)
  if (limit === undefined || !limit.quantities.includes(quantity) || compare(value, limit.below) < 0)
    return undefined
  return `${toDecimal(value)} is not below ${toDecimal(limit.below)}, where this register starts again`
}

/** Where a meter's registers start again; `wrapsAt` holds for export beside import (intervals/README.md). */
export function registerLimit(
  meter: Meter,
): { readonly quantities: readonly QuantityName[]; readonly below: Amount } | undefined {
  const { register, wrapsAt } = meter
  if (wrapsAt === undefined) return undefined
  const isImport = register === 'activeEnergyImport.total'
  return { quantities: isImport ? [register, 'activeEnergyExport.total'] : [register], below: wrapsAt }
}

/** One value: a reading, or its fault. */
function judgeValue(
  head: SampleHead,
  quantity: QuantityName,
  value: unknown,
  { meter, max }: { readonly meter: Meter | undefined; readonly max: number | undefined },
): Reading | Found {
  const parsed = readingValue.safeParse(value)
  if (!parsed.success) return ['message-invalid', 'neither a number nor [count, resolution]']
  const known =
    typeof parsed.data === 'number' ? parsed.data : { count: parsed.data[0], resolution: parsed.data[1] }
  if (!valueFits(quantity, known)) return ['value-kind-wrong', `${quantity} is ${quantityOf(quantity).kind}`]
  if (typeof known === 'number' && max !== undefined && Math.abs(known) > max)
    return ['value-beyond-rating', `${known} ${quantityOf(quantity).unit} is beyond ${max}`]
  const wrong = typeof known === 'number' ? undefined : registerFault(meter, quantity, known)
  if (wrong !== undefined) return ['register-impossible', wrong]
  return { meter: head.meter, quantity, atMs: head.atMs, quality: head.quality, value: known }
}

/**
 * Judges one sample of a batch. A fault of its head takes the whole sample; a fault of a value takes that value.
 * The payload of a refusal is always a sample, whole or with the one value, so that it can be replayed as it is.
 */
export function judgeSample(sample: unknown, rules: SampleRules): JudgedSample {
  const parsed = sampleHead.safeParse(sample)
  if (!parsed.success) {
    const what = z.prettifyError(parsed.error).replaceAll('\n', ' ')
    const meter = namedMeter.safeParse(sample).data?.meter
    return {
      readings: [],
      refused: [refuse('message-invalid', what, sample, meter, '', readingsIn(sample))],
    }
  }
  const head = parsed.data
  const many = countsOf(head).find((count) => count > PARTS_MAX)
  if (many !== undefined) {
    const what = `${many} values, more than there are quantities`
    return {
      readings: [],
      refused: [refuse('message-invalid', what, head, head.meter, '', readingsIn(head))],
    }
  }
  const fault = headFault(head, rules)
  if (fault !== undefined)
    return { readings: [], refused: [refuse(...fault, head, head.meter, '', readingsIn(head))] }

  const readings: Reading[] = []
  const refused: RefusedPart[] = []
  const meter = rules.park.meters.get(head.meter)
  const { bad = {}, ...usable } = head
  for (const [name, value] of Object.entries(head.values)) {
    const judged: Reading | Found = isQuantityName(name)
      ? judgeValue(head, name, value, {
          meter,
          max: meter?.power === name && rules.isRatingWaived !== true ? powerMax(meter) : undefined,
        })
      : ['quantity-unknown', `no quantity "${name}"`]
    if ('quality' in judged) readings.push(judged)
    else
      refused.push(refuse(...judged, { ...usable, values: { [name]: value } }, head.meter, `.values.${name}`))
  }
  for (const [name, text] of Object.entries(bad)) {
    const cause = badCause.safeParse(text).data
    const part = { ...usable, values: {}, bad: { [name]: text } }
    if (!isQuantityName(name))
      refused.push(refuse('quantity-unknown', `no quantity "${name}"`, part, head.meter, `.bad.${name}`))
    else if (cause === undefined)
      refused.push(refuse('message-invalid', 'not a cause of the contract', part, head.meter, `.bad.${name}`))
    else readings.push({ meter: head.meter, quantity: name, atMs: head.atMs, quality: 'bad', cause })
  }
  return { readings, refused }
}
