import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readingsIn, SampleBlock } from '#contract/sample-block.ts'
import { Fault } from '#contract/fault.ts'
import { batchOf, digestOf, sampleOf, T0, testPark } from './ingest.test-support.ts'
import { outcomesOf, type Judged } from './record.ts'
import { validate } from './validate.ts'

const park = testPark()
const topic = { park: 'park-1', gateway: 'gw-a', leaf: 'live' } as const

const sample = fc
  .record({ meter: fc.constantFrom('meter-a', 'heat-a'), atMs: fc.integer({ min: T0, max: T0 + 50 }) })
  .map(({ meter, atMs }) =>
    meter === 'meter-a'
      ? sampleOf(meter, atMs, 5)
      : { ...sampleOf(meter, atMs, 5), values: { heatPower: 1 } },
  )

test('records and receipts of blocks are those of their readings, whichever of them a store refuses', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(sample, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 3 }),
      fc.array(fc.nat(20), { maxLength: 3 }),
      (batches, places) => {
        const group = batches.map((samples, index): Judged => {
          const payload = batchOf('gw-a', index + 1, samples)
          const delivery = { topic, payload, digest: digestOf(payload), receivedMs: T0 + 60_000 }
          return { delivery, verdict: validate(payload, topic, park, T0 + 60_000) }
        })
        expect(group.every(({ verdict }) => verdict.readings instanceof SampleBlock)).toBe(true)
        const oneByOne = group.map(({ delivery, verdict }) => ({
          delivery,
          verdict: { ...verdict, readings: readingsIn(verdict.readings) },
        }))
        const fault = new Fault('store-refused', 'no')
        const refused = [...new Set(places)].map((index) => ({ index, fault }))
        expect(outcomesOf(group, refused, T0)).toEqual(outcomesOf(oneByOne, refused, T0))
      },
    ),
  )
})

test.each([
  [100, 100],
  [101, 1],
])('%d readings of a payload that a store refuses are %d refusals', (count, refusals) => {
  const samples = Array.from({ length: 150 }, (_, index) => ({
    meter: 'meter-a',
    atMs: T0 + index,
    quality: 'good',
    values: { 'activePower.total': index },
  }))
  const payload = batchOf('gw-a', 1, samples)
  const delivery = { topic, payload, digest: digestOf(payload), receivedMs: T0 + 60_000 }
  const verdict = validate(payload, topic, park, T0 + 60_000)
  const refused = Array.from({ length: count }, (_, index) => ({
    index,
    fault: new Fault('store-refused', 'too old'),
  }))
  const [outcome] = outcomesOf([{ delivery, verdict }], refused, T0)
  expect(outcome?.record.refused).toHaveLength(refusals)
  expect(outcome?.record.stored).toBe(150 - count)
  expect(outcome?.receipt.refused).toBe(count)
  if (refusals === 1)
    expect(outcome?.record.refused[0]).toEqual({
      code: 'store-refused',
      detail: '101 readings are refused, the first: too old',
      encoding: 'base64',
      payload: payload.toBase64(),
    })
})
