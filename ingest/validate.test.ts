import { zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { refusal } from '#contract/commit.ts'
import { readingsOf, sample, type Sample } from '#contract/messages.ts'
import { FUTURE_MS_MAX } from '#contract/reading.ts'
import { readingsIn } from '#contract/sample-block.ts'
import type { Topic } from '#contract/topics.ts'
import { batchOf, epochOf, sampleOf, T0, testPark } from './ingest.test-support.ts'
import { PAYLOAD_BYTES_MAX, REFUSALS_PER_PAYLOAD_MAX, validate, type Verdict } from './validate.ts'

const park = testPark()
const topic: Topic = { park: 'park-1', gateway: 'gw-a', leaf: 'live' }
const receivedMs = T0 + 60_000

const judge = (payload: Uint8Array): Verdict => validate(payload, topic, park, receivedMs)
const judgeSamples = (...samples: unknown[]): Verdict => judge(batchOf('gw-a', 7, samples))
const codes = (verdict: Verdict): string[] => verdict.refused.map((each) => each.refusal.code)
const details = (verdict: Verdict): string[] => verdict.refused.map((each) => each.refusal.detail)
const good = sampleOf('meter-a', T0, 100)
const abyss = Buffer.from(
  Buffer.from(batchOf('gw-a', 1, ['here']))
    .toString()
    .replace('"here"', `${'['.repeat(100_000)}${']'.repeat(100_000)}`),
)

describe('validate accepts', () => {
  it('a right batch whole, as the readings that were written', () => {
    const verdict = judgeSamples(good, {
      ...good,
      atMs: T0 + 1,
      values: {},
      bad: { 'voltage.l1': 'timeout' },
    })
    expect(verdict).toMatchObject({ outcome: 'stored', epoch: epochOf('a'), seq: 7, refused: [] })
    expect(readingsIn(verdict.readings)).toEqual([
      ...readingsOf(good),
      { meter: 'meter-a', quantity: 'voltage.l1', atMs: T0 + 1, quality: 'bad', cause: 'timeout' },
    ])
  })

  it('quantities of another carrier than the meter’s', () => {
    expect(judgeSamples({ ...good, values: { outdoorTemperature: -4.5 } }).refused).toEqual([])
  })

  it('readings of a sensor, which has no register, from its own gateway', () => {
    const weather = { ...good, meter: 'weather-a', values: { outdoorTemperature: -4.5 } }
    const { refused, readings } = judgeSamples(weather)
    expect(refused).toEqual([])
    expect(readingsIn(readings)).toEqual([
      { meter: 'weather-a', quantity: 'outdoorTemperature', atMs: T0, quality: 'good', value: -4.5 },
    ])
    const foreign = { park: 'park-1', gateway: 'gw-b', leaf: 'live' } as const
    expect(codes(validate(batchOf('gw-b', 7, [weather]), foreign, park, receivedMs))).toEqual([
      'meter-foreign',
    ])
    expect(codes(judgeSamples({ ...weather, atMs: Date.UTC(2020, 0, 1) }))).toEqual(['time-before-meter'])
  })

  it('a compressed batch as the plain one', () => {
    const plain = batchOf('gw-a', 7, [good])
    expect(judge(zstdCompressSync(plain))).toEqual(judge(plain))
  })

  it('a gap record', () => {
    const gap = {
      v: 1,
      gateway: 'gw-a',
      epoch: epochOf('a'),
      seq: 9,
      kind: 'gap',
      cause: 'quota',
      lost: { epoch: epochOf('a'), firstSeq: 3, lastSeq: 5 },
      fromMs: T0,
      toMs: T0 + 1,
    }
    const verdict = judge(Buffer.from(JSON.stringify(gap)))
    expect(verdict).toMatchObject({ outcome: 'stored', seq: 9, readings: [], refused: [], gap })
    const reversed = { ...gap, lost: { ...gap.lost, lastSeq: 2 } }
    expect(judge(Buffer.from(JSON.stringify(reversed)))).toMatchObject({ outcome: 'quarantined', seq: 9 })
  })
})

describe('validate refuses as a whole', () => {
  it.each<[string, string, Uint8Array]>([
    ['message-undecodable', 'no JSON', Buffer.from('{"v":1,')],
    ['message-undecodable', 'no UTF-8', Uint8Array.from([0x22, 0xff, 0x22])],
    ['message-undecodable', 'nothing', new Uint8Array()],
    ['message-invalid', 'another version', Buffer.from('{"v":2,"kind":"readings"}')],
    ['message-invalid', 'no object', Buffer.from('[]')],
    ['message-invalid', 'no samples', batchOf('gw-a', 1, [])],
    [
      'message-invalid',
      'too many samples',
      batchOf(
        'gw-a',
        1,
        Array.from({ length: 2_001 }, () => 0),
      ),
    ],
    ['message-invalid', 'a sample like an abyss', abyss],
    ['gateway-mismatch', 'another gateway inside', batchOf('gw-b', 1, [sampleOf('meter-b', T0, 1)])],
  ])('%s: %s, with its bytes', (code, _name, payload) => {
    const verdict = judge(payload)
    expect(verdict).toMatchObject({ outcome: 'quarantined', readings: [] })
    expect(verdict.refused).toHaveLength(1)
    expect(verdict.refused[0]?.refusal).toMatchObject({
      code,
      encoding: 'base64',
      payload: Buffer.from(payload).toString('base64'),
    })
  })

  it('a payload beyond the bound, keeping its beginning only', () => {
    const verdict = judge(new Uint8Array(PAYLOAD_BYTES_MAX + 1))
    expect(codes(verdict)).toEqual(['message-invalid'])
    expect(verdict.refused[0]?.refusal.payload.length).toBeLessThan(100_000)
  })

  it('with its number when it has one, without when it belongs to another', () => {
    expect(judge(batchOf('gw-a', 3, []))).toMatchObject({ epoch: epochOf('a'), seq: 3 })
    expect(judge(batchOf('gw-b', 3, [good]))).toMatchObject({ epoch: null, seq: null })
  })
})

describe('validate refuses alone, and names the place', () => {
  it.each<[string, Sample]>([
    ['meter-unknown', sampleOf('nowhere', T0, 1)],
    ['meter-foreign', sampleOf('meter-b', T0, 1)],
    ['time-in-future', sampleOf('meter-a', receivedMs + FUTURE_MS_MAX + 1, 1)],
    ['time-before-meter', sampleOf('meter-a', Date.UTC(2025, 11, 31), 1)],
  ])('%s takes the whole sample and nothing else', (code, faulty) => {
    const verdict = judgeSamples(good, faulty, { ...good, atMs: T0 + 1 })
    expect(verdict.readings).toHaveLength(4)
    expect(codes(verdict)).toEqual([code])
    expect(details(verdict)[0]).toMatch(/^samples\[1\]: /)
    expect(verdict.refused[0]).toMatchObject({ readings: 2, refusal: { meter: faulty.meter } })
    expect(JSON.parse(verdict.refused[0]?.refusal.payload ?? '')).toEqual(faulty)
  })

  it.each<[string, string, unknown]>([
    ['value-kind-wrong', 'activeEnergyImport.total', 12.5],
    ['value-kind-wrong', 'voltage.l1', [2_300, '0.1']],
    ['message-invalid', 'voltage.l1', 'high'],
    ['message-invalid', 'voltage.l1', null],
    ['message-invalid', 'activeEnergyImport.total', [1.5, '0.01']],
    ['quantity-unknown', 'voltage.l9', 230],
    ['value-beyond-rating', 'activePower.total', 150.1],
    ['value-beyond-rating', 'activePower.total', -150.1],
  ])('%s takes one value: %s %j', (code, quantity, value) => {
    const verdict = judgeSamples({ ...good, values: { frequency: 50, [quantity]: value, 'current.l1': 1 } })
    expect(readingsIn(verdict.readings).map((reading) => reading.quantity)).toEqual([
      'frequency',
      'current.l1',
    ])
    expect(codes(verdict)).toEqual([code])
    expect(details(verdict)[0]).toContain(`samples[0].values.${quantity}: `)
    expect(JSON.parse(verdict.refused[0]?.refusal.payload ?? '')).toEqual({
      meter: 'meter-a',
      atMs: T0,
      quality: 'good',
      values: { [quantity]: value },
    })
  })

  it('a cause or quantity that the contract does not know', () => {
    const bad = { 'voltage.l1': 'bored', nonsense: 'timeout', 'voltage.l2': 'timeout' }
    const verdict = judgeSamples({ ...good, bad })
    expect(codes(verdict)).toEqual(['message-invalid', 'quantity-unknown'])
    expect(verdict.readings).toHaveLength(3)
  })

  it('the last admitted moment and power are admitted', () => {
    const verdict = judgeSamples(
      { ...good, atMs: receivedMs + FUTURE_MS_MAX },
      { ...good, values: { 'activePower.total': -150 } },
      { ...good, values: { 'activePower.l1': 1e6 } },
    )
    expect(verdict.refused).toEqual([])
  })

  it('a heat power is compared with GJ/h in kW', () => {
    const heat = (heatPower: number): Verdict =>
      judgeSamples({ ...good, meter: 'heat-a', values: { heatPower } })
    // 3.6 GJ/h is 1,000 kW.
    expect(heat(1_499).refused).toEqual([])
    expect(codes(heat(1_501))).toEqual(['value-beyond-rating'])
  })
})

describe('validate, where very much is refused', () => {
  const nonsense = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`x${index}`, index]))

  it('names each part up to a bound, and beyond it keeps the payload once, with what is right in it stored', () => {
    const faulty = (count: number) => [
      good,
      ...Array.from({ length: count }, () => sampleOf('nowhere', T0, 1)),
    ]
    expect(judgeSamples(...faulty(REFUSALS_PER_PAYLOAD_MAX)).refused).toHaveLength(REFUSALS_PER_PAYLOAD_MAX)
    const payload = batchOf('gw-a', 7, faulty(1_000))
    const verdict = judge(payload)
    expect(verdict).toMatchObject({ outcome: 'stored', seq: 7 })
    expect(readingsIn(verdict.readings)).toEqual(readingsIn(judgeSamples(good).readings))
    expect(verdict.refused).toMatchObject([
      {
        readings: 2_000,
        refusal: {
          code: 'meter-unknown',
          encoding: 'base64',
          payload: Buffer.from(payload).toString('base64'),
          detail: expect.stringMatching(/^2000 readings in 1000 places .* samples\[1\]: /),
        },
      },
    ])
  })

  it('takes no sample with more values than there are quantities, and its neighbours all the same', () => {
    const many = { ...good, atMs: T0 + 1, values: nonsense(30_000) }
    const verdict = judgeSamples(good, many)
    expect(readingsIn(verdict.readings)).toEqual(readingsIn(judgeSamples(good).readings))
    expect(verdict.refused).toMatchObject([{ readings: 30_000, refusal: { code: 'message-invalid' } }])
    expect(JSON.parse(verdict.refused[0]?.refusal.payload ?? '')).toEqual(many)
  })
})

describe('validate, for anything that may come', () => {
  const anyPart = fc.oneof(
    fc.constant(good),
    fc.constantFrom(sampleOf('meter-b', T0, 1), sampleOf('nowhere', T0, 1)),
    fc.record({
      meter: fc.constantFrom('meter-a', 'heat-a', 7),
      atMs: fc.constantFrom(T0, -1, 1e15),
      quality: fc.constantFrom('good', 'bad'),
      values: fc.dictionary(
        fc.constantFrom('voltage.l1', 'activeEnergyImport.total', 'constructor', 'x'),
        fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.tuple(fc.nat(), fc.constantFrom('0.01', '1', '01'))),
      ),
    }),
    fc.jsonValue({ maxDepth: 3 }),
  )

  it('stores or quarantines every sample, and one sample’s fate does not depend on its neighbours', () => {
    fc.assert(
      fc.property(fc.array(anyPart, { minLength: 1, maxLength: 6 }), (parts) => {
        const whole = judgeSamples(...parts)
        const alone = parts.map((part) => judgeSamples(part))
        expect(readingsIn(whole.readings)).toEqual(alone.flatMap((verdict) => readingsIn(verdict.readings)))
        expect(codes(whole)).toEqual(alone.flatMap(codes))
        for (const [index, verdict] of alone.entries()) {
          const parsed = sample.safeParse(parts[index])
          const fates =
            verdict.readings.length + verdict.refused.reduce((sum, each) => sum + each.readings, 0)
          // An empty sample that is refused counts as one.
          const fair = parsed.success
            ? fates === Math.max(readingsOf(parsed.data).length, verdict.refused.length)
            : fates > 0
          expect(fair).toBe(true)
          for (const each of verdict.refused) expect(refusal.safeParse(each.refusal).success).toBe(true)
        }
      }),
    )
  })

  it('never throws for any bytes', () => {
    const anyBytes = fc.oneof(
      fc.uint8Array(),
      fc.json().map((text) => Buffer.from(text)),
    )
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const verdict = judge(bytes)
        expect(verdict.outcome === 'quarantined' ? verdict.refused.length : 1).toBe(1)
      }),
    )
  })
})

describe('validate and registers', () => {
  const wrapping = {
    ...park,
    meters: new Map(
      [...park.meters].map(([id, meter]) => [id, { ...meter, wrapsAt: { count: 1_000, resolution: '1' } }]),
    ),
  }
  const withRegister = (count: number, resolution: string, quantity = 'activeEnergyImport.total'): Verdict =>
    validate(
      batchOf('gw-a', 1, [
        { meter: 'meter-a', atMs: T0, quality: 'good', values: { [quantity]: [count, resolution] } },
      ]),
      topic,
      wrapping,
      receivedMs,
    )

  it('refuses what a register cannot show: below zero, or not below where it starts again', () => {
    expect(codes(withRegister(-1, '0.01'))).toEqual(['register-impossible'])
    expect(codes(withRegister(100_000, '0.01'))).toEqual(['register-impossible'])
    expect(codes(withRegister(100_000, '0.01', 'activeEnergyExport.total'))).toEqual(['register-impossible'])
    expect(codes(withRegister(99_999, '0.01'))).toEqual([])
    // Another register of the meter starts again elsewhere.
    expect(codes(withRegister(100_000, '0.01', 'reactiveEnergyImport.total'))).toEqual([])
  })

  it('leaves one that runs backwards to the intervals', () => {
    const backwards = [100, 50, 75].map((count, index) => sampleOf('meter-a', T0 + index, count))
    expect(judgeSamples(...backwards).refused).toEqual([])
  })
})

describe('validate and unknown gateways', () => {
  it('keeps the whole payload with its number', () => {
    const stranger: Topic = { ...topic, gateway: 'gw-x' }
    const payload = batchOf('gw-x', 7, [good])
    expect(validate(payload, stranger, park, receivedMs)).toMatchObject({
      outcome: 'quarantined',
      epoch: epochOf('a'),
      seq: 7,
      refused: [{ refusal: { code: 'gateway-unknown' } }],
    })
  })
})
