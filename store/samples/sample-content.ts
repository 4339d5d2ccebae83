import type { MeterId } from '#contract/identity.ts'
import type { QuantityName } from '#contract/catalogue.ts'
import type { BadCause, Reading } from '#contract/reading.ts'
import { qualityOrder, strengthOf } from '../quality-order.ts'

/**
 * A sample as bytes: all readings of a meter at one moment, in the order of a layout.
 *
 *     quality of all (1 byte)   value (8 bytes) …
 *     0                         code (1 byte) …     value (8 bytes) …
 *
 * A quality and a code are places in `qualityOrder`; codes from 16 on are bad readings with their cause. A value is a
 * double, little-endian: the number, or the count, which is a safe integer and so exact; 0 where bad.
 */

/** Causes by number. They stand in files: new ones are added at the end, none is taken out. */
const causes = [
  'timeout',
  'disconnected',
  'frame-invalid',
  'illegal-function',
  'illegal-address',
  'illegal-value',
  'device-failure',
  'device-busy',
  'gateway-path',
  'gateway-target',
  'exception-other',
  'not-available',
  'not-a-number',
] as const satisfies readonly BadCause[]
const causeNumbers = new Map<BadCause, number>(causes.map((cause, index) => [cause, index]))
const FIRST_CAUSE = 16

/** Codes of readings that differ in quality follow this byte. */
const MIXED = 0
const VALUE_BYTES = 8

/** One quantity of a layout; a resolution where it is a usable register. */
export interface LayoutPart {
  readonly quantity: QuantityName
  readonly resolution: string | undefined
}

/** The resolution that a reading brings along. */
export function resolutionOf(reading: Reading): string | undefined {
  if (reading.quality === 'bad' || typeof reading.value === 'number') return undefined
  return reading.value.resolution
}

function codeOf(reading: Reading): number {
  if (reading.quality !== 'bad') return strengthOf(reading.quality)
  const number = causeNumbers.get(reading.cause)
  if (number === undefined) throw new RangeError(`no number for the cause ${reading.cause}`)
  return FIRST_CAUSE + number
}

/** Grows to the largest sample; what is made of it is copied before the next one. */
let scratch = new DataView(new ArrayBuffer(1_024))

/**
 * The bytes of readings[start] to readings[end − 1], which are those of one layout. They are valid until the next call.
 */
export function encodeSample(readings: readonly Reading[], start: number, end: number): Uint8Array {
  const count = end - start
  const quality = readings[start]?.quality
  let isUniform = quality !== 'bad'
  for (let index = start + 1; isUniform && index < end; index += 1)
    isUniform = readings[index]?.quality === quality
  const head = isUniform ? 1 : 1 + count
  const length = head + count * VALUE_BYTES
  if (scratch.byteLength < length) scratch = new DataView(new ArrayBuffer(2 * length))
  scratch.setUint8(0, isUniform && quality !== undefined ? strengthOf(quality) : MIXED)
  for (let place = 0; place < count; place += 1) {
    const reading = readings[start + place]
    if (reading === undefined) break
    if (!isUniform) scratch.setUint8(1 + place, codeOf(reading))
    let value = 0
    if (reading.quality !== 'bad')
      value = typeof reading.value === 'number' ? reading.value : reading.value.count
    // −0 is 0.
    scratch.setFloat64(head + place * VALUE_BYTES, value + 0, true)
  }
  return new Uint8Array(scratch.buffer, 0, length)
}

/** True where all readings of a sample are usable and of one quality. */
export function isUniform(content: Uint8Array): boolean {
  return content[0] !== MIXED
}

/** Where a reading is from. */
export interface SampleAt {
  readonly meter: MeterId
  readonly atMs: number
  readonly content: Uint8Array
}

/** The reading at a place of a sample. Throws RangeError for bytes that are none of ours. */
export function readingAt({ meter, atMs, content }: SampleAt, part: LayoutPart, place: number): Reading {
  const [first = MIXED] = content
  const count = first === MIXED ? (content.length - 1) / (1 + VALUE_BYTES) : 0
  const code = first === MIXED ? content[1 + place] : first
  const { quantity, resolution } = part
  if (code === undefined) throw new RangeError('a sample is shorter than its layout')
  if (code >= FIRST_CAUSE) {
    const cause = causes[code - FIRST_CAUSE]
    if (cause === undefined) throw new RangeError(`no cause has the number ${code}`)
    return { meter, quantity, atMs, quality: 'bad', cause }
  }
  const quality = qualityOrder[code]
  if (quality === undefined || quality === 'bad') throw new RangeError(`no quality has the number ${code}`)
  const bytes = new DataView(content.buffer, content.byteOffset, content.byteLength)
  const number = bytes.getFloat64(1 + count + place * VALUE_BYTES, true)
  const value = resolution === undefined ? number : { count: number, resolution }
  return { meter, quantity, atMs, quality, value }
}

/** All readings of a sample. */
export function readingsIn(sample: SampleAt, parts: readonly LayoutPart[]): Reading[] {
  return parts.map((part, place) => readingAt(sample, part, place))
}
