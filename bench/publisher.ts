import { connectAsync } from 'mqtt'
import { createHash } from 'node:crypto'
import { receipt } from '#contract/messages.ts'
import { topicOf } from '#contract/topics.ts'
import { pack } from '#edge/compression.ts'
import { windowBounds, WindowSize } from '#edge/window-size.ts'
import { InFlightWindow } from '#edge/window.ts'
import { batchAt } from './load.ts'

/**
 * The sending side of the ingest benchmark, as a process: gateways with a backlog and the window of the edge, which gives
 * a backlog half of its 8 to 64 places; with `TANBIAO_BENCH_WINDOW` always so many batches on their way. Payloads are made
 * beforehand, so that only delivery is measured, and compressed as gateways compress them unless told "none". Sends the
 * seconds and the processor time that it took, and how many batches of a gateway were on their way at most.
 */
const ALWAYS = process.env['TANBIAO_BENCH_WINDOW']
/** Nothing is sent again here, so that a receipt that is lost is seen. */
const RECEIPT_TIMEOUT_MS = Infinity

const [url = '', gateways = '1', batches = '1', compression = 'zstd'] = process.argv.slice(2)

interface Payload {
  readonly bytes: Buffer
  readonly digest: string
}

/** Batches of one gateway that are on their way. */
interface Window {
  readonly count: number
  hasRoom(): boolean
  send(place: number): void
  received(place: number): void
}

function edgeWindow(): Window {
  const window = new InFlightWindow(new WindowSize(windowBounds(undefined)), RECEIPT_TIMEOUT_MS)
  return {
    get count() {
      return window.count
    },
    hasRoom: () => window.nextLane({ live: false, backlog: true }) !== undefined,
    send: (place) => window.send(place, 'backlog', performance.now()),
    received: (place) => window.received(place, performance.now(), true),
  }
}

function fixedWindow(places: number): Window {
  const sent = new Set<number>()
  return {
    get count() {
      return sent.size
    },
    hasRoom: () => sent.size < places,
    send: (place) => sent.add(place),
    received: (place) => sent.delete(place),
  }
}

/** Resolves with the most batches that were on their way at once. */
async function deliver(gateway: number, payloads: readonly Payload[]): Promise<number> {
  const id = batchAt(gateway, 0).gateway
  const topic = (leaf: 'live' | 'receipt'): string => topicOf({ park: 'bench', gateway: id, leaf })
  const client = await connectAsync(url, { clientId: id, clean: true, reconnectPeriod: 0 })
  await client.subscribeAsync(topic('receipt'), { qos: 1 })
  const places = new Map(payloads.map(({ digest }, place) => [digest, place]))
  const window = ALWAYS === undefined ? edgeWindow() : fixedWindow(Number(ALWAYS))
  let next = 0
  let most = 0
  await new Promise<void>((resolve) => {
    const send = (): void => {
      for (; window.hasRoom(); next += 1) {
        const payload = payloads[next]
        if (payload === undefined) return
        window.send(next)
        client.publish(topic('live'), payload.bytes, { qos: 1 })
      }
      most = Math.max(most, window.count)
    }
    client.on('message', (_topic, bytes) => {
      const { digest } = receipt.parse(JSON.parse(bytes.toString()))
      const place = places.get(digest)
      if (place === undefined) return
      places.delete(digest)
      window.received(place)
      if (places.size === 0) resolve()
      else send()
    })
    send()
  })
  await client.endAsync()
  return most
}

function payloadAt(gateway: number, second: number): Payload {
  const bytes = Buffer.from(pack(batchAt(gateway, second), compression === 'none' ? 'none' : 'zstd'))
  return { bytes, digest: createHash('sha256').update(bytes).digest('hex') }
}

const payloads = Array.from({ length: Number(gateways) }, (_, gateway) =>
  Array.from({ length: Number(batches) }, (_, second) => payloadAt(gateway, second)),
)
const startedMs = performance.now()
const before = process.cpuUsage()
const most = await Promise.all(payloads.map((each, gateway) => deliver(gateway, each)))
const seconds = (performance.now() - startedMs) / 1_000
const { user, system } = process.cpuUsage(before)
process.send?.({ seconds, processorSeconds: (user + system) / 1e6, onTheWay: Math.max(...most) })
process.disconnect?.()
