import { z } from 'zod'

/**
 * How values are written in 16-bit registers: one table that the decoder (edge), its inverse (simulators) and the
 * checker read. Each room interprets a kind in its own way, so that one can be tested against the other.
 */

/**
 * unsigned, signed: whole numbers, two's complement. signMagnitude: the top bit is the sign. float: IEEE 754.
 * bcd: four decimal digits a word, one in each half byte. mod10: each word counts 0 to 9999, the next one ten thousands.
 * pair: two values one after the other, each in the line's order; the value is first + sign × second.
 */
export type Kind = 'unsigned' | 'signed' | 'signMagnitude' | 'float' | 'bcd' | 'mod10' | 'pair'

export interface Shape {
  readonly kind: Kind
  /** 16-bit registers taken. */
  readonly words: number
}

/** Encodings of one value; those of pairs are in `pairs`. */
export const singles = {
  u16: { kind: 'unsigned', words: 1 },
  u32: { kind: 'unsigned', words: 2 },
  u48: { kind: 'unsigned', words: 3 },
  u64: { kind: 'unsigned', words: 4 },
  i16: { kind: 'signed', words: 1 },
  i32: { kind: 'signed', words: 2 },
  i48: { kind: 'signed', words: 3 },
  i64: { kind: 'signed', words: 4 },
  sm16: { kind: 'signMagnitude', words: 1 },
  sm32: { kind: 'signMagnitude', words: 2 },
  f32: { kind: 'float', words: 2 },
  f64: { kind: 'float', words: 4 },
  bcd4: { kind: 'bcd', words: 1 },
  bcd8: { kind: 'bcd', words: 2 },
  bcd12: { kind: 'bcd', words: 3 },
  bcd16: { kind: 'bcd', words: 4 },
  'mod10-2': { kind: 'mod10', words: 2 },
  'mod10-3': { kind: 'mod10', words: 3 },
  'mod10-4': { kind: 'mod10', words: 4 },
} as const satisfies Record<string, Shape>

export type SingleEncoding = keyof typeof singles

export interface Pair {
  readonly first: SingleEncoding
  readonly second: SingleEncoding
  readonly sign: 1 | -1
}

/** Two values that make one: an integer and its fraction, two tariffs, import and export power. */
export const pairs = {
  'i32+f32': { first: 'i32', second: 'f32', sign: 1 },
  'f64+f64': { first: 'f64', second: 'f64', sign: 1 },
  'u32-u32': { first: 'u32', second: 'u32', sign: -1 },
} as const satisfies Record<string, Pair>

export type PairEncoding = keyof typeof pairs
export type Encoding = SingleEncoding | PairEncoding

/** Every encoding with its size. */
export const encodings: Readonly<Record<Encoding, Shape>> = {
  ...singles,
  'i32+f32': { kind: 'pair', words: 4 },
  'f64+f64': { kind: 'pair', words: 8 },
  'u32-u32': { kind: 'pair', words: 4 },
}

/** True for the name of an encoding. */
export function isEncoding(name: string): name is Encoding {
  return name in encodings
}

/** True for the encodings that are two values. */
export function isPair(encoding: Encoding): encoding is PairEncoding {
  return encoding in pairs
}

export const encoding = z.enum(Object.keys(encodings).filter(isEncoding))

/** ABCD: high word first, high byte first (the Modbus custom). CDAB: low word first. BADC, DCBA: bytes swapped too. */
export const wordOrder = z.enum(['ABCD', 'CDAB', 'BADC', 'DCBA'])
export type WordOrder = z.infer<typeof wordOrder>

/** Texts over any number of registers. text: two UTF-8 bytes a word. letters: one a word, in its low byte. */
export const textEncoding = z.enum(['text', 'letters'])
export type TextEncoding = z.infer<typeof textEncoding>

/** True where the value is not a whole number of its least digit, so that a count of it needs a resolution. */
export function isFloating(name: Encoding): boolean {
  if (!isPair(name)) return singles[name].kind === 'float'
  return isFloating(pairs[name].first) || isFloating(pairs[name].second)
}

/** Lowest and highest whole number of an encoding; `undefined` for floats and pairs. */
export function rangeOf(name: Encoding): { lowest: bigint; highest: bigint } | undefined {
  const { kind, words } = encodings[name]
  const bits = BigInt(16 * words)
  switch (kind) {
    case 'unsigned':
      return { lowest: 0n, highest: (1n << bits) - 1n }
    case 'signed':
      return { lowest: -(1n << (bits - 1n)), highest: (1n << (bits - 1n)) - 1n }
    case 'signMagnitude':
      return { lowest: -(1n << (bits - 1n)) + 1n, highest: (1n << (bits - 1n)) - 1n }
    case 'bcd':
    case 'mod10':
      return { lowest: 0n, highest: 10n ** BigInt(4 * words) - 1n }
    case 'float':
    case 'pair':
      break
  }
  return undefined
}
