import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ZodError } from 'zod'
import { SLOT_MS } from '#contract/grid.ts'
import type { Boundary, Interval, RegisterPoint, UndecidedAdvance } from '#contract/interval.ts'
import { intervalOf, textOf } from './interval-text.ts'
import { otherInterval } from './other-bases.test-support.ts'

const slotMs = Date.UTC(2026, 2, 10)
const amount = fc.record({
  count: fc.integer({ min: 0, max: 2 ** 45 }),
  resolution: fc.constantFrom('0.01', '1', '0.125'),
})
const point: fc.Arbitrary<RegisterPoint> = fc.record({
  atMs: fc.integer({ min: slotMs - SLOT_MS, max: slotMs + 2 * SLOT_MS }),
  register: amount,
})
const method = fc.constantFrom('measured', 'interpolated', 'apportioned')
// As often as not both sides are one reading, and often the boundary itself.
const boundary: fc.Arbitrary<Boundary> = fc.oneof(
  fc.record({ at: point, method }).map(({ at, method }) => ({ ...at, method, before: at, after: at })),
  fc
    .record({ at: point, read: point, method })
    .map(({ at, read, method }) => ({ ...at, method, before: read, after: read })),
  fc
    .record({ at: point, before: point, after: point, method })
    .map(({ at, before, after, method }) => ({ ...at, method, before, after })),
)
const undecided: fc.Arbitrary<UndecidedAdvance[]> = fc.array(
  fc.record({
    from: point,
    to: point,
    reason: fc.constantFrom('register-decreased', 'beyond-rating'),
  }),
  { maxLength: 2 },
)
const identity = {
  meter: fc.constant('m-1'),
  quantity: fc.constant('activeEnergyImport.total'),
  slotMs: fc.constant(slotMs),
}
const ofRegister: fc.Arbitrary<Interval> = fc.oneof(
  fc.record({
    ...identity,
    state: fc.constant('known'),
    basis: fc.constant('register'),
    energy: amount,
    method: fc.constantFrom('measured', 'interpolated', 'apportioned', 'estimated', 'manual'),
    coverage: fc.double({ min: 0, max: 1, noNaN: true }).map((share) => share + 0),
    opening: boundary,
    closing: boundary,
    simulated: fc.boolean(),
    uncertain: fc.boolean(),
    undecided,
  }),
  fc.record({
    ...identity,
    state: fc.constant('missing'),
    cause: fc.constantFrom('no-readings', 'undecided'),
    undecided,
  }),
)

const interval = fc.oneof(ofRegister, otherInterval(slotMs))

test('an interval comes back from its text unchanged', () => {
  fc.assert(
    fc.property(interval, (each) => {
      expect(intervalOf(each, textOf(each))).toEqual(each)
    }),
  )
})

test('two intervals of a slot are equal exactly when their texts are', () => {
  fc.assert(
    fc.property(interval, interval, (a, b) => {
      let same = true
      try {
        expect(a).toEqual(b)
      } catch {
        same = false
      }
      expect(textOf(a) === textOf(b)).toBe(same)
    }),
  )
})

test('a text that is none is not taken for one, whatever is wrong with it', () => {
  const usual: unknown[] = [
    312,
    '0.01',
    'measured',
    1,
    1,
    [0, 100, 'measured', [12, 100]],
    [900_000, 412, 'measured'],
  ]
  const changed = (index: number, to: unknown): string => JSON.stringify(usual.with(index, to))
  const identity = { meter: 'm-1', quantity: 'activeEnergyImport.total', slotMs } as const
  expect(intervalOf(identity, JSON.stringify(usual))).toMatchObject({ energy: { count: 312 } })
  const wrong = [
    [0, 1.5],
    [0, null],
    [1, '0.010'],
    [1, 7],
    [2, 'guessed'],
    [3, 1.01],
    [3, '1'],
    [4, 4],
    [5, [0, 100]],
    [5, [0, 100, 'read']],
    [5, [0, [100, '0.0'], 'measured']],
    [6, [0, 100, 'measured', [1]]],
    [6, [0, 100, 'measured', [1, 2], [1, 2], [1, 2]]],
  ] as const
  for (const [index, to] of wrong)
    expect(() => intervalOf(identity, changed(index, to)), changed(index, to)).toThrow(ZodError)
})

test('an ordinary measured slot takes less than 100 characters', () => {
  const at = (atMs: number, count: number): RegisterPoint => ({
    atMs,
    register: { count, resolution: '0.01' },
  })
  const read = at(slotMs, 12_345_678)
  const next = at(slotMs + SLOT_MS, 12_345_990)
  const text = textOf({
    meter: 'steel-incoming',
    quantity: 'activeEnergyImport.total',
    slotMs,
    state: 'known',
    basis: 'register',
    energy: { count: 312, resolution: '0.01' },
    method: 'measured',
    coverage: 1,
    opening: {
      ...read,
      method: 'measured',
      before: at(slotMs + 12, 12_345_678),
      after: at(slotMs + 12, 12_345_678),
    },
    closing: { ...next, method: 'measured', before: next, after: next },
    simulated: true,
    uncertain: false,
    undecided: [],
  })
  expect(text).toBe(
    '[312,"0.01","measured",1,1,[0,12345678,"measured",[12,12345678]],[900000,12345990,"measured"]]',
  )
})
