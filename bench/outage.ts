import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Aedes } from 'aedes'
import { makeLog } from '#cli/log.ts'
import { systemClock } from '#cli/system-clock.ts'
import { rowsOf } from '#contract/bundle.ts'
import { ManualClock } from '#contract/clock.ts'
import { samplesOf, type JointReceipt } from '#contract/messages.ts'
import type { Reading } from '#contract/reading.ts'
import { topicOf } from '#contract/topics.ts'
import { Journal, type JournalRow } from '#edge/journal.ts'
import { Uplink } from '#edge/uplink.ts'
import { readingsAt, METERS } from './load.ts'

/**
 * `npm run bench outage`: what an outage leaves in the journal, and how it is drained. The rows are made by the
 * journal's own `append` under a clock driven by hand, one commit for each poll of all meters; the drain is real: the
 * uplink, a broker on the loopback, and a receiver that answers each payload at once (no store, so that the gateway's
 * side is measured). Bytes are those of MQTT payloads.
 */
const HOURS = Number(process.env['TANBIAO_BENCH_OUTAGE_HOURS'] ?? 72)
/** Batches of a gateway on their way; by default as many as the edge lets be. */
const WINDOW = process.env['TANBIAO_BENCH_WINDOW']
const POLL_SECONDS = 5
const GROUPS = 5
/** Live polls come faster than they would, so that there are enough of them to measure. */
const LIVE_EVERY_MS = 200
const READINGS_PER_METER = 20
const VALUES_PER_POLL = GROUPS * METERS * READINGS_PER_METER

interface Arrivals {
  readonly latenciesMs: number[]
  backlogBytes: number
  backlogRows: number
  liveBytes: number
  liveRows: number
}

/** A number in [0, 1) that depends on nothing but the seed (mulberry32's mixing). */
function noise(seed: number): number {
  let mixed = Math.imul(seed ^ (seed >>> 15), seed | 1)
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
}

/**
 * All readings of one poll. Three of the five digits of each state change at random, and registers advance unevenly, so
 * that compression finds no more than it would in a plant.
 */
function pollAt(index: number): Reading[] {
  const readings = Array.from({ length: GROUPS }, (_, group) =>
    readingsAt(group, index * POLL_SECONDS),
  ).flat()
  return readings.map((reading, place) => {
    if (reading.quality === 'bad') return reading
    const { value } = reading
    const share = noise(index * readings.length + place)
    if (typeof value === 'number') return { ...reading, value: Math.round(100 * (230 + 5 * share)) / 100 }
    return { ...reading, value: { ...value, count: place * 1_234_567 + index * 40 + Math.floor(40 * share) } }
  })
}

function fill(
  file: string,
  compression: 'zstd' | 'none',
  polls: number,
): { seconds: number; fileBytes: number } {
  const clock = new ManualClock(Date.UTC(2026, 0, 1))
  // Filling 72 hours with a disk flush for each of 51,840 commits would measure the disk, not the outage.
  const journal = Journal.open({ file, gateway: 'bench-gw', graceMs: 0, clock, fsync: 'normal', compression })
  const startedMs = performance.now()
  for (let poll = 0; poll < polls; poll += 1) journal.append(samplesOf(pollAt(poll)))
  journal.close()
  return { seconds: (performance.now() - startedMs) / 1_000, fileBytes: statSync(file).size }
}

/** A broker whose only subscriber is a receiver that gives a receipt for every payload. */
async function startReceiver(
  sent: ReadonlyMap<string, number>,
  arrivals: Arrivals,
): Promise<{ url: string; stop: () => void }> {
  const aedes = await Aedes.createBroker()
  const topic = topicOf({ park: 'bench', gateway: 'bench-gw', leaf: 'receipt' })
  aedes.on('publish', ({ topic: from, payload }) => {
    const isLive = from.endsWith('/live')
    if (!isLive && !from.endsWith('/backlog')) return
    const rows = rowsOf(Buffer.from(payload)).map((row) => {
      const digest = createHash('sha256').update(row).digest('hex')
      if (isLive) {
        arrivals.liveRows += 1
        arrivals.liveBytes += row.length
        const atMs = sent.get(digest)
        if (atMs !== undefined) arrivals.latenciesMs.push(performance.now() - atMs)
      } else {
        arrivals.backlogRows += 1
        arrivals.backlogBytes += row.length
      }
      return { digest, outcome: 'stored', refused: 0 } as const
    })
    const receipts: JointReceipt = { v: 1, gateway: 'bench-gw', rows, committedAtMs: Date.now() }
    const packet = { cmd: 'publish', qos: 1, dup: false, retain: false, topic } as const
    aedes.publish({ ...packet, payload: JSON.stringify(receipts) }, () => undefined)
  })
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    aedes.handle(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address: AddressInfo | string | null = server.address()
  const port = address === null || typeof address === 'string' ? 0 : address.port
  return {
    url: `mqtt://127.0.0.1:${port}`,
    stop: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      aedes.close()
    },
  }
}

async function drain(file: string, compression: 'zstd' | 'none'): Promise<Arrivals & { seconds: number }> {
  const arrivals: Arrivals = { latenciesMs: [], backlogBytes: 0, backlogRows: 0, liveBytes: 0, liveRows: 0 }
  const sent = new Map<string, number>()
  const receiver = await startReceiver(sent, arrivals)
  const journal = Journal.open({ file, gateway: 'bench-gw', graceMs: 0, clock: systemClock, compression })
  const uplink = new Uplink({
    gateway: 'bench-gw',
    park: 'bench',
    url: receiver.url,
    mqttVersion: '3.1.1',
    keepAliveSeconds: 30,
    inFlightBatches: WINDOW === undefined ? undefined : Number(WINDOW),
    receiptTimeoutMs: 5_000,
    journal,
    clock: systemClock,
    log: makeLog('bench', 'error'),
    random: Math.random,
    state: () => ({}),
  })
  const startedMs = performance.now()
  const running = uplink.run()
  let poll = 1_000_000
  while (journal.waiting().rows > 0) {
    const writtenMs = performance.now()
    const rows: readonly JournalRow[] = journal.append(samplesOf(pollAt((poll += 1))))
    for (const { digest } of rows) sent.set(digest, writtenMs)
    uplink.offer(rows)
    await systemClock.sleep(LIVE_EVERY_MS)
    if (journal.unacknowledged('oldest', 9).length < 9) break
  }
  const seconds = (performance.now() - startedMs) / 1_000
  await uplink.stop()
  await running
  journal.close()
  receiver.stop()
  return { ...arrivals, seconds }
}

const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? NaN
const mega = (bytes: number): string => (bytes / 1e6).toFixed(1)

/** Prints journal size, drain time, live latency during the drain, and bytes per value, compressed and plain. */
export async function benchOutage(): Promise<void> {
  const polls = Math.round((HOURS * 3_600) / POLL_SECONDS)
  console.log(
    `${HOURS} h × ${GROUPS * METERS} meters × ${READINGS_PER_METER} quantities every ${POLL_SECONDS} s: ${polls} polls`,
  )
  for (const compression of ['zstd', 'none'] as const) {
    const folder = mkdtempSync(join(tmpdir(), 'tanbiao-outage-'))
    const file = join(folder, 'journal.sqlite')
    try {
      const filled = fill(file, compression, polls)
      const drained = await drain(file, compression)
      const values = polls * VALUES_PER_POLL
      const perValue = (bytes: number, rows: number): string => (bytes / (rows * VALUES_PER_POLL)).toFixed(2)
      console.log(
        [
          `\n${compression}:`,
          `  journal ${mega(filled.fileBytes)} MB on disk (${(filled.fileBytes / values).toFixed(2)} B/value), filled in ${filled.seconds.toFixed(1)} s`,
          `  drained in ${drained.seconds.toFixed(1)} s: ${Math.round(values / drained.seconds).toLocaleString('en')} values/s`,
          `  live latency from commit to receiver during the drain: p50 ${quantile(drained.latenciesMs, 0.5).toFixed(0)} ms, p99 ${quantile(drained.latenciesMs, 0.99).toFixed(0)} ms, most ${quantile(drained.latenciesMs, 1).toFixed(0)} ms (${drained.latenciesMs.length} batches)`,
          `  bytes per value: live ${perValue(drained.liveBytes, drained.liveRows)}, backlog ${perValue(drained.backlogBytes, drained.backlogRows)}`,
        ].join('\n'),
      )
    } finally {
      rmSync(folder, { recursive: true })
    }
  }
}
