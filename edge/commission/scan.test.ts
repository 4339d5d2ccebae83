import { createServer, type Server } from 'node:net'
import { pino } from 'pino'
import { afterEach, describe, expect, test } from 'vitest'
import { sleepOn, type Clock } from '#contract/clock.ts'
import { withCrc } from '#edge/modbus/rtu-frame.ts'
import { lineOf } from '../lines.ts'
import { scan, type ScanOptions, type ScanProgress } from './scan.ts'

const clock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (durationMs, call) => {
    const timer = setTimeout(call, durationMs)
    return () => clearTimeout(timer)
  },
  sleep: (durationMs, signal) => sleepOn(clock, durationMs, signal),
}
const log = pino({ level: 'silent' })

/** What a unit does with a request of 8 bytes. */
type Unit = (request: Uint8Array) => Uint8Array | undefined
const exception =
  (code: number): Unit =>
  ([unit = 0, asked = 0]) =>
    withCrc(Uint8Array.of(unit, asked | 0x80, code))
const word: Unit = ([unit = 0, asked = 0]) => withCrc(Uint8Array.of(unit, asked, 2, 0x12, 0x34))
const garbage: Unit = () => Uint8Array.of(0x55, 0xaa, 0x13, 0x37)

let server: Server | undefined
afterEach(() => {
  server?.close()
  server = undefined
})

/** A transparent serial server with units behind it; a slow one answers only after the quick round's patience is over. */
async function served(units: Readonly<Record<number, Unit>>, slow: readonly number[] = []): Promise<number> {
  const made = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (request: Uint8Array) => {
      const [unit = 0] = request
      const reply = units[unit]?.(request)
      if (reply === undefined) return
      if (slow.includes(unit)) setTimeout(() => socket.write(reply), 180)
      else socket.write(reply)
    })
  })
  server = made
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve))
  const address = made.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

const rtu = (port: number) =>
  ({
    kind: 'rtu-over-tcp',
    host: '127.0.0.1',
    port,
    baudRate: 115_200,
    parity: 'none',
    stopBits: 1,
    lateMs: 300,
  }) as const

function options(port: number, units: readonly number[], more: Partial<ScanOptions> = {}): ScanOptions {
  return {
    transports: [rtu(port)],
    units,
    // Of the patient round: a busy machine may hold an answer back.
    timeoutMs: 1_500,
    open: (transport) => lineOf(transport, { clock, log, random: Math.random }),
    clock,
    signal: new AbortController().signal,
    progress: () => undefined,
    found: () => undefined,
    ...more,
  }
}

describe('A scan', () => {
  test('finds what answers, exceptions included, and neither what a gateway says is silent nor garbage', async () => {
    const port = await served({
      1: word,
      2: exception(1),
      3: exception(2),
      4: exception(3),
      5: exception(0x0a),
      6: exception(0x0b),
      7: garbage,
    })
    const { found, noisy, complete } = await scan(options(port, [1, 2, 3, 4, 5, 6, 7, 8]))
    expect(found.map(({ unit, firstAnswer }) => [unit, firstAnswer])).toEqual([
      [1, '0x0000 = 0x1234'],
      [2, 'illegal function (exception 01)'],
      [3, 'illegal address (exception 02)'],
      [4, 'illegal value (exception 03)'],
    ])
    expect(noisy.map(({ unit }) => unit)).toEqual([7])
    expect(complete).toBe(true)
  })

  test('finds a slow meter in its patient round', async () => {
    const rounds: ScanProgress['round'][] = []
    const port = await served({ 1: word, 3: word }, [3])
    const { found } = await scan(options(port, [1, 2, 3], { progress: ({ round }) => rounds.push(round) }))
    expect(new Set(found.map(({ unit }) => unit))).toEqual(new Set([1, 3]))
    expect(rounds).toEqual(['quick', 'quick', 'quick', 'patient', 'patient'])
  })

  test('says how much is left, and ends with what it has found when it is told to', async () => {
    const port = await served({ 1: word, 2: word, 3: word })
    const stopping = new AbortController()
    const counts: [number, number][] = []
    const { found, complete } = await scan(
      options(port, [1, 2, 3], {
        signal: stopping.signal,
        progress: ({ asked, total }) => counts.push([asked, total]),
        found: ({ unit }) => {
          if (unit === 2) stopping.abort()
        },
      }),
    )
    expect(found.map(({ unit }) => unit)).toEqual([1, 2])
    expect(complete).toBe(false)
    expect(counts).toEqual([
      [0, 3],
      [1, 3],
      [2, 3],
    ])
  })

  test('of a line that cannot be opened is a fault that says why', async () => {
    const port = await served({})
    await new Promise((resolve) => server?.close(resolve))
    await expect(scan(options(port, [1]))).rejects.toMatchObject({
      code: 'bus-disconnected',
      message: expect.stringContaining('ECONNREFUSED'),
    })
  })
})
