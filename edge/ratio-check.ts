import type { RatioRegister, RegisterMap } from '#firmware-config/profile.ts'
import { rawValue } from './raw-value.ts'

/** A transformer ratio that is one in the gateway file and another in the meter. */
export interface RatioContradiction {
  readonly register: RatioRegister
  /** The ratio set in the meter; `undefined` for a content that is no number. */
  readonly inMeter: number | undefined
  readonly message: string
}

/** Meters keep ratios as whole numbers, tenths or floats of 24 bits. */
const RATIO_TOLERANCE = 1e-6

/**
 * Where the ratios set in a meter are not those of the site, with which its values are multiplied: then every value is
 * wrong by the same factor and looks plausible. `wordsOf` gives a register's words, or `undefined` where it was not
 * read: that is no contradiction.
 */
export function ratioContradictions(
  map: Pick<RegisterMap, 'ratioRegisters'>,
  wordsOf: (register: RatioRegister) => readonly number[] | undefined,
): RatioContradiction[] {
  return map.ratioRegisters.flatMap((register): RatioContradiction[] => {
    const words = wordsOf(register)
    if (words === undefined) return []
    const { ratio, factor, expected, address, encoding, order } = register
    const raw = rawValue(words, encoding, order)
    const scaled = raw === undefined ? Number.NaN : Number(raw) * Number(factor)
    const inMeter = Number.isFinite(scaled) ? Number(scaled.toPrecision(9)) : undefined
    if (inMeter !== undefined && Math.abs(inMeter - Number(expected)) <= RATIO_TOLERANCE * Number(expected))
      return []
    const message = `the gateway file says ratios.${ratio} = ${expected}, the meter holds ${inMeter ?? 'no number'} in register ${address}`
    return [{ register, inMeter, message }]
  })
}
