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
 * A turn is the same points for each path, on average so many that the bare writer needs a minute for them: InfluxDB answers
 * once a point is in its log and its memory, and sorts, compresses and merges it later. It is done with a turn when it uses no
 * more processor; a speed up to then is one that it can keep for ever, whoever writes. The speed up to the last answer stands
 * beside it. InfluxDB merges its files eight at a time, some 20 million points, now while others write and now after the last
 * answer: so turns are of different lengths, and a path's speed is that of all its turns together.
 */
const GATEWAYS = 4
/** Readings of a turn: half a minute to a minute for a bare writer that has two cores to itself with InfluxDB. */
const READINGS_WANTED = 40_960_000
/** Batches of a gateway in a turn, on average. */
const BATCHES = Number(
  process.env['TANBIAO_BENCH_BATCHES'] ?? Math.round(READINGS_WANTED / GATEWAYS / READINGS_PER_BATCH),
)
const TURNS = Number(process.env['TANBIAO_BENCH_TURNS'] ?? 4)
const STORES = (process.env['TANBIAO_BENCH_STORES'] ?? 'sqlite,influx1').split(',')
/** `none` for payloads that are not compressed; gateways compress unless told otherwise. */
const COMPRESSION = process.env['TANBIAO_BENCH_COMPRESSION'] ?? 'zstd'

/** Of a gateway: in equal steps, so that the mean is what is wanted. */
const batchesOf = (turn: number): number => Math.round((BATCHES * (2 * turn + 1)) / TURNS)
const readingsOf = (batches: number): number => GATEWAYS * batches * READINGS_PER_BATCH

/** One turn, or all of a path: times in seconds, and seconds of processor time. */
interface Turn {
  readonly readings: number
  /** Up to the last answer, and from there to where InfluxDB was done. */
  readonly seconds: number
  readonly more: number
  /** Batches of a gateway, at most; a bare writer has none. */
  readonly onTheWay: number
  readonly sender: number
  readonly server: number
  readonly influx: number
  /** What InfluxDB used after the last answer. */
  readonly later: number
}

const rateOf = ({ readings, seconds }: Turn): number => readings / seconds
const sustainedOf = ({ readings, seconds, more }: Turn): number => readings / (seconds + more)

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

/** What a turn was, once all that it caused is done. */
async function turnOf(
  readings: number,
  sent: z.infer<typeof finished>,
  influxPid: number | undefined,
  used: { readonly server: number; readonly influxBefore: number },
): Promise<Turn> {
  const influxSeconds = influxPid === undefined ? 0 : processorSeconds(influxPid) - used.influxBefore
  const more = influxPid === undefined ? 0 : await settled(influxPid)
  const influxAtEnd = influxPid === undefined ? 0 : processorSeconds(influxPid) - used.influxBefore
  return {
    readings,
    seconds: sent.seconds,
    more,
    onTheWay: sent.onTheWay ?? 0,
    sender: sent.processorSeconds,
    server: used.server,
    influx: influxAtEnd,
    later: influxAtEnd - influxSeconds,
  }
}

const fromMqtt = (batches: number, storeUrl: string, influxPid: number | undefined): Promise<Turn> =>
  through(start('worker.ts', storeUrl, GATEWAYS), batches, influxPid)

/** An InfluxDB, and the database of a turn in it. */
interface Target {
  readonly port: number
  readonly pid: number
  readonly database: string
}

async function relayed(batches: number, target: Target): Promise<Turn> {
  const url = await writeUrl(target)
  return through(start('relay.ts', url, GATEWAYS, batches), batches, target.pid)
}

/** From gateways through the process that receives them. */
async function through(worker: ChildProcess, batches: number, influxPid: number | undefined): Promise<Turn> {
  const server = worker.pid ?? 0
  try {
    const { url } = await message(worker, started)
    const before = processorSeconds(server)
    const influxBefore = influxPid === undefined ? 0 : processorSeconds(influxPid)
    const sent = await message(start('publisher.ts', url, GATEWAYS, batches, COMPRESSION), finished)
    const used = { server: processorSeconds(server) - before, influxBefore }
    return await turnOf(readingsOf(batches), sent, influxPid, used)
  } finally {
    worker.kill('SIGKILL')
    await once(worker, 'exit')
  }
}

/** Where lines for a new database are posted. */
async function writeUrl({ port, database }: Target): Promise<string> {
  const root = `http://127.0.0.1:${port}`
  await fetch(`${root}/query?q=CREATE DATABASE ${database}`, { method: 'POST' })
  return `${root}/write?db=${database}&precision=ns`
}

async function bare(batches: number, target: Target): Promise<Turn> {
  const url = await writeUrl(target)
  const influxBefore = processorSeconds(target.pid)
  const writer = start('line-writer.ts', url, GATEWAYS, batches)
  const sent = await message(writer, finished)
  return turnOf(readingsOf(batches), sent, target.pid, { server: 0, influxBefore })
}

/** InfluxDB's own importer. */
async function imported(batches: number, file: string, target: Target): Promise<Turn> {
  writeImportFile(file, GATEWAYS, batches)
  await writeUrl(target)
  const influxBefore = processorSeconds(target.pid)
  const ownBefore = processorSeconds(process.pid, target.pid)
  const startedMs = performance.now()
  await importFile(file, target.port)
  const seconds = (performance.now() - startedMs) / 1_000
  const used = processorSeconds(process.pid, target.pid) - ownBefore
  const sent = { seconds, processorSeconds: used }
  return turnOf(readingsOf(batches), sent, target.pid, { server: 0, influxBefore })
}

/** So that no turn has to do with the points of those before. */
async function drop({ port, pid, database }: Target): Promise<void> {
  await fetch(`http://127.0.0.1:${port}/query?q=DROP DATABASE ${database}`, { method: 'POST' })
  await settled(pid)
}

/** All turns of a path as one. */
function together(turns: readonly Turn[]): Turn {
  const sum = (figure: keyof Turn): number => turns.reduce((all, turn) => all + turn[figure], 0)
  return {
    readings: sum('readings'),
    seconds: sum('seconds'),
    more: sum('more'),
    onTheWay: Math.max(...turns.map(({ onTheWay }) => onTheWay)),
    sender: sum('sender'),
    server: sum('server'),
    influx: sum('influx'),
    later: sum('later'),
  }
}

const thousands = (value: number): string => Math.round(value).toLocaleString('en')

function report(
  what: string,
  turns: readonly Turn[],
  yardstick: readonly Turn[],
  importer: readonly Turn[],
): void {
  if (turns.length === 0) return
  const all = together(turns)
  const figure = (of: (turn: Turn) => number): string => {
    const ratio = (name: string, to: readonly Turn[]): string =>
      to.length === 0 ? '' : `, ${(of(all) / of(together(to))).toFixed(2)} × ${name}`
    const each = turns.map((turn) => thousands(of(turn))).join(', ')
    return `${thousands(of(all))} (${each})${ratio('our bare writer', yardstick)}${ratio('influx -import', importer)}`
  }
  const window = all.onTheWay === 0 ? '' : `; at most ${all.onTheWay} batches of a gateway on their way`
  console.log(`${what}${window}\n  sustained ${figure(sustainedOf)}; up to the last answer ${figure(rateOf)}`)
  const perMillion = (seconds: number): string => ((seconds / all.readings) * 1e6).toFixed(2)
  const used = all.sender + all.server + all.influx
  console.log(
    `  core-seconds a million readings: sender ${perMillion(all.sender)}, broker + ingest + embedded store ${perMillion(all.server)}, ` +
      `InfluxDB ${perMillion(all.influx)} (of it ${perMillion(all.later)} after the last answer), all ${perMillion(used)}; ` +
      `of the machine's two cores used ${((used / (all.seconds + all.more)) * 50).toFixed(0)} %`,
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
    for (let turn = 0; turn < TURNS; turn += 1) {
      const batches = batchesOf(turn)
      if (STORES.includes('sqlite')) {
        const file = join(folder, `${turn}.sqlite`)
        results.embedded.push(await fromMqtt(batches, `sqlite:${file}`, undefined))
        for (const each of ['', '-wal', '-shm']) rmSync(`${file}${each}`, { force: true })
      }
      const pid = influx?.pid()
      if (influx === undefined || pid === undefined) continue
      const { port } = influx
      await settled(pid)
      const into = async (
        database: string,
        of: Turn[],
        path: (target: Target) => Promise<Turn>,
      ): Promise<void> => {
        const target = { port, pid, database }
        of.push(await path(target))
        await drop(target)
      }
      await into(`bare${turn}`, results.bare, (target) => bare(batches, target))
      if (isImporterThere)
        await into(IMPORT_DATABASE, results.importer, (target) => imported(batches, toImport, target))
      await into(`relay${turn}`, results.relay, (target) => relayed(batches, target))
      await into(`mqtt${turn}`, results.influx, ({ database }) =>
        fromMqtt(batches, `influx1://127.0.0.1:${port}/${database}?create=true`, pid),
      )
    }
  } finally {
    await influx?.remove()
    rmSync(folder, { recursive: true })
  }
  console.log(
    `gateways of ${METERS} meters, ${thousands(READINGS_PER_BATCH)} readings a batch; ${TURNS} turns, ${thousands(readingsOf(BATCHES))} readings in one on average, payloads ${COMPRESSION}, load before ${loadBefore.toFixed(1)}; readings/s of all turns (of each)\n`,
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
