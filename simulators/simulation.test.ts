import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import modbus from 'modbus-serial'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ManualClock } from '#contract/clock.ts'
import { gatewayFile, readGatewayFile } from '#firmware-config/gateway.ts'
import { readParkFile } from '#firmware-config/park-file.ts'
import { loadProfile } from '#firmware-config/profile.ts'
import { describeWith, freePort, serverPath } from '#test/support/servers.ts'
import { busKey, startSimulation, type Simulation } from './simulation.ts'
import { readScenarioFor } from './scenario-check.ts'
import { demoScenarioPath } from './scenario.ts'
import { readServedLog } from './truth.ts'

const example = (name: string): string =>
  fileURLToPath(new URL(`../firmware-config/examples/demo-park/${name}`, import.meta.url))
const park = readParkFile(example('park.yaml'))
const scenario = readScenarioFor(park, demoScenarioPath)
const gateways = ['gateway-east.yaml', 'gateway-west.yaml'].map(
  (name) => readGatewayFile(example(name)).value,
)
const quiet = { info: () => {}, warn: () => {}, error: () => {} }
const run = promisify(execFile)

// A CommonJS module: its types know the class only as its own default.
const ModbusClient = modbus.default
type ModbusClient = InstanceType<typeof ModbusClient>

const EAST = busKey('gateway-east', 'east')
const WEST = busKey('gateway-west', 'west')
const anyPorts = new Map([
  [EAST, 0],
  [WEST, 0],
])
const noonMs = Date.parse('2026-03-04T10:17:23.456+08:00')

let folder: string
let simulation: Simulation
let clock: ManualClock
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-simulation-'))
  clock = new ManualClock(noonMs)
  simulation = await startSimulation({
    scenario,
    park,
    gateways,
    clock,
    log: quiet,
    host: '127.0.0.1',
    ports: anyPorts,
    servedLog: join(folder, 'served.jsonl'),
  })
})
afterEach(async () => {
  await simulation.stop()
  rmSync(folder, { recursive: true })
})

const portOf = (key: string): number => {
  const port = simulation.ports.get(key)
  if (port === undefined) throw new Error(`no port for ${key}`)
  return port
}

async function modbusSerial<T>(
  key: string,
  unit: number,
  use: (client: ModbusClient) => Promise<T>,
  port = portOf(key),
): Promise<T> {
  const client = new ModbusClient()
  await client.connectTCP('127.0.0.1', { port })
  client.setID(unit)
  client.setTimeout(20_000)
  try {
    return await use(client)
  } finally {
    await new Promise<void>((resolve) => {
      client.close(() => {
        resolve()
      })
    })
  }
}

const electrical = (meter: string) => {
  const state = simulation.plant.stateAt(meter, noonMs)
  if (state.carrier !== 'electricity') throw new Error(`${meter} is electric`)
  return state
}

describe('the simulated park', () => {
  it('answers modbus-serial with the words of the plant at that instant: floats, long integers, swapped words, BCD', async () => {
    const park = await modbusSerial(EAST, 1, (client) => client.readHoldingRegisters(0x081a, 2))
    expect(park.buffer.readFloatBE()).toBe(Math.fround(electrical('park-incoming').activeKw))
    const counted = await modbusSerial(EAST, 1, (client) => client.readHoldingRegisters(0x084c, 2))
    expect(counted.buffer.readUInt32BE()).toBe(
      Math.floor(simulation.plant.energyAt('park-incoming', noonMs) * 10),
    )
    const drawn = await modbusSerial(EAST, 12, (client) => client.readHoldingRegisters(0x0c83, 4))
    expect(drawn.buffer.readBigInt64BE()).toBe(
      BigInt(Math.floor(simulation.plant.energyAt('steel-drawing-line', noonMs) * 1_000)),
    )
    const pv = await modbusSerial(EAST, 3, (client) => client.readInputRegisters(5030, 2))
    expect((pv.data[0] ?? 0) + (pv.data[1] ?? 0) * 0x1_0000).toBe(
      Math.round(-electrical('park-pv').activeKw * 1_000),
    )
    const gas = await modbusSerial(WEST, 6, (client) => client.readHoldingRegisters(0x12, 3))
    expect(Number(gas.buffer.toString('hex'))).toBe(
      Math.floor(simulation.plant.energyAt('food-boiler-gas', noonMs) * 10_000),
    )
  })

  it('divides by the transformer ratio that the gateway multiplies with', async () => {
    const packing = await modbusSerial(WEST, 4, (client) => client.readHoldingRegisters(0x2012, 2))
    const shown = packing.buffer.readFloatBE()
    expect(shown * 0.1 * 80).toBeCloseTo(electrical('food-packing-line').activeKw * 1_000, 1)
  })

  it('computes the values at the moment of the request', async () => {
    const read = () => modbusSerial(EAST, 12, (client) => client.readHoldingRegisters(0x0c83, 4))
    const before = (await read()).buffer.readBigInt64BE()
    clock.advance(3_600_000)
    const after = (await read()).buffer.readBigInt64BE()
    expect(after).toBe(
      BigInt(Math.floor(simulation.plant.energyAt('steel-drawing-line', noonMs + 3_600_000) * 1_000)),
    )
    expect(after).toBeGreaterThan(before)
  })

  it('answers at every meter of every bus, whole profile by whole profile', async () => {
    let replies = 0
    for (const { gateway, buses } of gateways) {
      for (const bus of buses) {
        for (const line of bus.meters) {
          await modbusSerial(busKey(gateway, bus.id), line.unit, async (client) => {
            for (const register of loadProfile(line.profile, line.ratios).registers) {
              const read =
                register.function === 3
                  ? client.readHoldingRegisters(register.address, register.words)
                  : client.readInputRegisters(register.address, register.words)
              expect((await read).data).toHaveLength(register.words)
              replies += 1
            }
          })
        }
      }
    }
    await simulation.stop()
    const served = readServedLog(join(folder, 'served.jsonl'))
    expect(served).toHaveLength(replies)
    expect(new Set(served.map(({ meter }) => meter))).toEqual(new Set(park.meters.keys()))
  })

  it('lets a meter die and come back while its neighbours answer', async () => {
    const { id } = simulation.control.inject({ kind: 'dead', meter: 'steel-compressors' })
    const socket = connect(portOf(EAST), '127.0.0.1')
    const answers: Buffer[] = []
    const first = new Promise<void>((resolve) => {
      socket.on('data', (chunk: Buffer) => {
        answers.push(chunk)
        resolve()
      })
    })
    // Unit 15 is silent; the answer that comes is that of unit 2, asked after it.
    socket.write(Buffer.from('0001000000060f0400460002000200000006020400460002', 'hex'))
    await first
    socket.destroy()
    expect(Buffer.concat(answers).subarray(0, 9).toString('hex')).toBe('000200000007020404')
    simulation.control.end(id)
    const alive = await modbusSerial(EAST, 15, (client) => client.readInputRegisters(0x46, 2))
    expect(alive.buffer.readFloatBE()).toBeCloseTo(50, 1)
    expect(() => simulation.control.inject({ kind: 'dead', meter: 'nobody' })).toThrow(/no meter "nobody"/)
  })

  it('leaves nothing running when one of its ports is taken', async () => {
    const eastPort = await freePort()
    const ports = new Map([
      [EAST, eastPort],
      [WEST, portOf(WEST)],
    ])
    const options = { scenario, park, gateways, clock, log: quiet, host: '127.0.0.1' }
    await expect(startSimulation({ ...options, ports })).rejects.toMatchObject({ code: 'port-taken' })
    // Its first port was opened before the second one failed, and can be had again.
    const onlyEast = gateways.filter(({ gateway }) => gateway === 'gateway-east')
    const again = await startSimulation({ ...options, gateways: onlyEast, ports })
    expect(again.ports).toEqual(new Map([[EAST, eastPort]]))
    await again.stop()
  })

  it('stands in for a sensor of the weather, which no park counts among its meters', async () => {
    const [east] = gateways
    if (east === undefined) throw new Error('the demo park has gateways')
    const sensor = gatewayFile.parse({
      ...east,
      buses: [
        {
          id: 'roof',
          transport: { kind: 'tcp', host: '127.0.0.1', port: 502 },
          meters: [{ meter: 'weather-sensor', unit: 7, profile: 'xy-md02', everySeconds: 1 }],
        },
      ],
    })
    const roof = busKey(sensor.gateway, 'roof')
    const ports = new Map([[roof, 0]])
    const options = { scenario, park, gateways: [sensor], clock, log: quiet, host: '127.0.0.1', ports }
    const running = await startSimulation(options)
    try {
      const port = running.ports.get(roof)
      const { data } = await modbusSerial(roof, 7, (client) => client.readInputRegisters(1, 2), port)
      const { temperatureC, humidityPercent } = running.plant.environmentAt(noonMs)
      const [temperature = 0, humidity = 0] = data
      // The nearest tenth; below zero in two's complement.
      expect((temperature << 16) >> 16).toBe(Math.round(temperatureC * 10))
      expect(humidity).toBe(Math.round(humidityPercent * 10))
    } finally {
      await running.stop()
    }
  })

  it('refuses a profile that shows what no plant has', async () => {
    const wrong = gateways.map((gateway) => ({
      ...gateway,
      buses: gateway.buses.map((bus) => ({
        ...bus,
        meters: bus.meters.map((line) =>
          line.meter === 'food-boiler-steam' ? { ...line, profile: 'fuxin-gas-corrector' } : line,
        ),
      })),
    }))
    const started = startSimulation({
      scenario,
      park,
      gateways: wrong,
      clock,
      log: quiet,
      host: '127.0.0.1',
      ports: anyPorts,
    })
    await expect(started).rejects.toMatchObject({ code: 'quantity-unknown' })
  })
})

const pymodbusScript = `
import sys, struct
from pymodbus.client import ModbusTcpClient
port = int(sys.argv[1])
client = ModbusTcpClient('127.0.0.1', port=port)
assert client.connect()
def words(reply):
    assert not reply.isError(), reply
    return reply.registers
def f32(regs): return struct.unpack('>f', struct.pack('>HH', *regs))[0]
low, high = words(client.read_holding_registers(0x34, 2, slave=14))
print(struct.unpack('>i', struct.pack('>HH', high, low))[0])
print(repr(f32(words(client.read_input_registers(0x34, 2, slave=15)))))
print(client.read_holding_registers(0x34, 2, slave=99).exception_code)
print(client.read_input_registers(0x31, 2, slave=15).exception_code)
client.close()
`

describeWith(['mbpoll', 'pymodbus'], 'clients of others', () => {
  it('mbpoll reads floats of the fixed instant', async () => {
    const { stdout } = await run(serverPath('mbpoll'), [
      '-m',
      'tcp',
      '-p',
      String(portOf(EAST)),
      '-a',
      '2',
      '-0',
      '-r',
      '0',
      '-c',
      '3',
      '-t',
      '3:float',
      '-B',
      '-1',
      '-o',
      '10',
      '127.0.0.1',
    ])
    const shown = [...stdout.matchAll(/^\[(\d+)\]:\s+(\S+)/gm)].map(([, address, value]) => [
      Number(address),
      Number(value),
    ])
    // mbpoll prints six significant digits.
    const expected = electrical('services-incoming').phases.map(({ voltageV }, index) => [
      index * 2,
      Number(Math.fround(voltageV).toPrecision(6)),
    ])
    expect(shown).toEqual(expected)
  })

  it('mbpoll reads a 32-bit count of the fixed instant', async () => {
    const { stdout } = await run(serverPath('mbpoll'), [
      '-m',
      'tcp',
      '-p',
      String(portOf(WEST)),
      '-a',
      '11',
      '-0',
      '-r',
      String(0x084c),
      '-c',
      '1',
      '-t',
      '4:int',
      '-B',
      '-1',
      '-o',
      '10',
      '127.0.0.1',
    ])
    const count = Math.floor(simulation.plant.energyAt('computing-incoming', noonMs) * 10)
    expect(stdout).toMatch(new RegExp(`\\[2124\\]:\\s+${count}\\b`))
  })

  it('pymodbus reads values and exceptions of the fixed instant', async () => {
    const { stdout } = await run(serverPath('pymodbus'), ['-c', pymodbusScript, String(portOf(EAST))])
    expect(stdout.trim().split('\n').map(Number)).toEqual([
      Math.floor(simulation.plant.energyAt('steel-furnace-1-feed', noonMs) * 10),
      Math.fround(electrical('steel-compressors').activeKw * 1_000),
      0x0b,
      0x02,
    ])
  })
})
