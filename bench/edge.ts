import { fork, spawn, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { childMessage } from '#cli/child.ts'
import { systemClock } from '#cli/system-clock.ts'
import { uplinkMessage } from '#contract/messages.ts'
import { topicOf } from '#contract/topics.ts'
import { unpack } from '#edge/compression.ts'
import { busDemand } from '#edge/demand.ts'
import { TestBroker } from '#edge/testing/broker.ts'
import { loadProfile } from '#firmware-config/profile.ts'
import { findServer } from '#test/support/servers.ts'
import { buildBundle, RUNTIME_ARGUMENTS } from '../scripts/edge-bundle/build.ts'
import { simulatedPark } from './simulated-park.ts'

/**
 * `npm run bench edge`: the gateway's program as it is installed (one file), reading simulated meters, delivering to a
 * broker that gives a receipt for everything. Meters, program and broker are processes of their own on one machine. The
 * program's figures are those of its own /metrics; the time of a serial line is kept by the simulator.
 */
const SECONDS = Number(process.env['TANBIAO_BENCH_SECONDS'] ?? 30)
const METERS_MANY = Number(process.env['TANBIAO_BENCH_METERS'] ?? 5_000)
/** Arguments for Node itself, such as --cpu-prof for the program; those of a gateway by default. */
const NODE_ARGUMENTS = process.env['TANBIAO_BENCH_NODE']?.split(' ') ?? RUNTIME_ARGUMENTS

const LINE_METERS = 32
const METERS_FEW = 100
const UNITS_PER_CONNECTION = 20
const TURNAROUND_MS = 30
const PHASES = ['l1', 'l2', 'l3'] as const
const QUANTITIES = [
  ...['voltage', 'current', 'activePower', 'apparentPower', 'reactivePower', 'powerFactor'].flatMap((kind) =>
    PHASES.map((phase) => `${kind}.${phase}`),
  ),
  'activeEnergyImport.total',
  'activeEnergyExport.total',
]

const started = z.object({ ports: z.record(z.string(), z.int()), paths: z.record(z.string(), z.string()) })
const usage = z.object({
  cpuMs: z.number(),
  line: z.object({
    exchanges: z.int(),
    unanswered: z.int(),
    busyMs: z.number(),
    firstMs: z.number(),
    lastMs: z.number(),
  }),
})

async function message<T>(child: ChildProcess, schema: z.ZodType<T>): Promise<T> {
  const [first]: unknown[] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`a benchmark process ended with ${String(code)}`)
    }),
  ])
  return schema.parse(first)
}

/** What the broker has taken from the gateway. */
interface Arrivals {
  batches: number
  bytes: number
  values: number
}

async function startBroker(arrivals: Arrivals): Promise<TestBroker> {
  const broker = new TestBroker()
  await broker.start()
  const topic = topicOf({ park: 'bench', gateway: 'g', leaf: 'receipt' })
  broker.heard = ({ topic: from, payload }) => {
    if (from.endsWith('/state')) return
    arrivals.batches += 1
    arrivals.bytes += payload.length
    const batch = uplinkMessage.parse(unpack(payload))
    if (batch.kind === 'readings')
      for (const { values } of batch.samples) arrivals.values += Object.keys(values).length
    const digest = createHash('sha256').update(payload).digest('hex')
    const receipt = { v: 1, gateway: 'g', digest, outcome: 'stored', refused: 0, committedAtMs: Date.now() }
    broker.publish(topic, JSON.stringify(receipt))
  }
  return broker
}

interface Setting {
  readonly meters: number
  readonly unitsPerBus: number
  readonly transport: { readonly kind: string; readonly [key: string]: unknown }
  readonly pty?: boolean
  /** Node's own arguments; those of a gateway by default. */
  readonly nodeArguments?: readonly string[]
}

/** The sums of a metric over its labels that match. */
type Figures = (name: string, labels?: string) => number

async function scrape(port: number): Promise<Figures> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  return (name, labels = '') =>
    text
      .split('\n')
      .filter((line) => /^[^{ ]+/.exec(line)?.[0] === name && line.includes(labels))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
}

interface Outcome {
  readonly seconds: number
  readonly agentCpu: number
  readonly simulatorCpu: number
  readonly residentBytes: number
  readonly wanted: number
  readonly read: number
  readonly missed: number
  readonly failed: number
  readonly line: z.infer<typeof usage>['line']
  readonly bytesPerValue: number
  readonly batches: number
}

async function measure(program: string, setting: Setting, warmUpMs: number): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'tanbiao-bench-edge-'))
  const arrivals: Arrivals = { batches: 0, bytes: 0, values: 0 }
  const broker = await startBroker(arrivals)
  const simulator = fork(
    fileURLToPath(new URL('edge-simulator.ts', import.meta.url)),
    [
      JSON.stringify({
        ...setting,
        turnaroundMs: setting.transport.kind === 'tcp' ? 0 : TURNAROUND_MS,
        ...(setting.pty === true ? { ptyFolder: folder } : {}),
      }),
    ],
    { execArgv: ['--disable-warning=ExperimentalWarning'] },
  )
  let agent: ChildProcess | undefined
  try {
    const { ports, paths } = await message(simulator, started)
    const { gateway } = simulatedPark(setting.meters, {
      ...setting,
      line: { everySeconds: 1, quantities: QUANTITIES },
      uplink: { url: broker.url },
    })
    const buses = gateway.buses.map((bus) => ({
      ...bus,
      transport: {
        ...bus.transport,
        ...(setting.pty === true ? { path: paths[bus.id] } : { port: ports[bus.id] }),
      },
    }))
    const file = join(folder, 'gateway.yaml')
    writeFileSync(file, JSON.stringify({ ...gateway, buses }))
    mkdirSync(join(folder, 'data'))
    const { nodeArguments = NODE_ARGUMENTS } = setting
    const args = [...nodeArguments, program, 'edge', '--config', file, '--data', join(folder, 'data')]
    agent = spawn(process.execPath, [...args, '--health-port', '0', '--log', 'error'], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      cwd: process.cwd(),
    })
    const ready = await message(agent, childMessage)
    const port = ready.kind === 'ready' ? (ready.ports['health'] ?? 0) : 0
    await systemClock.sleep(warmUpMs)
    const ask = async (): Promise<z.infer<typeof usage>> => {
      simulator.send('usage')
      return message(simulator, usage)
    }
    const [simulatorBefore, before] = [await ask(), await scrape(port)]
    const [bytesBefore, startMs] = [{ ...arrivals }, systemClock.monotonicMs()]
    await systemClock.sleep(SECONDS * 1_000)
    const [simulatorAfter, after] = [await ask(), await scrape(port)]
    const seconds = (systemClock.monotonicMs() - startMs) / 1_000
    const gained = (name: string, labels?: string): number => after(name, labels) - before(name, labels)
    const slots = (outcome: string): number =>
      gained('tanbiao_edge_meter_slots_total', `outcome="${outcome}"`)
    return {
      seconds,
      agentCpu: gained('process_cpu_seconds_total') / seconds,
      simulatorCpu: (simulatorAfter.cpuMs - simulatorBefore.cpuMs) / (1_000 * seconds),
      residentBytes: after('process_resident_memory_bytes'),
      wanted: gained('tanbiao_edge_meter_slots_wanted_total'),
      read: slots('read'),
      missed: slots('missed') + slots('held'),
      failed: slots('failed'),
      line: simulatorAfter.line,
      bytesPerValue: (arrivals.bytes - bytesBefore.bytes) / (arrivals.values - bytesBefore.values),
      batches: arrivals.batches - bytesBefore.batches,
    }
  } finally {
    if (agent !== undefined && agent.exitCode === null) {
      agent.kill('SIGTERM')
      await once(agent, 'exit')
    }
    simulator.disconnect()
    await once(simulator, 'exit')
    await broker.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}

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

async function load(program: string, meters: number, nodeArguments = NODE_ARGUMENTS): Promise<void> {
  const transport = { kind: 'tcp', host: '127.0.0.1', port: 1 }
  const outcome = await measure(
    program,
    { meters, unitsPerBus: UNITS_PER_CONNECTION, transport, nodeArguments },
    8_000,
  )
  const { wanted, read, missed, failed, seconds } = outcome
  console.log(
    `\n${meters} meters × ${QUANTITIES.length} quantities every second over TCP, ${UNITS_PER_CONNECTION} behind each connection`,
  )
  console.log(
    `  slots wanted ${wanted}, read ${read}, missed ${missed}, failed ${failed}: ${Math.round((read * QUANTITIES.length) / seconds).toLocaleString('en')} values/s`,
  )
  console.log(
    `  resident memory ${(outcome.residentBytes / 1e6).toFixed(0)} MB; live payload ${outcome.bytesPerValue.toFixed(2)} B/value in ${outcome.batches} batches`,
  )
  console.log(`  ${machine(outcome)}`)
}

/** Prints line use, load of the machine, samples that were missed, and bytes per value. The backlog: `bench outage`. */
export async function benchEdge(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tanbiao-bench-program-'))
  try {
    const { file, bytes } = await buildBundle(folder)
    console.log(`the program: one file, ${(bytes / 1e6).toFixed(1)} MB`)
    const over = { kind: 'rtu-over-tcp', host: '127.0.0.1', port: 1, baudRate: 9_600 }
    await lineUse(file, 'RTU over TCP', over, false)
    if (findServer('socat') !== undefined) {
      await lineUse(file, 'RTU on a pseudo-terminal', { kind: 'rtu', path: '/', baudRate: 9_600 }, true)
    }
    await load(file, METERS_FEW)
    await load(file, METERS_MANY, [])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
