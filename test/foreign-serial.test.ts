import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemClock } from '#cli/system-clock.ts'
import type { Clock } from '#contract/clock.ts'
import { indexPark, parkDescription } from '#contract/park.ts'
import { gatewayFile, type BusDescription } from '#firmware-config/gateway.ts'
import type { LineExchange } from '#simulators/paced-line.ts'
import { makePlant, type Plant } from '#simulators/plant.ts'
import { makePseudoTerminals } from '#simulators/pseudo-terminals.ts'
import { scenarioFile } from '#simulators/scenario.ts'
import { busKey, startSimulation, type Simulation } from '#simulators/simulation.ts'
import { gatewayOf, makeInstallation, parkOf } from './support/installation.ts'
import { describeWith, serverPath } from './support/servers.ts'

const run = promisify(execFile)
const quiet = { info: () => {}, warn: () => {}, error: () => {} }
const noonMs = Date.parse('2026-03-04T12:00:00+08:00')
/** The plant stands still, so that every value is known; the line runs in real time. */
const clock: Clock = { ...systemClock, wallMs: () => noonMs }

const meters = ['m1', 'm2']
const park = indexPark(parkDescription.parse(parkOf({ m1: 'g', m2: 'g' })))
const scenarioText = {
  park: 'test-park',
  seed: 1,
  registersFrom: '2026-01-01T00:00:00+08:00',
  utcOffset: '+08:00',
  latitude: 39,
  flows: { m1: { kind: 'continuous', mean: 120 }, m2: { kind: 'continuous', mean: 80 } },
}
const scenario = { ...scenarioFile.parse(scenarioText), series: new Map() }
const described = gatewayOf({
  gateway: 'g',
  meters,
  profile: 'eastron-sdm630',
  modbusPort: 1,
  mqttPort: 1,
  everySeconds: 1,
})

const BUS = busKey('g', 'bus-1')
let simulation: Simulation | undefined
let folder: string
const exchanges: LineExchange[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-serial-'))
})
afterEach(async () => {
  await simulation?.stop()
  simulation = undefined
  exchanges.length = 0
  rmSync(folder, { recursive: true })
})

async function start(transport: BusDescription['transport'], device?: string): Promise<Simulation> {
  simulation = await startSimulation({
    scenario,
    park,
    gateways: [
      gatewayFile.parse({ ...described, buses: described.buses.map((bus) => ({ ...bus, transport })) }),
    ],
    clock,
    log: quiet,
    host: '127.0.0.1',
    ports: new Map([[BUS, 0]]),
    ...(device === undefined ? { ptyFolder: folder } : { devices: new Map([[BUS, device]]) }),
    onExchange: (_bus, exchange) => exchanges.push(exchange),
  })
  return simulation
}

const serial = { baudRate: 19_200, parity: 'even', stopBits: 1 } as const

function phases(plant: Plant, meter: string): number[] {
  const state = plant.stateAt(meter, noonMs)
  if (state.carrier !== 'electricity') throw new Error(`${meter} is electric`)
  return state.phases.map(({ voltageV }) => Math.fround(voltageV))
}

/** What mbpoll shows of the three voltages; it prints six significant digits. */
async function mbpoll(unit: number, ...how: readonly string[]): Promise<number[]> {
  const { stdout } = await run(serverPath('mbpoll'), [
    ...'-0 -r 0 -c 3 -t 3:float -B -1 -o 5 -a'.split(' '),
    String(unit),
    ...how,
  ])
  return [...stdout.matchAll(/^\[\d+\]:\s+(\S+)/gm)].map(([, value]) => Number(value))
}

const sixDigits = (values: readonly number[]): number[] => values.map((value) => Number(value.toPrecision(6)))

const pymodbusScript = `
import sys, struct
from pymodbus.client import ModbusTcpClient, ModbusSerialClient
from pymodbus.framer.rtu_framer import ModbusRtuFramer
kind, where = sys.argv[1:3]
if kind == 'tcp': client = ModbusTcpClient('127.0.0.1', port=int(where))
elif kind == 'rtu-over-tcp': client = ModbusTcpClient('127.0.0.1', port=int(where), framer=ModbusRtuFramer)
else: client = ModbusSerialClient(port=where, framer=ModbusRtuFramer, baudrate=19200, timeout=5) # a pseudo-terminal has no parity to set
assert client.connect()
for unit in (1, 2):
    reply = client.read_input_registers(0, 6, slave=unit)
    assert not reply.isError(), reply
    print(*map(repr, struct.unpack('>fff', struct.pack('>6H', *reply.registers))))
print(client.read_input_registers(1, 2, slave=1).exception_code)
print(client.read_holding_registers(0, 2, slave=1).exception_code)
print(client.read_input_registers(0, 62, slave=1).exception_code)
client.close()
`

async function pymodbus(kind: string, where: string): Promise<number[][]> {
  const { stdout } = await run(serverPath('pymodbus'), ['-c', pymodbusScript, kind, where])
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.split(' ').map(Number))
}

/** Both meters' voltages, then the refusals of an odd address, a function and a length that an SDM630 does not have. */
const expected = (running: Simulation): number[][] => [
  phases(running.plant, 'm1'),
  phases(running.plant, 'm2'),
  [2],
  [1],
  [3],
]

const portOf = (running: Simulation): string => String(running.ports.get(BUS))

describeWith(['mbpoll', 'pymodbus'], 'Clients of others read simulated meters', () => {
  it('over Modbus TCP', async () => {
    const running = await start({ kind: 'tcp', host: '127.0.0.1', port: 1 })
    const tcp = ['-m', 'tcp', '-p', portOf(running), '127.0.0.1']
    expect(await mbpoll(1, ...tcp)).toEqual(sixDigits(phases(running.plant, 'm1')))
    expect(await mbpoll(2, ...tcp)).toEqual(sixDigits(phases(running.plant, 'm2')))
    expect(await pymodbus('tcp', portOf(running))).toEqual(expected(running))
  })

  it('over Modbus TCP before a serial line', async () => {
    const running = await start({ kind: 'tcp', host: '127.0.0.1', port: 1, line: serial })
    expect(await mbpoll(2, '-m', 'tcp', '-p', portOf(running), '127.0.0.1')).toEqual(
      sixDigits(phases(running.plant, 'm2')),
    )
    expect(await pymodbus('tcp', portOf(running))).toEqual(expected(running))
    expect(exchanges).toHaveLength(6)
  })

  it('over RTU through a transparent serial server', async () => {
    const running = await start({
      kind: 'rtu-over-tcp',
      host: '127.0.0.1',
      port: 1,
      ...serial,
      lateMs: 1_000,
    })
    expect(await pymodbus('rtu-over-tcp', portOf(running))).toEqual(expected(running))
    expect(exchanges.map(({ requestBytes, replyBytes }) => [requestBytes, replyBytes])).toEqual([
      [8, 17],
      [8, 17],
      [8, 5],
      [8, 5],
      [8, 5],
    ])
  })
})

describeWith(
  ['mbpoll', 'pymodbus', 'socat'],
  'Clients of others read simulated meters on a serial line',
  () => {
    it('made of pseudo-terminals, one after the other', async () => {
      const running = await start({ kind: 'rtu', path: '/dev/ttyUSB0', ...serial, lateMs: 1_000 })
      const path = running.paths.get(BUS) ?? ''
      const rtu = ['-m', 'rtu', '-b', '19200', '-P', 'even', path]
      expect(await mbpoll(1, ...rtu)).toEqual(sixDigits(phases(running.plant, 'm1')))
      expect(await mbpoll(2, ...rtu)).toEqual(sixDigits(phases(running.plant, 'm2')))
      expect(await pymodbus('rtu', path)).toEqual(expected(running))
      // 8 bytes of request and 17 of reply, 11 bits each at 19200 baud, and 3.5 characters before and after the reply.
      const characterMs = 11_000 / 19_200
      for (const exchange of exchanges.slice(0, 4)) {
        expect(exchange.freeMs - exchange.requestBeginsMs).toBeCloseTo((8 + 17 + 7) * characterMs, 6)
      }
    })
  },
)

describeWith(['mbpoll', 'socat'], 'A serial port of its own', () => {
  it('is opened by its device, and takes its own time: only turnaround and silence are added', async () => {
    const pair = await makePseudoTerminals(folder, 'wire')
    try {
      const running = await start(
        { kind: 'rtu', path: '/dev/ttyUSB0', ...serial, lateMs: 1_000 },
        pair.metersPath,
      )
      const rtu = ['-m', 'rtu', '-b', '19200', '-P', 'even', pair.gatewayPath]
      expect(await mbpoll(2, ...rtu)).toEqual(sixDigits(phases(running.plant, 'm2')))
      expect(running.paths.get(BUS)).toBe(pair.metersPath)
      const [exchange] = exchanges
      expect(exchange?.requestEndsMs).toBeCloseTo(exchange?.receivedMs ?? 0, 6)
      await running.stop()
    } finally {
      await pair.stop()
    }
  })

  it('that is not there is named', async () => {
    const started = start(
      { kind: 'rtu', path: '/dev/ttyUSB0', ...serial, lateMs: 1_000 },
      join(folder, 'nothing'),
    )
    await expect(started).rejects.toMatchObject({ code: 'serial-device-unusable' })
  })
})

describeWith(['mbpoll', 'socat'], 'The command tanbiao simulate', () => {
  const installation = makeInstallation()
  afterEach(() => installation.remove())

  it('makes serial lines of pseudo-terminals, says which to open, and takes faults over HTTP', async () => {
    const [bus] = described.buses
    const gateway = { ...described, buses: [{ ...bus, transport: { kind: 'rtu', path: '/dev/ttyUSB0' } }] }
    const child = installation.start('simulate', 'simulate', {
      park: installation.write('park.yaml', parkOf({ m1: 'g', m2: 'g' })),
      gateway: installation.write('gateway.yaml', gateway),
      scenario: installation.write('scenario.yaml', scenarioText),
      behaviour: installation.write('behaviour.yaml', {
        // Stuck since a known instant, so that the clock of this machine does not matter.
        faults: [{ kind: 'stuck', meter: 'm1', at: new Date(noonMs).toISOString() }],
      }),
      pty: join(installation.folder, 'lines'),
      'control-port': 0,
    })
    const { paths, controlUrl } = await child.told('ready')
    const inject = async (order: object): Promise<number> => {
      const headers = { 'content-type': 'application/json' }
      const answer = await fetch(`${controlUrl}/faults`, {
        method: 'POST',
        body: JSON.stringify(order),
        headers,
      })
      return answer.status
    }
    const rtu = ['-m', 'rtu', '-b', '9600', '-P', 'none', paths[BUS] ?? '']
    expect(await mbpoll(1, ...rtu)).toEqual(sixDigits(phases(makePlant(scenario, park), 'm1')))
    expect(await inject({ kind: 'exception', meter: 'm1', code: 2 })).toBe(201)
    await expect(mbpoll(1, ...rtu)).rejects.toThrow(/Illegal data address/)
    const told = child.told('gateway-power')
    expect(await inject({ kind: 'power-cut', gateway: 'g' })).toBe(201)
    expect(await told).toEqual({ kind: 'gateway-power', gateway: 'g', on: false })
    await child.stop()
  })
})
