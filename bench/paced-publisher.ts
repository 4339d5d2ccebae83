import { createHash } from 'node:crypto'
import { connectAsync, type MqttClient } from 'mqtt'
import { receipt } from '#contract/messages.ts'
import { topicOf } from '#contract/topics.ts'
import { pack } from '#edge/compression.ts'
import { batchAt } from './load.ts'

/**
 * Gateways that send at a given rate, whatever comes back, as a process: for how long a payload waits for its receipt at a
 * load that is not the highest, and for what happens beyond the highest. Sends what it found.
 */
/** Batches are those of the seconds from `fromSecond` on. */
const [url = '', gateways = '1', perSecond = '1', seconds = '1', fromSecond = '0'] = process.argv.slice(2)
const TICK_MS = 5

interface Payload {
  readonly gateway: number
  readonly bytes: Buffer
  readonly digest: string
}

const total = Math.round(Number(perSecond) * Number(seconds))
/** So many payloads are made beforehand; those of a longer run when they are due, which takes some of the machine. */
const PREPARED_MAX = 50_000

function payloadAt(index: number): Payload {
  const gateway = index % Number(gateways)
  const bytes = Buffer.from(
    pack(batchAt(gateway, Number(fromSecond) + Math.floor(index / Number(gateways))), 'zstd'),
  )
  return { gateway, bytes, digest: createHash('sha256').update(bytes).digest('hex') }
}
const prepared = Array.from({ length: Math.min(total, PREPARED_MAX) }, (_, index) => payloadAt(index))
const sentMs = new Map<string, number>()
const latenciesMs: number[] = []

async function connect(gateway: number): Promise<MqttClient> {
  const id = batchAt(gateway, 0).gateway
  const client = await connectAsync(url, { clientId: id, clean: true, reconnectPeriod: 0 })
  await client.subscribeAsync(topicOf({ park: 'bench', gateway: id, leaf: 'receipt' }), { qos: 1 })
  client.on('message', (_topic, bytes) => {
    const { digest } = receipt.parse(JSON.parse(bytes.toString()))
    const startedMs = sentMs.get(digest)
    if (startedMs !== undefined) latenciesMs.push(performance.now() - startedMs)
    sentMs.delete(digest)
  })
  return client
}

const clients = await Promise.all(Array.from({ length: Number(gateways) }, (_, index) => connect(index)))
const startedMs = performance.now()
let next = 0
let sent = 0
await new Promise<void>((resolve) => {
  const timer = setInterval(() => {
    const nowMs = performance.now()
    const due = Math.min(total, Math.floor(((nowMs - startedMs) / 1_000) * Number(perSecond)) + 1)
    // What is written leaves between two ticks: a tick that goes on until it has made all that is due would send nothing.
    for (; next < due && performance.now() - nowMs < TICK_MS; next += 1) {
      const client = clients[next % Number(gateways)]
      if (client === undefined) continue
      // What does not leave this process any more would be its own memory's overload, not the server's.
      if (client.stream.writableLength > 4_000_000) continue
      const payload = prepared[next] ?? payloadAt(next)
      sentMs.set(payload.digest, performance.now())
      sent += 1
      client.publish(
        topicOf({ park: 'bench', gateway: batchAt(payload.gateway, 0).gateway, leaf: 'live' }),
        payload.bytes,
        { qos: 0 },
      )
    }
    if (next < total && nowMs - startedMs < Number(seconds) * 1_000) return
    clearInterval(timer)
    resolve()
  }, TICK_MS)
})
// What is on its way has as long again as a receipt may take.
const deadlineMs = performance.now() + 10_000
while (sentMs.size > 0 && performance.now() < deadlineMs)
  await new Promise((resolve) => {
    setTimeout(resolve, 20)
  })
const sorted = latenciesMs.toSorted((a, b) => a - b)
const at = (share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN
process.send?.({
  sent,
  received: sorted.length,
  p50: at(0.5),
  p99: at(0.99),
  most: sorted.at(-1) ?? NaN,
})
for (const client of clients) client.end(true)
process.disconnect?.()
