import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '#cli/system-clock.ts'
import { stateMessage, uplinkMessage, type Receipt, type StateMessage } from '#contract/messages.ts'
import { parseTopic } from '#contract/topics.ts'
import { Journal, type JournalRow } from './journal.ts'
import { TestBroker, type Published } from './testing/broker.ts'
import { Uplink } from './uplink.ts'

const RECEIPTS = 'tanbiao/v1/park-1/gw-1/down/receipt'
const SETTLED = { timeout: 30_000, interval: 10 }

let folder: string
let journal: Journal
let broker: TestBroker
let uplink: Uplink | undefined
let running: Promise<void> | undefined
/** Everything the gateway published, in the order in which the broker got it. */
let heard: { readonly leaf: string; readonly seq: number; readonly bytes: string }[]
let states: StateMessage[]

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-uplink-'))
  journal = Journal.open({ file: join(folder, 'j.sqlite'), gateway: 'gw-1', graceMs: 0, clock: systemClock })
  broker = new TestBroker()
  await broker.start()
  heard = []
  states = []
  answerWith((digest) => [receiptFor(digest)])
})

afterEach(async () => {
  await uplink?.stop()
  await running
  uplink = undefined
  journal.close()
  await broker.kill()
  rmSync(folder, { recursive: true })
})

const receiptFor = (digest: string, change: Partial<Receipt> = {}): string =>
  JSON.stringify({
    v: 1,
    gateway: 'gw-1',
    digest,
    outcome: 'stored',
    refused: 0,
    committedAtMs: 1,
    ...change,
  } satisfies Receipt)

/** A server that answers each payload with the receipts that `receipts` makes of its digest. */
function answerWith(receipts: (digest: string, message: Published) => readonly string[]): void {
  broker.heard = (message) => {
    const leaf = parseTopic(message.topic)?.leaf ?? ''
    const text = message.payload.toString('utf8')
    if (leaf === 'state') {
      states.push(stateMessage.parse(JSON.parse(text)))
      return
    }
    heard.push({ leaf, seq: uplinkMessage.parse(JSON.parse(text)).seq, bytes: text })
    const digest = createHash('sha256').update(message.payload).digest('hex')
    for (const each of receipts(digest, message)) broker.publish(RECEIPTS, each)
  }
}

function append(count: number): readonly JournalRow[] {
  return Array.from({ length: count }, () =>
    journal.append([{ meter: 'm1', quantity: 'frequency', atMs: 5, quality: 'good', value: 50 }]),
  ).flat()
}

function start(change: { inFlightBatches?: number; receiptTimeoutMs?: number } = {}): Uplink {
  uplink = new Uplink({
    gateway: 'gw-1',
    park: 'park-1',
    url: broker.url,
    keepAliveSeconds: 30,
    inFlightBatches: 8,
    receiptTimeoutMs: 5_000,
    journal,
    clock: systemClock,
    log: pino({ level: 'silent' }),
    random: () => 0.05,
    state: () => ({ meters: [{ meter: 'm1', state: 'ok' }] }),
    ...change,
  })
  running = uplink.run()
  return uplink
}

const allAcknowledged = (): Promise<void> => vi.waitFor(() => expect(journal.waiting().rows).toBe(0), SETTLED)

function everySeqHasOneContent(): void {
  const contents = new Map<number, string>()
  for (const { seq, bytes } of heard) expect(contents.getOrInsert(seq, bytes)).toBe(bytes)
}

describe('Uplink', () => {
  it('delivers what waited, oldest first on the backlog, and what is new on live', async () => {
    append(30)
    const started = start()
    await allAcknowledged()
    const backlog = heard.filter(({ leaf }) => leaf === 'backlog').map(({ seq }) => seq)
    expect(backlog).toEqual(Array.from({ length: 29 }, (_, index) => index + 1))
    // The newest row of all is offered live after connecting.
    expect(heard.filter(({ leaf }) => leaf === 'live').map(({ seq }) => seq)).toEqual([30])
    started.offer(append(1))
    await allAcknowledged()
    expect(heard.at(-1)).toMatchObject({ leaf: 'live', seq: 31 })
  })

  it('sends new rows beside a long backlog, not after it', async () => {
    append(400)
    const started = start()
    await vi.waitFor(() => expect(heard.length).toBeGreaterThan(5), SETTLED)
    started.offer(append(1))
    await allAcknowledged()
    const place = heard.findIndex(({ leaf, seq }) => leaf === 'live' && seq === 401)
    expect(place).toBeGreaterThan(0)
    expect(place).toBeLessThan(200)
  })

  it('has no more batches on their way than the window, however long no receipt comes', async () => {
    answerWith(() => [])
    append(50)
    start({ inFlightBatches: 4, receiptTimeoutMs: 20 })
    await vi.waitFor(() => expect(heard.length).toBeGreaterThan(12), SETTLED)
    expect(new Set(heard.map(({ seq }) => seq)).size).toBeLessThanOrEqual(4)
    everySeqHasOneContent()
  })

  it('gets every row acknowledged though receipts are lost or doubled', async () => {
    let count = 0
    answerWith((digest) => {
      count += 1
      if (count % 3 === 0) return []
      return count % 3 === 1 ? [receiptFor(digest)] : [receiptFor(digest), receiptFor(digest)]
    })
    append(60)
    const started = start({ receiptTimeoutMs: 100 })
    started.offer(append(3))
    await allAcknowledged()
    everySeqHasOneContent()
    expect(new Set(heard.map(({ seq }) => seq)).size).toBe(63)
    expect(heard.length).toBeGreaterThan(63)
  })

  it('gets every row acknowledged though the broker is killed again and again', async () => {
    const started = start({ inFlightBatches: 2 })
    append(300)
    for (let kills = 0; kills < 5; kills += 1) {
      const before = heard.length
      await vi.waitFor(() => expect(heard.length).toBeGreaterThan(before + 5), SETTLED)
      await broker.kill()
      started.offer(append(2))
      await broker.start()
    }
    await allAcknowledged()
    everySeqHasOneContent()
    expect(new Set(heard.map(({ seq }) => seq)).size).toBe(310)
  })

  it('takes no receipt that is not valid, not ours, or for other bytes', async () => {
    const other = '0'.repeat(64)
    answerWith((digest) => [
      'no JSON',
      '{}',
      receiptFor(other),
      receiptFor(digest, { gateway: 'gw-2' }),
      receiptFor(digest.toUpperCase()),
    ])
    append(1)
    start({ receiptTimeoutMs: 20 })
    await vi.waitFor(() => expect(heard.length).toBeGreaterThan(2), SETTLED)
    expect(journal.waiting().rows).toBe(1)
    answerWith((digest) => [receiptFor(digest)])
    await allAcknowledged()
  })

  it('comes back by itself after a broker refused it', async () => {
    broker.refuseWith = 3
    append(1)
    start()
    await vi.waitFor(() => expect(broker.refusals).toBeGreaterThan(1), SETTLED)
    broker.refuseWith = 5
    await vi.waitFor(() => expect(broker.refusals).toBeGreaterThan(3), SETTLED)
    broker.refuseWith = undefined
    await allAcknowledged()
  })

  it('says its birth, each change, and its leaving', async () => {
    const started = start()
    await vi.waitFor(() => expect(states).toHaveLength(1), SETTLED)
    expect(states[0]).toMatchObject({ kind: 'birth', reason: 'connected', meters: [{ meter: 'm1' }] })
    started.stateChanged()
    await vi.waitFor(() => expect(states).toHaveLength(2), SETTLED)
    expect(states[1]).toMatchObject({ kind: 'state', epoch: journal.epoch })
    await started.stop()
    await running
    await vi.waitFor(() => expect(broker.connections).toBe(0), SETTLED)
    // What the broker says because of the end of the connection, it has said before this.
    broker.publish('tanbiao/v1/park-1/gw-1/up/state', JSON.stringify(states[0]))
    await vi.waitFor(() => expect(states.at(-1)?.kind).toBe('birth'), SETTLED)
    expect(states.slice(2, -1)).toMatchObject([{ kind: 'death', reason: 'stopped' }])
  })

  it('leaves a will', async () => {
    start()
    await vi.waitFor(() => expect(states).toHaveLength(1), SETTLED)
    broker.cut()
    await vi.waitFor(() => expect(states.length).toBeGreaterThan(1), SETTLED)
    expect(states[1]).toMatchObject({ kind: 'death', reason: 'connection-lost' })
    await vi.waitFor(() => expect(states[2]).toMatchObject({ kind: 'birth' }), SETTLED)
  })
})
