import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { ManualClock } from '#contract/clock.ts'
import { parseProfile } from '#firmware-config/profile.ts'
import { BusMeter } from './bus-meter.ts'
import { MeterBus } from './meter-bus.ts'
import { startMeterServer, type MeterServer, type Served } from './meter-server.ts'
import { tcpFraming, type Framing } from './modbus-frame.ts'
import { crc16, rtuFraming } from './rtu-frame.ts'

const map = parseProfile(
  `make: Test
model: Test
carrier: electricity
evidence: { grade: L, source: made up for this test }
defaults: { function: 3, as: f32 }
limits: { registersPerRequest: 12, bridgeGaps: 2, forbidden: [[31, 31]] }
registers:
  voltage.l1: { at: 0 }
  voltage.l2: { at: 2 }
  voltage.l3: { at: 6 }
  current.l1: { at: 11 }
  current.l2: { at: 30, as: u16 }
  current.l3: { at: 32, as: u16 }
  frequency: { at: 100, function: 4 }
`,
  'test.yaml',
)
const onlyFour = parseProfile(
  `make: Test
model: Test
carrier: electricity
evidence: { grade: L, source: made up for this test }
defaults: { function: 4, as: u16 }
limits: { registersPerRequest: 125, bridgeGaps: 0 }
registers:
  frequency: { at: 0 }
  current.l1: { at: 1 }
`,
  'test.yaml',
)

/** A clock that moves at each look, so that words of two instants cannot be mistaken for those of one. */
class RestlessClock extends ManualClock {
  override wallMs(): number {
    this.advance(1_000)
    return super.wallMs()
  }
}

const quiet = { info: () => {}, warn: () => {}, error: () => {} }

let server: MeterServer | undefined
const sockets: Socket[] = []
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await server?.stop()
  server = undefined
})

const clock = new RestlessClock(0)
const bus = (framing: Framing, onServed?: (record: Served) => void): MeterBus =>
  new MeterBus({
    framing,
    clock: new RestlessClock(0),
    log: quiet,
    signal: new AbortController().signal,
    meters: [
      { meter: 'seconds', unit: 1, map, valuesAt: (atMs: number) => () => atMs / 1_000 },
      { meter: 'constant', unit: 2, map: onlyFour, valuesAt: () => () => 7 },
      { meter: 'broken', unit: 3, map: onlyFour, valuesAt: () => () => undefined },
    ].map((served) => new BusMeter(served, 0, 1)),
    ...(onServed === undefined ? {} : { onServed }),
  })

async function start(onServed?: (record: Served) => void, framing = tcpFraming): Promise<number> {
  server = await startMeterServer({
    host: '127.0.0.1',
    port: 0,
    clock,
    log: quiet,
    bus: bus(framing, onServed),
  })
  return server.port
}

async function client(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  sockets.push(socket)
  await once(socket, 'connect')
  return socket
}

/** Resolves when the connection is gone, by a reset too. */
function closing(socket: Socket): Promise<void> {
  socket.on('error', () => {})
  return new Promise((resolve) => {
    socket.once('close', () => {
      resolve()
    })
  })
}

/** Sends bytes and waits for so many bytes of answer. */
async function exchange(socket: Socket, request: string, answerBytes: number): Promise<string> {
  let answer = Buffer.alloc(0)
  const whole = new Promise<void>((resolve) => {
    const take = (chunk: Buffer): void => {
      answer = Buffer.concat([answer, chunk])
      if (answer.length < answerBytes) return
      socket.off('data', take)
      resolve()
    }
    socket.on('data', take)
  })
  socket.write(Buffer.from(request.replaceAll(' ', ''), 'hex'))
  await whole
  return answer.toString('hex').replaceAll(/(..)(?=.)/g, '$1 ')
}

const f32 = (value: number): string => {
  const bytes = Buffer.alloc(4)
  bytes.writeFloatBE(value)
  return bytes.toString('hex').replaceAll(/(..)(?=.)/g, '$1 ')
}

describe('a meter server', () => {
  it('answers with words that all belong to one instant, and zeros in a gap that the profile bridges', async () => {
    const socket = await client(await start())
    const second = f32(1)
    expect(await exchange(socket, '00 07 00 00 00 06 01 03 00 00 00 08', 25)).toBe(
      `00 07 00 00 00 13 01 03 10 ${second} ${second} 00 00 00 00 ${second}`,
    )
    expect(await exchange(socket, '00 08 00 00 00 06 01 04 00 64 00 02', 13)).toBe(
      `00 08 00 00 00 07 01 04 04 ${f32(2)}`,
    )
  })

  const refusals: [name: string, request: string, exception: string][] = [
    ['a unit that is not there: gateway target silent', '09 03 00 00 00 02', '09 83 0b'],
    ['a function that meters do not have', '01 06 00 00 00 02', '01 86 01'],
    ['a read function that this meter does not have', '02 03 00 00 00 01', '02 83 01'],
    ['an address where nothing is', '01 03 03 e8 00 02', '01 83 02'],
    ['the start of a value under the other function', '01 04 00 00 00 02', '01 84 02'],
    ['a read that begins inside a value', '01 03 00 01 00 03', '01 83 02'],
    ['a read that ends inside a value', '01 03 00 00 00 03', '01 83 02'],
    ['a read that ends in a gap', '01 03 00 00 00 05', '01 83 02'],
    ['a read that begins in a gap', '01 03 00 04 00 04', '01 83 02'],
    ['a gap wider than the profile bridges', '01 03 00 06 00 07', '01 83 02'],
    ['a gap that the profile forbids', '01 03 00 1e 00 03', '01 83 02'],
    ['no register', '01 03 00 00 00 00', '01 83 03'],
    ['more registers than the meter takes', '01 03 00 00 00 0d', '01 83 03'],
    ['more registers than Modbus allows', '02 04 00 00 00 7e', '02 84 03'],
    ['a value that the meter cannot give', '03 04 00 00 00 01', '03 84 04'],
  ]

  it.each(refusals)('refuses %s', async (_name, request, exception) => {
    const socket = await client(await start())
    expect(await exchange(socket, `00 01 00 00 00 06 ${request}`, 9)).toBe(`00 01 00 00 00 03 ${exception}`)
  })

  it('refuses a request with a length other than that of a read', async () => {
    const socket = await client(await start())
    expect(await exchange(socket, '00 01 00 00 00 07 01 03 00 00 00 02 00', 9)).toBe(
      '00 01 00 00 00 03 01 83 03',
    )
  })

  it('takes requests in pieces and several at once, and answers them in order', async () => {
    const socket = await client(await start())
    socket.write(Buffer.from('0001000000', 'hex'))
    const answers = await exchange(socket, '06 02 04 00 00 00 01 00 02 00 00 00 06 02 04 00 01 00 01', 22)
    expect(answers).toBe('00 01 00 00 00 05 02 04 02 00 07 00 02 00 00 00 05 02 04 02 00 07')
  })

  it('serves several connections', async () => {
    const port = await start()
    const all = await Promise.all([client(port), client(port), client(port)])
    const request = '00 01 00 00 00 06 02 04 00 00 00 01'
    const answers = await Promise.all(all.map((socket) => exchange(socket, request, 11)))
    expect(answers).toEqual(Array.from({ length: 3 }, () => '00 01 00 00 00 05 02 04 02 00 07'))
  })

  it('hangs up on a client that does not speak Modbus TCP', async () => {
    const port = await start()
    const socket = await client(port)
    socket.write('GET / HTTP/1.1\r\n\r\n')
    socket.resume()
    await once(socket, 'close')
    const other = await client(port)
    expect(await exchange(other, '00 01 00 00 00 06 02 04 00 00 00 01', 11)).toMatch(/00 07$/)
  })

  it('drops its connections without power, resets new ones, and answers again with it', async () => {
    const port = await start()
    const socket = await client(port)
    const dropped = closing(socket)
    server?.power(false)
    await dropped
    await closing(connect(port, '127.0.0.1'))
    server?.power(true)
    const other = await client(port)
    expect(await exchange(other, '00 01 00 00 00 06 02 04 00 00 00 01', 11)).toMatch(/00 07$/)
  })

  it('records each reply with values once, before it leaves, and no refusal', async () => {
    const records: Served[] = []
    const socket = await client(await start((record) => records.push(record)))
    await exchange(socket, '00 01 00 00 00 06 02 04 00 00 00 02', 13)
    await exchange(socket, '00 01 00 00 00 06 02 04 00 05 00 02', 9)
    expect(records).toEqual([
      { meter: 'constant', unit: 2, function: 4, address: 0, words: [7, 7], atMs: 1_000 },
    ])
  })

  it('names a port that is taken', async () => {
    const port = await start()
    const second = startMeterServer({
      host: '127.0.0.1',
      port,
      clock,
      log: quiet,
      bus: bus(tcpFraming),
    })
    await expect(second).rejects.toMatchObject({ code: 'port-taken' })
  })
})

describe('a transparent serial server', () => {
  const framed = (hex: string): string => {
    const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex')
    const crc = crc16(bytes, 0, bytes.length)
    return [...bytes, crc & 0xff, crc >> 8].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
  }

  it('answers RTU frames with RTU frames, values and refusals alike', async () => {
    const socket = await client(await start(undefined, rtuFraming))
    expect(await exchange(socket, framed('02 04 00 00 00 02'), 9)).toBe(framed('02 04 04 00 07 00 07'))
    expect(await exchange(socket, framed('02 04 00 05 00 01'), 5)).toBe(framed('02 84 02'))
    expect(await exchange(socket, framed('02 03 00 00 00 01'), 5)).toBe(framed('02 83 01'))
  })

  it('gives no reply to a unit that is not there, a wrong CRC or noise, and hears the next request', async () => {
    const socket = await client(await start(undefined, rtuFraming))
    const nobody = framed('09 04 00 00 00 01')
    const spoiled = framed('02 04 00 01 00 01').replace(/..$/, 'aa')
    const answer = await exchange(
      socket,
      `ff ff ${nobody} ${spoiled} 00 02 04 ${framed('02 04 00 00 00 01')}`,
      7,
    )
    expect(answer).toBe(framed('02 04 02 00 07'))
  })

  it('takes a request in pieces', async () => {
    const socket = await client(await start(undefined, rtuFraming))
    const [first, second] = [framed('02 04 00 00 00 01').slice(0, 11), framed('02 04 00 00 00 01').slice(12)]
    socket.write(Buffer.from(first.replaceAll(' ', ''), 'hex'))
    expect(await exchange(socket, second, 7)).toBe(framed('02 04 02 00 07'))
  })
})
