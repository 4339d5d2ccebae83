import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startInflux } from '#test/support/influx.ts'
import { findServer } from '#test/support/servers.ts'
import { finished, message, start, started } from './children.ts'
import { READINGS_PER_BATCH } from './load.ts'
import { processorSeconds } from './processor-time.ts'

/**
 * `npm run bench delivery`: readings per second from MQTT to the embedded store and to InfluxDB 1.x, beside a bare line-protocol
 * writer to the same InfluxDB, in turns in one run, so that the ratios hold whatever else the machine does.
 */
const GATEWAYS = 4
const SECONDS = Number(process.env['TANBIAO_BENCH_SECONDS'] ?? 400)
const TURNS = Number(process.env['TANBIAO_BENCH_TURNS'] ?? 3)
const READINGS = GATEWAYS * SECONDS * READINGS_PER_BATCH

/** Microseconds of processor time a reading of the receiving process: the figure to trust where others work too. */
const processorUs: Record<string, number[]> = {}

async function fromMqtt(storeUrl: string): Promise<number> {
  const worker = start('worker.ts', storeUrl, GATEWAYS)
  try {
    const { url } = await message(worker, started)
    const before = processorSeconds(worker.pid ?? 0)
    const { seconds } = await message(start('publisher.ts', url, GATEWAYS, SECONDS), finished)
    const used = processorSeconds(worker.pid ?? 0) - before
    const [kind = ''] = storeUrl.split(':')
    processorUs[kind] = [...(processorUs[kind] ?? []), (used / READINGS) * 1e6]
    return READINGS / seconds
  } finally {
    worker.kill('SIGKILL')
    await once(worker, 'exit')
  }
}

async function bare(port: number, database: string): Promise<number> {
  const root = `http://127.0.0.1:${port}`
  await fetch(`${root}/query?q=CREATE DATABASE ${database}`, { method: 'POST' })
  const { seconds } = await message(
    start('line-writer.ts', `${root}/write?db=${database}&precision=ns`, GATEWAYS, SECONDS),
    finished,
  )
  return READINGS / seconds
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
const thousands = (value: number): string => Math.round(value).toLocaleString('en')
const spread = (values: readonly number[]): string =>
  `${thousands(Math.min(...values))} to ${thousands(Math.max(...values))}`

export async function benchDelivery(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tanbiao-bench-'))
  const influx = findServer('influxd') === undefined ? undefined : await startInflux()
  const results: Record<'embedded' | 'influx' | 'bare', number[]> = { embedded: [], influx: [], bare: [] }
  try {
    for (let turn = 0; turn < TURNS; turn += 1) {
      results.embedded.push(await fromMqtt(`sqlite:${join(folder, `${turn}.sqlite`)}`))
      if (influx === undefined) continue
      results.bare.push(await bare(influx.port, `bare${turn}`))
      results.influx.push(await fromMqtt(`influx1://127.0.0.1:${influx.port}/mqtt${turn}?create=true`))
    }
  } finally {
    await influx?.remove()
    rmSync(folder, { recursive: true })
  }

  console.log(`${thousands(READINGS)} readings a turn, ${TURNS} turns; readings/s as median (range)\n`)
  const line = (what: string, rates: readonly number[], to: readonly number[]): void => {
    const ratio =
      rates.length === 0 || to.length === 0
        ? ''
        : `  ${(median(rates) / median(to)).toFixed(2)} × bare writer`
    console.log(
      `${what.padEnd(34)} ${rates.length === 0 ? 'not run: influxd is not installed' : `${thousands(median(rates))} (${spread(rates)})${ratio}`}`,
    )
  }
  line('bare line protocol → InfluxDB 1.x', results.bare, results.bare)
  line('MQTT → InfluxDB 1.x', results.influx, results.bare)
  line('MQTT → embedded store (SQLite)', results.embedded, results.bare)
  for (const [kind, each] of Object.entries(processorUs))
    console.log(`processor time of the receiving process, ${kind}: ${median(each).toFixed(1)} µs a reading`)
}
