import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anyText } from '#contract/any-text.test-support.ts'
import { encodeLine, type FieldValue, type Point } from './line-protocol.ts'

function point(over: Partial<Point> & { field?: FieldValue } = {}): Point {
  return {
    measurement: 'electricity',
    tags: [['meter', 'm-1']],
    fields: new Map([['f', over.field ?? { kind: 'float', value: 1 }]]),
    timeNs: 1n,
    ...over,
  }
}

const fieldOf = (field: FieldValue): string => encodeLine(point({ field })).split(' ').slice(1, -1).join(' ')

describe('line protocol', () => {
  test('a point is measurement, tags, fields and nanoseconds', () => {
    const line = encodeLine({
      measurement: 'electricity',
      tags: [
        ['meter', 'm-1'],
        ['quality', 'good'],
      ],
      fields: new Map<string, FieldValue>([
        ['activePower.total', { kind: 'float', value: 1.5 }],
        ['activeEnergyImport.total.count', { kind: 'integer', value: 123_456 }],
        ['activeEnergyImport.total.resolution', { kind: 'string', value: '0.01' }],
      ]),
      timeNs: 1_790_000_000_123_000_000n,
    })
    expect(line).toBe(
      'electricity,meter=m-1,quality=good activePower.total=1.5,' +
        'activeEnergyImport.total.count=123456i,activeEnergyImport.total.resolution="0.01" ' +
        '1790000000123000000',
    )
  })

  test('separators in names are escaped', () => {
    expect(encodeLine(point({ measurement: 'a b,c=d', tags: [['k,=', 'v =']] }))).toBe(
      String.raw`a\ b\,c\=d,k\,\==v\ \= f=1 1`,
    )
  })

  test.each(['', 'ends with \\', 'line\nbreak', 'return\r', 'nul\u0000'])(
    'the name %j is refused, because it would be altered or split the line',
    (name) => {
      expect(() => encodeLine(point({ measurement: name }))).toThrow(RangeError)
      expect(() => encodeLine(point({ tags: [[name, 'v']] }))).toThrow(RangeError)
      expect(() => encodeLine(point({ tags: [['k', name]] }))).toThrow(RangeError)
      expect(() => encodeLine(point({ fields: new Map([[name, { kind: 'float', value: 1 }]]) }))).toThrow(
        RangeError,
      )
    },
  )

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('%d is refused', (value) => {
    expect(() => fieldOf({ kind: 'float', value })).toThrow(RangeError)
  })

  test.each([1.9, 2 ** 53, 1e21, Number.NaN])('%d is refused as an integer, never rounded', (value) => {
    expect(() => fieldOf({ kind: 'integer', value })).toThrow(RangeError)
  })

  test('a point without fields, or beyond the time axis, is refused', () => {
    expect(() => encodeLine(point({ fields: new Map() }))).toThrow(RangeError)
    expect(() => encodeLine(point({ timeNs: 2n ** 63n }))).toThrow(RangeError)
  })

  test('any number reads back as itself', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Number(fieldOf({ kind: 'float', value }).slice(2))).toBe(value === 0 ? 0 : value)
      }),
    )
  })

  test('any text stays between its quotes', () => {
    fc.assert(
      fc.property(anyText, (value) => {
        const quotedText = fieldOf({ kind: 'string', value }).slice(2)
        expect(quotedText).toMatch(/^"(?:[^"\\]|\\["\\])*"$/)
        expect(quotedText.slice(1, -1).replace(/\\(["\\])/g, '$1')).toBe(value)
      }),
    )
  })
})
