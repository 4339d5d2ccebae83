import fc from 'fast-check'
import { pino } from 'pino'
import { afterEach, describe, expect, it } from 'vitest'
import { ManualClock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import { readingsOf } from '#contract/messages.ts'
import { quantities } from '#contract/quantities.ts'
import type { BadCause, Reading } from '#contract/reading.ts'
import type { MappedRegister } from '#firmware-config/profile.ts'
import { Bus, type Answer, type Line } from './bus.ts'
import type { MeterHealth } from './health.ts'
import { lineCost } from './line-cost.ts'
import type { ReadQuery } from './modbus/frame.ts'
import { MeterPoll } from './poll.ts'
import { testRegister } from './testing/virtual-line.ts'

const EVERY_MS = 1_000
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

/** A device that refuses addresses, and requests that reach over the edge of a block. */
class Device implements Line {
  illegal: ReadonlySet<number> = new Set()
  edges: readonly number[] = []
  cause: BadCause | undefined
  readonly asked: ReadQuery[] = []

  read(query: ReadQuery): Promise<Answer> {
    this.asked.push(query)
    const end = query.address + query.quantity
    const addresses = Array.from({ length: query.quantity }, (_, index) => query.address + index)
    const refused =
      addresses.some((address) => this.illegal.has(address)) ||
      this.edges.some((edge) => query.address < edge && edge < end)
    const cause = this.cause ?? (refused ? 'illegal-address' : undefined)
    return Promise.resolve(
      cause === undefined
        ? { words: Uint16Array.from(addresses) }
        : { cause, fault: new Fault('bus-exception', 'refused') },
    )
  }

  close(): void {
    this.asked.length = 0
  }
}

const stopping: AbortController[] = []
afterEach(() => {
  for (const controller of stopping.splice(0)) controller.abort()
})

function start(registers: readonly MappedRegister[], device: Device, limits: object = {}) {
  const clock = new ManualClock(10_000)
  const readings: Reading[] = []
  const healths: MeterHealth[] = []
  const controller = new AbortController()
  stopping.push(controller)
  const allowed = { registersPerRequest: 125, bridgeGaps: 20, forbidden: [], pauseMs: 0, ...limits }
  const poll = new MeterPoll(
    {
      meter: 'm',
      unit: 1,
      tasks: [{ everyMs: EVERY_MS, registers, sheddable: false }],
      limits: allowed,
      ratioRegisters: [],
      cost: lineCost(
        { kind: 'rtu', path: '-', baudRate: 9_600, parity: 'none', stopBits: 1, lateMs: 1_000 },
        { pauseMs: 0 },
      ),
      timeoutMs: 1_000,
      quality: 'good',
      bus: new Bus(device, clock),
    },
    {
      clock,
      log: pino({ level: 'silent' }),
      read: (sample) => readings.push(...readingsOf(sample)),
      polled: (_meter, health) => healths.push(health),
    },
  )
  void poll.run(controller.signal)
  /** What the next poll reads and asks. */
  const next = async (advanceMs = EVERY_MS) => {
    readings.length = 0
    device.asked.length = 0
    clock.advance(advanceMs)
    await turns()
    return {
      good: readings.filter(({ quality }) => quality === 'good').map(({ quantity }) => quantity),
      bad: readings.flatMap((each) => (each.quality === 'bad' ? [`${each.quantity} ${each.cause}`] : [])),
      asked: device.asked.length,
    }
  }
  return { clock, poll, readings, healths, next, stop: controller }
}

const named = (addresses: readonly number[]): MappedRegister[] =>
  addresses.map((address, index) => testRegister(quantities[index]?.name ?? 'frequency', address))
const namesOf = (registers: readonly MappedRegister[]): string[] =>
  registers.map(({ quantity }) => quantity).toSorted()

describe('a meter that refuses a part of its profile', () => {
  it('is read all the same, from the first poll on; only what it refuses is bad', async () => {
    const places = fc.uniqueArray(fc.nat(60), { minLength: 1, maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(
        places,
        fc.array(fc.nat(125), { maxLength: 4 }),
        fc.array(fc.nat(125), { maxLength: 2 }),
        async (pairs, illegal, edges) => {
          const registers = named(pairs.map((pair) => 2 * pair))
          const device = new Device()
          device.illegal = new Set(illegal)
          // Blocks end between values.
          device.edges = edges.map((edge) => edge - (edge % 2))
          const refused = registers.filter(({ address }) =>
            [address, address + 1].some((each) => device.illegal.has(each)),
          )
          const legal = registers.filter((register) => !refused.includes(register))
          const { readings, next, stop } = start(registers, device)
          await turns()
          const good = readings.filter(({ quality }) => quality === 'good')
          expect(good.map(({ quantity }) => quantity).toSorted()).toEqual(namesOf(legal))
          expect(readings).toHaveLength(registers.length)
          // One that answers nothing else is asked less and less often.
          if (legal.length === 0) return stop.abort()
          // What is learnt in one poll may show one more thing in the next: in the end nothing is asked in vain.
          for (let poll = 0; poll < 8; poll += 1) await next()
          const settled = await next()
          expect(settled.good.toSorted()).toEqual(namesOf(legal))
          expect(settled.bad.toSorted()).toEqual(
            namesOf(refused).map((quantity) => `${quantity} illegal-address`),
          )
          expect(settled.asked).toBeLessThanOrEqual(legal.length)
          stop.abort()
        },
      ),
      { numRuns: 100 },
    )
  })

  it('is asked in as few requests as what it refuses allows', async () => {
    const registers = named([0, 2, 4, 6, 8, 10, 12, 14])
    const device = new Device()
    device.illegal = new Set([6])
    const { next } = start(registers, device)
    await turns()
    expect(await next()).toMatchObject({ asked: 2, bad: [`${registers[3]?.quantity} illegal-address`] })
  })

  it('is asked for all of its profile again after an hour', async () => {
    const registers = named([0, 2, 4])
    const device = new Device()
    device.illegal = new Set([2])
    const { next } = start(registers, device)
    await turns()
    expect((await next()).good).toHaveLength(2)
    device.illegal = new Set()
    expect((await next(3_600_000)).good).toHaveLength(2)
    expect(await next()).toEqual({ good: registers.map(({ quantity }) => quantity), bad: [], asked: 1 })
  })

  it('is asked for all of its profile again when it was silent and is back', async () => {
    const registers = named([0, 2, 4])
    const device = new Device()
    device.illegal = new Set([2])
    const { next } = start(registers, device)
    await turns()
    device.illegal = new Set()
    device.cause = 'timeout'
    for (let poll = 0; poll < 3; poll += 1) await next()
    device.cause = undefined
    await next(60_000)
    expect((await next()).good).toHaveLength(3)
  })

  it('says so in its state', async () => {
    const device = new Device()
    device.illegal = new Set([2])
    const { healths, next } = start(named([0, 2, 4]), device)
    await turns()
    await next()
    expect(healths.at(-1)).toMatchObject({ state: 'failing', cause: 'illegal-address', failuresInRow: 0 })
  })

  it('is still asked, once a poll, when it refuses everything', async () => {
    const device = new Device()
    device.illegal = new Set([0, 2, 4])
    const { next } = start(named([0, 2, 4]), device)
    await turns()
    const { asked, bad } = await next()
    expect([asked, bad.length]).toEqual([1, 3])
  })
})

describe('a poll', () => {
  it('gives no two readings of a meter the same moment, in one poll, and when the clock was set back', async () => {
    const device = new Device()
    const { clock, readings } = start(named([0, 100, 200]), device)
    await turns()
    clock.stepWall(5_000)
    // The first look finds the clock set back and waits for the next slot.
    for (let poll = 0; poll < 4; poll += 1) {
      clock.advance(EVERY_MS)
      await turns()
    }
    expect(readings).toHaveLength(12)
    const times = readings.map(({ atMs }) => atMs)
    expect(new Set(times).size).toBe(12)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
  })

  it('ends at the first silence: all that was to be read is bad', async () => {
    const device = new Device()
    device.cause = 'timeout'
    const { next, readings } = start(named([0, 100, 200]), device)
    await turns()
    expect(readings).toHaveLength(3)
    expect(await next()).toMatchObject({ asked: 1, good: [] })
  })
})
