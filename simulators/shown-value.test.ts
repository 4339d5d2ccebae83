import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decode } from '#edge/decode.ts'
import { profileIds } from '#firmware-config/profile-library.ts'
import { loadProfile } from '#firmware-config/profile.ts'
import { registerWords, shownRange } from './register-image.ts'
import { shownValue } from './shown-value.ts'

/** The largest value that is counted exactly whatever the register could hold. */
const COUNTED_MAX = 1e6

describe.each(profileIds())('what a reader of a %s learns', (id) => {
  it('is what the edge decodes from the register’s words', () => {
    const { registers } = loadProfile(id)
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (share) => {
        for (const register of registers) {
          const [least, most] = shownRange(register)
          const from = Math.max(least, register.resolution === undefined ? -COUNTED_MAX : 0)
          const value = from + share * (Math.min(most, COUNTED_MAX) - from)
          const words = registerWords(register, value)
          const request = {
            function: register.function,
            address: register.address,
            quantity: words.length,
            registers: [register],
          }
          const [reading] = decode(request, words, 0, 'm', 'good')
          if (reading?.quality !== 'good') continue
          expect(shownValue(register, value), register.quantity).toEqual(reading.value)
        }
      }),
      { numRuns: 50 },
    )
  })
})
