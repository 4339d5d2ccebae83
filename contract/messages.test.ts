import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { commitRecord } from './commit.ts'
import { messageSchemas, readingsOf, sample, samplesOf } from './messages.ts'
import { quantities } from './quantities.ts'
import { badCause, usableQuality, type Reading } from './reading.ts'

const identity = fc.record({
  meter: fc.constantFrom('m1', 'm2', 'rolling-line-1'),
  quantity: fc.constantFrom(...quantities.map(({ name }) => name)),
  atMs: fc.integer({ min: 1_700_000_000_000, max: 1_700_000_000_003 }),
})
const usable = fc.record({
  quality: fc.constantFrom(...usableQuality.options),
  value: fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (value === 0 ? 0 : value)),
    fc.record({ count: fc.maxSafeInteger(), resolution: fc.constantFrom('0.01', '1', '10') }),
  ),
})
const bad = fc.record({ quality: fc.constant('bad' as const), cause: fc.constantFrom(...badCause.options) })
const readings: fc.Arbitrary<Reading[]> = fc.uniqueArray(
  fc.tuple(identity, fc.oneof(usable, bad)).map(([who, what]): Reading => ({ ...who, ...what })),
  { maxLength: 40, selector: ({ meter, quantity, atMs }) => `${meter} ${quantity} ${atMs}` },
)

const sorted = (given: readonly Reading[]): string[] =>
  given
    .map(({ meter, quantity, atMs, quality, ...rest }) =>
      JSON.stringify({ meter, quantity, atMs, quality, ...rest }),
    )
    .toSorted()

test('no moment is beyond those that a clock can show', () => {
  const gap = {
    v: 1,
    kind: 'gap',
    gateway: 'gw',
    epoch: 'a'.repeat(32),
    seq: 1,
    cause: 'quota',
    fromMs: 0,
    lost: { epoch: 'a'.repeat(32), firstSeq: 1, lastSeq: 2 },
  }
  const isTaken = (toMs: number): boolean => messageSchemas.gapRecord.safeParse({ ...gap, toMs }).success
  expect(isTaken(8_640_000_000_000_000)).toBe(true)
  expect(isTaken(8_640_000_000_000_001)).toBe(false)
  // What was taken before there was this bound is read all the same.
  const kept = { gateway: 'gw', epoch: null, seq: null, digest: 'b'.repeat(64), committedAtMs: 1, stored: 0 }
  const record = { ...kept, touched: [], refused: [], gap: { ...gap, toMs: Number.MAX_SAFE_INTEGER } }
  expect(commitRecord.safeParse(record).success).toBe(true)
})

describe('samples', () => {
  test('carry any readings there and back, several qualities at one moment too', () => {
    fc.assert(
      fc.property(readings, (given) => {
        const wire: unknown = JSON.parse(JSON.stringify(samplesOf(given)))
        expect(sorted(z.array(sample).parse(wire).flatMap(readingsOf))).toEqual(sorted(given))
      }),
      { numRuns: 300 },
    )
  })

  test('are no more than one for each meter, moment and quality', () => {
    fc.assert(
      fc.property(readings, (given) => {
        const keys = samplesOf(given).map(({ meter, atMs, quality }) => `${meter} ${atMs} ${quality}`)
        expect(keys).toEqual([...new Set(keys)])
      }),
    )
  })

  test('hold a bad reading beside the good ones of its poll', () => {
    const at = { meter: 'm1', atMs: 1_700_000_000_000 }
    expect(
      samplesOf([
        { ...at, quantity: 'frequency', quality: 'bad', cause: 'timeout' },
        { ...at, quantity: 'steamMass', quality: 'good', value: { count: 5, resolution: '0.1' } },
      ]),
    ).toEqual([{ ...at, quality: 'good', values: { steamMass: [5, '0.1'] }, bad: { frequency: 'timeout' } }])
  })

  test.each([
    ['a quantity that is not in the catalogue', { values: { warmth: 1 } }],
    ['an unknown key', { extra: 1 }],
    ['a number that is none', { values: { frequency: Number.NaN } }],
    ['half a count', { values: { steamMass: [0.5, '1'] } }],
    ['a quality that holds no value', { quality: 'bad' }],
    ['a name with capitals', { meter: 'M1' }],
    ['a time before 1970', { atMs: -1 }],
  ])('refuse %s', (_name, change) => {
    const whole = { meter: 'm1', atMs: 0, quality: 'good', values: { frequency: 50 } }
    expect(sample.safeParse(whole).success).toBe(true)
    expect(sample.safeParse({ ...whole, ...change }).success).toBe(false)
  })
})

test('a state message of a newer gateway is read without what is not known of it', () => {
  const said = {
    v: 1,
    gateway: 'gw',
    kind: 'state',
    atMs: 1,
    reason: 'periodic',
    journal: { rows: 4, bytes: 900 },
    meters: [{ meter: 'm1', state: 'ok' }],
    buses: [{ bus: 'line-1', observedMs: 1, busyMs: 1, requests: 1, unanswered: 0 }],
  }
  const newer = {
    ...said,
    weather: { celsius: 21 },
    journal: { ...said.journal, spare: 1 },
    meters: said.meters.map((each) => ({ ...each, mood: 'fine' })),
    buses: said.buses.map((each) => ({ ...each, colour: 'red' })),
  }
  expect(messageSchemas.stateMessage.parse(newer)).toEqual(said)
  expect(messageSchemas.stateMessage.safeParse({ ...newer, v: 2 }).success).toBe(false)
  expect(messageSchemas.stateMessage.safeParse({ ...newer, journal: { rows: -1, bytes: 0 } }).success).toBe(
    false,
  )
})

test.each(Object.entries({ ...messageSchemas, commitRecord }))('%s has a JSON Schema', (_name, schema) => {
  expect(z.toJSONSchema(schema)).toMatchObject({ type: 'object', additionalProperties: false })
})
