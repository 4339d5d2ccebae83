import { describe, expect, it, onTestFinished } from 'vitest'
import { MINUTE_MS } from '#contract/duration.ts'
import { Agenda, type PendingRequest } from './agenda.ts'
import { Bus, type Answer, type BusMember, type Line } from './bus.ts'
import { Fault } from '#contract/fault.ts'
import type { ReadQuery } from './modbus/frame.ts'
import { plan } from './plan.ts'
import { SimulatedTime } from './testing/simulated-time.ts'
import { testRegister } from './testing/virtual-line.ts'

/** A line that takes several requests at once, on meters that exist in time only. */

const LIMITS = { registersPerRequest: 2, bridgeGaps: 0, forbidden: [] }
const METERS = 32

class VirtualLine implements Line {
  readonly requestsAtOnce: number
  readonly #time: SimulatedTime
  readonly #answerMs: (unit: number) => number | undefined
  #underWay = new Set<number>()
  mostUnderWay = 0

  constructor(time: SimulatedTime, requestsAtOnce: number, answerMs: (unit: number) => number | undefined) {
    this.#time = time
    this.requestsAtOnce = requestsAtOnce
    this.#answerMs = answerMs
  }

  read({ unit, quantity }: ReadQuery, timeoutMs: number, signal: AbortSignal): Promise<Answer> {
    if (this.#underWay.has(unit)) throw new Error(`unit ${unit} is asked twice at once`)
    this.#underWay.add(unit)
    this.mostUnderWay = Math.max(this.mostUnderWay, this.#underWay.size)
    const takesMs = this.#answerMs(unit) ?? Number.POSITIVE_INFINITY
    return new Promise((resolve, reject) => {
      const silent = { cause: 'timeout' as const, fault: new Fault('bus-timeout', 'silent') }
      this.#time.after(Math.min(takesMs, timeoutMs), () => {
        this.#underWay.delete(unit)
        if (signal.aborted) reject(new Error('stopped'))
        else resolve(takesMs <= timeoutMs ? { words: new Uint16Array(quantity) } : silent)
      })
    })
  }

  close(): void {
    this.#underWay = new Set()
  }
}

class Member implements BusMember {
  readonly meter: string
  readonly pauseMs = 0
  readonly unit: number
  readonly timeoutMs: number
  readonly agenda = new Agenda(
    [
      {
        everyMs: 1_000,
        registers: [testRegister('voltage.l1', 0), testRegister('voltage.l2', 10)],
        sheddable: false,
      },
    ],
    (registers) => plan(registers, LIMITS),
  )

  constructor(unit: number, timeoutMs: number) {
    this.unit = unit
    this.timeoutMs = timeoutMs
    this.meter = `m${unit}`
  }

  wireMs(): number {
    return 0
  }

  answered(pending: PendingRequest, { words }: Answer): void {
    if (words === undefined) this.agenda.abandon()
    else this.agenda.finish(pending, true)
  }
}

describe('a line that takes several requests at once', () => {
  it.each([
    [2, 200],
    [4, 1_000],
    [16, 600_000],
  ])(
    '%i of them: no meter is asked twice at once, and a dead one costs the others no slot at a timeout of %i ms',
    async (atOnce, timeoutMs) => {
      const time = new SimulatedTime()
      // All meters together need nearly all of what the line can carry beside the dead one.
      const eachMs = (900 * (atOnce - 1)) / (2 * METERS)
      const line = new VirtualLine(time, atOnce, (unit) => (unit === 1 ? undefined : eachMs))
      const bus = new Bus(line, time)
      const members = Array.from({ length: METERS }, (_, index) => new Member(index + 1, timeoutMs))
      const stopping = new AbortController()
      onTestFinished(() => stopping.abort())
      const polls = members.map((member) => bus.poll(member, stopping.signal))
      await time.until(time.sleep(5 * MINUTE_MS))
      const { meters, busyMs, observed } = { ...bus.counts, observed: time.monotonicMs() }
      expect(line.mostUnderWay).toBe(atOnce)
      expect(busyMs).toBeLessThanOrEqual(observed)
      for (const [meter, counts] of meters) {
        if (meter === 'm1') expect(counts).toMatchObject({ read: 0 })
        else expect(counts.read / counts.wanted, meter).toBeGreaterThan(0.95)
      }
      stopping.abort()
      await Promise.all(polls)
    },
  )
})
