import { describe, expect, it } from 'vitest'
import { sampleOf, T0, testPark } from './ingest.test-support.ts'
import { judgeSample, type JudgedSample } from './sample.ts'

/** Parsed from text, as payloads are: there `__proto__` is a key like any other. */
function judge(text: string): JudgedSample {
  return judgeSample(JSON.parse(text), { gateway: 'gw-a', park: testPark(), latestMs: T0 + 60_000 })
}

const sampleText = (part: string): string => `{"meter":"meter-a","atMs":${T0},"quality":"good",${part}}`

describe('keys that mean something to JavaScript', () => {
  it.each(['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'])(
    '"%s" is an unknown quantity: refused whole, its neighbour taken, nothing polluted',
    (key) => {
      const { readings, refused } = judge(
        sampleText(`"values":{"${key}":{"polluted":1},"activePower.total":42.5}`),
      )
      expect(readings).toMatchObject([{ quantity: 'activePower.total', value: 42.5 }])
      expect(refused).toMatchObject([
        { readings: 1, refusal: { code: 'quantity-unknown', meter: 'meter-a' } },
      ])
      expect(refused[0]?.refusal.payload).toBe(sampleText(`"values":{"${key}":{"polluted":1}}`))
      expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
    },
  )

  it('as a cause of a bad reading it is refused as well', () => {
    const { readings, refused } = judge(sampleText('"values":{},"bad":{"__proto__":"timeout"}'))
    expect(readings).toEqual([])
    expect(refused).toMatchObject([{ place: '.bad.__proto__', refusal: { code: 'quantity-unknown' } }])
  })

  it('beside the values it takes the sample', () => {
    const { readings, refused } = judge(
      sampleText('"values":{"activePower.total":1},"__proto__":{"values":{}}'),
    )
    expect(readings).toEqual([])
    expect(refused).toMatchObject([{ place: '', refusal: { code: 'message-invalid' } }])
  })
})

describe('values', () => {
  it.each(['[]', '7', 'null', '"text"'])('that are %s take the sample, which counts once', (values) => {
    const { readings, refused } = judge(sampleText(`"values":${values}`))
    expect(readings).toEqual([])
    expect(refused).toMatchObject([{ readings: 1, refusal: { code: 'message-invalid' } }])
  })

  it('of a good sample are all taken', () => {
    const sample = sampleOf('meter-a', T0, 100)
    expect(judge(JSON.stringify(sample)).readings).toHaveLength(Object.keys(sample.values).length)
  })
})
