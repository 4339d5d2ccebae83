import { createHash, randomBytes } from 'node:crypto'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { get, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { connectAsync } from 'mqtt'
import { stringify } from 'yaml'
import { z } from 'zod'
import { childMessage } from '#cli/child.ts'
import { receipt, samplesOf } from '#contract/messages.ts'
import { topicOf } from '#contract/topics.ts'
import { batchAt, benchPark, readingsAt } from './load.ts'
import { processorSeconds } from './processor-time.ts'

/**
 * A change on its way from the commit to the screens: the real server, gateways that send a batch a second each over
 * MQTT, and 1 and 200 viewers of its live stream. The commit is taken to be when the gateway has its receipt, which the
 * server sends just after it.
 */
const GATEWAYS = 5
const VIEWERS = [0, 1, 200]
const SECONDS = Number(process.env['TANBIAO_BENCH_SECONDS'] ?? 20)
const SETTLE_MS = 2_000

const cli = fileURLToPath(new URL('../cli/tanbiao.ts', import.meta.url))

function residentMb(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Math.round(Number(kib) / 1_024)
}

function at(sorted: readonly number[], share: number): string {
  return `${Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN)} ms`
}

/** Gateways that send their readings of now, each at its own moment of the second. */
class Senders {
  /** When the receipt of a batch came, by the moment of its readings. */
  readonly committedMs = new Map<number, number>()
  readonly #digests = new Map<string, number>()
  readonly #timers: NodeJS.Timeout[] = []
  readonly #clients: Awaited<ReturnType<typeof connectAsync>>[] = []

  async start(url: string): Promise<void> {
    for (let gateway = 0; gateway < GATEWAYS; gateway += 1) {
      const { gateway: id } = batchAt(gateway, 0)
      const client = await connectAsync(url, { clientId: id, clean: true })
      this.#clients.push(client)
      client.on('message', (_topic, bytes) => {
        const { digest } = receipt.parse(JSON.parse(bytes.toString()))
        const atMs = this.#digests.get(digest)
        if (atMs !== undefined) this.committedMs.set(atMs, performance.now())
      })
      await client.subscribeAsync(topicOf({ park: 'bench', gateway: id, leaf: 'receipt' }), { qos: 1 })
      const epoch = randomBytes(16).toString('hex')
      let seq = 0
      const send = (): void => {
        const atMs = Date.now()
        const readings = readingsAt(gateway, (seq += 1)).map((reading) => ({ ...reading, atMs }))
        const batch = { ...batchAt(gateway, 0), epoch, seq, samples: samplesOf(readings) }
        const payload = JSON.stringify(batch)
        this.#digests.set(createHash('sha256').update(payload).digest('hex'), atMs)
        client.publish(topicOf({ park: 'bench', gateway: id, leaf: 'live' }), payload, { qos: 1 })
      }
      await sleep(1_000 / GATEWAYS)
      this.#timers.push(setInterval(send, 1_000))
    }
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer)
    for (const client of this.#clients) client.end(true)
  }
}

/** One screen: notes when a moment of readings was first seen in a change. */
async function watch(url: string, seen: (atMs: number) => void): Promise<IncomingMessage> {
  const [answer] = z
    .tuple([z.custom<IncomingMessage>()])
    .parse(await once(get(`${url}/api/live`, { agent: false }), 'response'))
  answer.on('data', (chunk: Buffer) => {
    for (const [, text] of chunk.toString('latin1').matchAll(/"atMs":(\d{13})/g)) seen(Number(text))
  })
  answer.on('error', () => undefined)
  return answer
}

async function withViewers(count: number, url: string, pid: number, senders: Senders): Promise<void> {
  const delays: number[] = []
  const answers: IncomingMessage[] = []
  for (let viewer = 0; viewer < count; viewer += 1) {
    const known = new Set<number>()
    let isReady = false
    answers.push(
      await watch(url, (atMs) => {
        if (known.has(atMs)) return
        known.add(atMs)
        const committed = senders.committedMs.get(atMs)
        // Seen before its receipt came: no time at all.
        if (isReady) delays.push(committed === undefined ? 0 : performance.now() - committed)
      }),
    )
    setTimeout(() => {
      isReady = true
    }, SETTLE_MS)
  }
  await sleep(SETTLE_MS)
  const before = processorSeconds(pid)
  const [beforeBench, startMs] = [process.cpuUsage(), performance.now()]
  await sleep(SECONDS * 1_000)
  const seconds = (performance.now() - startMs) / 1_000
  const use = (100 * (processorSeconds(pid) - before)) / seconds
  const bench = process.cpuUsage(beforeBench)
  for (const answer of answers) answer.destroy()
  const sorted = delays.toSorted((a, b) => a - b)
  const latency =
    sorted.length === 0
      ? ''
      : `; commit to client p50 ${at(sorted, 0.5)}, p99 ${at(sorted, 0.99)}, most ${at(sorted, 1)} (${sorted.length} changes)`
  console.log(
    `  ${count} viewers: server ${use.toFixed(1)} % of a core, ${residentMb(pid)} MB; benchmark itself ` +
      `${((bench.user + bench.system) / 1e4 / seconds).toFixed(0)} %${latency}`,
  )
}

export async function benchViewers(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tanbiao-viewers-'))
  const park = join(folder, 'park.yaml')
  writeFileSync(park, stringify(benchPark(GATEWAYS)))
  const ports = ['--port', '0', '--mqtt-port', '0', '--open-as', 'auditor', '--log', 'error']
  const server = fork(cli, ['serve', '--park', park, '--data', join(folder, 'data'), ...ports], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const ended = once(server, 'exit')
  const senders = new Senders()
  try {
    const [first]: unknown[] = await once(server, 'message')
    const told = childMessage.parse(first)
    if (told.kind !== 'ready' || server.pid === undefined) throw new Error('the server did not start')
    await senders.start(`mqtt://127.0.0.1:${told.ports['mqtt']}`)
    await sleep(5_000)
    for (const count of VIEWERS) await withViewers(count, told.url, server.pid, senders)
  } finally {
    senders.stop()
    server.kill('SIGINT')
    await ended
    rmSync(folder, { recursive: true })
  }
}
