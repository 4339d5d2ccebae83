import {
  encodings,
  isEncoding,
  isPair,
  wordOrder,
  type Encoding,
  type WordOrder,
} from '#firmware-config/encodings.ts'
import { rawValue, textOf } from '../raw-value.ts'
import { numberText } from './value-text.ts'

/** The same words read in every way that meters write values. */

export interface View {
  /** Where its first word lies. */
  readonly address: number
  readonly encoding: Encoding
  /** One for each order of words and bytes; `undefined` where the words are no such number, or the order changes nothing. */
  readonly values: Readonly<Record<WordOrder, string | undefined>>
}

const orders = wordOrder.options
const singleEncodings = Object.keys(encodings)
  .filter(isEncoding)
  .filter((encoding) => !isPair(encoding))

/** A 64-bit float holds 17 digits, of which 15 are sure. */
const digitsOf = (encoding: Encoding): number => (encoding === 'f32' ? 7 : 15)

function valueIn(words: readonly number[], encoding: Encoding, order: WordOrder): string | undefined {
  // One word has no word order: CDAB and DCBA would say the same again.
  if (words.length === 1 && (order === 'CDAB' || order === 'DCBA')) return undefined
  const raw = rawValue(words, encoding, order)
  if (raw === undefined) return undefined
  return typeof raw === 'bigint' || Number.isSafeInteger(raw)
    ? String(raw)
    : numberText(raw, digitsOf(encoding))
}

/**
 * Every encoding of one value at the words' beginning and at each multiple of its own size after it, in all four orders,
 * by encoding and address.
 */
export function sideBySide(address: number, words: readonly number[]): View[] {
  return singleEncodings.flatMap((encoding) => {
    const { words: size } = encodings[encoding]
    const starts = Array.from({ length: Math.floor(words.length / size) }, (_, index) => index * size)
    return starts.map((start) => {
      const part = words.slice(start, start + size)
      const [ABCD, CDAB, BADC, DCBA] = orders.map((order) => valueIn(part, encoding, order))
      return { address: address + start, encoding, values: { ABCD, CDAB, BADC, DCBA } }
    })
  })
}

/** Printable text in the words, if there is any: two characters a register with either byte first, or one. */
export function textsIn(words: readonly number[]): { readonly kind: string; readonly text: string }[] {
  const kinds = [
    ['text, two characters a register', 'text', 'ABCD'],
    ['text, bytes swapped', 'text', 'BADC'],
    ['letters, one a register', 'letters', 'ABCD'],
  ] as const
  const spelled = words.every((word) => word <= 0xff)
  return kinds.flatMap(([kind, encoding, order]) => {
    const text = encoding === 'letters' && !spelled ? undefined : textOf(words, encoding, order)
    return text === undefined || !/^[\p{L}\p{N}\p{P}\p{S} ]{2,}$/u.test(text) ? [] : [{ kind, text }]
  })
}
