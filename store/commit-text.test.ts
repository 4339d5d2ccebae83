import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { CommitRecord } from '#contract/commit.ts'
import { commitText, storedCommit } from './commit-text.ts'
import { commitsFrom } from './points.ts'
import { touchedAround } from './touched.test-support.ts'

const T0 = Date.UTC(2026, 8, 1)

const record = (touched: CommitRecord['touched']): CommitRecord => ({
  gateway: 'gw-1',
  epoch: 'a'.repeat(32),
  seq: 7,
  digest: 'b'.repeat(64),
  committedAtMs: T0,
  stored: touched.length,
  touched,
  refused: [{ code: 'value-invalid', detail: 'x', meter: 'm-1', encoding: 'json', payload: '{"a":"\\"[]"}' }],
})

const touched = touchedAround(T0, 30)

test('a record is read back as it was written', () => {
  fc.assert(
    fc.property(touched, (ranges) => {
      const written = record(ranges)
      expect(storedCommit.parse(JSON.parse(commitText(written)))).toEqual(written)
    }),
  )
})

test('meters that were read together are one entry', () => {
  const meters = Array.from({ length: 20 }, (_, index) => ({ meter: `m-${index}`, fromMs: T0, toMs: T0 }))
  const parsed: unknown = JSON.parse(commitText(record(meters)))
  expect(parsed).toMatchObject({ touched: [[T0, T0, meters.map(({ meter }) => meter).join(' ')]] })
})

test('a record that was written before is read', () => {
  const written = record([
    { meter: 'm-1', fromMs: T0, toMs: T0 + 1 },
    { meter: 'm-2', fromMs: T0, toMs: T0 + 1 },
  ])
  expect(commitsFrom([JSON.stringify(written)])).toEqual([written])
})

test.each([
  ['a name that is none', [[T0, T0, 'm-1  m-2']]],
  ['no meters', [[T0, T0]]],
  ['a moment that is none', [[T0, 'x', 'm-1']]],
])('%s is no record', (_what, ranges) => {
  const text = JSON.stringify({ ...record([]), touched: ranges })
  expect(() => commitsFrom([text])).toThrow(/cannot be read/)
})
