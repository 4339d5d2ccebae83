import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir, loadavg } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { startInflux } from '#test/support/influx.ts'
import { findServer } from '#test/support/servers.ts'
import { finished, message, residentMb, start, started } from './children.ts'
import { READINGS_PER_BATCH } from './load.ts'

/**
 * `npm run bench latency`: how long a payload waits for its receipt, from publishing to the receipt at the gateway with
 * the commit between, at 10 % and 80 % of what the same machine takes at that moment; then the memory of the server while
 * twice as much is sent as it takes: the most in each minute, whether it grows, and what it holds afterwards. `TANBIAO_BENCH_SECONDS`
 * for each (`TANBIAO_BENCH_OVERLOAD_SECONDS` for what is more than it takes), `TANBIAO_BENCH_STORES=sqlite` for one store, `TANBIAO_BENCH_SHARES=2` for the overload alone.
 */
const GATEWAYS = 4
const SECONDS = Number(process.env['TANBIAO_BENCH_SECONDS'] ?? 20)
/** What a server holds shows after ten minutes of more than it takes. */
const OVERLOAD_SECONDS = Number(process.env['TANBIAO_BENCH_OVERLOAD_SECONDS'] ?? SECONDS)
/** Of the highest load. */
const SHARES = (process.env['TANBIAO_BENCH_SHARES'] ?? '0.1,0.8,2').split(',').map(Number)
/** Batches a gateway by which the highest load is found: a program that is not warm yet takes half of it. */
const PROBE_BATCHES = 6_400

const paced = z.object({
  sent: z.number(),
  received: z.number(),
  // JSON has no NaN: nothing was received.
  p50: z.number().nullable(),
  p99: z.number().nullable(),
  most: z.number().nullable(),
})

const held = z.object({ heapMb: z.number(), externalMb: z.number() })

/** Seconds of one figure of memory: a minute, or less of a short run. */
const partSeconds = (seconds: number): number => Math.min(60, Math.max(1, Math.round(seconds / 6)))

/** The most in each part of the time; a last part that is much shorter says nothing and is left out. */
function partsOf(values: readonly number[], each: number): number[] {
  const parts = Math.max(1, Math.round(values.length / each))
  return Array.from({ length: parts }, (_, index) =>
    Math.max(...values.slice(index * each, (index + 1) * each)),
  )
}

/** Growth that garbage between two collections explains, in a process of some 250 MB. */
const FLAT_MB = 30

/**
 * What grows for ever is more in the last third of the time than in the second: the first third is that of a process that
 * takes what it needs.
 */
function verdictOn(parts: readonly number[]): string {
  const third = Math.floor(parts.length / 3)
  if (third === 0) return 'too short to say whether it grows'
  const [second, last] = [parts.slice(third, 2 * third), parts.slice(-third)].map((each) => Math.max(...each))
  if (second === undefined || last === undefined) return 'too short to say whether it grows'
  const word = last - second <= FLAT_MB ? 'FLAT' : 'GROWS'
  return `${word}: at most ${second} MB in the second third of the time, ${last} MB in the last`
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
    // What is new costs a store less than what is written over.
    let nextSecond = PROBE_BATCHES
    for (const share of SHARES) {
      memory.length = 0
      const lasts = share > 1 ? OVERLOAD_SECONDS : SECONDS
      const beforeMb = residentMb(worker.pid)
      const paces = start('paced-publisher.ts', url, GATEWAYS, share * most, lasts, nextSecond)
      nextSecond += Math.ceil((share * most * lasts) / GATEWAYS) + 1
      const found = await message(paces, paced)
      const ms = (value: number | null): string => (value === null ? '–' : value.toFixed(1))
      console.log(
        `  at ${share * 100} %: receipt after p50 ${ms(found.p50)} ms, p99 ${ms(found.p99)} ms, at most ${ms(found.most)} ms; ` +
          `${found.received} of ${found.sent} acknowledged; memory ${beforeMb} → ${residentMb(worker.pid)} MB, at most ${Math.max(beforeMb, ...memory)} MB (load ${loadavg()[0]?.toFixed(1)})`,
      )
      const holds = message(worker, held)
      worker.send('held')
      const { heapMb, externalMb } = await holds
      const parts = partsOf(memory, partSeconds(lasts))
      console.log(
        [
          `    most resident in each ${partSeconds(lasts)} s: ${parts.join(', ')} MB`,
          `    memory ${verdictOn(parts)}`,
          `    held after a collection: heap ${heapMb.toFixed(1)} MB, outside of it ${externalMb.toFixed(1)} MB`,
        ].join('\n'),
      )
    }
  } finally {
    clearInterval(watch)
    worker.kill('SIGKILL')
    await once(worker, 'exit')
  }
}

export async function benchLatency(): Promise<void> {
  const stores = (process.env['TANBIAO_BENCH_STORES'] ?? 'sqlite,influx1').split(',')
  const folder = mkdtempSync(join(tmpdir(), 'tanbiao-bench-'))
  try {
    if (stores.includes('sqlite'))
      await ofStore('MQTT → embedded store (SQLite)', `sqlite:${join(folder, 'readings.sqlite')}`)
  } finally {
    rmSync(folder, { recursive: true })
  }
  if (!stores.includes('influx1') || findServer('influxd') === undefined) return
  const influx = await startInflux()
  try {
    await ofStore('MQTT → InfluxDB 1.x', `influx1://127.0.0.1:${influx.port}/latency?create=true`)
  } finally {
    await influx.remove()
  }
}
