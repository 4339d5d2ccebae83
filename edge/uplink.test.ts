import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { z } from 'zod'
import { systemClock } from '#cli/system-clock.ts'
import { isBundle, rowsOf } from '#contract/bundle.ts'
import {
  reply,
  stateMessage,
  uplinkMessage,
  type JointReceipt,
  type Receipt,
  type StateMessage,
} from '#contract/messages.ts'
import { parseTopic } from '#contract/topics.ts'
import { unpack } from './compression.ts'
import { Journal, type JournalRow } from './journal.ts'
import { TestBroker, type Published } from './testing/broker.ts'
import { frequencyAt } from './testing/samples.ts'
import { Uplink, type UplinkOptions } from './uplink.ts'

const RECEIPTS = 'tanbiao/v1/park-1/gw-1/down/receipt'
const SETTLED = { timeout: 30_000, interval: 10 }

let folder: string
let journal: Journal
let broker: TestBroker
let uplink: Uplink | undefined
let running: Promise<void> | undefined
/** Everything the gateway published, in the order in which the broker got it. */
let heard: { readonly leaf: string; readonly seq: number; readonly bytes: string }[]
/** How many messages that was. */
let messages: number
let states: StateMessage[]
let replies: z.infer<typeof reply>[]

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-uplink-'))
  journal = Journal.open({ file: join(folder, 'j.sqlite'), gateway: 'gw-1', graceMs: 0, clock: systemClock })
  broker = new TestBroker()
  await broker.start()
  heard = []
  messages = 0
  states = []
  replies = []
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
    const content = leaf === 'live' || leaf === 'backlog' ? undefined : unpack(message.payload)
    if (leaf === 'state') {
      states.push(stateMessage.parse(content))
      return
    }
    if (leaf === 'reply') {
      replies.push(reply.parse(content))
      return
    }
    messages += 1
    for (const row of rowsOf(message.payload)) {
      const bytes = Buffer.from(row).toString('latin1')
      heard.push({ leaf, seq: uplinkMessage.parse(unpack(row)).seq, bytes })
      const digest = createHash('sha256').update(row).digest('hex')
      for (const each of receipts(digest, message)) broker.publish(RECEIPTS, each)
    }
  }
}

function append(count: number): readonly JournalRow[] {
  return Array.from({ length: count }, () => journal.append([frequencyAt(5)])).flat()
}

function start(change: Partial<UplinkOptions> = {}): Uplink {
  uplink = new Uplink({
    gateway: 'gw-1',
    park: 'park-1',
    url: broker.url,
    mqttVersion: '3.1.1',
    keepAliveSeconds: 30,
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

  it('has no more on their way because quarantine answers quickly', async () => {
    const round: string[] = []
    let most = 0
    answerWith((digest, { topic }) => {
      if (parseTopic(topic)?.leaf === 'live') return [receiptFor(digest, { outcome: 'quarantined' })]
      // All that comes together is answered together.
      if (round.length === 0) {
        setTimeout(() => {
          for (const each of round.splice(0))
            broker.publish(RECEIPTS, receiptFor(each, { outcome: 'quarantined' }))
        }, 10)
      }
      round.push(digest)
      most = Math.max(most, round.length)
      return []
    })
    append(300)
    start()
    await allAcknowledged()
    expect(most).toBeLessThanOrEqual(4)
  })

  it('sends old batches together once many are on their way, and takes one message for their receipts', async () => {
    let joint = 0
    broker.heard = ({ topic, payload }) => {
      const leaf = parseTopic(topic)?.leaf
      if (leaf !== 'live' && leaf !== 'backlog') return
      messages += 1
      const rows = rowsOf(payload).map((row) => {
        heard.push({
          leaf,
          seq: uplinkMessage.parse(unpack(row)).seq,
          bytes: Buffer.from(row).toString('latin1'),
        })
        const digest = createHash('sha256').update(row).digest('hex')
        return { digest, outcome: 'stored', refused: 0 } as const
      })
      if (rows.length > 1) joint += 1
      broker.publish(
        RECEIPTS,
        JSON.stringify({ v: 1, gateway: 'gw-1', rows, committedAtMs: 1 } satisfies JointReceipt),
      )
    }
    append(1_000)
    const started = start({ inFlightBatches: 64 })
    await vi.waitFor(() => expect(joint).toBeGreaterThan(3), SETTLED)
    started.offer(append(1))
    await allAcknowledged()
    expect(heard.filter(({ leaf }) => leaf === 'live')).toMatchObject([{ seq: 1_000 }, { seq: 1_001 }])
    expect(heard).toHaveLength(1_001)
    // Eight of 32 together, but for the last ones and where something else was sent meanwhile.
    expect(messages).toBeLessThan(400)
    everySeqHasOneContent()
  })

  it('sends each batch by itself to a server that knows no bundles', async () => {
    broker.heard = ({ topic, payload }) => {
      const leaf = parseTopic(topic)?.leaf
      if (leaf !== 'live' && leaf !== 'backlog') return
      const digest = createHash('sha256').update(payload).digest('hex')
      const isBundled = isBundle(payload)
      if (isBundled) messages += 1
      else
        heard.push({ leaf, seq: uplinkMessage.parse(unpack(payload)).seq, bytes: payload.toString('latin1') })
      broker.publish(RECEIPTS, receiptFor(digest, { outcome: isBundled ? 'quarantined' : 'stored' }))
    }
    append(300)
    start({ inFlightBatches: 64, receiptTimeoutMs: 60_000 })
    await allAcknowledged()
    // Those that were on their way when the first answer came; their rows do not wait for a timeout.
    expect(messages).toBeGreaterThan(0)
    expect(messages).toBeLessThanOrEqual(4)
    expect(new Set(heard.map(({ seq }) => seq)).size).toBe(300)
  })

  it('sends each batch by itself where bundles get no receipt, without end', async () => {
    answerWith((digest, { payload }) => (isBundle(payload) ? [] : [receiptFor(digest)]))
    append(200)
    start({ inFlightBatches: 64, receiptTimeoutMs: 50 })
    await allAcknowledged()
    expect(messages).toBeGreaterThan(200)
    everySeqHasOneContent()
  })

  it('sends each batch by itself for a while after a bundle that ended the connection', async () => {
    let broken = 0
    broker.breaksAt = (payload) => {
      const isBroken = typeof payload !== 'string' && isBundle(payload)
      if (isBroken) broken += 1
      return isBroken
    }
    append(100)
    start({ inFlightBatches: 64, receiptTimeoutMs: 60_000 })
    await allAcknowledged()
    expect(broken).toBe(1)
    expect(messages).toBe(heard.length)
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

  const command = (more: object): string =>
    JSON.stringify({
      v: 1,
      id: '1b4e28ba-2fa1-4d3b-a3f5-ef19b5a7633b',
      gateway: 'gw-1',
      issuedAtMs: 1,
      ...more,
    })
  const COMMANDS = 'tanbiao/v1/park-1/gw-1/down/command'

  it('sends again what it is asked for, byte for byte, while it is kept', async () => {
    append(5)
    start()
    await allAcknowledged()
    const before = heard.length
    const resend = { epoch: journal.epoch, firstSeq: 2, lastSeq: 9 }
    broker.publish(COMMANDS, command({ kind: 'resend', resend }))
    await vi.waitFor(() => expect(heard.length).toBe(before + 4), SETTLED)
    await allAcknowledged()
    expect(replies).toMatchObject([{ outcome: 'done', detail: '4 of 8 are kept and sent again.' }])
    everySeqHasOneContent()
    broker.publish(COMMANDS, command({ kind: 'resend', resend: { ...resend, firstSeq: 6 } }))
    broker.publish(COMMANDS, command({ kind: 'resend', resend: { ...resend, epoch: '0'.repeat(32) } }))
    broker.publish(COMMANDS, command({ kind: 'resend', resend: { ...resend, lastSeq: 1 } }))
    broker.publish(COMMANDS, command({ kind: 'resend' }))
    await vi.waitFor(() => expect(replies).toHaveLength(5), SETTLED)
    expect(replies.slice(1).map(({ outcome }) => outcome)).toEqual(['failed', 'failed', 'refused', 'refused'])
    expect(heard.length).toBe(before + 4)
  })

  it('reports its state when asked, and ignores what is no command for it', async () => {
    start()
    await vi.waitFor(() => expect(states).toHaveLength(1), SETTLED)
    broker.publish(COMMANDS, command({ kind: 'report-state', gateway: 'gw-2' }))
    broker.publish(COMMANDS, command({ kind: 'open-the-door' }))
    broker.publish(COMMANDS, 'no JSON')
    broker.publish(COMMANDS, command({ kind: 'report-state' }))
    await vi.waitFor(() => expect(replies).toHaveLength(1), SETTLED)
    expect(replies).toMatchObject([{ outcome: 'done', gateway: 'gw-1' }])
    expect(states).toHaveLength(2)
  })

  it('tells the server’s time by the answer to its newest state, and by no other', async () => {
    const told: [number, number][] = []
    start({ serverTime: (serverMs, roundTripMs) => told.push([serverMs, roundTripMs]) })
    await vi.waitFor(() => expect(states).toHaveLength(1), SETTLED)
    const { atMs: stateAtMs } = states[0] ?? { atMs: 0 }
    broker.publish(COMMANDS, command({ kind: 'time', issuedAtMs: 76, stateAtMs: stateAtMs - 1 }))
    broker.publish(COMMANDS, command({ kind: 'time', issuedAtMs: 77, stateAtMs }))
    await vi.waitFor(() => expect(told).toHaveLength(1), SETTLED)
    expect(told[0]?.[0]).toBe(77)
    expect(told[0]?.[1]).toBeGreaterThan(0)
    expect(replies).toEqual([])
  })

  it('tells the server’s time only for what was sent once, with the longest that it can be old', async () => {
    const told: [number, number][] = []
    answerWith((digest) => [receiptFor(digest, { committedAtMs: 77 })])
    append(3)
    start({ serverTime: (serverMs, roundTripMs) => told.push([serverMs, roundTripMs]) })
    await allAcknowledged()
    expect(told.map(([serverMs]) => serverMs)).toEqual([77, 77, 77])
    expect(told.every(([, roundTripMs]) => roundTripMs > 0)).toBe(true)
    told.length = 0
    let times = 0
    answerWith((digest) => (++times < 3 ? [] : [receiptFor(digest)]))
    await uplink?.stop()
    await running
    append(1)
    start({ receiptTimeoutMs: 30, serverTime: (serverMs, roundTripMs) => told.push([serverMs, roundTripMs]) })
    await allAcknowledged()
    expect(told).toEqual([])
  })

  it('sends the backlog no faster than it may, and new rows at once all the same', async () => {
    append(40)
    const size = journal.waiting().bytes / 40
    // One batch a second and the first second's burst: the backlog cannot be through for half a minute.
    const started = start({ backlogBytesPerSecond: size })
    await vi.waitFor(() => expect(heard.length).toBeGreaterThanOrEqual(2), SETTLED)
    started.offer(append(1))
    await vi.waitFor(() => expect(heard.some(({ seq }) => seq === 41)).toBe(true), SETTLED)
    expect(heard.filter(({ leaf }) => leaf === 'backlog').length).toBeLessThan(20)
    expect(heard.find(({ seq }) => seq === 41)?.leaf).toBe('live')
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
