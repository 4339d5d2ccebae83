import { afterEach, describe, expect, it } from 'vitest'
import { ManualClock } from '#contract/clock.ts'
import { Agenda, type PendingRequest } from './agenda.ts'
import { Bus, type Answer, type BusMember, type Line } from './bus.ts'
import type { ReadQuery } from './modbus/frame.ts'
import { plan } from './plan.ts'
import { testRegister } from './testing/virtual-line.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const LIMITS = { registersPerRequest: 2, bridgeGaps: 0, forbidden: [] }

/** A line that answers when it is told to. */
class HeldLine implements Line {
  readonly requestsAtOnce: number
  readonly asked: {
    readonly query: ReadQuery
    readonly timeoutMs: number
    readonly withinMs: number
    readonly answer: (word: number) => void
  }[] = []

  constructor(requestsAtOnce = 1) {
    this.requestsAtOnce = requestsAtOnce
  }

  read(query: ReadQuery, timeoutMs: number, signal: AbortSignal, withinMs = 0): Promise<Answer> {
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('aborted')))
      const answer = (word: number): void => resolve({ words: Uint16Array.of(word, word) })
      this.asked.push({ query, timeoutMs, withinMs, answer })
    })
  }

  close(): void {
    this.asked.length = 0
  }
}

class Member implements BusMember {
  readonly meter: string
  readonly timeoutMs = 1_000
  readonly unit: number
  readonly pauseMs: number
  readonly agenda: Agenda
  readonly answers: (number | undefined)[] = []

  constructor(unit: number, addresses: readonly number[], pauseMs = 0) {
    this.meter = `m${unit}`
    this.unit = unit
    this.pauseMs = pauseMs
    const registers = addresses.map((address) => testRegister('voltage.l1', address))
    this.agenda = new Agenda([{ everyMs: 10_000, registers, sheddable: false }], (of) => plan(of, LIMITS))
  }

  wireMs(): number {
    return 1
  }

  answered(pending: PendingRequest, answer: Answer): void {
    this.answers.push(answer.words?.[0])
    this.agenda.finish(pending, answer.words !== undefined)
  }
}

const stopping: AbortController[] = []
const stop = (): AbortController => {
  const controller = new AbortController()
  stopping.push(controller)
  return controller
}
afterEach(() => {
  for (const controller of stopping.splice(0)) controller.abort()
})

describe('Bus', () => {
  it('has one request on the line, and the next as soon as the answer is there', async () => {
    const line = new HeldLine()
    const bus = new Bus(line, new ManualClock(0))
    const [one, two] = [new Member(1, [10, 20]), new Member(2, [30])]
    void bus.poll(one, stop().signal)
    void bus.poll(two, stop().signal)
    for (const count of [1, 2, 3]) {
      await turn()
      expect(line.asked).toHaveLength(count)
      line.asked.at(-1)?.answer(count)
    }
    await turn()
    expect(line.asked.map(({ query }) => [query.unit, query.address])).toEqual([
      [1, 10],
      [1, 20],
      [2, 30],
    ])
    expect([one.answers, two.answers]).toEqual([[1, 2], [3]])
    expect(bus.counts.requests).toBe(3)
    expect(bus.counts.meters.get('m1')).toMatchObject({ wanted: 1, read: 1, missed: 0 })
  })

  it('has as many requests on the line as that takes, of each meter one, and each answer reaches its meter', async () => {
    const clock = new ManualClock(0)
    const line = new HeldLine(2)
    const bus = new Bus(line, clock)
    const members = [new Member(1, [10, 20]), new Member(2, [30]), new Member(3, [40])]
    for (const member of members) void bus.poll(member, stop().signal)
    const asked = (): number[][] => line.asked.map(({ query }) => [query.unit, query.address])
    await turn()
    expect(asked()).toEqual([
      [1, 10],
      [2, 30],
    ])
    clock.advance(5)
    line.asked[1]?.answer(2)
    await turn()
    expect(asked().slice(2)).toEqual([[3, 40]])
    clock.advance(5)
    line.asked[0]?.answer(1)
    line.asked[2]?.answer(3)
    await turn()
    expect(asked().slice(3)).toEqual([[1, 20]])
    clock.advance(5)
    line.asked[3]?.answer(4)
    await turn()
    expect(members.map(({ answers }) => answers)).toEqual([[1, 4], [2], [3]])
    // The line was in use for 15 ms, whatever the sum of its requests.
    expect(bus.counts).toMatchObject({ requests: 4, unanswered: 0, busyMs: 15 })
  })

  it('tells the line how long a meter may take, also where the others need the line sooner', async () => {
    const line = new HeldLine()
    const bus = new Bus(line, new ManualClock(0))
    const members = [new Member(1, [10]), new Member(2, [20]), new Member(3, [30])]
    for (const member of members) void bus.poll(member, stop().signal)
    for (const _member of members) {
      await turn()
      line.asked.at(-1)?.answer(1)
    }
    expect(line.asked.map(({ withinMs }) => withinMs)).toEqual([1_000, 1_000, 1_000])
  })

  it('gives a meter the quiet time that it needs, and asks another meanwhile', async () => {
    const clock = new ManualClock(0)
    const line = new HeldLine()
    const bus = new Bus(line, clock)
    void bus.poll(new Member(1, [10, 20], 200), stop().signal)
    void bus.poll(new Member(2, [30]), stop().signal)
    const addresses = (): number[] => line.asked.map(({ query }) => query.address)
    await turn()
    line.asked[0]?.answer(1)
    await turn()
    expect(addresses()).toEqual([10, 30])
    line.asked[1]?.answer(1)
    await turn()
    clock.advance(199)
    await turn()
    expect(addresses()).toEqual([10, 30])
    clock.advance(1)
    await turn()
    expect(addresses()).toEqual([10, 30, 20])
  })

  it('goes on with the others when one leaves, also while it is being asked, and says nothing more to it', async () => {
    const line = new HeldLine()
    const bus = new Bus(line, new ManualClock(0))
    const leaving = stop()
    const one = new Member(1, [10])
    const polled = bus.poll(one, leaving.signal)
    void bus.poll(new Member(2, [30]), stop().signal)
    await turn()
    leaving.abort()
    await polled
    await turn()
    expect(line.asked.map(({ query }) => query.unit)).toEqual([1, 2])
    expect(one.answers).toEqual([])
  })

  it('asks a meter at once that joins while all others wait', async () => {
    const clock = new ManualClock(0)
    const line = new HeldLine()
    const bus = new Bus(line, clock)
    void bus.poll(new Member(1, [10]), stop().signal)
    await turn()
    line.asked[0]?.answer(1)
    await turn()
    void bus.poll(new Member(2, [30]), stop().signal)
    await turn()
    expect(line.asked).toHaveLength(2)
  })

  it('tells those who poll when the line itself is broken', async () => {
    const line: Line = { read: () => Promise.reject(new TypeError('defect')), close: () => undefined }
    const bus = new Bus(line, new ManualClock(0))
    await expect(bus.poll(new Member(1, [10]), stop().signal)).rejects.toThrow('defect')
  })
})
