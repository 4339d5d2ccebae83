import { zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Fault } from '#contract/fault.ts'
import { MESSAGE_BYTES_MAX } from '#contract/messages.ts'
import { SampleBlocks, type SampleBlock } from '#contract/sample-block.ts'
import { commitBench } from './commit.test-support.ts'
import { batchOf, digestOf, epochOf, sampleOf, T0 } from './ingest.test-support.ts'
import { takeGroup } from './take-group.ts'
import type { Delivery } from './waiting.ts'

/** Payloads as gateways send them: compressed, so that several of a group are made together. */
const batch = (gateway: 'gw-a' | 'gw-b', seq: number): Buffer => {
  const meter = gateway === 'gw-a' ? 'meter-a' : 'meter-b'
  const samples = [0, 1, 2].map((second) => sampleOf(meter, T0 + 10 * seq + second, 10 * seq + second))
  return zstdCompressSync(Buffer.from(batchOf(gateway, seq, samples)))
}
const gap = (seq: number): Buffer =>
  zstdCompressSync(
    JSON.stringify({
      v: 1,
      kind: 'gap',
      gateway: 'gw-a',
      epoch: epochOf('a'),
      seq,
      lost: { epoch: epochOf('b'), firstSeq: 1, lastSeq: 2 },
      fromMs: T0,
      toMs: T0 + 1,
      reason: 'journal-full',
    }),
  )

type Sent = readonly [gateway: 'gw-a' | 'gw-b', payload: Buffer]
const gateway = fc.constantFrom('gw-a' as const, 'gw-b' as const)
const seq = fc.integer({ min: 1, max: 40 })
/** Good ones, and what a faulty or hostile gateway may put between them. */
const sent: fc.Arbitrary<Sent> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(gateway, seq).map(([id, at]): Sent => [id, batch(id, at)]) },
  {
    weight: 1,
    arbitrary: fc.tuple(gateway, seq).map(([id, at]): Sent => [id, batch(id, at).subarray(0, -1)]),
  },
  { weight: 1, arbitrary: seq.map((at): Sent => ['gw-b', batch('gw-a', at)]) },
  { weight: 1, arbitrary: seq.map((at): Sent => ['gw-a', gap(at)]) },
  { weight: 1, arbitrary: gateway.map((id): Sent => [id, zstdCompressSync('{"v":')]) },
)

const failures = fc.array(fc.constantFrom('away', 'broken', 'works'), { maxLength: 4 })

describe('a group of compressed payloads', () => {
  it('becomes what each of them becomes alone, whoever is beside it and however often the store fails', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(sent, { minLength: 1, maxLength: 12 }), failures, async (all, toFail) => {
        const payloads = [...new Map(all.map((each) => [`${each[0]} ${digestOf(each[1])}`, each])).values()]
        const together = commitBench()
        const left = [...toFail]
        together.store.before = (step) => {
          const next = step === 'append' ? left.shift() : undefined
          if (next === 'away') throw new Fault('store-unavailable', 'away')
          // Not for one payload alone: that would be given up.
          if (next === 'broken' && left.length > 0) throw new Error('broken')
        }
        for (const [id, payload] of payloads) together.offer(payload, 'backlog', id)
        await together.settle()
        for (let round = 0; round < 12; round += 1) {
          together.clock.advance(20_000)
          await together.settle()
        }
        // What was given up comes again.
        together.store.before = () => {}
        for (const [id, payload] of payloads) together.offer(payload, 'backlog', id)
        await together.committer.stop(1_000)

        const alone = commitBench()
        for (const [id, payload] of payloads) {
          alone.offer(payload, 'backlog', id)
          await alone.settle()
        }
        await alone.committer.stop(1_000)

        expect(together.store.contents()).toEqual(alone.store.contents())
        const outcomes = ({ receipts }: typeof alone): unknown =>
          Object.fromEntries(receipts.map((each) => [`${each.gateway} ${each.digest}`, each.outcome]))
        expect(outcomes(together)).toEqual(outcomes(alone))
      }),
      { numRuns: 60 },
    )
  })

  it('keeps what payloads stand in together until the last of them is written, and no longer', async () => {
    const { store, clock, committer, offer, settle, receipts } = commitBench()
    const seen: SampleBlock[] = []
    const append = store.append.bind(store)
    let tries = 0
    store.append = (readings) => {
      if (!(readings instanceof SampleBlocks)) throw new Error('not as blocks')
      tries += 1
      seen.push(...readings.blocks)
      if (tries === 1) throw new Fault('store-unavailable', 'away')
      // From here on one by one.
      if (readings.blocks.length > 1) throw new Error('broken')
      return append(readings)
    }
    // A gap record has its share, too, and no readings.
    const payloads = [batch('gw-a', 1), gap(2), batch('gw-a', 3), batch('gw-a', 4)]
    for (const payload of payloads) offer(payload)
    await settle()
    const texts = new Set(seen.map(({ columns }) => columns.text.buffer))
    expect(texts.size).toBe(1)
    expect(seen.every(({ columns }) => columns.text.length > 0)).toBe(true)
    expect(receipts).toEqual([])
    clock.advance(60_000)
    await settle()
    await committer.stop(1_000)
    expect(receipts).toHaveLength(4)
    expect(store.stored.size).toBe(3 * 3 * 2)
    expect(seen.every(({ columns }) => columns.text.length === 0)).toBe(true)
  })

  it('does not make payloads of different gateways together', async () => {
    const { store, committer, offer } = commitBench()
    const seen: SampleBlock[] = []
    const append = store.append.bind(store)
    store.append = (readings) => {
      if (readings instanceof SampleBlocks) seen.push(...readings.blocks)
      return append(readings)
    }
    for (const at of [1, 2]) for (const id of ['gw-a', 'gw-b'] as const) offer(batch(id, at), 'live', id)
    // Judged within one turn, before any is written.
    const texts = new Map<string, Set<unknown>>()
    await committer.stop(1_000)
    for (const { columns } of seen)
      for (const { meter } of columns.samples)
        texts.set(meter, (texts.get(meter) ?? new Set()).add(columns.text.buffer))
    expect([...texts.values()].map((each) => each.size)).toEqual([1, 1])
    expect(new Set([...texts.values()].flatMap((each) => [...each])).size).toBe(2)
  })

  it('makes no more text at once than others can wait for', () => {
    const text = Buffer.alloc(MESSAGE_BYTES_MAX, ' ')
    const payload = zstdCompressSync(text)
    expect(payload.length).toBeLessThan(1_000)
    const deliveries = Array.from({ length: 40 }, (_, index): Delivery => ({
      topic: { park: 'park-1', gateway: 'gw-a', leaf: 'backlog' },
      payload,
      digest: `${index}`,
      receivedMs: 1,
    }))
    const groups: number[] = []
    while (deliveries.length > 0) {
      const group = takeGroup({
        waiting: { beginGroup: () => {}, isWithinTurn: true },
        take: () => deliveries.shift(),
        judge: (delivery) => ({
          delivery,
          verdict: {
            outcome: 'quarantined',
            epoch: null,
            seq: null,
            readings: [],
            refused: [],
            gap: undefined,
          },
        }),
      })
      groups.push(group.length)
    }
    expect(groups).toEqual(Array.from({ length: 10 }, () => 4))
  })
})
