import { isEncoding } from '#firmware-config/encodings.ts'
import type {
  IdentityRegister,
  MappedRegister,
  RatioRegister,
  ReadFunction,
  RegisterMap,
} from '#firmware-config/profile.ts'
import { registerWords } from './register-image.ts'

/** What a simulated meter tells about itself: who it is, and the transformer ratios set in it. */

/** A register that holds the same words as long as the meter runs. */
export interface FixedRegister {
  readonly function: ReadFunction
  readonly address: number
  readonly words: readonly number[]
}

/** What a register without an expectation tells: no model is claimed that its documents do not name. */
const UNNAMED = 'SIMULATED'

function textWords({ encoding, order, words }: IdentityRegister, text: string): number[] {
  const bytes = Buffer.alloc(words * 2)
  if (encoding === 'letters') {
    for (const [index, byte] of [...Buffer.from(text)].slice(0, words).entries()) bytes[2 * index + 1] = byte
  } else bytes.write(text)
  if (order === 'BADC' || order === 'DCBA') bytes.swap16()
  return Array.from({ length: words }, (_, index) => bytes.readUInt16BE(2 * index))
}

/** A register that shows a plain number, for the encoder of values. */
function plain(register: RatioRegister | IdentityRegister, factor: string): MappedRegister | undefined {
  const { encoding } = register
  if (!isEncoding(encoding)) return undefined
  return {
    ...register,
    encoding,
    quantity: 'powerFactor.total',
    factor,
    resolution: undefined,
    notAvailable: [],
  }
}

function identityWords(register: IdentityRegister): readonly number[] {
  const { expect } = register
  const numeric = plain(register, '1')
  return numeric === undefined
    ? textWords(register, String(expect ?? UNNAMED))
    : registerWords(numeric, Number(expect ?? 1))
}

const prepared = new WeakMap<RegisterMap, readonly FixedRegister[]>()

/** The identity and ratio registers of a meter that is set as its site says; prepared once for each map. */
export function fixedRegisters(map: RegisterMap): readonly FixedRegister[] {
  const known = prepared.get(map)
  if (known !== undefined) return known
  const made = [
    ...map.identity.map((register) => ({
      function: register.function,
      address: register.address,
      words: identityWords(register),
    })),
    ...map.ratioRegisters.flatMap((register): FixedRegister[] => {
      const numeric = plain(register, register.factor)
      if (numeric === undefined) return []
      const { function: code, address, expected } = register
      return [{ function: code, address, words: registerWords(numeric, Number(expected)) }]
    }),
  ]
  prepared.set(map, made)
  return made
}

/** The words of a read that asks for exactly one such register: alone, as meters answer their identity. */
export function fixedWords(
  map: RegisterMap,
  code: number,
  address: number,
  count: number,
): readonly number[] | undefined {
  return fixedRegisters(map).find(
    (fixed) => fixed.function === code && fixed.address === address && fixed.words.length === count,
  )?.words
}
