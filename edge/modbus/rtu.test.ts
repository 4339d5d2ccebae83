import { pino } from 'pino'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Answer } from '../bus.ts'
import { SimulatedTime } from '../testing/simulated-time.ts'
import type { ReadQuery } from './frame.ts'
import type { PipeListener } from './pipe.ts'
import { exchangeMs, rtuRequest, silenceMs, withCrc } from './rtu-frame.ts'
import { RtuLine } from './rtu.ts'

const TIMEOUT_MS = 100
const LATE_MS = 200
const serial = { baudRate: 9_600, parity: 'none', stopBits: 1 } as const
const never = new AbortController().signal

const asked = (unit: number, address: number): ReadQuery => ({ unit, function: 3, address, quantity: 2 })
const replyTo = ({ unit, address }: ReadQuery): Uint8Array =>
  withCrc(Uint8Array.of(unit, 3, 4, address >>> 8, address & 0xff, address >>> 8, (address + 1) & 0xff))
const registers = (address: number): Answer => ({ words: Uint16Array.of(address, address + 1) })
const WAIT_MS = TIMEOUT_MS + exchangeMs(serial, asked(1, 0))

let time: SimulatedTime
let line: RtuLine
let listener: PipeListener
let requests: { readonly bytes: string; readonly atMs: number }[]
let scripts: ((request: Uint8Array) => void)[]
let opens: number
let refuses: boolean

const hear = (bytes: Uint8Array, afterMs = 1): void => {
  const to = listener
  time.after(afterMs, () => to.received(bytes))
}
const answers =
  (query: ReadQuery, afterMs = 1) =>
  (): void =>
    hear(replyTo(query), afterMs)
const silent = (): void => undefined
const read = (query: ReadQuery, signal = never): Promise<Answer> =>
  time.until(line.read(query, TIMEOUT_MS, signal))
const pass = (ms: number): Promise<void> => time.until(time.sleep(ms))

function lineOn(networked: boolean): RtuLine {
  return new RtuLine({
    path: '/dev/ttyUSB0',
    open: (ears) => {
      opens += 1
      if (refuses) return Promise.reject(new Error('cannot open'))
      listener = ears
      return Promise.resolve({
        write: (bytes) => {
          requests.push({ bytes: Buffer.from(bytes).toString('hex'), atMs: time.monotonicMs() })
          scripts.shift()?.(bytes)
        },
        close: () => Promise.resolve(),
      })
    },
    lostCode: networked ? 'bus-disconnected' : 'serial-device-unusable',
    networked,
    serial,
    lateMs: LATE_MS,
    clock: time,
    log: pino({ level: 'silent' }),
    random: () => 0.5,
  })
}

beforeEach(() => {
  time = new SimulatedTime()
  line = lineOn(false)
  requests = []
  scripts = []
  opens = 0
  refuses = false
})

describe('RtuLine', () => {
  it('asks with the frame of the specification and hands out the registers', async () => {
    scripts = [answers(asked(1, 100))]
    expect(await read(asked(1, 100))).toEqual(registers(100))
    expect(requests.map(({ bytes }) => bytes)).toEqual([
      Buffer.from(rtuRequest(asked(1, 100))).toString('hex'),
    ])
  })

  it('keeps the silence between a reply and the next request', async () => {
    scripts = [answers(asked(1, 1)), answers(asked(2, 1))]
    await read(asked(1, 1))
    const repliedMs = time.monotonicMs()
    await read(asked(2, 1))
    const gapMs = (requests[1]?.atMs ?? 0) - repliedMs
    expect(gapMs).toBeGreaterThanOrEqual(silenceMs(serial))
    expect(gapMs).toBeLessThan(silenceMs(serial) + 1)
  })

  it('only listens on a new connection until answers to anybody before are over', async () => {
    scripts = [answers(asked(1, 200))]
    const reading = line.read(asked(1, 200), TIMEOUT_MS, never)
    await pass(1)
    // An answer to the process that was killed a moment ago.
    hear(replyTo(asked(1, 100)), TIMEOUT_MS + LATE_MS)
    expect(await time.until(reading)).toEqual(registers(200))
    expect(requests[0]?.atMs).toBeGreaterThan(TIMEOUT_MS + LATE_MS)
  })

  describe('after a timeout', () => {
    it('does not ask the unit again while its answer may still come, and takes no line time for that', async () => {
      scripts = [silent, answers(asked(2, 1)), answers(asked(1, 200))]
      expect(await read(asked(1, 100))).toMatchObject({ cause: 'timeout' })
      const timedOutMs = time.monotonicMs()
      expect(await read(asked(1, 200))).toMatchObject({ cause: 'timeout', fault: { code: 'bus-timeout' } })
      expect(time.monotonicMs()).toBe(timedOutMs)
      expect(await read(asked(2, 1))).toEqual(registers(1))
      await pass(LATE_MS)
      expect(await read(asked(1, 200))).toEqual(registers(200))
      expect(requests).toHaveLength(3)
    })

    it('never takes the late answer for one of the same size, at any moment up to the bound', async () => {
      for (let lateMs = WAIT_MS + 1; lateMs < WAIT_MS + LATE_MS; lateMs += 3) {
        time = new SimulatedTime()
        line = lineOn(false)
        scripts = [answers(asked(1, 100), lateMs), answers(asked(1, 200), 30), answers(asked(1, 200), 30)]
        expect((await read(asked(1, 100))).cause).toBe('timeout')
        for (let poll = 0; poll < 40; poll += 1) {
          const answer = await read(asked(1, 200))
          if (answer.words !== undefined) expect(answer).toEqual(registers(200))
          await pass(7)
        }
        scripts = []
      }
    })

    it('does not take noise that begins like an answer of the unit for its answer', async () => {
      const noises = [
        // Unit and function of an exception, and no CRC; unit, function and count of an answer, and more bytes than that has.
        Uint8Array.of(1, 0x83, 0xca, 0xca, 0x6e, 0xba, 0xb0),
        Uint8Array.of(1, 0x83, 0xca, 0xca, 0x6e),
        Uint8Array.of(1, 3, 4, 0xca, 0x6e, 0xba, 0xb0, 0x6c, 0xdb, 0x8e),
      ]
      for (const noise of noises) {
        time = new SimulatedTime()
        line = lineOn(false)
        scripts = [
          () => {
            hear(noise, 1)
            hear(replyTo(asked(1, 100)), 80)
          },
        ]
        expect((await read(asked(1, 100))).words).toBeUndefined()
        for (let poll = 0; poll < 20; poll += 1) {
          const answer = await read(asked(1, 200))
          if (answer.words !== undefined) expect(answer).toEqual(registers(200))
          await pass(7)
        }
      }
    })

    it('knows that a unit may answer for longer than it was waited for', async () => {
      const SLOW_MS = 4_000
      const impatient = (query: ReadQuery): Promise<Answer> =>
        time.until(line.read(query, TIMEOUT_MS, never, 10_000))
      scripts = [answers(asked(1, 100), SLOW_MS), answers(asked(1, 200), SLOW_MS)]
      expect((await impatient(asked(1, 100))).cause).toBe('timeout')
      const askedMs = requests[0]?.atMs ?? 0
      // All this time another read of the unit could be given the registers of the first.
      while (time.monotonicMs() < askedMs + SLOW_MS) {
        expect((await impatient(asked(1, 200))).words).toBeUndefined()
        await pass(10)
      }
      expect(requests).toHaveLength(1)
      scripts = [answers(asked(1, 200))]
      expect(await impatient(asked(1, 200))).toEqual(registers(200))
    })

    it('asks again at once when the late answer has come', async () => {
      scripts = [answers(asked(1, 100), WAIT_MS + 20), answers(asked(1, 200))]
      await read(asked(1, 100))
      await pass(21)
      expect(await read(asked(1, 200))).toEqual(registers(200))
    })

    it('tells a late answer by its unit while another is waited for', async () => {
      scripts = [answers(asked(1, 100), WAIT_MS + 20), answers(asked(2, 300), 40), answers(asked(1, 7))]
      await read(asked(1, 100))
      expect(await read(asked(2, 300))).toEqual(registers(300))
      expect(await read(asked(1, 7))).toEqual(registers(7))
    })

    it('is wrong only about an answer that is later than it was told to expect', async () => {
      scripts = [answers(asked(1, 100), WAIT_MS + LATE_MS + 20), answers(asked(1, 200), 90)]
      await read(asked(1, 100))
      await pass(LATE_MS + 1)
      expect(await read(asked(1, 200))).toEqual(registers(100))
    })
  })

  it('remembers what is owed when a read is given up', async () => {
    const stop = new AbortController()
    scripts = [
      () => {
        hear(replyTo(asked(1, 100)), 50)
        time.after(10, () => stop.abort(new Error('stopped')))
      },
    ]
    await expect(read(asked(1, 100), stop.signal)).rejects.toThrow('stopped')
    expect((await read(asked(1, 200))).cause).toBe('timeout')
    expect(requests).toHaveLength(1)
  })

  describe('with faulty bytes', () => {
    it('fails at a wrong CRC without waiting, and asks again after the line was silent', async () => {
      const damaged = replyTo(asked(1, 100)).map((byte, index) => (index === 4 ? byte ^ 4 : byte))
      scripts = [() => hear(damaged, 10), answers(asked(1, 200))]
      expect(await read(asked(1, 100))).toMatchObject({
        cause: 'frame-invalid',
        fault: { code: 'bus-frame-invalid' },
      })
      const failedMs = time.monotonicMs()
      expect(await read(asked(1, 200))).toEqual(registers(200))
      const gapMs = (requests[1]?.atMs ?? 0) - failedMs
      expect(gapMs).toBeGreaterThanOrEqual(50)
      expect(gapMs).toBeLessThan(60)
    })

    it('does not take a wrong CRC for the answer while another unit owes one', async () => {
      const damaged = replyTo(asked(2, 100)).map((byte, index) => (index === 4 ? byte ^ 4 : byte))
      scripts = [silent, () => hear(damaged)]
      await read(asked(1, 100))
      await read(asked(2, 100))
      expect((await read(asked(2, 200))).cause).toBe('timeout')
      expect(requests).toHaveLength(2)
    })

    it('has the cause of every kind', async () => {
      const whole = replyTo(asked(1, 100))
      const faulty: readonly [string, Uint8Array][] = [
        ['another function', withCrc(Uint8Array.of(1, 4, 4, 0, 0, 0, 0))],
        ['another size', withCrc(Uint8Array.of(1, 3, 2, 0, 0))],
        ['another unit', replyTo(asked(9, 100))],
        ['garbage', Buffer.from('HTTP/1.1 400 Bad Request')],
        ['a truncated answer', whole.subarray(0, 6)],
      ]
      for (const [what, bytes] of faulty) {
        scripts = [() => hear(bytes), answers(asked(1, 200))]
        expect((await read(asked(1, 100))).cause, what).toBe('frame-invalid')
        await pass(WAIT_MS + LATE_MS)
        expect(await read(asked(1, 200)), what).toEqual(registers(200))
      }
      scripts = [() => hear(withCrc(Uint8Array.of(1, 0x83, 6)))]
      expect((await read(asked(1, 100))).cause).toBe('device-busy')
    })

    it('waits on for the answer after bytes of another unit and a pause', async () => {
      scripts = [
        () => {
          hear(replyTo(asked(9, 5)), 1)
          hear(replyTo(asked(1, 100)), 60)
        },
      ]
      expect(await read(asked(1, 100))).toEqual(registers(100))
    })

    it('believes nothing after such bytes before the line was silent', async () => {
      scripts = [
        () => {
          hear(replyTo(asked(9, 5)), 1)
          hear(replyTo(asked(1, 100)), 40)
        },
      ]
      expect((await read(asked(1, 100))).cause).toBe('frame-invalid')
    })

    it('reads through the echo of an adapter and through what an idle line looks like', async () => {
      scripts = [
        (request) => {
          hear(request.subarray(0, 3), 1)
          hear(Uint8Array.of(...request.subarray(3), 0xff, 0x00, ...replyTo(asked(1, 100))), 2)
        },
      ]
      expect(await read(asked(1, 100))).toEqual(registers(100))
    })

    it('says so when the line does not become silent', async () => {
      scripts = [answers(asked(1, 1)), answers(asked(1, 2))]
      await read(asked(1, 1))
      for (let ms = 0; ms < 300; ms += 2) hear(Uint8Array.of(0x55), ms)
      await pass(1)
      expect((await read(asked(1, 2))).cause).toBe('frame-invalid')
      expect(requests).toHaveLength(1)
      await pass(400)
      expect(await read(asked(1, 2))).toEqual(registers(2))
    })
  })

  it('is not connected while its device is gone, and opens it again after growing pauses', async () => {
    scripts = [() => time.after(5, () => listener.closed(new Error('unplugged')))]
    expect(await read(asked(1, 1))).toMatchObject({
      cause: 'disconnected',
      fault: { code: 'serial-device-unusable', place: { path: '/dev/ttyUSB0' } },
    })
    refuses = true
    opens = 0
    for (let poll = 0; poll < 100; poll += 1) {
      expect((await read(asked(1, 1))).cause).toBe('disconnected')
      await pass(100)
    }
    // 10 s with pauses of 250, 500, 1,000, 2,000, 2,500 … ms
    expect(opens).toBeGreaterThan(4)
    expect(opens).toBeLessThan(9)
    refuses = false
    await pass(5_000)
    scripts = [answers(asked(1, 3))]
    expect(await read(asked(1, 3))).toEqual(registers(3))
  })

  describe('behind a network', () => {
    beforeEach(() => {
      line = lineOn(true)
    })

    it('replaces a connection before it asks again a unit whose request may still be on its way', async () => {
      scripts = [silent, answers(asked(1, 200))]
      await read(asked(1, 100))
      await pass(60_000)
      expect(await read(asked(1, 200))).toEqual(registers(200))
      expect(opens).toBe(2)
    })

    it('keeps the connection when later answers show that nothing is on its way', async () => {
      scripts = [silent, answers(asked(2, 1)), answers(asked(2, 2)), answers(asked(1, 200))]
      await read(asked(1, 100))
      await read(asked(2, 1))
      await pass(WAIT_MS + LATE_MS)
      // The request was delivered; what was said to it may still be on its way.
      expect((await read(asked(1, 200))).cause).toBe('timeout')
      await read(asked(2, 2))
      expect(await read(asked(1, 200))).toEqual(registers(200))
      expect(opens).toBe(1)
    })

    it('replaces a connection on which nothing comes any more', async () => {
      scripts = [silent, silent, silent, answers(asked(4, 1))]
      for (const unit of [1, 2, 3]) expect((await read(asked(unit, 1))).cause).toBe('timeout')
      expect(await read(asked(4, 1))).toEqual(registers(1))
      expect(opens).toBe(2)
    })
  })
})
