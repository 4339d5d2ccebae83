import { pino } from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemClock } from '#cli/system-clock.ts'
import { describeWith, serverPath } from '#test/support/servers.ts'
import type { Answer } from '../bus.ts'
import { lineOf } from '../lines.ts'
import { mbap, rtu } from '../testing/hostile-framing.ts'
import { commonKinds, connectionKinds, serialKinds, transactionKinds } from '../testing/hostile-kinds.ts'
import { HostileListener, hostileSerial } from '../testing/hostile-listener.ts'
import { HostileMeter } from '../testing/hostile-meter.ts'
import { provoke, UNITS, unrecovered } from '../testing/hostile-run.ts'
import { makePseudoTerminals, type PseudoTerminals } from '../testing/pseudo-terminals.ts'
import { SeededRandom } from '../testing/seeded-random.ts'
import type { ReadQuery } from './frame.ts'
import type { BytePipe } from './pipe.ts'
import { exchangeMs, withCrc } from './rtu-frame.ts'
import { serialPipe } from './serial-pipe.ts'

/** Real time is slow: of every 800 exchanges of hostile.test.ts one is made here too, on each transport. */
const EXCHANGES = Math.ceil(Number(process.env['TANBIAO_HOSTILE_EXCHANGES'] ?? 20_000) / 800)
const LIMIT_MS = 60_000 + EXCHANGES * 1_000
const SEED = 20_261_123
const TIMEOUT_MS = 200
const LATE_MS = 1_000
const serial = { baudRate: 115_200, parity: 'even', stopBits: 1 } as const
const never = new AbortController().signal
const log = pino({ level: 'silent' })
const surroundings = { clock: systemClock, log, random: () => 0 }
/** An honest answer is in time also when the machine is busy. */
const PATIENT_MS = 3_000
/** On a busy machine timers fire late, and bytes lie for a while with a process that passes them on. */
const SLACK_MS = 900

const times = (query: ReadQuery) => {
  const waitMs = TIMEOUT_MS + exchangeMs(serial, query)
  return { waitMs, boundMs: waitMs + LATE_MS - SLACK_MS }
}

describeWith(['socat'], 'A serial line', () => {
  let ends: PseudoTerminals
  let line: ReturnType<typeof lineOf>
  let far: BytePipe | undefined

  const respond = async (answer: (request: Uint8Array) => void): Promise<void> => {
    far = await serialPipe(ends.there, serial)({ received: answer, closed: () => undefined }, never)
  }
  const honest = (request: Uint8Array): void => {
    const [unit = 0, code = 0, high = 0, low = 0] = request
    far?.write(withCrc(Uint8Array.of(unit, code, 2, high, low)))
  }
  const ask = (address: number): Promise<Answer> =>
    line.read({ unit: 1, function: 3, address, quantity: 1 }, 500, never)

  beforeEach(async () => {
    ends = await makePseudoTerminals(serverPath('socat'))
    line = lineOf({ kind: 'rtu', path: ends.here, ...serial, lateMs: 20 }, surroundings)
  })

  afterEach(async () => {
    line.close()
    await far?.close()
    far = undefined
    await ends.remove()
  })

  it('is read, control characters and all', async () => {
    await respond(honest)
    for (const address of [0x0000, 0x0d0a, 0x1113, 0x1a04, 0xffff]) {
      expect(await ask(address)).toEqual({ words: Uint16Array.of(address) })
    }
  })

  it('is not connected when there is no such device, or when another program holds it', async () => {
    const lost = { cause: 'disconnected', fault: { code: 'serial-device-unusable' } }
    const none = lineOf({ kind: 'rtu', path: `${ends.here}-none`, ...serial, lateMs: 20 }, surroundings)
    expect(await none.read({ unit: 1, function: 3, address: 1, quantity: 1 }, 500, never)).toMatchObject(lost)
    const holder = await serialPipe(ends.here, serial)(
      { received: () => undefined, closed: () => undefined },
      never,
    )
    expect(await ask(1)).toMatchObject(lost)
    await holder.close()
    await respond(honest)
    expect(await ask(1)).toEqual({ words: Uint16Array.of(1) })
  })

  it('is read again after its adapter was pulled out and plugged in', async () => {
    await respond(honest)
    expect(await ask(1)).toEqual({ words: Uint16Array.of(1) })
    await far?.close()
    await respond(() => void ends.unplug())
    expect(await ask(2)).toMatchObject({ cause: 'disconnected', fault: { code: 'serial-device-unusable' } })
    expect(await ask(2)).toMatchObject({ cause: 'disconnected' })
    await ends.plug()
    await respond(honest)
    // What was asked before the plug was pulled is still owed for a moment.
    await expect.poll(() => ask(3), { timeout: 20_000 }).toEqual({ words: Uint16Array.of(3) })
  })

  it(
    'brings no wrong value in from a hostile meter',
    async () => {
      const random = new SeededRandom(SEED)
      const meter = new HostileMeter({
        framing: rtu,
        kinds: { ...commonKinds, ...serialKinds },
        units: UNITS,
        imitates: false,
        times,
        random,
        clock: systemClock,
      })
      const hostile = hostileSerial(
        () => meter,
        () => {
          if (far === undefined) throw new Error('nothing was asked yet')
          return far
        },
        rtu.requestBytes,
      )
      await respond((bytes) => hostile.received(bytes))
      line = lineOf({ kind: 'rtu', path: ends.here, ...serial, lateMs: LATE_MS }, surroundings)
      const run = { line, meter, clock: systemClock, random, timeoutMs: TIMEOUT_MS, restMsMax: 10 }
      const tally = await provoke(run, EXCHANGES)
      expect(tally.wrong).toEqual([])
      expect(tally.values).toBeGreaterThan(0)
      expect(await unrecovered({ ...run, timeoutMs: PATIENT_MS, quiet: () => hostile.quiet() })).toEqual([])
      hostile.stop()
    },
    LIMIT_MS,
  )
})

describeWith([], 'Real sockets', () => {
  for (const kind of ['tcp', 'rtu-over-tcp'] as const) {
    it(
      `bring no wrong value in from a hostile server over ${kind}`,
      async () => {
        const random = new SeededRandom(SEED)
        const framing = kind === 'tcp' ? mbap : rtu
        const meter = new HostileMeter({
          framing,
          kinds: {
            ...commonKinds,
            ...connectionKinds,
            ...(kind === 'tcp' ? transactionKinds : serialKinds),
          },
          units: UNITS,
          imitates: kind === 'tcp',
          times,
          random,
          clock: systemClock,
        })
        const server = new HostileListener(
          () => meter,
          framing.requestBytes,
          () => random.chance(0.5),
        )
        const port = await server.listen()
        const at = { host: '127.0.0.1', port }
        const transport = kind === 'tcp' ? { kind, ...at } : { kind, ...at, ...serial, lateMs: LATE_MS }
        const line = lineOf(transport, surroundings)
        const run = { line, meter, clock: systemClock, random, timeoutMs: TIMEOUT_MS, restMsMax: 10 }
        const tally = await provoke(run, EXCHANGES)
        expect(tally.wrong).toEqual([])
        expect(tally.values).toBeGreaterThan(0)
        expect(await unrecovered({ ...run, timeoutMs: PATIENT_MS, quiet: () => server.quiet() })).toEqual([])
        line.close()
        await server.close()
      },
      LIMIT_MS,
    )
  }
})
