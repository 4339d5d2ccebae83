import type { Socket } from 'node:net'
import modbusSerial from 'modbus-serial'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '#cli/system-clock.ts'
import { honest, honestReply, ScriptedMeter, type Script } from '../testing/scripted-meter.ts'
import type { Answer } from '../bus.ts'
import { ModbusTcpLine } from './tcp.ts'

const TIMEOUT_MS = 400
/** An honest answer is in time also when the machine is busy. */
const PATIENT_MS = 10_000
const never = new AbortController().signal
const query = { unit: 1, function: 3, address: 100, quantity: 2 } as const
const right = { words: Uint16Array.of(100, 101) }

const silent: Script = () => undefined
const changed =
  (change: (reply: Buffer) => Buffer | undefined): Script =>
  (request, socket) => {
    const reply = honestReply(request)
    socket.write(change(reply) ?? reply)
  }
/** The bytes of two registers under a byte count of one. */
const shortCount = changed((reply) => void reply.writeUInt8(2, 8))
/** A byte count and length for one register less than asked. */
const shortReply = changed((reply) => {
  reply.writeUInt16BE(5, 4)
  reply.writeUInt8(2, 8)
  return reply.subarray(0, 11)
})

let meter: ScriptedMeter
let line: ModbusTcpLine
let port: number

const options = () => ({
  host: '127.0.0.1',
  port,
  clock: systemClock,
  log: pino({ level: 'silent' }),
  random: () => 0,
})

beforeEach(async () => {
  meter = new ScriptedMeter()
  port = await meter.listen()
  line = new ModbusTcpLine(options())
})

afterEach(async () => {
  line.close()
  await meter.close()
})

const ask = (address: number = query.address, timeoutMs = TIMEOUT_MS): Promise<Answer> =>
  line.read({ ...query, address }, timeoutMs, never)
/** Asks a meter that is honest. */
const askHonest = (address?: number): Promise<Answer> => ask(address, PATIENT_MS)

describe('ModbusTcpLine', () => {
  const hostile: Record<string, { script: Script; cause: string }> = {
    'a byte count that is too small': { script: shortReply, cause: 'frame-invalid' },
    'a byte count that does not fit its frame': {
      script: shortCount,
      cause: 'frame-invalid',
    },
    'a transaction that was never asked': {
      script: changed((reply) => void reply.writeUInt16BE(reply.readUInt16BE(0) + 7, 0)),
      cause: 'frame-invalid',
    },
    'another protocol': {
      script: changed((reply) => void reply.writeUInt16BE(1, 2)),
      cause: 'frame-invalid',
    },
    'another unit': { script: changed((reply) => void reply.writeUInt8(9, 6)), cause: 'frame-invalid' },
    'another function': { script: changed((reply) => void reply.writeUInt8(4, 7)), cause: 'frame-invalid' },
    'a length of 0x0FFF': {
      script: changed((reply) => void reply.writeUInt16BE(0xfff, 4)),
      cause: 'frame-invalid',
    },
    'a length that promises more than comes': {
      script: changed((reply) => void reply.writeUInt16BE(200, 4)),
      cause: 'frame-invalid',
    },
    garbage: {
      script: (_, socket) => void socket.write('HTTP/1.1 400 Bad Request\r\n'),
      cause: 'frame-invalid',
    },
    'nothing at all': { script: silent, cause: 'timeout' },
    'a closed connection': { script: (_, socket) => void socket.end(), cause: 'disconnected' },
    'a reset connection': { script: (_, socket) => void socket.resetAndDestroy(), cause: 'disconnected' },
    'half an answer and the end': {
      script: (request, socket) => void socket.end(honestReply(request).subarray(0, 10)),
      cause: 'disconnected',
    },
    'an exception': {
      script: changed((reply) => Buffer.concat([reply.subarray(0, 4), Buffer.from([0, 3, 1, 0x83, 6])])),
      cause: 'device-busy',
    },
  }
  for (const [what, { script, cause }] of Object.entries(hostile)) {
    it(`has no value from ${what}, and is right again afterwards`, async () => {
      expect(await askHonest()).toEqual(right)
      meter.scripts.push(script)
      const answer = await ask()
      expect(answer.words).toBeUndefined()
      expect(answer.cause).toBe(cause)
      expect(await askHonest()).toEqual(right)
    })
  }

  it('never takes a late reply for the answer to the next request', async () => {
    let late: (() => void) | undefined
    meter.scripts.push(
      (request, socket) => {
        late = () => honest(request, socket)
      },
      (request, socket) => {
        late?.()
        honest(request, socket)
      },
    )
    expect((await ask(100)).cause).toBe('timeout')
    expect(await askHonest(200)).toEqual({ words: Uint16Array.of(200, 201) })
    expect(meter.connections).toBe(1)
  })

  it('takes no answer that was cut short and filled up with another reply', async () => {
    for (const missing of [1, 5, 8, 9, 12, 20]) {
      let late = Buffer.alloc(0)
      meter.scripts.push(
        (request) => {
          late = Buffer.concat([request.subarray(0, 4), Buffer.from([0, 3, 1, 0x83, 4])])
        },
        (request, socket) => {
          const cut = honestReply(request)
          // As many late exceptions as it takes; a server owes several after several timeouts.
          const filling = Buffer.concat([late, late, late])
          socket.write(Buffer.concat([cut.subarray(0, cut.length - missing), filling]))
        },
      )
      expect((await ask(100)).cause).toBe('timeout')
      const answer = await line.read({ ...query, quantity: 10 }, TIMEOUT_MS, never)
      expect(answer.cause, `${missing} bytes were missing`).toBe('frame-invalid')
      expect(await askHonest()).toEqual(right)
    }
  })

  it('does not mind a reply that comes when nothing is asked', async () => {
    meter.scripts.push((request, socket) => {
      socket.write(Buffer.concat([honestReply(request), honestReply(request)]))
    })
    expect(await askHonest()).toEqual(right)
    expect(await askHonest(7)).toEqual({ words: Uint16Array.of(7, 8) })
  })

  it('joins an answer that comes byte by byte', async () => {
    meter.scripts.push((request, socket) => {
      for (const byte of honestReply(request)) socket.write(Buffer.of(byte))
    })
    expect(await askHonest()).toEqual(right)
  })

  it('replaces a connection on which nothing answers any more', async () => {
    meter.otherwise = silent
    for (let reads = 0; reads < 3; reads += 1) expect((await ask()).cause).toBe('timeout')
    meter.otherwise = honest
    expect(await askHonest()).toEqual(right)
    expect(meter.connections).toBe(2)
  })

  it('says that a host without a listener is not connected, and finds it when it is there', async () => {
    await meter.close()
    expect((await ask()).cause).toBe('disconnected')
    meter = new ScriptedMeter()
    await meter.listen(port)
    expect(await askHonest()).toEqual(right)
  })

  it('does not try to connect again before the pause is over', async () => {
    await meter.close()
    const patient = new ModbusTcpLine({
      host: '127.0.0.1',
      port,
      clock: { ...systemClock, monotonicMs: () => 0 },
      log: pino({ level: 'silent' }),
      random: () => 0.5,
    })
    await patient.read(query, TIMEOUT_MS, never)
    meter = new ScriptedMeter()
    await meter.listen(port)
    expect((await patient.read(query, TIMEOUT_MS, never)).cause).toBe('disconnected')
    expect(meter.connections).toBe(0)
  })

  it('ends a wait when it is told to', async () => {
    meter.otherwise = silent
    const stop = new AbortController()
    const read = line.read(query, 60_000, stop.signal)
    stop.abort(new Error('stopped'))
    await expect(read).rejects.toThrow('stopped')
  })
})

describe('ModbusTcpLine with several requests at once', () => {
  const UNITS = [1, 2, 3, 4]
  let requests: Buffer[]
  let socket: Socket | undefined

  beforeEach(() => {
    line.close()
    line = new ModbusTcpLine({ ...options(), requestsAtOnce: UNITS.length })
    requests = []
    meter.otherwise = (request, from) => {
      requests.push(request)
      socket = from
    }
  })

  const askUnit = (unit: number, timeoutMs = PATIENT_MS): Promise<Answer> =>
    line.read({ ...query, unit, address: 100 * unit }, timeoutMs, never)
  const rightOf = (unit: number): object => ({ words: Uint16Array.of(100 * unit, 100 * unit + 1) })
  /** Asks all, and waits until the meter has heard it. */
  async function askAll(timeoutMs?: number): Promise<Promise<Answer>[]> {
    const asked = UNITS.map((unit) => askUnit(unit, timeoutMs))
    await expect.poll(() => requests.length).toBe(UNITS.length)
    requests.sort((a, b) => a.readUInt8(6) - b.readUInt8(6))
    return asked
  }

  it('gives each read its own answer, in whatever order and pieces they come', async () => {
    for (const cut of [1, 6, 9, 13, 14, 20, 39]) {
      requests = []
      const asked = await askAll()
      const bytes = Buffer.concat(requests.toReversed().map(honestReply))
      socket?.write(bytes.subarray(0, cut))
      await systemClock.sleep(2)
      socket?.write(bytes.subarray(cut))
      expect(await Promise.all(asked)).toEqual(UNITS.map(rightOf))
    }
    expect(meter.connections).toBe(1)
  })

  it('opens one connection for reads that begin together', async () => {
    meter.otherwise = honest
    expect(await Promise.all(UNITS.map((unit) => askUnit(unit)))).toEqual(UNITS.map(rightOf))
    expect(meter.connections).toBe(1)
  })

  it('lets a read wait no longer than its own timeout, and the others go on', async () => {
    const hasty = askUnit(1, 100)
    const patient = [askUnit(2), askUnit(3), askUnit(4)]
    expect(await hasty).toMatchObject({ cause: 'timeout' })
    await expect.poll(() => requests.length).toBe(UNITS.length)
    // The late reply of the first one among the others is nobody's.
    for (const request of requests) socket?.write(honestReply(request))
    expect(await Promise.all(patient)).toEqual([2, 3, 4].map(rightOf))
    expect(meter.connections).toBe(1)
  })

  it('takes silence of all for one sign that the connection is dead, not for several', async () => {
    for (const asked of await askAll(50)) expect(await asked).toMatchObject({ cause: 'timeout' })
    requests = []
    const again = await askAll()
    for (const request of requests) socket?.write(honestReply(request))
    expect(await Promise.all(again)).toEqual(UNITS.map(rightOf))
    expect(meter.connections).toBe(1)
  })

  it('gives up a connection with a faulty frame: one read has it, the others lost their line', async () => {
    const asked = await askAll()
    const [first, second] = requests
    if (first === undefined || second === undefined) throw new Error('nothing was asked')
    const faulty = honestReply(second)
    faulty.writeUInt8(9, 6)
    socket?.write(Buffer.concat([honestReply(first), faulty]))
    expect(await Promise.all(asked)).toMatchObject([
      rightOf(1),
      { cause: 'frame-invalid' },
      { cause: 'disconnected' },
      { cause: 'disconnected' },
    ])
    meter.otherwise = honest
    expect(await askUnit(3)).toEqual(rightOf(3))
    expect(meter.connections).toBe(2)
  })

  it('takes no answer that was cut short and filled up with that of another read', async () => {
    for (const missing of [1, 2, 3, 4]) {
      requests = []
      const asked = await askAll()
      const [first, ...others] = requests.map(honestReply)
      socket?.write(Buffer.concat([(first ?? Buffer.alloc(0)).subarray(0, 13 - missing), ...others]))
      for (const answer of await Promise.all(asked)) expect(answer.words, `${missing} bytes`).toBeUndefined()
    }
  })
})

describe('modbus-serial 8.0.25, why it is not used here', () => {
  it('hands out one register when two were asked, which ours refuses', async () => {
    meter.otherwise = shortCount
    const theirs = new modbusSerial.default()
    await theirs.connectTCP('127.0.0.1', { port })
    theirs.setID(1)
    theirs.setTimeout(TIMEOUT_MS)
    const { data } = await theirs.readHoldingRegisters(100, 2)
    await new Promise<void>((resolve) => theirs.close(() => resolve()))
    expect(data).toEqual([100])
    expect((await ask()).cause).toBe('frame-invalid')
  })

  it('never answers again after a wrong length, while ours recovers', async () => {
    const wrongLength = changed((reply) => void reply.writeUInt16BE(0xfff, 4))
    const theirs = new modbusSerial.default()
    await theirs.connectTCP('127.0.0.1', { port })
    theirs.setID(1)
    theirs.setTimeout(TIMEOUT_MS)
    meter.scripts.push(wrongLength)
    for (let reads = 0; reads < 4; reads += 1) {
      const outcome: unknown = await theirs.readHoldingRegisters(100, 2).catch((error: unknown) => error)
      expect(outcome).toMatchObject({ errno: 'ETIMEDOUT' })
    }
    await new Promise<void>((resolve) => theirs.close(() => resolve()))
    meter.scripts.push(wrongLength)
    expect((await ask()).cause).toBe('frame-invalid')
    expect(await askHonest()).toEqual(right)
  })
})
