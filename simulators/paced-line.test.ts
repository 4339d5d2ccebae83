import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '#contract/clock.ts'
import { lineTiming } from './line-timing.ts'
import { PacedLine, type LineExchange } from './paced-line.ts'

const settings = { baudRate: 9_600, parity: 'none', stopBits: 1 } as const
const timing = lineTiming(settings)

/** Lets everything that is due happen, however often one thing leads to the next. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve()
}

interface Bench {
  readonly clock: ManualClock
  readonly line: PacedLine
  readonly exchanges: LineExchange[]
  readonly delivered: { readonly name: string; readonly atMs: number }[]
  readonly ask: (name: string, replyBytes: number | undefined, turnaroundMs?: number) => boolean
  /** Lets time pass in steps, as timers that look at it late do. */
  readonly pass: (totalMs: number, stepMs?: number) => Promise<void>
}

function bench(real = false): Bench {
  const clock = new ManualClock(0)
  const exchanges: LineExchange[] = []
  const delivered: Bench['delivered'] = []
  const line = new PacedLine({
    timing,
    clock,
    signal: new AbortController().signal,
    real,
    onExchange: (exchange) => exchanges.push(exchange),
  })
  return {
    clock,
    line,
    exchanges,
    delivered,
    ask: (name, replyBytes, turnaroundMs = 0) =>
      line.submit({
        unit: 1,
        bytes: 8,
        answer: () =>
          replyBytes === undefined
            ? undefined
            : {
                bytes: replyBytes,
                turnaroundMs,
                deliver: () => delivered.push({ name, atMs: clock.monotonicMs() }),
              },
      }),
    pass: async (totalMs, stepMs = 0.01) => {
      for (let passed = 0; passed < totalMs; passed += stepMs) {
        clock.advance(stepMs)
        await settle()
      }
    },
  }
}

describe('the timing of a serial line', () => {
  it.each([
    [{ baudRate: 9_600, parity: 'none', stopBits: 1 }, 10 / 9.6, 35 / 9.6],
    [{ baudRate: 9_600, parity: 'even', stopBits: 1 }, 11 / 9.6, 38.5 / 9.6],
    [{ baudRate: 9_600, parity: 'none', stopBits: 2 }, 11 / 9.6, 38.5 / 9.6],
    [{ baudRate: 19_200, parity: 'even', stopBits: 1 }, 11 / 19.2, 38.5 / 19.2],
    [{ baudRate: 19_201, parity: 'odd', stopBits: 2 }, 12_000 / 19_201, 1.75],
    [{ baudRate: 115_200, parity: 'none', stopBits: 1 }, 10 / 115.2, 1.75],
  ] as const)('of %o is that of the standard', (given, characterMs, silenceMs) => {
    expect(lineTiming(given).characterMs).toBeCloseTo(characterMs, 9)
    expect(lineTiming(given).silenceMs).toBeCloseTo(silenceMs, 9)
  })
})

describe('a paced line', () => {
  it('carries request and reply at their character times, with turnaround and silence', async () => {
    const { ask, pass, exchanges, delivered } = bench()
    ask('a', 41, 30)
    const replyBeginsMs = 8 * timing.characterMs + 30
    const replyEndsMs = replyBeginsMs + 41 * timing.characterMs
    await pass(replyEndsMs - 0.05)
    expect(delivered).toEqual([])
    await pass(0.1)
    expect(delivered).toHaveLength(1)
    expect(exchanges).toEqual([
      {
        unit: 1,
        requestBytes: 8,
        replyBytes: 41,
        receivedMs: 0,
        requestBeginsMs: 0,
        requestEndsMs: 8 * timing.characterMs,
        replyBeginsMs,
        replyEndsMs,
        freeMs: replyEndsMs + timing.silenceMs,
      },
    ])
  })

  it('keeps 3.5 characters before a reply, however fast the meter is', async () => {
    const { ask, pass, exchanges } = bench()
    ask('a', 5, 0.1)
    await pass(30)
    const [exchange] = exchanges
    expect(exchange && exchange.replyBeginsMs - exchange.requestEndsMs).toBeCloseTo(timing.silenceMs, 9)
  })

  it('carries one request at a time, in their order, each after the silence of the one before', async () => {
    const { ask, pass, exchanges, delivered, line } = bench()
    for (const name of ['a', 'b', 'c']) ask(name, 9)
    await pass(100)
    expect(delivered.map(({ name }) => name)).toEqual(['a', 'b', 'c'])
    for (const [index, exchange] of exchanges.entries()) {
      expect(exchange.requestBeginsMs).toBe(exchanges[index - 1]?.freeMs ?? 0)
    }
    const last = exchanges.at(-1)
    expect(line.load).toMatchObject({ exchanges: 3, unanswered: 0, bytes: 51 })
    expect(line.load.busyMs).toBeCloseTo(last?.freeMs ?? 0, 9)
  })

  it('is free after the request and its silence where nobody answers', async () => {
    const { ask, pass, exchanges, delivered, line } = bench()
    ask('nobody', undefined)
    ask('b', 9)
    await pass(60)
    expect(delivered.map(({ name }) => name)).toEqual(['b'])
    expect(exchanges[1]?.requestBeginsMs).toBeCloseTo(8 * timing.characterMs + timing.silenceMs, 9)
    expect(line.load.unanswered).toBe(1)
  })

  it('gathers no error from timers that fire late: many reads take as long as they should', async () => {
    await fc.assert(
      fc.asyncProperty(fc.double({ min: 0.5, max: 5, noNaN: true }), async (stepMs) => {
        const { ask, clock, delivered, exchanges } = bench()
        let asked = 0
        // A client that asks again as soon as it has its reply; time moves in coarse steps.
        for (let turn = 0; turn < 20_000 && exchanges.length < 40; turn += 1) {
          if (asked === delivered.length) {
            ask(String(asked), 41, 30)
            asked += 1
          }
          clock.advance(stepMs)
          await settle()
        }
        const one = (8 + 41) * timing.characterMs + 30 + timing.silenceMs
        const lastEndsMs = exchanges.at(-1)?.freeMs ?? 0
        expect(exchanges).toHaveLength(40)
        expect(Math.abs(lastEndsMs - 40 * one)).toBeLessThan(1e-6)
      }),
      { numRuns: 20 },
    )
  })

  it('brings no reply sooner than its bytes take, however late the timer of the one before was', async () => {
    const { ask, clock, pass, delivered } = bench()
    ask('a', 9)
    await settle()
    clock.advance(300)
    await settle()
    const askedMs = clock.monotonicMs()
    ask('b', 45)
    await pass(100)
    const tookMs = (delivered[1]?.atMs ?? 0) - askedMs
    expect(delivered).toHaveLength(2)
    expect(tookMs).toBeGreaterThanOrEqual(timing.silenceMs + 45 * timing.characterMs)
    expect(tookMs).toBeLessThan(timing.silenceMs + 54 * timing.characterMs)
  })

  it('does not charge twice what a real serial port takes anyway', async () => {
    const { ask, pass, exchanges, delivered } = bench(true)
    await pass(100)
    ask('a', 41, 30)
    await pass(30.05)
    expect(delivered).toHaveLength(1)
    expect(exchanges[0]?.requestEndsMs).toBeCloseTo(100, 6)
    expect(exchanges[0]?.replyEndsMs).toBeCloseTo(130 + 41 * timing.characterMs, 6)
  })

  it('takes no more requests than a gateway queues', () => {
    const { ask } = bench()
    const taken = Array.from({ length: 40 }, (_, index) => ask(String(index), 9))
    expect(taken.filter(Boolean)).toHaveLength(33)
  })
})
