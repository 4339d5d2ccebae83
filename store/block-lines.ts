import { byteWords, copyBytes, writeWords, type ByteWords } from '#contract/byte-words.ts'
import { quantities } from '#contract/catalogue.ts'
import type { MeterId } from '#contract/identity.ts'
import type { Reading } from '#contract/reading.ts'
import type { BlockSample, SampleBlock } from '#contract/sample-block.ts'
import type { LineBuffer } from './line-buffer.ts'
import { encodeName } from './line-protocol.ts'
import type { Moments } from './moments.ts'
import { decimalsOf, writeNanoseconds, writeShifted, writeText } from './number-bytes.ts'
import { BAD_MEASUREMENT, measurementOf } from './points.ts'
import { headOf, numberOf } from './reading-lines.ts'
import { LAST_STORABLE_MS } from './storable.ts'

/**
 * Blocks of samples straight to the bytes of lines of InfluxDB's protocol: the points that reading-lines.ts makes of the
 * same readings, with numbers as they stand in the payload. A test holds that a server would read the same.
 */

const COMMA = 0x2c
const SPACE = 0x20
const NEWLINE = 0x0a
const QUOTE = 0x22
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

/**
 * Adds the lines of blocks. Gives how many they are; undefined, and nothing is added, where one of their samples is of a
 * moment of its meter that `moments` has already, or of one that cannot be stored.
 *
 * The first samples of all blocks come first, then the second ones: batches of a gateway name its meters in one order, and a
 * server that finds the lines of a series next to each other has less to do (docs/benchmarks.md). Where they do not, only that is lost.
 */
export function addBlockLines(
  blocks: readonly SampleBlock[],
  buffer: LineBuffer,
  moments: Moments,
): number | undefined {
  const before = buffer.length
  const writers = blocks.map((block) => new BlockLines(block, buffer))
  const most = blocks.reduce((longest, { columns }) => Math.max(longest, columns.samples.length), 0)
  for (let place = 0; place < most; place += 1)
    for (const lines of writers) {
      const sample = lines.samples[place]
      if (sample === undefined) continue
      if (sample.atMs > LAST_STORABLE_MS || !moments.add(sample)) {
        buffer.length = before
        return undefined
      }
      lines.add(sample)
    }
  return writers.reduce((sum, { count }) => sum + count, 0)
}

/** The lines of one block, on their way into a buffer. */
class BlockLines {
  readonly #block: SampleBlock
  readonly #buffer: LineBuffer
  readonly samples: readonly BlockSample[]
  count = 0

  constructor(block: SampleBlock, buffer: LineBuffer) {
    this.#block = block
    this.#buffer = buffer
    this.samples = block.columns.samples
  }

  add(sample: BlockSample): void {
    const { first, bad, end } = sample
    // Most samples are of one carrier; of others each further one is another line.
    const written: string[] = []
    for (let index = first; index < bad;) {
      const measurement = fieldNames[this.#block.columns.quantities[index] ?? -1]?.measurement
      if (measurement === undefined || written.includes(measurement)) index += 1
      else {
        index = this.#addValues(sample, measurement, index)
        if (index < bad) written.push(measurement)
      }
    }
    if (end > bad) this.#addCauses(sample)
  }

  /** Makes room for a line of so many fields, and writes its beginning. Gives the place behind it. */
  #begin(head: ByteWords, fields: number): number {
    const buffer = this.#buffer
    buffer.reserve(head.length + fields * (NAMES_BYTES_MAX + FIELD_BYTES_MAX) + TIME_BYTES_MAX)
    let at = buffer.length
    if (at > 0) buffer.bytes[at++] = NEWLINE
    return writeWords(buffer.view, at, head)
  }

  #end(atMs: number, at: number): void {
    const { bytes } = this.#buffer
    bytes[at] = SPACE
    this.#buffer.length = writeNanoseconds(atMs, bytes, at + 1)
    this.count += 1
  }

  /**
   * One line: of a sample's values of one measurement, the first of which has a place. Gives the place of the first one of
   * another measurement, or `bad`.
   */
  #addValues({ meter, quality, atMs, bad }: BlockSample, measurement: string, from: number): number {
    let at = this.#begin(headWords(measurement, meter, quality), bad - from)
    const { bytes, view } = this.#buffer
    const { quantities: places, view: text, from: starts, characters } = this.#block.columns
    let other = bad
    for (let index = from; index < bad; index += 1) {
      const names = fieldNames[places[index] ?? -1]
      if (names === undefined || names.measurement !== measurement) {
        other = Math.min(other, index)
        continue
      }
      if (index > from) bytes[at++] = COMMA
      at = writeWords(view, at, names.value)
      if (names.isCumulative) at = this.#writeRegister(index, names, at)
      else at = copyBytes(text, starts[index] ?? 0, characters[index] ?? 0, view, at)
    }
    this.#end(atMs, at)
    return other
  }

  /** Value, count and resolution. Gives the place behind them. */
  #writeRegister(index: number, names: FieldNames, from: number): number {
    const { bytes, view } = this.#buffer
    const { view: text, from: starts, characters, word, words } = this.#block.columns
    const resolution = words[word[index] ?? -1] ?? ''
    const [start, length] = [starts[index] ?? 0, characters[index] ?? 0]
    const decimals = decimalsOf(length, resolution)
    let at: number
    if (decimals === undefined)
      at = writeText(String(numberOf({ count: this.#block.number(index), resolution })), bytes, from)
    else at = writeShifted(bytes, from, this.#block.columns.text, { start, length, decimals })
    at = writeWords(view, at, names.count)
    at = copyBytes(text, start, length, view, at)
    at = writeWords(view, at, names.resolution)
    at = writeText(resolution, bytes, at)
    bytes[at] = QUOTE
    return at + 1
  }

  /** One line: of the causes why a sample lacks values. */
  #addCauses({ meter, atMs, bad, end }: BlockSample): void {
    let at = this.#begin(headWords(BAD_MEASUREMENT, meter, 'bad'), end - bad)
    const { bytes, view } = this.#buffer
    const { quantities: places, word, words } = this.#block.columns
    for (let index = bad; index < end; index += 1) {
      const names = fieldNames[places[index] ?? -1]
      if (names === undefined) continue
      if (index > bad) bytes[at++] = COMMA
      at = writeWords(view, at, names.value)
      bytes[at++] = QUOTE
      at = writeText(words[word[index] ?? -1] ?? '', bytes, at)
      bytes[at++] = QUOTE
    }
    this.#end(atMs, at)
  }
}
