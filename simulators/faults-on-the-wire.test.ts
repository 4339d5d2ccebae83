import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ManualClock } from '#contract/clock.ts'
import { gatewayFile, readGatewayFile, type BusDescription } from '#firmware-config/gateway.ts'
import { readParkFile } from '#firmware-config/park-file.ts'
import { readFaultLog, type FaultEntry } from './fault-entry.ts'
import { faultOrder } from './fault-kinds.ts'
import { noBehaviour, type Behaviour } from './fault-schedule.ts'
import { crc16 } from './rtu-frame.ts'
import { readScenarioFor } from './scenario-check.ts'
import { demoScenarioPath } from './scenario.ts'
import { busKey, startSimulation, type Simulation } from './simulation.ts'

const example = (name: string): string =>
  fileURLToPath(new URL(`../firmware-config/examples/demo-park/${name}`, import.meta.url))
const park = readParkFile(example('park.yaml'))
const scenario = readScenarioFor(park, demoScenarioPath)
const east = readGatewayFile(example('gateway-east.yaml')).value
const quiet = { info: () => {}, warn: () => {}, error: () => {} }
const EAST = busKey('gateway-east', 'east')
const startMs = Date.parse('2026-03-04T10:17:23+08:00')

let folder: string
/** Counts how often it was looked at: each request makes the simulator look once. */
class CountingClock extends ManualClock {
  looks = 0

  override wallMs(): number {
    this.looks += 1
    return super.wallMs()
  }
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

let clock: CountingClock
let simulation: Simulation | undefined
const sockets: Socket[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-faults-'))
  clock = new CountingClock(startMs)
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await simulation?.stop()
  simulation = undefined
  rmSync(folder, { recursive: true })
})

const tcp: BusDescription['transport'] = { kind: 'tcp', host: '127.0.0.1', port: 1 }
/** So fast a line that its pacing, in a time that stands still, is for the test to move. */
const serialServer: BusDescription['transport'] = {
  kind: 'rtu-over-tcp',
  host: '127.0.0.1',
  port: 1,
  baudRate: 115_200,
  parity: 'none',
  stopBits: 1,
  lateMs: 1_000,
}

async function start(transport = tcp, behaviour: Behaviour = noBehaviour): Promise<Simulation> {
  simulation = await startSimulation({
    scenario,
    park,
    gateways: [gatewayFile.parse({ ...east, buses: east.buses.map((bus) => ({ ...bus, transport })) })],
    clock,
    log: quiet,
    host: '127.0.0.1',
    ports: new Map([[EAST, 0]]),
    faultLog: join(folder, 'faults.jsonl'),
    behaviour,
  })
  return simulation
}

function hasItsCrc(hex: string): boolean {
  const frame = Buffer.from(hex.replaceAll(' ', ''), 'hex')
  return frame.readUInt16LE(frame.length - 2) === crc16(frame, 0, frame.length - 2)
}

/** A client that keeps what it hears. */
class Client {
  readonly socket: Socket
  #heard = Buffer.alloc(0)
  #wake = (): void => {}

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      this.#heard = Buffer.concat([this.#heard, chunk])
      this.#wake()
    })
  }

  say(hex: string): void {
    this.socket.write(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
  }

  /** The next bytes; time goes on in small steps while they are not there. */
  async hear(bytes: number, stepMs = 0): Promise<string> {
    while (this.#heard.length < bytes) {
      if (this.socket.destroyed) throw new Error('the connection is gone')
      if (stepMs > 0) {
        clock.advance(stepMs)
        await new Promise(setImmediate)
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
    }
    const first = this.#heard.subarray(0, bytes).toString('hex')
    this.#heard = this.#heard.subarray(bytes)
    return first.replaceAll(/(..)(?=.)/g, '$1 ')
  }
}

async function client(running: Simulation): Promise<Client> {
  const socket = connect(running.ports.get(EAST) ?? 0, '127.0.0.1')
  sockets.push(socket)
  await once(socket, 'connect')
  return new Client(socket)
}

// Unit 15 is an SDM630, "steel-compressors"; unit 2 is another one. Each is asked for its frequency.
const ask = (transaction: number, unit = 15): string =>
  `00 0${transaction} 00 00 00 06 ${unit === 15 ? '0f' : '02'} 04 00 46 00 02`
/** Asks the meter, then its neighbour, and returns which transactions were answered before the neighbour's. */
async function answeredBefore(with_: Client, transaction: number): Promise<string> {
  with_.say(ask(transaction))
  with_.say(ask(9, 2))
  const first = await with_.hear(13)
  if (first.startsWith('00 09')) return 'nothing'
  await with_.hear(13)
  return first
}

describe('a fault is seen on the wire:', () => {
  it('a dead meter, a dead bus, and their end', async () => {
    const running = await start()
    const asking = await client(running)
    const { id } = running.control.inject({ kind: 'dead', meter: 'steel-compressors' })
    expect(await answeredBefore(asking, 1)).toBe('nothing')
    running.control.end(id)
    expect(await answeredBefore(asking, 2)).toMatch(/^00 02/)
    const bus = running.control.inject({ kind: 'dead', bus: EAST })
    asking.say(ask(3, 2))
    asking.say('00 04 00 00 00 06 63 04 00 46 00 02')
    // Only the Modbus gateway answers, for a unit that is not there.
    expect(await asking.hear(9)).toBe('00 04 00 00 00 03 63 84 0b')
    running.control.end(bus.id)
    expect(await answeredBefore(asking, 5)).toMatch(/^00 05/)
  })

  it('a slow meter answers after its delay and not before, and nobody else does', async () => {
    const running = await start()
    const asking = await client(running)
    running.control.inject({ kind: 'slow', meter: 'steel-compressors', delayMs: 2_000 })
    expect(await answeredBefore(asking, 1)).toBe('nothing')
    clock.advance(1_999)
    asking.say(ask(8, 2))
    expect(await asking.hear(13)).toMatch(/^00 08/)
    clock.advance(1)
    expect(await asking.hear(13)).toMatch(/^00 01 .* 0f 04 04/)
  })

  it('an intermittent meter leaves out its share of the replies', async () => {
    const running = await start()
    const asking = await client(running)
    running.control.inject({ kind: 'intermittent', meter: 'steel-compressors', share: 0.5 })
    let missing = 0
    for (let asked = 0; asked < 100; asked += 1) {
      if ((await answeredBefore(asking, 1)) === 'nothing') missing += 1
    }
    expect(missing).toBeGreaterThan(30)
    expect(missing).toBeLessThan(70)
  })

  it('a wrong CRC through a serial server; through a Modbus gateway the exception that it makes of it', async () => {
    const running = await start(serialServer)
    const asking = await client(running)
    asking.say('0f 04 00 46 00 02 91 30')
    expect(hasItsCrc(await asking.hear(9, 1))).toBe(true)
    running.control.inject({ kind: 'wrong-crc', meter: 'steel-compressors' })
    asking.say('0f 04 00 46 00 02 91 30')
    const spoiled = await asking.hear(9, 1)
    expect([spoiled.slice(0, 8), hasItsCrc(spoiled)]).toEqual(['0f 04 04', false])
    await running.stop()
    const behindGateway = await start()
    const other = await client(behindGateway)
    behindGateway.control.inject({ kind: 'wrong-crc', meter: 'steel-compressors' })
    other.say(ask(1))
    expect(await other.hear(9)).toBe('00 01 00 00 00 03 0f 84 0b')
  })

  it('a late reply comes when the next request is there', async () => {
    const running = await start()
    const asking = await client(running)
    running.control.inject({ kind: 'late-reply', meter: 'steel-compressors' })
    expect(await answeredBefore(asking, 1)).toBe('nothing')
    expect(await answeredBefore(asking, 2)).toMatch(/^00 01/)
    expect(await answeredBefore(asking, 3)).toMatch(/^00 02/)
  })

  it('exceptions of a chosen code', async () => {
    const running = await start()
    const asking = await client(running)
    running.control.inject({ kind: 'exception', meter: 'steel-compressors', code: 6 })
    asking.say(ask(1))
    expect(await asking.hear(9)).toBe('00 01 00 00 00 03 0f 84 06')
  })

  it('several at once: a slow meter that gives exceptions', async () => {
    const running = await start()
    const asking = await client(running)
    running.control.inject({ kind: 'slow', gateway: 'gateway-east', delayMs: 50 })
    running.control.inject({ kind: 'exception', meter: 'steel-compressors' })
    asking.say(ask(1))
    expect(await asking.hear(9, 10)).toBe('00 01 00 00 00 03 0f 84 04')
    expect(clock.wallMs() - startMs).toBeGreaterThanOrEqual(50)
  })

  it('values that stand still, and registers that are set', async () => {
    const running = await start()
    const asking = await client(running)
    const register = async (): Promise<string> => {
      asking.say('00 01 00 00 00 06 0f 04 00 48 00 02')
      return (await asking.hear(13)).slice(-11)
    }
    const before = await register()
    const { id } = running.control.inject({ kind: 'stuck', meter: 'steel-compressors' })
    clock.advance(3_600_000)
    expect(await register()).toBe(before)
    running.control.end(id)
    expect(await register()).not.toBe(before)
    running.control.inject({ kind: 'replacement', meter: 'steel-compressors', initial: 12.5 })
    expect(await register()).toBe('41 48 00 00')
  })

  it('transformers of another ratio: values times the factor, and the ratio register as the fitter leaves it', async () => {
    const running = await start()
    const asking = await client(running)
    // Unit 18 is a DTSU666 behind transformers of 40 to 1: its ratio register, and the phase current in mA.
    const read = async (address: string, words: number): Promise<number> => {
      asking.say(`00 01 00 00 00 06 12 03 ${address} 00 0${words}`)
      const reply = Buffer.from((await asking.hear(9 + 2 * words)).replaceAll(' ', ''), 'hex')
      return words === 1 ? reply.readUInt16BE(9) : reply.readFloatBE(9)
    }
    const before = await read('20 0c', 2)
    expect(await read('00 06', 1)).toBe(40)
    const { id } = running.control.inject({ kind: 'ct-ratio', meter: 'steel-offices', factor: 0.5 })
    expect(await read('20 0c', 2)).toBeCloseTo(before / 2, 3)
    expect(await read('00 06', 1)).toBe(80)
    running.control.end(id)
    expect(await read('00 06', 1)).toBe(40)
    running.control.inject({ kind: 'ct-ratio', meter: 'steel-offices', factor: 0.5, register: 'kept' })
    expect(await read('20 0c', 2)).toBeCloseTo(before / 2, 3)
    expect(await read('00 06', 1)).toBe(40)
    expect(() => running.control.inject({ kind: 'ct-ratio', meter: 'steel-offices', factor: 100 })).toThrow(
      /cannot show the ratio ÷ 100/,
    )
  })

  it('a cut cable: connections stay, and nothing comes through', async () => {
    const running = await start()
    const asking = await client(running)
    const { id } = running.control.inject({ kind: 'cable-cut', bus: EAST })
    const other = await client(running)
    for (const cut of [asking, other]) {
      const { looks } = clock
      cut.say(ask(1))
      while (clock.looks === looks) await new Promise(setImmediate)
    }
    running.control.end(id)
    asking.say(ask(3))
    expect(await asking.hear(13)).toMatch(/^00 03/)
    other.say(ask(4))
    expect(await other.hear(13)).toMatch(/^00 04/)
  })

  it('a power cut: connections are gone, new ones are reset, and it is told', async () => {
    const running = await start()
    const told: FaultEntry[] = []
    running.onFault((entry) => told.push(entry))
    const { socket } = await client(running)
    const dropped = closing(socket)
    running.control.inject({ kind: 'power-cut', gateway: 'gateway-east', for: '10m' })
    await dropped
    const refused = connect(running.ports.get(EAST) ?? 0, '127.0.0.1')
    sockets.push(refused)
    await closing(refused)
    clock.advance(600_000)
    await new Promise(setImmediate)
    const again = await client(running)
    again.say(ask(1))
    expect(await again.hear(13)).toMatch(/^00 01/)
    expect(told.map(({ phase, kind, atMs }) => [phase, kind, atMs - startMs])).toEqual([
      ['begins', 'power-cut', 0],
      ['ends', 'power-cut', 600_000],
    ])
  })
})

describe('a schedule', () => {
  it('begins and ends faults at their instants, to the request, and writes them to the log', async () => {
    const orders = [
      { kind: 'dead', meter: 'steel-compressors', at: '+10s', for: '5s' },
      { kind: 'reset', meter: 'steel-compressors', at: '+20s', quantities: ['activeEnergyImport.total'] },
    ].map((order) => faultOrder.parse(order))
    const running = await start(tcp, { manners: [], faults: orders })
    const asking = await client(running)
    clock.advance(9_999)
    expect(await answeredBefore(asking, 1)).toMatch(/^00 01/)
    clock.advance(1)
    expect(await answeredBefore(asking, 2)).toBe('nothing')
    clock.advance(4_999)
    expect(await answeredBefore(asking, 3)).toBe('nothing')
    clock.advance(1)
    expect(await answeredBefore(asking, 4)).toMatch(/^00 04/)
    clock.advance(60_000)
    await answeredBefore(asking, 5)
    await running.stop()
    const entries = readFaultLog(join(folder, 'faults.jsonl'))
    expect(entries.map(({ id, phase, atMs }) => [id, phase, atMs - startMs])).toEqual([
      ['s1', 'begins', 10_000],
      ['s1', 'ends', 15_000],
      ['s2', 'happens', 20_000],
    ])
    const count = Math.floor(running.plant.energyAt('steel-compressors', startMs + 20_000) * 100)
    expect(entries[2]?.registers?.['activeEnergyImport.total']).toEqual({
      before: { count, resolution: '0.01' },
      after: { count: 0, resolution: '0.01' },
    })
  })

  it('keeps the manners that it is given: a meter answers after its turnaround', async () => {
    const running = await start(tcp, {
      manners: [{ profile: 'eastron-sdm630', turnaroundMs: 35 }],
      faults: [],
    })
    const asking = await client(running)
    asking.say(ask(1))
    asking.say('00 02 00 00 00 06 01 03 08 34 00 02')
    expect(await asking.hear(13)).toMatch(/^00 02/)
    clock.advance(34)
    await new Promise(setImmediate)
    asking.say('00 03 00 00 00 06 01 03 08 34 00 02')
    expect(await asking.hear(13)).toMatch(/^00 03/)
    clock.advance(1)
    expect(await asking.hear(13)).toMatch(/^00 01/)
  })

  it('shows the marks of what happened before the start', async () => {
    const order = faultOrder.parse({
      kind: 'replacement',
      meter: 'steel-compressors',
      at: '2026-03-04T10:00:00+08:00',
    })
    const running = await start(tcp, { manners: [], faults: [order] })
    const { values } = running.control.show('steel-compressors')
    const shown = values.find(({ quantity }) => quantity === 'activeEnergyImport.total')
    const flowed =
      running.plant.energyAt('steel-compressors', startMs) -
      running.plant.energyAt('steel-compressors', Date.parse('2026-03-04T10:00:00+08:00'))
    expect(shown?.shown).toBeCloseTo(flowed, 6)
  })
})
