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
