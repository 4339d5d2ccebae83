import { describe, expect, it } from 'vitest'
import { ManualClock } from '#contract/clock.ts'
import { Bus, type Answer, type Line } from './bus.ts'
import type { ReadQuery } from './modbus/frame.ts'

const query = (address: number, unit = 1): ReadQuery => ({ unit, function: 3, address, quantity: 1 })
const manner = { timeoutMs: 100, pauseMs: 0 }
const never = new AbortController().signal
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A line that answers when it is told to. */
class HeldLine implements Line {
  readonly asked: { readonly query: ReadQuery; readonly answer: (words: number) => void }[] = []

  read(query: ReadQuery): Promise<Answer> {
    return new Promise((resolve) => {
      this.asked.push({ query, answer: (word) => resolve({ words: Uint16Array.of(word) }) })
    })
  }

  close(): void {
    this.asked.length = 0
  }
}

describe('Bus', () => {
  it('has one request on the line, and serves callers in the order in which they came', async () => {
    const line = new HeldLine()
    const bus = new Bus(line, new ManualClock(0))
    const reads = [10, 20, 30].map((address) => bus.read(query(address), manner, never))
    for (const count of [1, 2, 3]) {
      await turn()
      expect(line.asked).toHaveLength(count)
      line.asked.at(-1)?.answer(count)
    }
    expect(line.asked.map((each) => each.query.address)).toEqual([10, 20, 30])
    expect((await Promise.all(reads)).map((answer) => answer.words?.[0])).toEqual([1, 2, 3])
  })

  it('gives a meter the quiet time that it needs', async () => {
    const clock = new ManualClock(0)
    const line = new HeldLine()
    const bus = new Bus(line, clock)
    const first = bus.read(query(1), { ...manner, pauseMs: 200 }, never)
    await turn()
    line.asked[0]?.answer(1)
    await first
    void bus.read(query(2), manner, never)
    await turn()
    clock.advance(199)
    await turn()
    expect(line.asked).toHaveLength(1)
    clock.advance(1)
    await turn()
    expect(line.asked).toHaveLength(2)
  })

  it('serves the next caller when one gives up waiting', async () => {
    const line = new HeldLine()
    const bus = new Bus(line, new ManualClock(0))
    void bus.read(query(1), manner, never)
    const stop = new AbortController()
    const second = bus.read(query(2), manner, stop.signal)
    void bus.read(query(3), manner, never)
    stop.abort(new Error('stopped'))
    await turn()
    line.asked[0]?.answer(1)
    await expect(second).rejects.toThrow('stopped')
    await turn()
    expect(line.asked.map((each) => each.query.address)).toEqual([1, 3])
  })
})
