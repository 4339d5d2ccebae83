import { byteWords, copyBytes, writeWords, type ByteWords } from '#contract/byte-words.ts'
import { quantities } from '#contract/catalogue.ts'
import type { MeterId } from '#contract/identity.ts'
import type { Reading } from '#contract/reading.ts'
import type { BlockSample, SampleBlock } from '#contract/sample-block.ts'
import type { LineBuffer } from './line-buffer.ts'
import { BAD_MEASUREMENT, measurementOf } from './points.ts'
import { headOf, numberOf } from './reading-lines.ts'
import { encodeName } from './line-protocol.ts'
import { LAST_STORABLE_MS } from './storable.ts'

/**
 * Blocks of samples straight to the bytes of lines of InfluxDB's protocol: the points that reading-lines.ts makes of the
 * same readings, with numbers as they stand in the payload. A test holds that a server would read the same.
 */

const COMMA = 0x2c
const SPACE = 0x20
const NEWLINE = 0x0a
const QUOTE = 0x22
const ZERO = 0x30
/** Milliseconds as nanoseconds. */
const NS_DIGITS = 6
/** Longest text of a number, twice, of a resolution or a cause, and what stands between. */
const FIELD_BYTES_MAX = 128
const TIME_BYTES_MAX = 32

interface FieldNames {
  readonly measurement: string
  readonly value: ByteWords
  readonly count: ByteWords
  readonly resolution: ByteWords
  readonly isCumulative: boolean
  /** Of all its names. */
  readonly bytes: number
}

const fieldNames = quantities.map(({ name, kind }): FieldNames => {
  const value = byteWords(`${encodeName(name, 'field key')}=`)
  const count = byteWords(`,${encodeName(`${name}.count`, 'field key')}=`)
  const resolution = byteWords(`i,${encodeName(`${name}.resolution`, 'field key')}="`)
  const bytes = value.length + count.length + resolution.length
  return {
    measurement: measurementOf(name),
    value,
    count,
    resolution,
    isCumulative: kind === 'cumulative',
    bytes,
  }
})
const NAMES_BYTES_MAX = Math.max(...fieldNames.map(({ bytes }) => bytes))

/** Beginnings of lines: of each meter one for each measurement and quality that it has. */
const heads = new Map<MeterId, Map<string, ByteWords>>()
const METERS_MAX = 100_000

function headWords(measurement: string, meter: MeterId, quality: Reading['quality']): ByteWords {
  let ofMeter = heads.get(meter)
  if (ofMeter === undefined) {
    if (heads.size >= METERS_MAX) heads.clear()
    ofMeter = new Map()
    heads.set(meter, ofMeter)
  }
  // Nearly all are good, and the measurement of bad ones is their own: that needs no new string.
  const key = quality === 'good' || quality === 'bad' ? measurement : `${measurement} ${quality}`
  let head = ofMeter.get(key)
  if (head === undefined) {
    head = byteWords(`${headOf(measurement, meter, quality)} `)
    ofMeter.set(key, head)
  }
  return head
}

function writeText(text: string, to: Uint8Array, at: number): number {
  for (let index = 0; index < text.length; index += 1, at += 1) to[at] = text.charCodeAt(index)
  return at
}

/** Moments of each meter in one request: two points of one moment would be two answers to one question. */
export class Moments {
  readonly #ofMeter = new Map<MeterId, Set<number>>()

  /** False for a moment that was there already. */
  add({ meter, atMs }: BlockSample): boolean {
    const known = this.#ofMeter.get(meter)
    if (known === undefined) {
      this.#ofMeter.set(meter, new Set([atMs]))
      return true
    }
    const before = known.size
    return known.add(atMs).size > before
  }
}

/**
 * Adds the lines of a block. Gives how many they are; undefined, and nothing is added, where one of its samples is of a
 * moment of its meter that `moments` has already, or of one that cannot be stored.
 */
export function addBlockLines(block: SampleBlock, buffer: LineBuffer, moments: Moments): number | undefined {
  const before = buffer.length
  let lines = 0
  for (const sample of block.columns.samples) {
    if (sample.atMs > LAST_STORABLE_MS || !moments.add(sample)) {
      buffer.length = before
      return undefined
    }
    lines += addSample(block, sample, buffer)
  }
  return lines
}

function addSample(block: SampleBlock, sample: BlockSample, buffer: LineBuffer): number {
  const { first, bad, end } = sample
  let lines = 0
  let measurement: string | undefined
  // Most samples are of one carrier; of others each further one is another line.
  const done: string[] = []
  for (let index = first; index < bad; index += 1) {
    const names = fieldNames[block.columns.quantities[index] ?? -1]
    if (names === undefined || names.measurement === measurement || done.includes(names.measurement)) continue
    measurement = names.measurement
    done.push(measurement)
    addLine(block, sample, { measurement, from: index, to: bad }, buffer)
    lines += 1
  }
  if (end > bad) {
    addLine(block, sample, { measurement: BAD_MEASUREMENT, from: bad, to: end }, buffer)
    lines += 1
  }
  return lines
}

/** One line: of a measurement's readings among some of a sample. */
function addLine(
  block: SampleBlock,
  { meter, quality, atMs, bad }: BlockSample,
  { measurement, from, to }: { readonly measurement: string; readonly from: number; readonly to: number },
  buffer: LineBuffer,
): void {
  const isBad = from >= bad
  const head = headWords(measurement, meter, isBad ? 'bad' : quality)
  buffer.reserve(head.length + (to - from) * (NAMES_BYTES_MAX + FIELD_BYTES_MAX) + TIME_BYTES_MAX)
  const { bytes, view } = buffer
  let at = buffer.length
  if (at > 0) bytes[at++] = NEWLINE
  at = writeWords(view, at, head)
  const { quantities: places, text, from: starts, characters, word, words } = block.columns
  const textView = new DataView(text.buffer, text.byteOffset, text.length)
  for (let index = from; index < to; index += 1) {
    const names = fieldNames[places[index] ?? -1]
    if (names === undefined || (!isBad && names.measurement !== measurement)) continue
    if (index > from) bytes[at++] = COMMA
    at = writeWords(view, at, names.value)
    const start = starts[index] ?? 0
    const length = characters[index] ?? 0
    if (isBad) {
      bytes[at++] = QUOTE
      at = writeText(words[word[index] ?? -1] ?? '', bytes, at)
      bytes[at++] = QUOTE
    } else if (names.isCumulative) {
      const amount = { count: block.number(index), resolution: words[word[index] ?? -1] ?? '' }
      at = writeText(String(numberOf(amount)), bytes, at)
      at = writeWords(view, at, names.count)
      at = copyBytes(textView, start, length, view, at)
      at = writeWords(view, at, names.resolution)
      at = writeText(amount.resolution, bytes, at)
      bytes[at++] = QUOTE
    } else at = copyBytes(textView, start, length, view, at)
  }
  bytes[at++] = SPACE
  at = writeText(String(atMs), bytes, at)
  if (atMs > 0) for (let digit = 0; digit < NS_DIGITS; digit += 1) bytes[at++] = ZERO
  buffer.length = at
}
