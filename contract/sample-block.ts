import { quantities } from './catalogue.ts'
import type { MeterId } from './identity.ts'
import type { Memory } from './memory.ts'
import { badCauses, type BadCause, type Reading, type UsableQuality } from './reading.ts'

/**
 * Readings as they stand in the text of a payload, by columns: an object for each of them is most of what a server that is
 * busy with readings would do otherwise. Whoever makes one has looked at all of it: every reading in it is sound.
 */

/** One sample of a block: its readings are those from `first` up to `bad` with a value, then up to `end` without. */
export interface BlockSample {
  readonly meter: MeterId
  readonly atMs: number
  readonly quality: UsableQuality
  readonly first: number
  readonly bad: number
  readonly end: number
}

export interface BlockColumns {
  /** The payload's JSON text, all of which is ASCII where a reading stands. */
  readonly text: Uint8Array
  /** The same bytes. */
  readonly view: DataView
  readonly samples: readonly BlockSample[]
  /** Of each reading: the place of its quantity in the catalogue. */
  readonly quantities: Uint16Array
  /**
   * Where its number, or the count of a register, stands in the text, and how many characters it has: a decimal without
   * exponent. At least four more bytes follow it. No characters: a reading without value.
   */
  readonly from: Uint32Array
  readonly characters: Uint8Array
  /** Place in `words` of a register's resolution, or of the cause of a reading without value; unused for others. */
  readonly word: Uint8Array
  readonly words: readonly string[]
  /** What it stands in, as far as it is to be given back. */
  readonly memory?: readonly Memory[]
}

/** Enough for every double that is written without exponent. */
export const NUMBER_CHARACTERS_MAX = 25
/** Different resolutions and causes in a block. */
export const BLOCK_WORDS_MAX = 255

const MINUS = 0x2d
const POINT = 0x2e
const ZERO = 0x30
/** That many digits are an integer that a double holds exactly. */
export const EXACT_DIGITS = 15
/** Powers of ten that a double holds exactly: dividing by one of them rounds once, and so rightly (Clinger 1990). */
export const EXACT_POWERS = Array.from({ length: EXACT_DIGITS + 1 }, (_, power) => 10 ** power)

/** The number of a decimal without exponent, of which no more than the exact digits are there. */
function exactNumber(text: Uint8Array, start: number, end: number): number {
  const isNegative = text[start] === MINUS
  let mantissa = 0
  let decimals = 0
  for (let at = isNegative ? start + 1 : start; at < end; at += 1) {
    const byte = text[at] ?? ZERO
    if (byte === POINT) decimals = end - at - 1
    else mantissa = 10 * mantissa + byte - ZERO
  }
  const number = decimals === 0 ? mantissa : mantissa / (EXACT_POWERS[decimals] ?? NaN)
  return isNegative ? -number : number
}

/** The number of any decimal. */
function numberOf(text: Uint8Array, start: number, end: number): number {
  if (end - start <= EXACT_DIGITS) return exactNumber(text, start, end)
  let characters = ''
  for (let at = start; at < end; at += 1) characters += String.fromCharCode(text[at] ?? 0)
  return Number(characters)
}

const isCause = (word: string): word is BadCause => word in badCauses

export class SampleBlock {
  readonly columns: BlockColumns
  #isReleased = false

  constructor(columns: BlockColumns) {
    this.columns = columns
  }

  /** How many readings it holds. */
  get length(): number {
    return this.columns.quantities.length
  }

  /** The number of a reading with value, as JSON.parse gives it. */
  number(index: number): number {
    const { text, from, characters } = this.columns
    const start = from[index] ?? 0
    return numberOf(text, start, start + (characters[index] ?? 0))
  }

  /** Gives its memory back. There is nothing in the block any more. */
  release(): void {
    if (this.#isReleased) return
    this.#isReleased = true
    for (const piece of this.columns.memory ?? []) piece.release()
  }

  /** One by one, in order. */
  readings(): Reading[] {
    const { samples, word, words, quantities: places } = this.columns
    const all: Reading[] = []
    for (const { meter, atMs, quality, first, bad, end } of samples) {
      for (let index = first; index < end; index += 1) {
        const quantity = quantities[places[index] ?? -1]
        const text = words[word[index] ?? -1] ?? ''
        if (quantity === undefined) continue
        const identity = { meter, quantity: quantity.name, atMs }
        if (index < bad) {
          const number = this.number(index)
          all.push({
            ...identity,
            quality,
            value: quantity.kind === 'cumulative' ? { count: number, resolution: text } : number,
          })
        } else if (isCause(text)) all.push({ ...identity, quality: 'bad', cause: text })
      }
    }
    return all
  }
}

/** Blocks one after the other. */
export class SampleBlocks {
  readonly blocks: readonly SampleBlock[]
  readonly length: number

  constructor(blocks: readonly SampleBlock[]) {
    this.blocks = blocks
    this.length = blocks.reduce((sum, block) => sum + block.length, 0)
  }

  readings(): Reading[] {
    return this.blocks.flatMap((block) => block.readings())
  }
}

/** Readings in order, however they are held. */
export type Readings = readonly Reading[] | SampleBlock | SampleBlocks

/** One by one. */
export function readingsIn(readings: Readings): readonly Reading[] {
  return readings instanceof SampleBlock || readings instanceof SampleBlocks ? readings.readings() : readings
}
