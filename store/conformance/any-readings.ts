import fc from 'fast-check'
import { badCauses, type Reading } from '#contract/reading.ts'
import { at, power, register } from './sample-readings.ts'

/** Any readings that a store must take. */

/** −0 is 0 to every store: JSON, in which readings travel, knows one zero. */
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((each) => (each === 0 ? 0 : each))

const moment = fc.record({
  meter: fc.constantFrom('m-1', 'm-2', 'rolling-line-1'),
  atMs: fc.integer({ min: 0, max: 20 }).map(at),
})
const quality = fc.constantFrom('good', 'uncertain', 'simulated', 'manual')
const cause = fc.constantFrom(
  ...Object.keys(badCauses).filter((each): each is keyof typeof badCauses => each in badCauses),
)

const anyReading: fc.Arbitrary<Reading> = fc.oneof(
  fc
    .tuple(moment, fc.constantFrom(power, 'voltage.l1', 'steamFlow'), quality, number)
    .map(([where, quantity, quality, value]) => ({ ...where, quantity, quality, value })),
  fc
    .tuple(
      moment,
      fc.constantFrom(register, 'steamMass'),
      quality,
      fc.maxSafeInteger(),
      fc.constantFrom('0.01', '1', '0.000000001', '10'),
    )
    .map(([where, quantity, quality, count, resolution]) => ({
      ...where,
      quantity,
      quality,
      value: { count: count === 0 ? 0 : count, resolution },
    })),
  fc
    .tuple(moment, fc.constantFrom(power, register), cause)
    .map(([where, quantity, cause]) => ({ ...where, quantity, quality: 'bad' as const, cause })),
)

export const identityOf = (reading: Reading): string => `${reading.meter} ${reading.quantity} ${reading.atMs}`

/** Readings of which no two share an identity. */
export const distinctReadings = fc.uniqueArray(anyReading, {
  selector: identityOf,
  minLength: 1,
  maxLength: 60,
})

/** In an order that does not depend on the store. */
export const sorted = (readings: readonly Reading[]): Reading[] =>
  [...readings].sort((a, b) => identityOf(a).localeCompare(identityOf(b)))
