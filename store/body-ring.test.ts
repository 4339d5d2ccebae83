import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BodyRing } from './body-ring.ts'

function copies(ring: BodyRing): number[][] {
  const found: number[][] = []
  for (let kept = ring.next(); kept !== undefined; kept = ring.next(kept.number)) found.push([...kept.body])
  return found
}

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
          expect(copies(ring)).toEqual(expected.map((each) => [...each]))
        }
      },
    ),
  )
})

test('those kept while it is gone through are come to at its end, and those forgotten are passed over', () => {
  const ring = new BodyRing(10, 3)
  for (const text of ['a', 'b', 'c']) ring.keep(Buffer.from(text))
  const first = ring.next()
  expect(first?.body.toString()).toBe('a')
  for (const text of ['d', 'e']) ring.keep(Buffer.from(text))
  expect(copies(ring)).toEqual(['c', 'd', 'e'].map((text) => [...Buffer.from(text)]))
  expect(ring.next(first?.number)?.body.toString()).toBe('c')
})
