import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalText } from './canonical-text.ts'

test('equal values have one text, whatever the order of their keys, and it reads back', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const turned = (each: unknown): unknown =>
        Array.isArray(each)
          ? each.map(turned)
          : typeof each === 'object' && each !== null
            ? Object.fromEntries(
                Object.entries(each)
                  .toReversed()
                  .map(([key, part]) => [key, turned(part)]),
              )
            : each
      expect(canonicalText(turned(value))).toBe(canonicalText(value))
      expect(JSON.parse(canonicalText(value))).toEqual(JSON.parse(JSON.stringify(value)))
    }),
  )
})

test('nothing stands between the parts, and what is undefined is left out', () => {
  expect(canonicalText({ b: [1, { d: undefined, c: 'ä"' }], a: null })).toBe(
    '{"a":null,"b":[1,{"c":"ä\\""}]}',
  )
})
