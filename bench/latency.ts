import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir, loadavg } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { startInflux } from '#test/support/influx.ts'
import { findServer } from '#test/support/servers.ts'
import { finished, message, start, started } from './children.ts'
import { READINGS_PER_BATCH } from './load.ts'

/**
 * `npm run bench latency`: how long a payload waits for its receipt, from publishing to the receipt at the gateway with
 * the commit between, at 10 % and 80 % of what the same machine takes at that moment; then the memory of the server while
 * twice as much is sent as it takes. `TANBIAO_BENCH_SECONDS` for each.
 */
const GATEWAYS = 4
const SECONDS = Number(process.env['TANBIAO_BENCH_SECONDS'] ?? 20)
/** Batches a gateway by which the highest load is found. */
const PROBE_BATCHES = 200

const paced = z.object({
  sent: z.number(),
  received: z.number(),
  // JSON has no NaN: nothing was received.
  p50: z.number().nullable(),
  p99: z.number().nullable(),
  most: z.number().nullable(),
})

/** Resident memory of a process, in MB. */
function residentMb(pid: number | undefined): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Math.round(Number(kib) / 1_024)
}

async function ofStore(name: string, storeUrl: string): Promise<void> {
  const worker = start('worker.ts', storeUrl, GATEWAYS)
  const memory: number[] = []
  const watch = setInterval(() => memory.push(residentMb(worker.pid)), 1_000)
  try {
    const { url } = await message(worker, started)
    const { seconds } = await message(start('publisher.ts', url, GATEWAYS, PROBE_BATCHES), finished)
    const most = (GATEWAYS * PROBE_BATCHES) / seconds
    console.log(`${name}: takes ${Math.round(most * READINGS_PER_BATCH).toLocaleString('en')} readings/s`)
    for (const share of [0.1, 0.8, 2]) {
      memory.length = 0
      const beforeMb = residentMb(worker.pid)
      const found = await message(start('paced-publisher.ts', url, GATEWAYS, share * most, SECONDS), paced)
      const ms = (value: number | null): string => (value === null ? '–' : value.toFixed(1))
      console.log(
        `  at ${share * 100} %: receipt after p50 ${ms(found.p50)} ms, p99 ${ms(found.p99)} ms, at most ${ms(found.most)} ms; ` +
          `${found.received} of ${found.sent} acknowledged; memory ${beforeMb} → ${residentMb(worker.pid)} MB, at most ${Math.max(beforeMb, ...memory)} MB (load ${loadavg()[0]?.toFixed(1)})`,
      )
    }
  } finally {
    clearInterval(watch)
    worker.kill('SIGKILL')
    await once(worker, 'exit')
  }
}

export async function benchLatency(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tanbiao-bench-'))
  try {
    await ofStore('MQTT → embedded store (SQLite)', `sqlite:${join(folder, 'readings.sqlite')}`)
  } finally {
    rmSync(folder, { recursive: true })
  }
  if (findServer('influxd') === undefined) return
  const influx = await startInflux()
  try {
    await ofStore('MQTT → InfluxDB 1.x', `influx1://127.0.0.1:${influx.port}/latency?create=true`)
  } finally {
    await influx.remove()
  }
}
