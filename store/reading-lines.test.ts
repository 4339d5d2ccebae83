import fc from 'fast-check'
import { expect, test } from 'vitest'
import { quantities } from '#contract/quantities.ts'
import { badCause, type Reading } from '#contract/reading.ts'
import { encodeLine } from './line-protocol.ts'
import { pointsOf } from './points.ts'
import { linesOf } from './reading-lines.ts'

const some = quantities
  .filter(({ name }) => /^(activeE|activeP|voltage|heat|reactiveE|gas)/.test(name))
  .slice(0, 40)
const reading = fc
  .record({
    quantity: fc.constantFrom(...some),
    meter: fc.constantFrom('m-1', 'm-2'),
    atMs: fc.constantFrom(0, 1, 1_790_000_100_000, 9_223_372_036_853),
    quality: fc.constantFrom('good' as const, 'uncertain' as const, 'bad' as const),
    number: fc.double({ noNaN: true, noDefaultInfinity: true }),
    count: fc.maxSafeNat(),
    resolution: fc.constantFrom('0.01', '1', '0.001', '1000', '0.000000001', '7'),
    cause: fc.constantFrom(...badCause.options),
  })
  .map(({ quantity: { name, kind }, meter, atMs, quality, number, count, resolution, cause }): Reading => {
    const identity = { meter, quantity: name, atMs }
    if (quality === 'bad') return { ...identity, quality, cause }
    return { ...identity, quality, value: kind === 'cumulative' ? { count, resolution } : number }
  })

test('lines are those of the points, to the letter', () => {
  fc.assert(
    fc.property(fc.array(reading, { maxLength: 60 }), (readings) => {
      expect(linesOf(readings)).toEqual(pointsOf(readings).map(encodeLine))
    }),
    { numRuns: 1_000 },
  )
})
