import { isEncoding } from '#firmware-config/encodings.ts'
import type { IdentityRegister, RegisterMap } from '#firmware-config/profile.ts'
import { rawValue, textOf } from './raw-value.ts'

/** What one identity register of a profile says about the meter that answered. */
export interface IdentityEvidence {
  readonly register: IdentityRegister
  /** A number beyond 2⁵³ is rounded; `undefined` where there was no answer or it cannot be read. */
  readonly told: number | string | undefined
  /** fits: as the profile expects. contradicts: something else. open: the profile expects nothing in particular. */
  readonly verdict: 'fits' | 'contradicts' | 'open'
}

function toldBy(register: IdentityRegister, words: readonly number[]): number | string | undefined {
  const { encoding, order } = register
  if (!isEncoding(encoding)) return textOf(words, encoding, order)
  const raw = rawValue(words, encoding, order)
  return raw === undefined ? undefined : Number(raw)
}

/**
 * The evidence of all identity registers of a profile. `wordsOf` gives a register's words, or `undefined` where the
 * meter did not answer: that contradicts an expectation, too. A profile without expectations stays open, because meters
 * of other models answer the same addresses.
 */
export function identityEvidence(
  map: RegisterMap,
  wordsOf: (register: IdentityRegister) => readonly number[] | undefined,
): IdentityEvidence[] {
  return map.identity.map((register) => {
    const words = wordsOf(register)
    const told = words === undefined ? undefined : toldBy(register, words)
    if (register.expect === undefined) return { register, told, verdict: 'open' }
    return { register, told, verdict: told === register.expect ? 'fits' : 'contradicts' }
  })
}
