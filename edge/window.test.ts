import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SLOW_MS, windowBounds, WindowSize } from './window-size.ts'
import { InFlightWindow, type Lane } from './window.ts'

const both = { live: true, backlog: true }

/** A window of so many places; of as many as the line takes where none are told. */
const windowOf = (places: number | undefined, receiptTimeoutMs: number): InFlightWindow =>
  new InFlightWindow(new WindowSize(windowBounds(places)), receiptTimeoutMs)

function fill(window: InFlightWindow, waiting = both, from = 1): string[] {
  const lanes: string[] = []
  for (let seq = from; seq < from + 100; seq += 1) {
    const lane = window.nextLane(waiting)
    if (lane === undefined) return lanes
    window.send(seq, lane, 0)
    lanes.push(lane)
  }
  return lanes
}

describe('InFlightWindow', () => {
  it('prefers live, and keeps places for each lane', () => {
    expect(fill(windowOf(8, 100))).toEqual([...Array(7).fill('live'), 'backlog'])
    expect(fill(windowOf(8, 100), { live: false, backlog: true })).toEqual(Array(4).fill('backlog'))
    expect(fill(windowOf(8, 100), { live: true, backlog: false })).toEqual(Array(7).fill('live'))
    expect(fill(windowOf(2, 100))).toEqual(['live', 'backlog'])
  })

  it('sends few of the backlog together, so that several messages are always on their way', () => {
    expect([1, 8, 15, 16, 64, 128].map((places) => windowOf(places, 100).together)).toEqual([
      1, 1, 2, 2, 8, 16,
    ])
    const window = windowOf(undefined, 100)
    expect(window.together).toBe(1)
    onTheWay(window, 130, 100)
    expect(window.together).toBe(16)
  })

  it('lets the lanes take turns when there is one place', () => {
    const window = windowOf(1, 100)
    const turns: (string | undefined)[] = []
    for (let seq = 1; seq <= 4; seq += 1) {
      const lane = window.nextLane(both)
      turns.push(lane)
      if (lane !== undefined) window.send(seq, lane, 0)
      expect(window.nextLane(both)).toBeUndefined()
      window.received(seq, 0, true)
    }
    expect(turns).toEqual(['live', 'backlog', 'live', 'backlog'])
  })

  it('sends again after pauses that double up to a minute, once the broker took it', () => {
    const window = windowOf(8, 1_000)
    const pauses: number[] = []
    let nowMs = 0
    for (let times = 0; times < 9; times += 1) {
      window.send(1, 'live', nowMs)
      expect(window.overdue(nowMs + 1e9)).toEqual([])
      window.taken(1)
      let pauseMs = 0
      while (window.overdue(nowMs + pauseMs).length === 0) pauseMs += 500
      pauses.push(pauseMs)
      nowMs += pauseMs
    }
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000])
  })

  it('does not wait out a long pause when a receipt shows that the server is back', () => {
    const window = windowOf(8, 1_000)
    for (const seq of [1, 2, 3, 4]) window.send(seq, 'live', 0)
    window.received(1, 0, true)
    for (let times = 0; times < 8; times += 1) {
      for (const seq of [2, 3, 4]) {
        window.send(seq, 'live', 40_000)
        window.taken(seq)
      }
    }
    expect(window.overdue(41_000)).toEqual([])
    window.received(2, 40_500, true)
    expect(window.overdue(41_000).map(({ place }) => place)).toEqual([3, 4])
    // It is still not known which sending a receipt will answer.
    expect(window.sentOnceMsAgo(3, 41_000)).toBeUndefined()
  })

  it('is stalled when the broker takes nothing', () => {
    const window = windowOf(8, 1_000)
    window.send(1, 'live', 0)
    expect(window.isStalled(30_000, 30_000)).toBe(true)
    window.taken(1)
    expect(window.isStalled(30_000, 30_000)).toBe(false)
  })

  /** Backlog on its way at once, in a window whose receipts all come so fast. */
  function onTheWay(window: InFlightWindow, receipts: number, afterMs: number, isStored = true): number {
    const sent: number[] = []
    let next = 1
    let nowMs = 0
    for (let receipt = 0; receipt < receipts; receipt += 1) {
      while (window.nextLane({ live: false, backlog: true }) !== undefined) {
        window.send(next, 'backlog', nowMs)
        sent.push(next)
        next += 1
      }
      nowMs += afterMs
      for (const place of sent.splice(0)) window.received(place, nowMs, isStored)
    }
    return fill(window, { live: false, backlog: true }, next).length
  }

  it('grows while receipts come quickly and only then', () => {
    expect(onTheWay(windowOf(undefined, 5_000), 130, 100)).toBe(64)
    expect(onTheWay(windowOf(undefined, 5_000), 60, SLOW_MS)).toBe(4)
    expect(onTheWay(windowOf(undefined, 5_000), 60, 100, false)).toBe(4)
    expect(onTheWay(windowOf(8, 5_000), 60, 100)).toBe(4)
    expect(onTheWay(windowOf(16, 5_000), 60, 100)).toBe(8)
  })

  it.each(['sent again', 'given back'])('counts no batch as quick that was %s', (what) => {
    const window = windowOf(undefined, 5_000)
    for (let place = 1; place <= 4_000; place += 4) {
      const filling = [place, place + 1, place + 2, place + 3]
      for (const each of filling) window.send(each, 'backlog', place)
      for (const each of filling) {
        if (what === 'given back') window.giveBack(each)
        window.send(each, 'backlog', place + 1)
      }
      for (const each of filling) window.received(each, place + 2, true)
    }
    expect(fill(window, { live: false, backlog: true }, 5_000)).toHaveLength(4)
  })

  it('is over after a loss in a window that had grown, until enough was given back', () => {
    const window = windowOf(undefined, 5_000)
    expect(onTheWay(window, 130, 100)).toBe(64)
    expect(window.isOver).toBe(false)
    for (const { place } of window.overdue(0)) window.taken(place)
    const [first, ...others] = Array.from({ length: 10_000 }, (_, place) => place).filter((place) =>
      window.has(place),
    )
    window.send(first ?? 0, 'backlog', 1e6)
    expect(window.isOver).toBe(true)
    for (const place of others) if (window.isOver) window.giveBack(place)
    expect(window.count).toBe(8)
    expect(window.nextLane({ live: false, backlog: true })).toBeUndefined()
    expect(window.nextLane({ live: true, backlog: true })).toBeUndefined()
  })
})

/** A line that carries one batch after the other, and answers each after its way there and back. */
interface Line {
  /** Of a batch, by itself. */
  readonly carriesInMs: number
  readonly roundTripMs: number
}

/** What became of an endless backlog and a new batch now and then. */
interface Delivered {
  /** How much later the receipt of a new batch came than on an empty line. */
  readonly longestWaitMs: number
  readonly mostOnTheWay: number
}

function deliver(
  lineAt: (nowMs: number) => Line,
  window: InFlightWindow,
  from: { waitsFromMs: number },
): Delivered {
  const LIVE_EVERY_MS = 1_000
  const RECEIPTS = 3_000
  const arrivals: { place: number; atMs: number; lane: Lane; waitMs: number }[] = []
  let freeAtMs = 0
  let next = 0
  let liveAtMs = 0
  let longestWaitMs = 0
  let mostOnTheWay = 0
  let nowMs = 0
  for (let received = 0; received < RECEIPTS; received += 1) {
    for (;;) {
      const lane = window.nextLane({ live: liveAtMs <= nowMs, backlog: true })
      if (lane === undefined) break
      const { carriesInMs, roundTripMs } = lineAt(nowMs)
      const offeredMs = lane === 'live' ? liveAtMs : nowMs
      freeAtMs = Math.max(freeAtMs, nowMs) + carriesInMs
      const atMs = freeAtMs + roundTripMs
      const waitMs = atMs - offeredMs - carriesInMs - roundTripMs
      if (lane === 'live') liveAtMs += LIVE_EVERY_MS
      window.send(next, lane, nowMs)
      arrivals.push({ place: next, atMs, lane, waitMs })
      next += 1
    }
    mostOnTheWay = Math.max(mostOnTheWay, window.count)
    const [first] = arrivals
    if (first === undefined) throw new Error('nothing is on its way')
    // New batches come between two receipts, too.
    if (liveAtMs > nowMs && liveAtMs < first.atMs) {
      nowMs = liveAtMs
      continue
    }
    arrivals.shift()
    nowMs = Math.max(nowMs, first.atMs)
    window.received(first.place, nowMs, true)
    if (first.lane === 'live' && nowMs >= from.waitsFromMs)
      longestWaitMs = Math.max(longestWaitMs, first.waitMs)
  }
  return { longestWaitMs, mostOnTheWay }
}

describe('a window that follows the line', () => {
  const lines = fc.record({
    carriesInMs: fc.double({ min: 0.1, max: 400, noNaN: true }),
    roundTripMs: fc.double({ min: 0.1, max: 1_000, noNaN: true }),
  })

  it('lets no new batch wait for longer than a slow receipt, where eight do not make it wait for longer', () => {
    fc.assert(
      fc.property(lines, (line) => {
        const always = (): Line => line
        const fixed = deliver(always, windowOf(8, 5_000), { waitsFromMs: 0 })
        const { longestWaitMs } = deliver(always, windowOf(undefined, 5_000), { waitsFromMs: 0 })
        expect(longestWaitMs).toBeLessThanOrEqual(
          Math.max(SLOW_MS, fixed.longestWaitMs) + 2 * line.carriesInMs,
        )
      }),
    )
  })

  it('is as large as may be on a fast line, and as small as at first on a slow one', () => {
    const most = (line: Line): number =>
      deliver(() => line, windowOf(undefined, 5_000), { waitsFromMs: 0 }).mostOnTheWay
    expect(most({ carriesInMs: 1, roundTripMs: 20 })).toBeGreaterThanOrEqual(32)
    expect(most({ carriesInMs: 1, roundTripMs: 300 })).toBeLessThanOrEqual(5)
    expect(most({ carriesInMs: 100, roundTripMs: 20 })).toBeLessThanOrEqual(5)
  })

  it('becomes smaller where the line becomes slower', () => {
    const fast = fc.double({ min: 0.5, max: 3, noNaN: true })
    const slow = fc.double({ min: 20, max: 200, noNaN: true })
    fc.assert(
      fc.property(fast, slow, (before, after) => {
        const line = (nowMs: number): Line => ({
          carriesInMs: nowMs < 2_000 ? before : after,
          roundTripMs: 10,
        })
        // All that was on its way when it became slower, and as much again.
        const from = { waitsFromMs: 2_000 + 3 * 128 * after }
        const { longestWaitMs } = deliver(line, windowOf(undefined, 5_000), from)
        const fixed = deliver(line, windowOf(8, 5_000), from)
        expect(longestWaitMs).toBeLessThanOrEqual(Math.max(SLOW_MS, fixed.longestWaitMs) + 2 * after)
      }),
    )
  })
})
