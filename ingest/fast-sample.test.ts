import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Reading } from '#contract/reading.ts'
import { fastSample } from './fast-sample.ts'
import { sampleOf, T0, wrappingRules } from './ingest.test-support.ts'
import { judgeSample } from './sample.ts'

const rules = wrappingRules()

/** One step of damage (each value is copied, or a later step would change it for all runs): what is left out, put in, or of another type. */
const rubbish = fc.constantFrom<unknown>(
  null,
  0,
  -1,
  1.5,
  -0,
  '',
  'good',
  'x',
  [],
  {},
  [1],
  [1, '0.01'],
  [-1, '0.01'],
  [1, '0.010'],
  [1.5, '1'],
  [100_000, '0.01'],
  [99_999, '0.01'],
  [1, '0.01', 2],
  true,
  Infinity,
  151,
  T0,
  T0 + 60_001,
  { a: 1 },
  'timeout',
)
const paths = fc.constantFrom(
  ['meter'],
  ['atMs'],
  ['quality'],
  ['values'],
  ['bad'],
  ['more'],
  ['__proto__'],
  ['values', 'activePower.total'],
  ['values', 'activeEnergyImport.total'],
  ['values', 'activeEnergyExport.total'],
  ['values', 'nothing'],
  ['values', '__proto__'],
  ['bad', 'voltage.l1'],
  ['bad', 'nothing'],
  ['bad', 'constructor'],
)
const good = fc.record({
  meter: fc.constantFrom('meter-a', 'meter-b', 'heat-a', 'meter-x'),
  atMs: fc.constantFrom(T0, T0 + 60_000, 0, T0 - 1e12),
  quality: fc.constantFrom('good', 'uncertain', 'simulated', 'manual', 'bad'),
  values: fc.dictionary(
    fc.constantFrom('activePower.total', 'voltage.l1', 'activeEnergyImport.total', 'heatEnergy', 'heatPower'),
    fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer({ min: -200, max: 200 }),
      rubbish,
    ),
  ),
})

function damaged(
  sample: Record<string, unknown>,
  steps: readonly (readonly [readonly string[], unknown, boolean])[],
) {
  const text = JSON.stringify(sample)
  const result: Record<string, unknown> = JSON.parse(text)
  for (const [[first = '', second], value, remove] of steps) {
    const inner = second === undefined ? result : result[first]
    const name = second ?? first
    if (typeof inner !== 'object' || inner === null) continue
    if (remove) Reflect.deleteProperty(inner, name)
    else
      Object.defineProperty(inner, name, {
        value: structuredClone(value),
        enumerable: true,
        configurable: true,
        writable: true,
      })
  }
  return result
}

describe('the fast look at a sample', () => {
  it('takes the common one', () => {
    const readings: Reading[] = []
    expect(
      fastSample({ ...sampleOf('meter-a', T0, 5), bad: { 'voltage.l1': 'timeout' } }, rules, readings),
    ).toBe(true)
    expect(readings).toHaveLength(3)
  })

  it('says what the schemas say, or leaves the sample to them', () => {
    let answered = 0
    fc.assert(
      fc.property(
        good,
        fc.array(fc.tuple(paths, rubbish, fc.boolean()), { maxLength: 3 }),
        (sample, steps) => {
          const given = damaged(sample, steps)
          const readings: Reading[] = []
          const judged = judgeSample(given, rules)
          if (fastSample(given, rules, readings)) {
            answered += 1
            expect({ readings, refused: [] }).toEqual(judged)
          } else expect(readings).toEqual([])
        },
      ),
      { numRuns: 5_000 },
    )
    expect(answered).toBeGreaterThan(50)
  })

  it('never misses a right sample of the common shape', () => {
    const values = {
      'activePower.total': fc.integer({ min: -150, max: 150 }),
      'voltage.l1': fc.double({ noNaN: true, noDefaultInfinity: true }),
    }
    fc.assert(
      fc.property(
        fc.record(values, { requiredKeys: [] }),
        fc.integer({ min: 0, max: 99_999 }),
        (numbers, count) => {
          const given = {
            ...sampleOf('meter-a', T0, count),
            values: { ...numbers, 'activeEnergyImport.total': [count, '0.01'] },
          }
          expect(judgeSample(given, rules).refused).toEqual([])
          expect(fastSample(given, rules, [])).toBe(true)
        },
      ),
    )
  })
})
