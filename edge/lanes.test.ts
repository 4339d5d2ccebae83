import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ManualClock } from '#contract/clock.ts'
import { Journal, type JournalRow } from './journal.ts'
import { Lanes, type LaneOptions } from './lanes.ts'
import { frequencyAt } from './testing/samples.ts'

let folder: string
let clock: ManualClock
let journal: Journal
/** Rows on their way, oldest sending first. */
let onTheWay: JournalRow[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-lanes-'))
  clock = new ManualClock(Date.UTC(2026, 0, 1))
  journal = open('journal.sqlite')
  onTheWay = []
})
afterEach(() => {
  journal.close()
  rmSync(folder, { recursive: true })
})

const open = (file: string): Journal =>
  Journal.open({ file: join(folder, file), gateway: 'gw-1', graceMs: 0, clock, fsync: 'normal' })

function append(count: number): readonly JournalRow[] {
  return Array.from({ length: count }, () => journal.append([frequencyAt(5)])).flat()
}

function lanesOf(change: Partial<LaneOptions> = {}): Lanes {
  const lanes = new Lanes({ receiptTimeoutMs: 5_000, journal, clock, ...change })
  lanes.connected()
  return lanes
}

/** Sends what is due to a broker that takes everything; the places. */
function send(lanes: Lanes): number[] {
  const sent: number[] = []
  for (const { row, taken } of lanes.due()) {
    taken()
    sent.push(row.place)
    onTheWay.push(row)
  }
  return sent
}

function receive(lanes: Lanes, { place, digest }: JournalRow): void {
  journal.acknowledge(digest)
  lanes.received(place, true)
}

/** Lets receipts come after 10 ms until so many batches are on their way. */
function grow(lanes: Lanes, count: number): void {
  send(lanes)
  while (onTheWay.length < count) {
    clock.advance(10)
    for (const row of onTheWay.splice(0)) {
      receive(lanes, row)
      send(lanes)
    }
  }
}

describe('Lanes', () => {
  it('sends again no more than it began with, when a server that took much falls silent', () => {
    append(1_500)
    const lanes = lanesOf()
    grow(lanes, 32)
    const unanswered = onTheWay.splice(0)
    clock.advance(5_000)
    expect(send(lanes).length).toBeLessThanOrEqual(8)
    for (let minutes = 0; minutes < 30; minutes += 1) {
      clock.advance(60_000)
      expect(send(lanes).length).toBeLessThanOrEqual(8)
    }
    // The server is back, and answers all that it ever got.
    for (const row of unanswered) receive(lanes, row)
    const after = new Set<number>()
    while (journal.waiting().rows > 0) {
      for (const place of send(lanes)) after.add(place)
      for (const row of onTheWay.splice(0)) receive(lanes, row)
    }
    expect(unanswered.filter(({ place }) => after.has(place))).toEqual([])
  })

  it('begins anew with each connection', () => {
    append(1_500)
    const lanes = lanesOf()
    grow(lanes, 32)
    lanes.disconnected()
    lanes.connected()
    // The newest of all goes live, and half of eight places are for the backlog.
    expect(send(lanes)).toHaveLength(5)
  })

  it('does not send what has its receipt from before', () => {
    const rows = append(20)
    const lanes = lanesOf()
    const sent = send(lanes)
    const answered = rows.filter(({ place }) => !sent.includes(place)).slice(0, 5)
    for (const row of answered) receive(lanes, row)
    while (journal.waiting().rows > 0) {
      for (const row of onTheWay.splice(0)) receive(lanes, row)
      sent.push(...send(lanes))
    }
    const places = answered.map(({ place }) => place)
    expect(sent.filter((place) => places.includes(place))).toEqual([])
    expect(new Set(sent).size).toBe(15)
  })

  it('asks the journal for little more than what it sends', () => {
    append(1_500)
    let asked = 0
    const lanes = lanesOf({
      journal: {
        row: (place) => journal.row(place),
        unacknowledged: (order, limit) => {
          const places = journal.unacknowledged(order, limit)
          asked += places.length
          return places
        },
      },
    })
    grow(lanes, 32)
    const rowsBefore = journal.waiting().rows
    asked = 0
    while (journal.waiting().rows > 200) {
      const row = onTheWay.shift()
      if (row === undefined) throw new Error('nothing is on its way')
      receive(lanes, row)
      send(lanes)
    }
    expect(asked).toBeLessThan(2 * rowsBefore)
  })

  it('brings every row to its receipt, whatever is lost, in whatever order receipts come', () => {
    let files = 0
    const step = fc.record({
      offered: fc.integer({ min: 0, max: 12 }),
      passedMs: fc.integer({ min: 0, max: 6_000 }),
      answered: fc.array(fc.nat(), { maxLength: 12 }),
      lost: fc.array(fc.nat(), { maxLength: 3 }),
      reconnects: fc.oneof(
        { weight: 9, arbitrary: fc.constant(false) },
        { weight: 1, arbitrary: fc.constant(true) },
      ),
    })
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 30 }),
        fc.option(fc.integer({ min: 1, max: 64 })),
        (steps, told) => {
          journal.close()
          journal = open(`journal-${(files += 1)}.sqlite`)
          onTheWay = []
          append(100)
          const lanes = lanesOf({ inFlightBatches: told ?? undefined })
          for (const { offered, passedMs, answered, lost, reconnects } of steps) {
            lanes.offer(append(offered))
            send(lanes)
            clock.advance(passedMs)
            for (const at of lost) onTheWay.splice(at % Math.max(1, onTheWay.length), 1)
            for (const at of answered)
              for (const row of onTheWay.splice(at % Math.max(1, onTheWay.length), 1)) receive(lanes, row)
            if (reconnects) {
              lanes.disconnected()
              lanes.connected()
            }
          }
          for (let minutes = 0; journal.waiting().rows > 0; minutes += 1) {
            expect(minutes).toBeLessThan(1_000)
            clock.advance(60_000)
            send(lanes)
            for (const row of onTheWay.splice(0)) receive(lanes, row)
          }
        },
      ),
      { numRuns: 30 },
    )
  })
})
