import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import type { Line } from '../bus.ts'
import { mbap, rtu } from '../testing/hostile-framing.ts'
import {
  commonKinds,
  connectionKinds,
  networkKinds,
  serialKinds,
  transactionKinds,
} from '../testing/hostile-kinds.ts'
import { HostileMeter, type Kinds } from '../testing/hostile-meter.ts'
import { HostilePipe, type Behind } from '../testing/hostile-pipe.ts'
import { provoke, UNITS, unrecovered, type Tally } from '../testing/hostile-run.ts'
import { SeededRandom } from '../testing/seeded-random.ts'
import { SimulatedTime } from '../testing/simulated-time.ts'
import type { ReadQuery } from './frame.ts'
import { exchangeMs } from './rtu-frame.ts'
import { RtuLine } from './rtu.ts'
import { ModbusTcpLine } from './tcp.ts'

/** All exchanges of this file together; the proof is run with TANBIAO_HOSTILE_EXCHANGES=1000000. */
const EXCHANGES = Number(process.env['TANBIAO_HOSTILE_EXCHANGES'] ?? 21_000)
const SEED = Number(process.env['TANBIAO_HOSTILE_SEED'] ?? 20_261_123)
const TIMEOUT_MS = 100
const LATE_MS = 150
const serial = { baudRate: 9_600, parity: 'even', stopBits: 1 } as const
const log = pino({ level: 'silent' })

const rtuTimes = (query: ReadQuery) => {
  const waitMs = TIMEOUT_MS + exchangeMs(serial, query)
  return { waitMs, boundMs: waitMs + LATE_MS }
}

const tcpTimes = () => ({ waitMs: TIMEOUT_MS, boundMs: TIMEOUT_MS + LATE_MS })

interface Transport {
  readonly framing: typeof mbap
  readonly kinds: Kinds
  readonly imitates: boolean
  readonly behind: Behind
  readonly times: (query: ReadQuery) => { waitMs: number; boundMs: number }
  /** Part of the requests that must be answered with values: nothing is proved by a line that refuses everything. */
  readonly valuesMin: number
  readonly hastyShare?: number
  readonly line: (pipe: HostilePipe, time: SimulatedTime, random: () => number) => Line
}

const rtuLine =
  (networked: boolean): Transport['line'] =>
  ({ open }, clock, random) =>
    new RtuLine({
      path: 'hostile',
      open,
      lostCode: networked ? 'bus-disconnected' : 'serial-device-unusable',
      networked,
      serial,
      lateMs: LATE_MS,
      clock,
      log,
      random,
    })

const transports: Readonly<Record<string, Transport>> = {
  'Modbus TCP': {
    framing: mbap,
    kinds: { ...commonKinds, ...transactionKinds, ...connectionKinds, ...networkKinds },
    imitates: true,
    behind: 'tcp',
    times: tcpTimes,
    valuesMin: 0.4,
    line: ({ open }, clock, random) =>
      new ModbusTcpLine({ host: 'hostile', port: 502, open, clock, log, random }),
  },
  'Modbus TCP, several requests at once': {
    framing: mbap,
    kinds: { ...commonKinds, ...transactionKinds, ...connectionKinds, ...networkKinds },
    imitates: true,
    behind: 'tcp',
    times: tcpTimes,
    // With a connection that is given up all of them lose their answers.
    valuesMin: 0.25,
    line: ({ open }, clock, random) =>
      new ModbusTcpLine({ host: 'hostile', port: 502, requestsAtOnce: 4, open, clock, log, random }),
  },
  'RTU over TCP': {
    framing: rtu,
    kinds: { ...commonKinds, ...serialKinds, ...connectionKinds, ...networkKinds },
    imitates: false,
    behind: 'serial server',
    times: rtuTimes,
    hastyShare: 0.25,
    valuesMin: 0.4,
    line: rtuLine(true),
  },
  RTU: {
    framing: rtu,
    kinds: { ...commonKinds, ...serialKinds, ...connectionKinds },
    imitates: true,
    behind: 'serial device',
    times: rtuTimes,
    hastyShare: 0.25,
    valuesMin: 0.4,
    line: rtuLine(false),
  },
}

function report(name: string, tally: Tally, counts: Readonly<Record<string, number>>): string {
  const list = (record: Readonly<Record<string, number>>): string =>
    Object.entries(record)
      .map(([key, count]) => `${key} ${count}`)
      .join(', ')
  const { reads, values, wrong, causes } = tally
  return (
    `${name}, seed ${SEED}: ${reads} reads, ${values} with values, ${wrong.length} wrong\n` +
    `causes of the others: ${list(causes)}\nrequests heard and how they were answered: ${list(counts)}\n`
  )
}

describe('A server that answers as badly as it can', () => {
  for (const [index, [name, transport]] of Object.entries(transports).entries()) {
    it(
      `brings no wrong value in over ${name}, and is read again when it is honest`,
      async () => {
        const time = new SimulatedTime()
        const random = new SeededRandom(SEED + index)
        const pipe = new HostilePipe(time, () => meter, transport.behind)
        const meter = new HostileMeter({ ...transport, units: UNITS, random, clock: time })
        const run = {
          line: transport.line(pipe, time, () => random.next()),
          meter,
          clock: time,
          random,
          timeoutMs: TIMEOUT_MS,
          hastyShare: transport.hastyShare ?? 0,
          restMsMax: 60,
        }
        const tally = await time.until(provoke(run, Math.ceil(EXCHANGES / Object.keys(transports).length)))
        process.stdout.write(report(name, tally, meter.counts))
        expect(tally.wrong).toEqual([])
        expect(tally.values / meter.heard).toBeGreaterThan(transport.valuesMin)
        for (const count of Object.values(meter.counts)) expect(count).toBeGreaterThan(0)
        expect(await time.until(unrecovered(run))).toEqual([])
      },
      120_000 + EXCHANGES / 2,
    )
  }
})
