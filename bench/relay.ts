import { hash } from 'node:crypto'
import { makeLog } from '#cli/log.ts'
import { rowsOf } from '#contract/bundle.ts'
import type { JointReceipt } from '#contract/messages.ts'
import { indexPark } from '#contract/park.ts'
import { parseTopic, topicOf } from '#contract/topics.ts'
import { startBroker } from '#ingest/broker.ts'
import { filtersOf } from '#ingest/subscribe.ts'
import { linesOf } from '#store/reading-lines.ts'
import { LinePosts } from './line-posts.ts'
import { BATCHES_PER_REQUEST, benchPark, gatewayIdOf, readingsAt } from './load.ts'

/**
 * What is left of an ingest that looks into nothing, as a process: the same broker, and for every so many payloads of a
 * gateway the lines of its readings, made beforehand, posted to InfluxDB as one request, then their receipts. No payload is
 * unpacked, nothing is checked, and no line is written: no ingest behind this broker that posts lines as they come is quicker.
 * One that posts them meter by meter, as ours does, may be, because InfluxDB has less to do then.
 */
const [writeUrl = '', gateways = '1', batches = '1'] = process.argv.slice(2)
const posts = new LinePosts(writeUrl)

/** Of one gateway: lines by the number of the payload. */
const linesBy = new Map<string, Buffer[]>()
for (let gateway = 0; gateway < Number(gateways); gateway += 1)
  linesBy.set(
    gatewayIdOf(gateway),
    Array.from({ length: Number(batches) }, (_, second) =>
      Buffer.from(`${linesOf(readingsAt(gateway, second)).join('\n')}\n`),
    ),
  )

const park = indexPark(benchPark(Number(gateways)))
const broker = await startBroker({ host: '127.0.0.1', port: 0, park, log: makeLog('bench', 'error') })

interface Waiting {
  digests: string[]
  isPosting: boolean
  next: number
}
const waiting = new Map<string, Waiting>()

function answer(gateway: string, digests: readonly string[]): void {
  const rows = digests.map((digest) => ({ digest, outcome: 'stored', refused: 0 }) as const)
  const receipts: JointReceipt = { v: 1, gateway, rows, committedAtMs: Date.now() }
  const topic = topicOf({ park: park.description.id, gateway, leaf: 'receipt' })
  broker.inside.publish({ topic, payload: JSON.stringify(receipts), retain: false }, () => {})
}

/** Posts what waits of a gateway, one request after the other. */
async function pass(gateway: string, of: Waiting): Promise<void> {
  of.isPosting = true
  while (of.digests.length > 0) {
    const digests = of.digests.splice(0, BATCHES_PER_REQUEST)
    const bodies = linesBy.get(gateway)?.slice(of.next, of.next + digests.length) ?? []
    of.next += digests.length
    await posts.post(...bodies)
    answer(gateway, digests)
  }
  of.isPosting = false
}

broker.inside.listen(filtersOf(park.description.id), (topic, payload) => {
  const { gateway = '', leaf } = parseTopic(topic) ?? {}
  if (leaf !== 'backlog') return
  const of = waiting.get(gateway) ?? { digests: [], isPosting: false, next: 0 }
  waiting.set(gateway, of)
  for (const row of rowsOf(payload)) of.digests.push(hash('sha256', row))
  if (!of.isPosting) setImmediate(() => void (of.isPosting ? undefined : pass(gateway, of)))
})
process.send?.({ url: broker.url })
