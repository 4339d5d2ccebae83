import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { PROFILE, UNITS_PER_PORT } from './simulated-park.ts'

/**
 * `npm run bench simulators`: how many Modbus TCP meters one process stands in for, each read once a second with the
 * first block of an SDM630 (18 values). The simulator measures its own processor time.
 */
const METERS = Number(process.env['TANBIAO_BENCH_METERS'] ?? 10_000)
const SECONDS = Number(process.env['TANBIAO_BENCH_SECONDS'] ?? 20)
const BLOCK = { address: 0, registers: 36 }

const listening = z.object({ ports: z.array(z.int()) })
const usage = z.object({ cpuMs: z.number(), residentBytes: z.number() })
const tally = z.object({
  seconds: z.number(),
  asked: z.int(),
  answered: z.int(),
  inTime: z.int(),
  p50Ms: z.number(),
  p99Ms: z.number(),
})

/** Arguments for Node itself, such as --cpu-prof for the simulator. */
const execArgv = [
  '--disable-warning=ExperimentalWarning',
  ...(process.env['TANBIAO_BENCH_NODE']?.split(' ') ?? []),
]

async function message<T>(child: ChildProcess, schema: z.ZodType<T>): Promise<T> {
  const [first]: unknown[] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`a benchmark process ended with ${String(code)}`)
    }),
  ])
  return schema.parse(first)
}

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

export async function benchSimulators(): Promise<void> {
  const simulator = fork(file('simulator.ts'), [String(METERS)], { execArgv })
  try {
    const { ports } = await message(simulator, listening)
    const ask = async (): Promise<z.infer<typeof usage>> => {
      simulator.send('usage')
      return message(simulator, usage)
    }
    const before = await ask()
    const settings = [METERS, SECONDS, BLOCK.address, BLOCK.registers, ...ports].map(String)
    const result = await message(fork(file('simulator-client.ts'), settings), tally)
    const after = await ask()
    const cpuMs = after.cpuMs - before.cpuMs
    const rows: [string, string][] = [
      [
        'meters',
        `${METERS} of ${PROFILE}, ${UNITS_PER_PORT} behind each of ${ports.length} ports, read at 1 Hz`,
      ],
      [
        'requests a second',
        `${Math.round(result.answered / Math.max(result.seconds, SECONDS))} of ${METERS} wanted`,
      ],
      ['answered within their second', `${((100 * result.inTime) / result.asked).toFixed(2)} %`],
      ['latency', `p50 ${result.p50Ms.toFixed(2)} ms, p99 ${result.p99Ms.toFixed(2)} ms`],
      ['processor', `${(cpuMs / (10 * Math.max(result.seconds, SECONDS))).toFixed(0)} % of one core`],
      ['processor a request', `${((1_000 * cpuMs) / result.answered).toFixed(1)} µs`],
      ['resident memory', `${Math.round(after.residentBytes / 2 ** 20)} MiB`],
    ]
    for (const [what, figure] of rows) console.log(`${what.padEnd(30)} ${figure}`)
  } finally {
    simulator.disconnect()
    await once(simulator, 'exit')
  }
}
