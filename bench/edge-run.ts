import { fork, spawn, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { childMessage } from '#cli/child.ts'
import { systemClock } from '#cli/system-clock.ts'
import { rowsOf } from '#contract/bundle.ts'
import { topicOf } from '#contract/topics.ts'
import { messageOf } from '#edge/compression.ts'
import { TestBroker } from '#edge/testing/broker.ts'
import { RUNTIME_ARGUMENTS } from '../scripts/edge-bundle/build.ts'
import { simulatedPark } from './simulated-park.ts'

/**
 * One run of the edge benchmark: the gateway's program, the simulated meters and the broker, which gives a receipt for
 * everything, are processes of their own on one machine. The program's figures are those of its own /metrics; the time of
 * a serial line is kept by the simulator.
 */
const SECONDS = Number(process.env['TANBIAO_BENCH_SECONDS'] ?? 30)
/** Arguments for Node itself, such as --cpu-prof for the program; those of a gateway by default. */
const NODE_ARGUMENTS = process.env['TANBIAO_BENCH_NODE']?.split(' ') ?? RUNTIME_ARGUMENTS

export const TURNAROUND_MS = 30
const PHASES = ['l1', 'l2', 'l3'] as const
export const QUANTITIES = [
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

/** A broker that keeps what the gateway sends: to unpack it meanwhile would take the processor from the gateway. */
async function startBroker(arrivals: Uint8Array[]): Promise<TestBroker> {
  const broker = new TestBroker()
  await broker.start()
  const topic = topicOf({ park: 'bench', gateway: 'g', leaf: 'receipt' })
  broker.heard = ({ topic: from, payload }) => {
    if (from.endsWith('/state')) return
    for (const row of rowsOf(payload)) {
      arrivals.push(row)
      const digest = createHash('sha256').update(row).digest('hex')
      const receipt = { v: 1, gateway: 'g', digest, outcome: 'stored', refused: 0, committedAtMs: Date.now() }
      broker.publish(topic, JSON.stringify(receipt))
    }
  }
  return broker
}

export interface Setting {
  readonly meters: number
  readonly unitsPerBus: number
  readonly transport: { readonly kind: string; readonly [key: string]: unknown }
  readonly pty?: boolean
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

export interface Outcome {
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

function bytesPerValue(payloads: readonly Uint8Array[]): number {
  let [bytes, values] = [0, 0]
  for (const payload of payloads) {
    const batch = messageOf(payload)
    bytes += payload.length
    if (batch?.kind !== 'readings') continue
    for (const sample of batch.samples) values += Object.keys(sample.values).length
  }
  return bytes / values
}

/** Lets a gateway run, and measures it after a while. */
export async function measure(program: string, setting: Setting, warmUpMs: number): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'tanbiao-bench-edge-'))
  const arrivals: Uint8Array[] = []
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
    const args = [...NODE_ARGUMENTS, program, 'edge', '--config', file, '--data', join(folder, 'data')]
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
    const [batchesBefore, startMs] = [arrivals.length, systemClock.monotonicMs()]
    await systemClock.sleep(SECONDS * 1_000)
    const [simulatorAfter, after] = [await ask(), await scrape(port)]
    const counted = arrivals.slice(batchesBefore)
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
      bytesPerValue: bytesPerValue(counted),
      batches: counted.length,
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
