import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { busDemand } from '#edge/demand.ts'
import { loadProfile } from '#firmware-config/profile.ts'
import { findServer } from '#test/support/servers.ts'
import { buildBundle } from '../scripts/edge-bundle/build.ts'
import { measure, QUANTITIES, TURNAROUND_MS, type Outcome, type Setting } from './edge-run.ts'
import { simulatedPark } from './simulated-park.ts'

/** `npm run bench edge`: the gateway's program as it is installed (one file), reading simulated meters. */
const METERS_MANY = Number(process.env['TANBIAO_BENCH_METERS'] ?? 5_000)
/** What is measured, by the names in `parts`; everything by default. */
const CHOSEN = process.env['TANBIAO_BENCH_EDGE']?.split(',')

const LINE_METERS = 32
const METERS_FEW = 100
const UNITS_PER_CONNECTION = 20
/** Requests under way on each connection of the many. */
const REQUESTS_AT_ONCE = Number(process.env['TANBIAO_BENCH_AT_ONCE'] ?? 10)

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
const machine = ({ agentCpu, simulatorCpu }: Outcome): string =>
  `processor, of one core: gateway ${percent(agentCpu)}, simulator ${percent(simulatorCpu)}; load of the machine ${loadavg()[0]?.toFixed(1)}`

async function lineUse(
  program: string,
  name: string,
  transport: Setting['transport'],
  pty: boolean,
): Promise<void> {
  const setting = { meters: LINE_METERS, unitsPerBus: LINE_METERS, transport, pty }
  // The least time is that of the line alone: the loopback between it and the gateway takes none.
  const { gateway } = simulatedPark(LINE_METERS, {
    unitsPerBus: LINE_METERS,
    transport: { kind: 'rtu', path: '/', baudRate: 9_600 },
    line: { quantities: QUANTITIES },
  })
  const [bus] = gateway.buses
  if (bus === undefined) throw new Error('no bus')
  const demand = busDemand(bus, ({ profile, ratios }) => loadProfile(profile, ratios))
  const leastMs = demand.cycleUs / 1_000
  const outcome = await measure(program, setting, 3_000 + 2 * leastMs)
  const { line } = outcome
  const tookMs = ((line.lastMs - line.firstMs) / line.exchanges) * demand.requests
  console.log(
    `\n${name}: ${LINE_METERS} meters × ${QUANTITIES.length} quantities at 9600 baud, answers after ${TURNAROUND_MS} ms`,
  )
  console.log(
    `  cycle ${(tookMs / 1_000).toFixed(3)} s, least by the best plan ${(leastMs / 1_000).toFixed(3)} s (${demand.requests} requests): ${percent(leastMs / tookMs)}`,
  )
  console.log(
    `  the line was in use ${percent(line.busyMs / (line.lastMs - line.firstMs))} of ${outcome.seconds.toFixed(0)} s, ${line.exchanges} exchanges, ${line.unanswered} unanswered`,
  )
  console.log(`  ${machine(outcome)}`)
}

async function load(program: string, meters: number, requestsAtOnce: number): Promise<void> {
  const transport = { kind: 'tcp', host: '127.0.0.1', port: 1, requestsAtOnce }
  const outcome = await measure(program, { meters, unitsPerBus: UNITS_PER_CONNECTION, transport }, 8_000)
  const { wanted, read, missed, failed, seconds } = outcome
  console.log(
    `\n${meters} meters × ${QUANTITIES.length} quantities every second over TCP, ${UNITS_PER_CONNECTION} behind each connection, ${requestsAtOnce} requests at once`,
  )
  console.log(
    `  slots wanted ${wanted}, read ${read}, missed ${missed}, failed ${failed}: ${Math.round((read * QUANTITIES.length) / seconds).toLocaleString('en')} values/s`,
  )
  console.log(
    `  resident memory ${(outcome.residentBytes / 1e6).toFixed(0)} MB; live payload ${outcome.bytesPerValue.toFixed(2)} B/value in ${outcome.batches} batches`,
  )
  console.log(`  ${machine(outcome)}`)
}

const over = { kind: 'rtu-over-tcp', host: '127.0.0.1', port: 1, baudRate: 9_600 }
const serial = { kind: 'rtu', path: '/', baudRate: 9_600 }
const parts: Readonly<Record<string, (program: string) => Promise<void>>> = {
  'rtu-over-tcp': (program) => lineUse(program, 'RTU over TCP', over, false),
  pty: async (program) => {
    if (findServer('socat') !== undefined) await lineUse(program, 'RTU on a pseudo-terminal', serial, true)
  },
  few: (program) => load(program, METERS_FEW, 1),
  many: (program) => load(program, METERS_MANY, REQUESTS_AT_ONCE),
}

/** Prints line use, load of the machine, samples that were missed, and bytes per value. The backlog: `bench outage`. */
export async function benchEdge(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tanbiao-bench-program-'))
  try {
    const { file, bytes } = await buildBundle(folder)
    console.log(`the program: one file, ${(bytes / 1e6).toFixed(1)} MB`)
    for (const [name, run] of Object.entries(parts)) if (CHOSEN?.includes(name) ?? true) await run(file)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
