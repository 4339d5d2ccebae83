import { Fault } from '#contract/fault.ts'
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

/** What somebody has done on site that such registers tell. */
export interface Setting {
  /** The ratio set for its current transformers, as a share of that of the gateway file. */
  readonly currentRatio: number
  /** How many meters stood here before this one. */
  readonly replaced: number
}

export const AS_INSTALLED: Setting = { currentRatio: 1, replaced: 0 }

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

function identityWords(register: IdentityRegister, { replaced }: Setting): readonly number[] {
  const { expect, is } = register
  const numeric = plain(register, '1')
  // Every meter of a model tells the same, but for its number.
  const number = is === 'serial' ? 1 + replaced : 1
  return numeric === undefined
    ? textWords(register, String(expect ?? (number === 1 ? UNNAMED : `${UNNAMED}-${number}`)))
    : registerWords(numeric, Number(expect ?? number))
}

/** The words of a ratio register; `undefined` for an encoding that holds no plain number. Throws `amount-overflow`. */
function ratioWords(register: RatioRegister, { currentRatio }: Setting): readonly number[] | undefined {
  const numeric = plain(register, register.factor)
  if (numeric === undefined) return undefined
  const share = register.ratio === 'current' ? currentRatio : 1
  return registerWords(numeric, Number(register.expected) * share)
}

/** True where the ratio registers of a meter can show a current ratio that is this share of the one of its site. */
export function showsCurrentRatio(map: RegisterMap, share: number): boolean {
  try {
    const setting = { ...AS_INSTALLED, currentRatio: share }
    // Rounded away, it would be no ratio.
    return map.ratioRegisters.every((register) => ratioWords(register, setting)?.some((word) => word !== 0))
  } catch (error) {
    if (error instanceof Fault && error.code === 'amount-overflow') return false
    throw error
  }
}

function fixedRegistersUnder(map: RegisterMap, setting: Setting): readonly FixedRegister[] {
  return [
    ...map.identity.map((register) => ({
      function: register.function,
      address: register.address,
      words: identityWords(register, setting),
    })),
    ...map.ratioRegisters.flatMap((register): FixedRegister[] => {
      const words = ratioWords(register, setting)
      const { function: code, address } = register
      return words === undefined ? [] : [{ function: code, address, words }]
    }),
  ]
}

const prepared = new WeakMap<RegisterMap, readonly FixedRegister[]>()

/** The identity and ratio registers of a meter; those of one that is set as its site says are prepared once a map. */
export function fixedRegisters(map: RegisterMap, setting = AS_INSTALLED): readonly FixedRegister[] {
  if (setting !== AS_INSTALLED) return fixedRegistersUnder(map, setting)
  const known = prepared.get(map)
  if (known !== undefined) return known
  const made = fixedRegistersUnder(map, setting)
  prepared.set(map, made)
  return made
}

/** The words of a read that asks for exactly one such register: alone, as meters answer their identity. */
export function fixedWords(
  map: RegisterMap,
  code: number,
  address: number,
  count: number,
  setting = AS_INSTALLED,
): readonly number[] | undefined {
  return fixedRegisters(map, setting).find(
    (fixed) => fixed.function === code && fixed.address === address && fixed.words.length === count,
  )?.words
}
