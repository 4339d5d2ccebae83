/**
 * Short texts in bytes, compared and copied four bytes at a time: byte by byte this is a quarter of the time that a server
 * takes for a reading.
 */

const WORD = 4
const LITTLE_ENDIAN = true

/** A text that is looked for, or written, again and again. */
export interface ByteWords {
  readonly length: number
  /** Its bytes in groups of four; those behind its end are 0. */
  readonly words: Uint32Array
  /** What of the last group belongs to it. */
  readonly lastMask: number
}

/** The words of an ASCII text that is not empty. */
export function byteWords(text: string): ByteWords {
  const bytes = new TextEncoder().encode(text)
  const padded = new Uint8Array(Math.ceil(bytes.length / WORD) * WORD)
  padded.set(bytes)
  const view = new DataView(padded.buffer)
  const words = Uint32Array.from({ length: padded.length / WORD }, (_, index) =>
    view.getUint32(WORD * index, LITTLE_ENDIAN),
  )
  const last = bytes.length % WORD
  return { length: bytes.length, words, lastMask: last === 0 ? -1 : (1 << (8 * last)) - 1 }
}

/** True where the text stands at a place, with so many bytes behind it that its last group is whole. */
export function standsAt(view: DataView, at: number, { words, lastMask }: ByteWords): boolean {
  if (at + WORD * words.length > view.byteLength) return false
  const last = words.length - 1
  for (let index = 0; index < last; index += 1)
    if (view.getUint32(at + WORD * index, LITTLE_ENDIAN) !== words[index]) return false
  return ((view.getUint32(at + WORD * last, LITTLE_ENDIAN) ^ (words[last] ?? 0)) & lastMask) === 0
}

/** Writes the text at a place, and up to three bytes more. Gives the place behind it. */
export function writeWords(view: DataView, at: number, { words, length }: ByteWords): number {
  for (let index = 0; index < words.length; index += 1)
    view.setUint32(at + WORD * index, words[index] ?? 0, LITTLE_ENDIAN)
  return at + length
}

/** Copies bytes, and up to three more, from one place to another. Gives the place behind them. */
export function copyBytes(from: DataView, start: number, length: number, to: DataView, at: number): number {
  for (let index = 0; index < length; index += WORD)
    to.setUint32(at + index, from.getUint32(start + index, LITTLE_ENDIAN), LITTLE_ENDIAN)
  return at + length
}
