import { z } from 'zod'
import { amount, resolution, type Amount } from '#contract/amount.ts'
import { isQuantityName, quantityName, type QuantityName } from '#contract/quantities.ts'
import { InvalidFile, readData, type Finding, type DataFile } from './document.ts'
import type { IdentityRegister, ReadFunction, RegisterMap, TransformerRatios } from './profile.ts'
import { identityName } from './profile-schema.ts'

/**
 * A golden file (profiles/*.golden.yaml): the registers of one meter at one moment, and the readings that must come
 * out of them. Every profile has one, so that no address, type or scale changes unnoticed.
 */

const wordsText = z
  .string()
  .regex(/^[0-9A-F]{4}(?: [0-9A-F]{4})*$/, 'words of four upper-case hexadecimal digits, e.g. "4366 3334"')

export const goldenFile = z.strictObject({
  ratios: z.strictObject({ current: resolution.default('1'), voltage: resolution.default('1') }).prefault({}),
  image: z
    .array(
      z.strictObject({
        function: z.union([z.literal(3), z.literal(4)]),
        at: z.int().min(0).max(0xffff).meta({ description: 'Address of the first word on the wire' }),
        words: wordsText,
        origin: z.enum(['live', 'derived']).meta({
          description: 'live: from a printed or captured reply; derived: computed by hand from the documents',
        }),
      }),
    )
    .min(1),
  identity: z
    .partialRecord(identityName, z.union([z.int(), z.string()]))
    .default({})
    .meta({ description: 'What the identity registers in the image tell' }),
  readings: z.partialRecord(quantityName, z.union([z.number(), amount])),
})

/** Register words by address, for each function code. */
export type RegisterWords = ReadonlyMap<ReadFunction, ReadonlyMap<number, number>>

export interface Golden {
  readonly ratios: TransformerRatios
  readonly image: RegisterWords
  /** Counts are exact; numbers are printed decimals, to be compared within `GOLDEN_TOLERANCE` of their size. */
  readonly readings: ReadonlyMap<QuantityName, number | Amount>
  readonly identity: Readonly<Partial<Record<IdentityRegister['is'], number | string>>>
  placeOf(path: readonly PropertyKey[]): Finding['place']
}

/** A 32-bit float keeps 24 bits: a printed value and its words agree to about 6 × 10⁻⁸; printed digits are fewer. */
export const GOLDEN_TOLERANCE = 1e-6

function imageOf(data: DataFile<z.output<typeof goldenFile>>): RegisterWords {
  const image = new Map<ReadFunction, Map<number, number>>()
  const twice: Finding[] = []
  for (const [index, block] of data.value.image.entries()) {
    const words = image.get(block.function) ?? new Map<number, number>()
    image.set(block.function, words)
    for (const [offset, word] of block.words.split(' ').entries()) {
      if (words.has(block.at + offset)) {
        const message = `word ${block.at + offset} (function ${block.function}) is there already`
        twice.push({ place: data.placeOf(['image', index]), message })
      }
      words.set(block.at + offset, Number.parseInt(word, 16))
    }
  }
  if (twice.length > 0) throw new InvalidFile(data.file, twice)
  return image
}

/** Reads a golden file. Throws `file-unreadable` or `InvalidFile`. */
export function readGolden(file: string): Golden {
  const data = readData(goldenFile, file)
  const readings = new Map<QuantityName, number | Amount>()
  for (const [quantity, value] of Object.entries(data.value.readings)) {
    if (isQuantityName(quantity) && value !== undefined) readings.set(quantity, value)
  }
  const { ratios, identity } = data.value
  return { ratios, image: imageOf(data), readings, identity, placeOf: (path) => data.placeOf(path) }
}

/** The words of a register in an image, or `undefined` where one is missing. */
export function wordsAt(
  image: RegisterWords,
  register: { readonly function: ReadFunction; readonly address: number; readonly words: number },
): readonly number[] | undefined {
  const words: number[] = []
  for (let offset = 0; offset < register.words; offset += 1) {
    const word = image.get(register.function)?.get(register.address + offset)
    if (word === undefined) return undefined
    words.push(word)
  }
  return words
}

/** Where a golden file and its profile do not cover each other: missing or left-over words, readings, resolutions. */
export function goldenMismatches(golden: Golden, map: RegisterMap): Finding[] {
  const findings: Finding[] = []
  const say = (path: readonly PropertyKey[], message: string): void => {
    findings.push({ place: golden.placeOf(path), message })
  }
  const used = new Set<string>()
  // Identity and ratio registers may be in the image, the values must be.
  for (const { function: code, address, words } of [
    ...map.registers,
    ...map.identity,
    ...map.ratioRegisters,
  ]) {
    for (let offset = 0; offset < words; offset += 1) used.add(`${code}:${address + offset}`)
  }
  for (const register of map.registers) {
    for (let offset = 0; offset < register.words; offset += 1) {
      const address = register.address + offset
      if (golden.image.get(register.function)?.has(address) !== true) {
        say(['image'], `word ${address} of ${register.quantity} (function ${register.function}) is missing`)
      }
    }
    const reading = golden.readings.get(register.quantity)
    if (reading === undefined) say(['readings'], `${register.quantity} is missing`)
    else if ((typeof reading === 'number' ? undefined : reading.resolution) !== register.resolution) {
      say(['readings', register.quantity], `the profile counts it in ${register.resolution ?? 'no steps'}`)
    }
  }
  for (const [code, words] of golden.image) {
    for (const address of words.keys()) {
      if (!used.has(`${code}:${address}`))
        say(['image'], `word ${address} (function ${code}) is not in the profile`)
    }
  }
  const quantities = new Set(map.registers.map((register) => register.quantity))
  for (const quantity of golden.readings.keys()) {
    if (!quantities.has(quantity)) say(['readings', quantity], 'is not in the profile')
  }
  return findings
}
