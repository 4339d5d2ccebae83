import { describe, expect, it } from 'vitest'
import { InFlightWindow } from './window.ts'

const both = { live: true, backlog: true }

function fill(window: InFlightWindow, waiting = both): string[] {
  const lanes: string[] = []
  for (let seq = 1; seq < 100; seq += 1) {
    const lane = window.nextLane(waiting)
    if (lane === undefined) return lanes
    window.send(seq, lane, 0)
    lanes.push(lane)
  }
  return lanes
}

describe('InFlightWindow', () => {
  it('prefers live, and keeps places for each lane', () => {
    expect(fill(new InFlightWindow(8, 100))).toEqual([...Array(7).fill('live'), 'backlog'])
    expect(fill(new InFlightWindow(8, 100), { live: false, backlog: true })).toEqual(Array(4).fill('backlog'))
    expect(fill(new InFlightWindow(8, 100), { live: true, backlog: false })).toEqual(Array(7).fill('live'))
    expect(fill(new InFlightWindow(2, 100))).toEqual(['live', 'backlog'])
  })

  it('lets the lanes take turns when there is one place', () => {
    const window = new InFlightWindow(1, 100)
    const turns: (string | undefined)[] = []
    for (let seq = 1; seq <= 4; seq += 1) {
      const lane = window.nextLane(both)
      turns.push(lane)
      if (lane !== undefined) window.send(seq, lane, 0)
      expect(window.nextLane(both)).toBeUndefined()
      window.received(seq, 0)
    }
    expect(turns).toEqual(['live', 'backlog', 'live', 'backlog'])
  })

  it('sends again after pauses that double up to a minute, once the broker took it', () => {
    const window = new InFlightWindow(8, 1_000)
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
    const window = new InFlightWindow(8, 1_000)
    for (const seq of [1, 2, 3]) window.send(seq, 'live', 0)
    window.received(1, 0)
    for (let times = 0; times < 8; times += 1) {
      for (const seq of [2, 3]) {
        window.send(seq, 'live', 40_000)
        window.taken(seq)
      }
    }
    expect(window.overdue(41_000)).toEqual([])
    window.received(2, 40_500)
    expect(window.overdue(41_000)).toEqual([{ place: 3, lane: 'live' }])
  })

  it('is stalled when the broker takes nothing', () => {
    const window = new InFlightWindow(8, 1_000)
    window.send(1, 'live', 0)
    expect(window.isStalled(30_000, 30_000)).toBe(true)
    window.taken(1)
    expect(window.isStalled(30_000, 30_000)).toBe(false)
  })
})
