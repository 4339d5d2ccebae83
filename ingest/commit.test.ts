import { zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '#contract/clock.ts'
import { commitRecord } from '#contract/commit.ts'
import { Fault } from '#contract/fault.ts'
import { readingsOf, receiptsIn, samplesOf, type Receipt } from '#contract/messages.ts'
import { readingsIn, SampleBlocks, type SampleBlock } from '#contract/sample-block.ts'
import { startCommitter } from './commit.ts'
import { commitBench } from './commit.test-support.ts'
import { batchOf, digestOf, MemoryStore, sampleOf, T0, testPark } from './ingest.test-support.ts'

const batch = (seq: number): Uint8Array => batchOf('gw-a', seq, [sampleOf('meter-a', T0 + seq, seq)])
const away = (): never => {
  throw new Fault('store-unavailable', 'away')
}

describe('commit', () => {
  it('writes readings, then commit records, then receipts, one write for all that waits', async () => {
    const { store, committer, offer } = commitBench()
    const payloads = [1, 2, 3].map(batch)
    for (const payload of payloads) offer(payload)
    await committer.stop(1_000)
    const receipts = payloads.map((payload) => `receipt ${digestOf(payload).slice(0, 8)}`)
    expect(store.steps).toEqual(['append 6', 'commits 3', ...receipts])
  })

  it('keeps the memory of what it writes until it is written, and gives it back then', async () => {
    const { store, committer, clock, offer, settle, receipts } = commitBench()
    const appended: { readonly blocks: readonly SampleBlock[]; readonly readings: number }[] = []
    const append = store.append.bind(store)
    store.append = (readings) => {
      if (!(readings instanceof SampleBlocks)) throw new Error('not as blocks')
      appended.push({ blocks: readings.blocks, readings: readings.readings().length })
      return appended.length === 1 ? away() : append(readings)
    }
    const samples = Array.from({ length: 100 }, (_, second) => sampleOf('meter-a', T0 + second, second))
    const payload = Buffer.from(batchOf('gw-a', 1, samples))
    offer(zstdCompressSync(payload))
    await settle()
    const held = (): number[] => appended.flatMap(({ blocks }) => blocks.map(({ length }) => length))
    expect(held()).toEqual([200])
    expect(receipts).toHaveLength(0)
    clock.advance(60_000)
    await settle()
    expect(receipts).toHaveLength(1)
    expect(appended.map(({ readings }) => readings)).toEqual([200, 200])
    expect(held()).toEqual([0, 0])
    expect(appended[0]?.blocks[0]?.columns.text).toHaveLength(0)
    await committer.stop(1_000)
  })

  it('holds few refused payloads at once, however many wait', async () => {
    const { store, committer, offer } = commitBench()
    for (const [index, letter] of ['a', 'b', 'c'].entries())
      offer(Buffer.alloc(2 * 1024 * 1024 + index, letter))
    await committer.stop(10_000)
    expect(store.steps.filter((step) => step.startsWith('commits'))).toEqual(['commits 2', 'commits 1'])
  })

  it('takes live before backlog', async () => {
    const { committer, receipts, offer } = commitBench()
    offer(batch(1), 'backlog')
    offer(batch(2), 'live')
    await committer.stop(1_000)
    expect(receipts.map((receipt) => receipt.digest)).toEqual([batch(2), batch(1)].map(digestOf))
  })

  it('live does not wait for backlog that the store takes its time for, however much of it there is', async () => {
    const { store, clock, committer, receipts, offer, settle } = commitBench()
    const taken = Promise.withResolvers<void>()
    store.before = (step) => (step === 'append' && receipts.length === 0 ? taken.promise : undefined)
    for (const seq of [1, 2, 3, 4]) {
      offer(batch(seq), 'backlog')
      await settle()
    }
    store.before = () => {}
    for (const seq of [5, 6]) {
      offer(batch(seq))
      clock.advance(10)
      await settle()
    }
    expect(receipts.map((receipt) => receipt.digest)).toEqual([batch(5), batch(6)].map(digestOf))
    taken.resolve()
    for (let step = 0; step < 10; step += 1) {
      clock.advance(30)
      await settle()
    }
    await committer.stop(0)
    expect(new Set(receipts.map((receipt) => receipt.digest))).toEqual(
      new Set([1, 2, 3, 4, 5, 6].map((seq) => digestOf(batch(seq)))),
    )
  })

  it('has one group hold what waits of a turn, and some fifty thousand readings at most', async () => {
    const { store, committer, offer } = commitBench()
    const large = (seq: number): Uint8Array =>
      batchOf(
        'gw-a',
        seq,
        Array.from({ length: 2_000 }, (_, index) => sampleOf('meter-a', T0 + index, seq)),
      )
    for (let seq = 1; seq <= 16; seq += 1) offer(large(seq))
    await committer.stop(10_000)
    expect(store.steps.filter((step) => step.startsWith('append'))).toEqual(['append 52000', 'append 12000'])
  })

  it('has a live payload wait for no more of a backlog than a short group holds', async () => {
    const { store, committer, offer } = commitBench()
    const large = (seq: number): Uint8Array =>
      batchOf(
        'gw-a',
        seq,
        Array.from({ length: 1_000 }, (_, index) => sampleOf('meter-a', T0 + index, seq)),
      )
    offer(batch(100))
    for (let seq = 1; seq <= 20; seq += 1) offer(large(seq), 'backlog')
    await committer.stop(10_000)
    const appends = store.steps.filter((step) => step.startsWith('append'))
    expect(appends).toEqual(['append 10002', 'append 30000'])
  })

  it('has one group hold some ten thousand readings of several gateways', async () => {
    const { store, committer, offer } = commitBench()
    const small = (gateway: string, meter: string, seq: number): Uint8Array =>
      batchOf(
        gateway,
        seq,
        Array.from({ length: 250 }, (_, index) => sampleOf(meter, T0 + index, seq)),
      )
    for (let seq = 1; seq <= 25; seq += 1) {
      offer(small('gw-a', 'meter-a', seq))
      offer(small('gw-b', 'meter-b', seq), 'live', 'gw-b')
    }
    await committer.stop(10_000)
    expect(store.steps.filter((step) => step.startsWith('append'))).toEqual(['append 12500', 'append 12500'])
  })

  it('puts what the store refuses into quarantine, and stores its neighbours', async () => {
    const { store, committer, receipts, offer } = commitBench()
    store.refuse = (reading) =>
      reading.atMs === T0 + 2 && reading.quantity === 'activePower.total'
        ? new Fault('store-refused', 'field type conflict')
        : undefined
    for (const seq of [1, 2, 3]) offer(batch(seq))
    await committer.stop(1_000)
    expect(store.stored.size).toBe(5)
    expect(receipts.map(({ outcome, refused }) => [outcome, refused])).toEqual([
      ['stored', 0],
      ['stored', 1],
      ['stored', 0],
    ])
    const [, second] = store.commits.values()
    expect(second).toMatchObject({ seq: 2, stored: 1 })
    expect(second?.refused).toEqual([
      {
        code: 'store-refused',
        detail: 'field type conflict',
        meter: 'meter-a',
        encoding: 'json',
        payload: JSON.stringify({ ...sampleOf('meter-a', T0 + 2, 2), values: { 'activePower.total': 42.5 } }),
      },
    ])
    expect([...store.commits.values()].every((record) => commitRecord.safeParse(record).success)).toBe(true)
  })

  it.each(['append', 'commits'] as const)(
    'acknowledges nothing when "%s" fails, and tries again',
    async (step) => {
      const { store, clock, committer, receipts, offer, settle } = commitBench()
      let failures = 3
      store.before = (at) => {
        if (at === step && failures-- > 0) away()
      }
      offer(batch(1))
      for (const pauseMs of [200, 400, 800]) {
        await settle()
        expect(receipts).toEqual([])
        expect(committer.statistics().storeAvailable).toBe(false)
        clock.advance(pauseMs)
      }
      await settle()
      expect(receipts).toHaveLength(1)
      expect(committer.statistics()).toMatchObject({ storeAvailable: true, queued: 0, committedReadings: 2 })
      await committer.stop(0)
    },
  )

  it('stays within its bounds while the store is away, and takes the dropped ones when they come again', async () => {
    const { store, clock, committer, receipts, offer, settle } = commitBench()
    store.before = away
    const payloads = Array.from({ length: 500 }, (_, index) => batch(index + 1))
    for (const payload of payloads) {
      offer(payload)
      await settle()
    }
    const { queued, dropped } = committer.statistics()
    expect(queued).toBe(128)
    // Three more are under way to the store.
    expect(dropped).toBe(500 - 128 - 3)
    expect(receipts).toEqual([])
    store.before = () => {}
    clock.advance(10_000)
    await settle()
    for (const payload of payloads) {
      offer(payload)
      await settle()
    }
    expect(new Set(receipts.map((receipt) => receipt.digest))).toEqual(new Set(payloads.map(digestOf)))
    await committer.stop(0)
  })

  it('a payload that makes the store fail in an unknown way has no receipt and holds up nobody', async () => {
    const { store, committer, receipts, offer } = commitBench()
    const append = store.append.bind(store)
    store.append = async (readings) => {
      if (readingsIn(readings).some((reading) => reading.atMs === T0 + 2)) throw new TypeError('a defect')
      return await append(readings)
    }
    for (const seq of [1, 2, 3]) offer(batch(seq))
    await committer.stop(1_000)
    expect(receipts.map((receipt) => receipt.digest)).toEqual([batch(1), batch(3)].map(digestOf))
    expect(committer.statistics()).toMatchObject({ dropped: 1, committedPayloads: 2 })
  })

  it('commits the same payload once while it waits, and again when it comes after its receipt', async () => {
    const { store, committer, receipts, offer, settle } = commitBench()
    offer(batch(1))
    offer(batch(1))
    await settle()
    offer(batch(1))
    await committer.stop(1_000)
    expect(receipts).toHaveLength(2)
    expect(committer.statistics().coalesced).toBe(1)
    expect(store.commits.size).toBe(1)
  })

  it('stopping gives up at a store that is away, and writes nothing after', async () => {
    const { store, committer, receipts, offer } = commitBench()
    const held = Promise.withResolvers<void>()
    store.before = async () => {
      await held.promise
      away()
    }
    offer(batch(1))
    const stopped = committer.stop(1_000)
    held.resolve()
    await stopped
    expect(receipts).toEqual([])
    expect(store.steps).toEqual([])
  })

  it('stopping does not wait for ever for a store that never answers, nor acknowledges what it answers later', async () => {
    const { store, clock, committer, receipts, offer, settle } = commitBench()
    const answer = Promise.withResolvers<void>()
    store.after = () => answer.promise
    offer(batch(1))
    await settle()
    const stopped = committer.stop(1_000)
    await settle()
    clock.advance(1_000)
    await stopped
    answer.resolve()
    await settle()
    expect(receipts).toEqual([])
    expect(store.steps).toEqual(['append 2'])
  })
})

describe('commit, whatever happens on the way', () => {
  /** One thing that happens: a payload comes (again), or the next store call fails before or after its effect. */
  const happening = fc.oneof(
    { weight: 6, arbitrary: fc.nat(7).map((index) => ({ kind: 'arrives', index }) as const) },
    { weight: 1, arbitrary: fc.constantFrom('before', 'after').map((kind) => ({ kind }) as const) },
  )
  const payloads = [
    ...Array.from({ length: 6 }, (_, index) => batch(index + 1)),
    Buffer.from('{'),
    batchOf('gw-b', 1, [1]),
  ]

  it('any order, repetition and failure end in the same store, with a receipt only for what is in it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { maxLength: 40 }), async (happenings) => {
        const { store, clock, committer, receipts, offer, settle } = commitBench()
        let failing: 'before' | 'after' | undefined
        const failAt = (moment: 'before' | 'after') => (): void => {
          if (failing !== moment) return
          failing = undefined
          away()
        }
        store.before = failAt('before')
        store.after = failAt('after')
        for (const each of happenings) {
          if (each.kind === 'arrives') offer(payloads[each.index] ?? new Uint8Array())
          else failing = each.kind
          await settle()
          clock.advance(5_000)
          const committed = new Set([...store.commits.values()].map((record) => record.digest))
          expect(receipts.every((receipt) => committed.has(receipt.digest))).toBe(true)
        }
        failing = undefined
        // The gateways send what has no receipt once more.
        for (const payload of payloads)
          if (!receipts.some((receipt) => receipt.digest === digestOf(payload))) offer(payload)
        clock.advance(20_000)
        await settle()
        await committer.stop(0)
        const samples = Array.from({ length: 6 }, (_, index) =>
          sampleOf('meter-a', T0 + index + 1, index + 1),
        )
        const expected = samplesOf(samples.flatMap(readingsOf))
        expect(new Set(samplesOf([...store.stored.values()]).map((each) => JSON.stringify(each)))).toEqual(
          new Set(expected.map((each) => JSON.stringify(each))),
        )
        expect(store.commits.size).toBe(payloads.length)
        expect(new Set(receipts.map((receipt) => receipt.digest))).toEqual(new Set(payloads.map(digestOf)))
        const whole = receipts.filter((receipt) => receipt.outcome === 'quarantined')
        expect(new Set(whole.map((receipt) => receipt.digest))).toEqual(
          new Set(payloads.slice(6).map(digestOf)),
        )
      }),
      { numRuns: 60 },
    )
  })
})

describe('payloads that came in bundles', () => {
  it('are answered in one message a gateway, once all of them are written, and others as ever', async () => {
    const { store, offer, settle, receipts, answers } = commitBench()
    const payloads = [1, 2, 3].map((seq) => batchOf('gw-a', seq, [sampleOf('meter-a', T0 + seq, seq)]))
    const other = batchOf('gw-b', 1, [sampleOf('meter-b', T0, 1)])
    for (const payload of payloads) offer(payload, 'backlog', 'gw-a', true)
    offer(new TextEncoder().encode('no batch'), 'backlog', 'gw-a', true)
    offer(other, 'backlog', 'gw-b')
    await settle()
    expect(receipts.filter(({ gateway }) => gateway === 'gw-a').map(({ outcome }) => outcome)).toEqual([
      'stored',
      'stored',
      'stored',
      'quarantined',
    ])
    expect(answers.filter((each) => 'rows' in each)).toHaveLength(1)
    expect(answers.filter((each) => !('rows' in each))).toMatchObject([{ digest: digestOf(other) }])
    const firstReceipt = store.steps.findIndex((step) => step.startsWith('receipt'))
    expect(store.steps.slice(firstReceipt).every((step) => step.startsWith('receipt'))).toBe(true)
  })
})

describe('while the clock here is a day behind', () => {
  it('nothing is acknowledged or lost, and all of it arrives when the clock is right', async () => {
    const store = new MemoryStore()
    const clock = new ManualClock(T0 - 86_400_000)
    const receipts: Receipt[] = []
    const committer = startCommitter({
      park: testPark(),
      store,
      clock,
      random: () => 1,
      log: pino({ level: 'silent' }),
      sendReceipt: (receipt) => {
        receipts.push(...receiptsIn(receipt))
      },
    })
    const settle = async (): Promise<void> => {
      for (let turn = 0; turn < 40; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    }
    const payloads = [1, 2, 3].flatMap((seq) => [
      ['gw-a', batchOf('gw-a', seq, [sampleOf('meter-a', T0 + seq, seq)])] as const,
      ['gw-b', batchOf('gw-b', seq, [sampleOf('meter-b', T0 + seq, seq)])] as const,
    ])
    const sendAll = async (): Promise<void> => {
      for (const [gateway, payload] of payloads) {
        const topic = { park: 'park-1', gateway, leaf: 'live' as const }
        committer.offer({ topic, payload, digest: digestOf(payload), receivedMs: clock.wallMs() })
        await settle()
      }
    }
    await sendAll()
    await sendAll()
    expect(receipts).toEqual([])
    expect(committer.statistics()).toMatchObject({
      clockComplaint: '2 of 2 gateways are ahead of the clock here',
    })
    expect(committer.statistics().withheld).toBe(12)
    expect(store.stored.size).toBe(0)

    clock.stepWall(T0 + 60_000)
    await sendAll()
    expect(committer.statistics().clockComplaint).toBeUndefined()
    // Register and power of every sample.
    expect(store.stored.size).toBe(12)
    expect(receipts.filter(({ refused }) => refused === 0)).toHaveLength(6)
    await committer.stop(0)
  })
})
