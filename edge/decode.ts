import { Fault } from '#contract/fault.ts'
import type { MeterId } from '#contract/identity.ts'
import { readingsOf, type Sample } from '#contract/messages.ts'
import type { QuantityName } from '#contract/quantities.ts'
import type { BadCause, Reading, UsableQuality } from '#contract/reading.ts'
import type { ReadRequest } from './plan.ts'
import { decoderOf, type RegisterDecoder } from './register-decoder.ts'

interface Column {
  readonly quantity: QuantityName
  readonly resolution: string | undefined
  /** Of its first register in the answer. */
  readonly at: number
  readonly decode: RegisterDecoder
}

/** A request is planned once and asked for years: where its values stand is found once. */
const columns = new WeakMap<ReadRequest, readonly Column[]>()

function columnsOf(request: ReadRequest): readonly Column[] {
  const known = columns.get(request)
  if (known !== undefined) return known
  const found = request.registers.map((register) => ({
    quantity: register.quantity,
    resolution: register.resolution,
    at: register.address - request.address,
    decode: decoderOf(register),
  }))
  columns.set(request, found)
  return found
}

/**
 * What the answer to a request says: a value or a cause for each of its registers, all at the moment of the answer.
 * Throws `bus-frame-invalid` when the answer has not exactly the registers that were asked for.
 */
export function sampleOf(
  request: ReadRequest,
  words: ArrayLike<number>,
  atMs: number,
  meter: MeterId,
  quality: UsableQuality,
): Sample {
  if (words.length !== request.quantity) {
    throw new Fault(
      'bus-frame-invalid',
      `${words.length} registers answer a request for ${request.quantity}.`,
    )
  }
  const sample: Sample = { meter, atMs, quality, values: {} }
  for (const { quantity, resolution, at, decode } of columnsOf(request)) {
    const value = decode(words, at)
    if (typeof value === 'string') (sample.bad ??= {})[quantity] = value
    else sample.values[quantity] = resolution === undefined ? value : [value, resolution]
  }
  return sample
}

/** Requests that were not answered: each of their values says why it is not there. */
export function unansweredSample(
  requests: readonly Pick<ReadRequest, 'registers'>[],
  cause: BadCause,
  atMs: number,
  meter: MeterId,
): Sample {
  const quantities = requests.flatMap(({ registers }) => registers.map(({ quantity }) => quantity))
  return {
    meter,
    atMs,
    quality: 'good',
    values: {},
    bad: Object.fromEntries(quantities.map((quantity) => [quantity, cause])),
  }
}

/** The same as readings, the usable ones first. */
export const decode = (...given: Parameters<typeof sampleOf>): Reading[] => readingsOf(sampleOf(...given))

/** The readings of a request that was not answered. */
export const unanswered = (
  request: ReadRequest,
  ...given: [cause: BadCause, atMs: number, meter: MeterId]
): Reading[] => readingsOf(unansweredSample([request], ...given))
