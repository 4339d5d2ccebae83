import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BodyRing } from './body-ring.ts'

test('keeps the newest bodies that fit, as they were, whatever their lengths', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 60 }),
      fc.integer({ min: 1, max: 64 }),
      fc.integer({ min: 1, max: 8 }),
      (bodies, bytesMax, bodiesMax) => {
        const ring = new BodyRing(bytesMax, bodiesMax)
        const expected: Uint8Array[] = []
        for (const body of bodies) {
          ring.keep(body)
          // Its memory is used again by whoever sent it.
          const asItWas = Uint8Array.from(body)
          body.fill(0)
          if (asItWas.length > bytesMax) continue
          expected.push(asItWas)
          while (
            expected.length > bodiesMax ||
            expected.reduce((sum, { length }) => sum + length, 0) > bytesMax
          )
            expected.shift()
          expect(ring.copies().map((copy) => [...copy])).toEqual(expected.map((each) => [...each]))
        }
      },
    ),
  )
})
