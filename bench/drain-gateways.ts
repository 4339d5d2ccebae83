import { join } from 'node:path'
import { z } from 'zod'
import { makeLog } from '#cli/log.ts'
import { systemClock } from '#cli/system-clock.ts'
import { samplesOf } from '#contract/messages.ts'
import { Journal, type JournalOptions } from '#edge/journal.ts'
import { Uplink } from '#edge/uplink.ts'
import { gatewayIdOf, LOAD_START_MS, READINGS_PER_BATCH, readingsAt } from './load.ts'

/**
 * The sending side of the drain benchmark, as a process: the journals and uplinks of real gateways, full of backlog, while
 * a batch of all meters is written every second. Tells when the journals are full, then waits for the broker's address,
 * and tells when the last row of the backlog has its receipt.
 */
const [folder = '', gateways = '1', readings = '1'] = process.argv.slice(2)
/** Batches of a gateway on their way; by default as many as the edge lets be. */
const WINDOW = process.env['TANBIAO_BENCH_WINDOW']
const BACKLOG_STEP_S = 10
const LIVE_EVERY_MS = 1_000
const polls = Math.ceil(Number(readings) / Number(gateways) / READINGS_PER_BATCH)
const secondNow = (): number => Math.floor((systemClock.wallMs() - LOAD_START_MS) / 1_000)

const optionsOf = (gateway: number): JournalOptions => ({
  file: join(folder, `journal-${gateway}.sqlite`),
  gateway: gatewayIdOf(gateway),
  graceMs: 0,
  clock: systemClock,
})

/** Until the first live batch, as an outage leaves it: a row for every ten seconds of all meters. */
function fill(gateway: number): number {
  // A disk flush for each of thousands of commits would measure the disk, not the drain.
  const journal = Journal.open({ ...optionsOf(gateway), fsync: 'normal' })
  const lastSecond = secondNow() - BACKLOG_STEP_S
  let written = 0
  for (let poll = polls - 1; poll >= 0; poll -= 1)
    written += journal.append(samplesOf(readingsAt(gateway, lastSecond - poll * BACKLOG_STEP_S))).length
  journal.close()
  return written
}

const filledFromMs = performance.now()
let backlogLeft = 0
for (let gateway = 0; gateway < Number(gateways); gateway += 1) backlogLeft += fill(gateway)
process.send?.({ rows: backlogLeft, seconds: (performance.now() - filledFromMs) / 1_000 })
const { url } = z
  .object({ url: z.string() })
  .parse(await new Promise((resolve) => process.once('message', resolve)))

const writtenMs = new Map<string, number>()
const latenciesMs: number[] = []
const drained = Promise.withResolvers<number>()
const startedMs = performance.now()

function run(gateway: number): { readonly live: () => void; readonly stop: () => Promise<void> } {
  const journal = Journal.open(optionsOf(gateway))
  const acknowledge = journal.acknowledge.bind(journal)
  journal.acknowledge = (digest) => {
    const place = acknowledge(digest)
    if (place === undefined) return place
    const fromMs = writtenMs.get(digest)
    if (fromMs === undefined) {
      backlogLeft -= 1
      if (backlogLeft === 0) drained.resolve(performance.now())
    } else latenciesMs.push(performance.now() - fromMs)
    writtenMs.delete(digest)
    return place
  }
  const uplink = new Uplink({
    gateway: gatewayIdOf(gateway),
    park: 'bench',
    url,
    mqttVersion: '3.1.1',
    keepAliveSeconds: 30,
    inFlightBatches: WINDOW === undefined ? undefined : Number(WINDOW),
    receiptTimeoutMs: 10_000,
    journal,
    clock: systemClock,
    log: makeLog('bench', 'error'),
    random: Math.random,
    state: () => ({}),
  })
  const running = uplink.run()
  return {
    live: () => {
      const fromMs = performance.now()
      const atMs = systemClock.wallMs()
      const readings = readingsAt(gateway, secondNow()).map((reading) => ({ ...reading, atMs }))
      const written = journal.append(samplesOf(readings))
      for (const { digest } of written) writtenMs.set(digest, fromMs)
      uplink.offer(written)
    },
    stop: async () => {
      await uplink.stop()
      await running
      journal.close()
    },
  }
}

const all = Array.from({ length: Number(gateways) }, (_, gateway) => run(gateway))
const timer = setInterval(() => {
  for (const { live } of all) live()
}, LIVE_EVERY_MS)
const drainedMs = await drained.promise
clearInterval(timer)
const sorted = latenciesMs.toSorted((a, b) => a - b)
const at = (share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
for (const { stop } of all) await stop()
process.send?.({
  seconds: (drainedMs - startedMs) / 1_000,
  batches: sorted.length,
  p50: at(0.5),
  p99: at(0.99),
  most: sorted.at(-1) ?? 0,
})
process.disconnect?.()
