import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pack, unpack } from '#edge/compression.ts'
import { samplesOf } from '#contract/messages.ts'
import type { Park } from '#contract/park.ts'
import { quantities } from '#contract/quantities.ts'
import { badCause, type Reading } from '#contract/reading.ts'
import { batchOf, epochOf, sampleOf, T0, wrappingRules } from './ingest.test-support.ts'
import { judgeSample } from './sample.ts'
import { BatchScanner } from './scan-batch.ts'

const rules = wrappingRules()
const scanner = new BatchScanner()
const scan = (text: string) => scanner.scan(Buffer.from(text), rules)

/** What the schemas say of a whole text: its readings where all of it is right. */
function bySchema(text: string): readonly Reading[] | undefined {
  let message: unknown
  try {
    message = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof message !== 'object' || message === null || !('samples' in message)) return undefined
  if (!Array.isArray(message.samples)) return undefined
  const judged = message.samples.map((each) => judgeSample(each, rules))
  return judged.some(({ refused }) => refused.length > 0)
    ? undefined
    : judged.flatMap(({ readings }) => readings)
}

const textOf = (samples: readonly unknown[]): string => Buffer.from(batchOf('gw-a', 7, samples)).toString()

/** The first of them most often, so that most samples are right. */
const usually = <T>(first: T, ...others: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ arbitrary: fc.constant(first), weight: 12 }, fc.constantFrom(...others))

const values = {
  'activePower.total': fc.integer({ min: -151, max: 151 }),
  'voltage.l1': fc.oneof(
    { arbitrary: fc.integer({ min: -9_999_999, max: 9_999_999 }).map((count) => count / 1_000), weight: 12 },
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(0, -0, 1e21, 1e-7, 0.1, 230.1000061035156, 123456789012345680, 5e-324),
  ),
  'activeEnergyImport.total': fc.tuple(
    fc.oneof(
      { arbitrary: fc.nat(99_999), weight: 12 },
      fc.integer({ min: -5, max: 120_000 }),
      fc.maxSafeNat(),
    ),
    usually('0.01', '1', '0.010', '10', '', '1e3'),
  ),
  heatEnergy: fc.tuple(fc.nat(), usually('0.01', '0.000000001')),
  frequency: fc.integer(),
}
const sample = fc.record({
  meter: usually('meter-a', 'heat-a', 'weather-a', 'meter-b', 'meter-x'),
  atMs: usually(T0, T0 + 60_000, T0 + 60_001, 0),
  quality: usually('good', 'uncertain', 'simulated', 'manual', 'bad'),
  values: fc.record(values, { requiredKeys: [] }),
})
const withBad = fc
  .tuple(
    sample,
    fc.dictionary(
      fc.constantFrom('voltage.l1', 'voltage.l2', 'nothing'),
      fc.constantFrom(...badCause.options),
    ),
    fc.boolean(),
  )
  .map(([each, bad, isThere]) => (isThere ? { ...each, bad } : each))

/** One damage to a text: bytes taken out, put in, or doubled. */
const damage = fc.tuple(
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.integer({ min: 0, max: 3 }),
  fc.constantFrom(
    '',
    ' ',
    '"',
    ',',
    '}',
    '{',
    ']',
    '[',
    '0',
    '-',
    '.',
    '1',
    'e',
    '\\',
    'é',
    '\u0000',
    ',"bad":{}',
    '"v":1,',
  ),
)

const damaged = (text: string, damages: readonly (readonly [number, number, string])[]): string =>
  damages.reduce((before, [where, taken, put]) => {
    const at = Math.floor(where * before.length)
    return before.slice(0, at) + put + before.slice(at + taken)
  }, text)

describe('The scan of a batch', () => {
  it('takes what a gateway writes', () => {
    const readings: Reading[] = [
      { meter: 'meter-a', quantity: 'activePower.total', atMs: T0, quality: 'good', value: -12.375 },
      {
        meter: 'meter-a',
        quantity: 'activeEnergyImport.total',
        atMs: T0,
        quality: 'good',
        value: { count: 99_999, resolution: '0.01' },
      },
      { meter: 'meter-a', quantity: 'voltage.l1', atMs: T0, quality: 'bad', cause: 'timeout' },
      { meter: 'heat-a', quantity: 'heatPower', atMs: T0 + 1, quality: 'uncertain', value: 0.1 },
      { meter: 'weather-a', quantity: 'outdoorTemperature', atMs: T0, quality: 'bad', cause: 'not-a-number' },
    ]
    const message = {
      v: 1,
      gateway: 'gw-a',
      epoch: epochOf('b'),
      seq: 12,
      kind: 'readings',
      samples: samplesOf(readings),
    }
    const packed = pack(message, 'none')
    expect(unpack(packed)).toEqual(message)
    const found = scanner.scan(packed, rules)
    expect([found?.epoch, found?.seq, found?.block.length]).toEqual([epochOf('b'), 12, 5])
    expect(found?.block.readings()).toEqual(readings)
  })

  it('says what the schemas say, or leaves the batch to them, whatever stands in it', () => {
    let taken = 0
    fc.assert(
      fc.property(
        fc.array(withBad, { minLength: 1, maxLength: 3 }),
        fc.oneof(fc.constant([]), fc.array(damage, { maxLength: 2 })),
        (samples, damages) => {
          const text = damaged(textOf(samples), damages)
          const found = scan(text)
          if (found === undefined) return
          taken += 1
          expect(found.block.readings()).toEqual(bySchema(text))
          expect(JSON.parse(text)).toMatchObject({
            v: 1,
            kind: 'readings',
            gateway: 'gw-a',
            epoch: found.epoch,
            seq: found.seq,
          })
          expect(Object.keys(JSON.parse(text))).toHaveLength(6)
        },
      ),
      { numRuns: 20_000 },
    )
    expect(taken).toBeGreaterThan(2_000)
  })

  it('never misses a right batch of ordinary numbers', () => {
    const number = fc
      .double({ min: -1e9, max: 1e9, noNaN: true })
      .filter((value) => !Object.is(value, -0) && !String(value).includes('e'))
    fc.assert(
      fc.property(fc.array(number, { minLength: 1, maxLength: 5 }), fc.nat(99_999), (numbers, count) => {
        const samples = numbers.map((value, index) => ({
          ...sampleOf('meter-a', T0 + index, count),
          values: { 'voltage.l1': value, 'activeEnergyImport.total': [count, '0.01'], 'current.l1': count },
        }))
        const found = scan(textOf(samples))
        expect(found?.block.readings()).toEqual(bySchema(textOf(samples)))
        expect(found?.block.length).toBe(3 * numbers.length)
      }),
    )
  })

  it.each([
    ['a part twice', (text: string) => text.replace('"v":1,', '"v":1,"v":1,')],
    ['a part twice in place of another', (text: string) => text.replace('"kind":"readings"', '"v":1')],
    ['a quantity twice', (text: string) => text.replace('"values":{', '"values":{"activePower.total":1,')],
    ['a part too many', (text: string) => text.replace('"v":1', '"v":1,"w":1')],
    ['white space', (text: string) => text.replace('"v":1', '"v": 1')],
    ['a byte behind it', (text: string) => `${text} `],
    ['the end missing', (text: string) => text.slice(0, -1)],
    ['another gateway', (text: string) => text.replace('gw-a', 'gw-b')],
    ['an epoch of 31 digits', (text: string) => text.replace(epochOf('a'), epochOf('a').slice(1))],
    ['a number 0', (text: string) => text.replace('"seq":7', '"seq":0')],
    ['no samples', () => textOf([])],
    ['a sample of nothing', (text: string) => text.replace(/"values":\{[^}]*\}/, '"values":{}')],
    ['an empty text', () => ''],
  ])('leaves to the schemas: %s', (_what, change) => {
    const text = textOf([sampleOf('meter-a', T0, 5)])
    expect(scan(text)).toBeDefined()
    expect(change(text)).not.toBe(text)
    expect(scan(change(text))).toBeUndefined()
  })

  it('finds quantities in whatever order they come, from one batch to the next', () => {
    const names = quantities.filter(
      ({ kind, carrier }) => kind === 'instantaneous' && carrier === 'electricity',
    )
    const once = new BatchScanner()
    for (const order of [
      names,
      names.toReversed(),
      names.toSorted(({ symbol: a }, { symbol: b }) => (a < b ? -1 : 1)),
    ]) {
      const entries = order.slice(0, 20).map(({ name }, index) => [name, index])
      const text = textOf([{ ...sampleOf('meter-a', T0, 1), values: Object.fromEntries(entries) }])
      expect(once.scan(Buffer.from(text), rules)?.block.readings()).toEqual(bySchema(text))
    }
  })

  it('asks the park of the moment whose a meter is, whatever stood at its place before', () => {
    const once = new BatchScanner()
    const { park } = rules
    const moved = (gateway: string) => {
      const meter = park.meters.get('meter-a')
      if (meter === undefined) throw new Error('no meter-a')
      return { ...park, meters: new Map([...park.meters, ['meter-a', { ...meter, gateway }] as const]) }
    }
    const takes = (where: Park, gateway: string, ...meters: readonly string[]): boolean => {
      const samples = meters.map((meter) => ({ ...sampleOf(meter, T0, 5), values: { 'voltage.l1': 230 } }))
      return once.scan(batchOf(gateway, 7, samples), { ...rules, park: where, gateway }) !== undefined
    }
    expect(takes(park, 'gw-a', 'meter-a', 'heat-a')).toBe(true)
    expect(takes(park, 'gw-a', 'heat-a', 'meter-a', 'weather-a')).toBe(true)
    expect(takes(park, 'gw-b', 'meter-b')).toBe(true)
    expect(takes(park, 'gw-b', 'meter-a')).toBe(false)
    expect(takes(moved('gw-b'), 'gw-a', 'meter-a')).toBe(false)
    expect(takes(moved('gw-b'), 'gw-b', 'meter-a', 'meter-b')).toBe(true)
    expect(takes(park, 'gw-b', 'meter-a', 'meter-b')).toBe(false)
    expect(takes(park, 'gw-a', 'meter-a')).toBe(true)
  })
})
