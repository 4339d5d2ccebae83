import fc from 'fast-check'
import { expect, test } from 'vitest'
import { anyText } from './any-text.test-support.ts'
import { canonicalText, isSameContent, settled } from './canonical-text.ts'

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

test('a string is written as JSON writes it', () => {
  fc.assert(
    fc.property(anyText, (value) => {
      expect(canonicalText(value)).toBe(JSON.stringify(value))
    }),
  )
  for (const value of ['公告2024年', '"', '\\', '\n', '\u{7f}', '\u{80}', '\u{d800}', '\u{2028}', '😀'])
    expect(canonicalText(value)).toBe(JSON.stringify(value))
})

test('nothing stands between the parts, and what is undefined is left out', () => {
  expect(canonicalText({ b: [1, { d: undefined, c: 'ä"' }], a: null })).toBe(
    '{"a":null,"b":[1,{"c":"ä\\""}]}',
  )
})

test('two values are the same content exactly where their texts are the same', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 2 }), fc.jsonValue({ maxDepth: 2 }), (a, b) => {
      expect(isSameContent(a, b)).toBe(canonicalText(a) === canonicalText(b))
      expect(isSameContent(a, JSON.parse(JSON.stringify(a)))).toBe(true)
    }),
  )
  expect(isSameContent({ a: undefined, b: 1 }, { b: 1 })).toBe(true)
  expect(isSameContent({ b: 1 }, { b: 1, a: undefined })).toBe(true)
  expect(isSameContent({ b: 1 }, { b: 1, a: 1 })).toBe(false)
})

test('a settled object has the text that it had, and cannot be changed any more', () => {
  const factor = settled({ value: '0.7041', unit: 'kgCO2/kWh' })
  expect(canonicalText([factor])).toBe('[{"unit":"kgCO2/kWh","value":"0.7041"}]')
  expect(() => Object.assign(factor, { value: '0.6' })).toThrow(TypeError)
})
