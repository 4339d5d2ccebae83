import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startInflux } from '#test/support/influx.ts'
import { findServer } from '#test/support/servers.ts'
import { finished, message, start, started } from './children.ts'
import { READINGS_PER_BATCH } from './load.ts'
import { processorSeconds } from './processor-time.ts'

/**
 * `npm run bench delivery`: readings per second from MQTT to the embedded store and to InfluxDB 1.x, beside a bare line-protocol
 * writer to the same InfluxDB, in turns in one run, so that the ratios hold whatever else the machine does; and who used
 * how much of the processors for it. `TANBIAO_BENCH_STORES=sqlite` or `influx1` for one store.
 */
const GATEWAYS = 4
const SECONDS = Number(process.env['TANBIAO_BENCH_SECONDS'] ?? 400)
const TURNS = Number(process.env['TANBIAO_BENCH_TURNS'] ?? 3)
const STORES = (process.env['TANBIAO_BENCH_STORES'] ?? 'sqlite,influx1').split(',')
/** `none` for payloads that are not compressed; gateways compress unless told otherwise. */
const COMPRESSION = process.env['TANBIAO_BENCH_COMPRESSION'] ?? 'zstd'
const READINGS = GATEWAYS * SECONDS * READINGS_PER_BATCH

/** One turn: its speed, and seconds of processor time a million readings. */
interface Turn {
  readonly rate: number
  readonly sender: number
  readonly server: number
  readonly influx: number
}

/** A server goes on with what it has taken: the next turn begins when that is done, or after half a minute. */
async function settled(pid: number): Promise<void> {
  for (let second = 0; second < 30; second += 1) {
    const before = processorSeconds(pid)
    await sleep(1_000)
    if (processorSeconds(pid) - before < 0.03) return
  }
}

const perMillion = (seconds: number): number => (seconds / READINGS) * 1e6

async function fromMqtt(storeUrl: string, influxPid: number): Promise<Turn> {
  const worker = start('worker.ts', storeUrl, GATEWAYS)
  const server = worker.pid ?? 0
  try {
    const { url } = await message(worker, started)
    const before = [processorSeconds(server), processorSeconds(influxPid)] as const
    const sent = await message(start('publisher.ts', url, GATEWAYS, SECONDS, COMPRESSION), finished)
    return {
      rate: READINGS / sent.seconds,
      sender: perMillion(sent.processorSeconds),
      server: perMillion(processorSeconds(server) - before[0]),
      influx: perMillion(processorSeconds(influxPid) - before[1]),
    }
  } finally {
    worker.kill('SIGKILL')
    await once(worker, 'exit')
  }
}

async function bare(port: number, influxPid: number, database: string): Promise<Turn> {
  const root = `http://127.0.0.1:${port}`
  await fetch(`${root}/query?q=CREATE DATABASE ${database}`, { method: 'POST' })
  const before = processorSeconds(influxPid)
  const writer = start('line-writer.ts', `${root}/write?db=${database}&precision=ns`, GATEWAYS, SECONDS)
  const sent = await message(writer, finished)
  return {
    rate: READINGS / sent.seconds,
    sender: perMillion(sent.processorSeconds),
    server: 0,
    influx: perMillion(processorSeconds(influxPid) - before),
  }
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
const thousands = (value: number): string => Math.round(value).toLocaleString('en')
const spread = (values: readonly number[]): string =>
  `${thousands(Math.min(...values))} to ${thousands(Math.max(...values))}`

function report(what: string, turns: readonly Turn[], yardstick: readonly Turn[]): void {
  if (turns.length === 0) return
  const rates = turns.map(({ rate }) => rate)
  const to = yardstick.map(({ rate }) => rate)
  const ratio = to.length === 0 ? '' : `  ${(median(rates) / median(to)).toFixed(2)} × bare writer`
  const of = (who: 'sender' | 'server' | 'influx'): number => median(turns.map((turn) => turn[who]))
  const all = of('sender') + of('server') + of('influx')
  console.log(`${what.padEnd(34)} ${thousands(median(rates))} (${spread(rates)})${ratio}`)
  console.log(
    `  core-seconds a million readings: sender ${of('sender').toFixed(2)}, broker + ingest + embedded store ${of('server').toFixed(2)}, ` +
      `InfluxDB ${of('influx').toFixed(2)}, all ${all.toFixed(2)}; of the machine's two cores used ${((all * median(rates)) / 2e4).toFixed(0)} %`,
  )
}

export async function benchDelivery(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tanbiao-bench-'))
  const influx =
    STORES.includes('influx1') && findServer('influxd') !== undefined ? await startInflux() : undefined
  const results: Record<'embedded' | 'influx' | 'bare', Turn[]> = { embedded: [], influx: [], bare: [] }
  const loadBefore = loadavg()[0] ?? 0
  try {
    for (let turn = 0; turn < TURNS; turn += 1) {
      const influxPid = influx?.pid() ?? 0
      if (STORES.includes('sqlite'))
        results.embedded.push(await fromMqtt(`sqlite:${join(folder, `${turn}.sqlite`)}`, influxPid))
      if (influx === undefined) continue
      await settled(influxPid)
      results.bare.push(await bare(influx.port, influxPid, `bare${turn}`))
      const store = `influx1://127.0.0.1:${influx.port}/mqtt${turn}?create=true`
      await settled(influxPid)
      results.influx.push(await fromMqtt(store, influxPid))
    }
  } finally {
    await influx?.remove()
    rmSync(folder, { recursive: true })
  }
  console.log(
    `${thousands(READINGS)} readings a turn, ${TURNS} turns, payloads ${COMPRESSION}, load before ${loadBefore.toFixed(1)}; readings/s as median (range)\n`,
  )
  if (influx === undefined) console.log('InfluxDB: not run')
  report('bare line protocol → InfluxDB 1.x', results.bare, results.bare)
  report('MQTT → InfluxDB 1.x', results.influx, results.bare)
  report('MQTT → embedded store (SQLite)', results.embedded, results.bare)
}
