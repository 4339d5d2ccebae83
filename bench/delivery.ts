import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { z } from 'zod'
import { startInflux } from '#test/support/influx.ts'
import { findServer } from '#test/support/servers.ts'
import { finished, message, start, started } from './children.ts'
import { IMPORT_DATABASE, importFile, IMPORTER, writeImportFile } from './line-importer.ts'
import { METERS, READINGS_PER_BATCH } from './load.ts'
import { processorSeconds } from './processor-time.ts'

/**
 * `npm run bench delivery`: readings per second from MQTT to the embedded store and to InfluxDB 1.x, beside two bare
 * line-protocol writers to the same InfluxDB (`influx -import`, where it is installed, and our own, which is quicker) and a
 * relay that does nothing but take payloads and post lines made beforehand, in turns in one run, so that the ratios hold
 * whatever else the machine does; and who used how much of the processors for it.
 * `TANBIAO_BENCH_STORES=sqlite` or `influx1` for one store. Gateways have 20 meters, then, for InfluxDB, 100, because what a
 * payload costs by itself is shared by what is in it; with `TANBIAO_BENCH_GATEWAY_METERS` as many as it says, and no others.
 *
 * A turn is the same points for each path, and so many that the bare writer needs a minute for them: InfluxDB answers once a
 * point is in its log and its memory, and sorts, compresses and merges it later. It is done with a turn when it uses no more
 * processor; a speed up to then is one that it can keep for ever, whoever writes. The speed up to the last answer stands
 * beside it.
 */
const GATEWAYS = 4
/** Readings in all: a minute for a bare writer that has two cores to itself with InfluxDB. */
const READINGS_WANTED = 40_960_000
/** Batches of a gateway. */
const BATCHES = Number(
  process.env['TANBIAO_BENCH_BATCHES'] ?? Math.round(READINGS_WANTED / GATEWAYS / READINGS_PER_BATCH),
)
const TURNS = Number(process.env['TANBIAO_BENCH_TURNS'] ?? 2)
const STORES = (process.env['TANBIAO_BENCH_STORES'] ?? 'sqlite,influx1').split(',')
/** `none` for payloads that are not compressed; gateways compress unless told otherwise. */
const COMPRESSION = process.env['TANBIAO_BENCH_COMPRESSION'] ?? 'zstd'
const READINGS = GATEWAYS * BATCHES * READINGS_PER_BATCH

/** One turn: its speed, and seconds of processor time a million readings. */
interface Turn {
  /** Readings a second up to the last answer, and up to where InfluxDB was done with them. */
  readonly rate: number
  readonly sustained: number
  /** Batches of a gateway, at most; a bare writer has none. */
  readonly onTheWay: number
  readonly sender: number
  readonly server: number
  readonly influx: number
  /** What InfluxDB used after the last answer. */
  readonly later: number
}

/** Less than that in a second is an idle InfluxDB. */
const IDLE_SECONDS = 0.03
const SETTLES_WITHIN_SECONDS = 600

/** Waits until a server is done with what it has taken; the seconds that it went on for. */
async function settled(pid: number): Promise<number> {
  const startedMs = performance.now()
  for (let second = 0; second < SETTLES_WITHIN_SECONDS; second += 1) {
    const before = processorSeconds(pid)
    const lookedMs = performance.now()
    await sleep(1_000)
    if (processorSeconds(pid) - before < IDLE_SECONDS) return (lookedMs - startedMs) / 1_000
  }
  throw new Error(`InfluxDB was not done after ${SETTLES_WITHIN_SECONDS} s`)
}

const perMillion = (seconds: number): number => (seconds / READINGS) * 1e6

/** What a turn was, once all that it caused is done. */
async function turnOf(
  sent: z.infer<typeof finished>,
  influxPid: number | undefined,
  used: { readonly server: number; readonly influxBefore: number },
): Promise<Turn> {
  const influxSeconds = influxPid === undefined ? 0 : processorSeconds(influxPid) - used.influxBefore
  const more = influxPid === undefined ? 0 : await settled(influxPid)
  const influxAtEnd = influxPid === undefined ? 0 : processorSeconds(influxPid) - used.influxBefore
  return {
    rate: READINGS / sent.seconds,
    sustained: READINGS / (sent.seconds + more),
    onTheWay: sent.onTheWay ?? 0,
    sender: perMillion(sent.processorSeconds),
    server: perMillion(used.server),
    influx: perMillion(influxAtEnd),
    later: perMillion(influxAtEnd - influxSeconds),
  }
}

const fromMqtt = (storeUrl: string, influxPid: number | undefined): Promise<Turn> =>
  through(start('worker.ts', storeUrl, GATEWAYS), influxPid)

async function relayed(port: number, influxPid: number, database: string): Promise<Turn> {
  const url = await writeUrl(port, database)
  return through(start('relay.ts', url, GATEWAYS, BATCHES), influxPid)
}

/** From gateways through the process that receives them. */
async function through(worker: ChildProcess, influxPid: number | undefined): Promise<Turn> {
  const server = worker.pid ?? 0
  try {
    const { url } = await message(worker, started)
    const before = processorSeconds(server)
    const influxBefore = influxPid === undefined ? 0 : processorSeconds(influxPid)
    const sent = await message(start('publisher.ts', url, GATEWAYS, BATCHES, COMPRESSION), finished)
    const used = { server: processorSeconds(server) - before, influxBefore }
    return await turnOf(sent, influxPid, used)
  } finally {
    worker.kill('SIGKILL')
    await once(worker, 'exit')
  }
}

/** Where lines for a new database are posted. */
async function writeUrl(port: number, database: string): Promise<string> {
  const root = `http://127.0.0.1:${port}`
  await fetch(`${root}/query?q=CREATE DATABASE ${database}`, { method: 'POST' })
  return `${root}/write?db=${database}&precision=ns`
}

async function bare(port: number, influxPid: number, database: string): Promise<Turn> {
  const url = await writeUrl(port, database)
  const influxBefore = processorSeconds(influxPid)
  const writer = start('line-writer.ts', url, GATEWAYS, BATCHES)
  const sent = await message(writer, finished)
  return turnOf(sent, influxPid, { server: 0, influxBefore })
}

/** InfluxDB's own importer. */
async function imported(file: string, port: number, influxPid: number): Promise<Turn> {
  await writeUrl(port, IMPORT_DATABASE)
  const influxBefore = processorSeconds(influxPid)
  const ownBefore = processorSeconds(process.pid, influxPid)
  const startedMs = performance.now()
  await importFile(file, port)
  const seconds = (performance.now() - startedMs) / 1_000
  const used = processorSeconds(process.pid, influxPid) - ownBefore
  return turnOf({ seconds, processorSeconds: used }, influxPid, { server: 0, influxBefore })
}

/** So that no turn has to do with the points of those before. */
async function drop(port: number, influxPid: number, database: string): Promise<void> {
  await fetch(`http://127.0.0.1:${port}/query?q=DROP DATABASE ${database}`, { method: 'POST' })
  await settled(influxPid)
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const [below, above] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]]
  return ((below ?? NaN) + (above ?? NaN)) / 2
}
const thousands = (value: number): string => Math.round(value).toLocaleString('en')
const spread = (values: readonly number[]): string =>
  `${thousands(Math.min(...values))} to ${thousands(Math.max(...values))}`

function report(
  what: string,
  turns: readonly Turn[],
  yardstick: readonly Turn[],
  importer: readonly Turn[],
): void {
  if (turns.length === 0) return
  const of = (figure: keyof Turn, from = turns): number => median(from.map((turn) => turn[figure]))
  const figure = (which: 'sustained' | 'rate'): string => {
    const range = spread(turns.map((turn) => turn[which]))
    const ratio = (name: string, to: readonly Turn[]): string =>
      to.length === 0 ? '' : `, ${(of(which) / of(which, to)).toFixed(2)} × ${name}`
    return `${thousands(of(which))} (${range})${ratio('our bare writer', yardstick)}${ratio('influx -import', importer)}`
  }
  const all = of('sender') + of('server') + of('influx')
  const onTheWay = of('onTheWay')
  const window = onTheWay === 0 ? '' : `; at most ${onTheWay} batches of a gateway on their way`
  console.log(`${what}${window}\n  sustained ${figure('sustained')}; up to the last answer ${figure('rate')}`)
  console.log(
    `  core-seconds a million readings: sender ${of('sender').toFixed(2)}, broker + ingest + embedded store ${of('server').toFixed(2)}, ` +
      `InfluxDB ${of('influx').toFixed(2)} (of it ${of('later').toFixed(2)} after the last answer), all ${all.toFixed(2)}; ` +
      `of the machine's two cores used ${((all * of('sustained')) / 2e4).toFixed(0)} %`,
  )
}

const LARGE_GATEWAY_METERS = '100'

export async function benchDelivery(): Promise<void> {
  await benchGateways()
  if (process.env['TANBIAO_BENCH_GATEWAY_METERS'] !== undefined || !STORES.includes('influx1')) return
  console.log()
  // In a process of its own: the load is made of the environment.
  process.env['TANBIAO_BENCH_GATEWAY_METERS'] = LARGE_GATEWAY_METERS
  process.env['TANBIAO_BENCH_STORES'] = 'influx1'
  const [code]: unknown[] = await once(start('bench.ts', 'delivery'), 'exit')
  if (code !== 0) throw new Error(`the benchmark of large gateways ended with ${String(code)}`)
}

async function benchGateways(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tanbiao-bench-'))
  const influx =
    STORES.includes('influx1') && findServer('influxd') !== undefined ? await startInflux() : undefined
  const results: Record<'embedded' | 'influx' | 'bare' | 'importer' | 'relay', Turn[]> = {
    embedded: [],
    influx: [],
    bare: [],
    importer: [],
    relay: [],
  }
  const toImport = join(folder, 'points.txt')
  const isImporterThere = influx !== undefined && existsSync(IMPORTER)
  const loadBefore = loadavg()[0] ?? 0
  try {
    if (isImporterThere) writeImportFile(toImport, GATEWAYS, BATCHES)
    for (let turn = 0; turn < TURNS; turn += 1) {
      if (STORES.includes('sqlite')) {
        const file = join(folder, `${turn}.sqlite`)
        results.embedded.push(await fromMqtt(`sqlite:${file}`, undefined))
        for (const each of ['', '-wal', '-shm']) rmSync(`${file}${each}`, { force: true })
      }
      const influxPid = influx?.pid()
      if (influx === undefined || influxPid === undefined) continue
      await settled(influxPid)
      results.bare.push(await bare(influx.port, influxPid, `bare${turn}`))
      await drop(influx.port, influxPid, `bare${turn}`)
      if (isImporterThere) {
        results.importer.push(await imported(toImport, influx.port, influxPid))
        await drop(influx.port, influxPid, IMPORT_DATABASE)
      }
      results.relay.push(await relayed(influx.port, influxPid, `relay${turn}`))
      await drop(influx.port, influxPid, `relay${turn}`)
      const store = `influx1://127.0.0.1:${influx.port}/mqtt${turn}?create=true`
      results.influx.push(await fromMqtt(store, influxPid))
      await drop(influx.port, influxPid, `mqtt${turn}`)
    }
  } finally {
    await influx?.remove()
    rmSync(folder, { recursive: true })
  }
  console.log(
    `gateways of ${METERS} meters, ${thousands(READINGS_PER_BATCH)} readings a batch; ${thousands(READINGS)} readings a turn, ${TURNS} turns, payloads ${COMPRESSION}, load before ${loadBefore.toFixed(1)}; readings/s as median (range)\n`,
  )
  if (influx === undefined) console.log('InfluxDB: not run')
  if (influx !== undefined && !isImporterThere)
    console.log('influx -import: not run, influxdb-client is not installed')
  const { bare: yardstick, importer } = results
  const reports: readonly (readonly [what: string, turns: readonly Turn[]])[] = [
    ['our bare line-protocol writer → InfluxDB 1.x', yardstick],
    ['influx -import, the bare line-protocol writer of InfluxDB → InfluxDB 1.x', importer],
    ['MQTT → relay that posts lines as they come → InfluxDB 1.x', results.relay],
    ['MQTT → InfluxDB 1.x', results.influx],
    ['MQTT → embedded store (SQLite)', results.embedded],
  ]
  for (const [what, turns] of reports) report(what, turns, yardstick, importer)
}
