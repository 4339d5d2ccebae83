import { generate, parser, type Packet, type Parser } from 'mqtt-packet'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { receipt } from '#contract/messages.ts'
import { topicOf } from '#contract/topics.ts'
import { pack } from '#edge/compression.ts'
import { windowBounds, WindowSize } from '#edge/window-size.ts'
import { InFlightWindow } from '#edge/window.ts'
import { batchAt } from './load.ts'

/**
 * The sending side of the ingest benchmark, as a process: gateways with a backlog and the window of the edge, which gives
 * a backlog half of its 8 to 64 places; with `TANBIAO_BENCH_WINDOW` always so many batches on their way. Packets are made
 * beforehand, as the lines of the bare writer are, so that only delivery is measured; payloads are compressed as gateways
 * compress them unless told "none". Of a client there is no more than that: gateways are other machines, and what a client
 * uses here is missing where it is measured. Sends the seconds and the processor time that it took, and how many batches of
 * a gateway were on their way at most.
 */
const ALWAYS = process.env['TANBIAO_BENCH_WINDOW']
/** Nothing is sent again here, so that a receipt that is lost is seen. */
const RECEIPT_TIMEOUT_MS = Infinity

const [url = '', gateways = '1', batches = '1', compression = 'zstd'] = process.argv.slice(2)

interface Payload {
  /** The MQTT packet that publishes it. */
  readonly packet: Buffer
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

const KEEP_ALIVE_SECONDS = 600
/** Packets of a connection are told apart by their identifiers; far fewer than these are on their way at once. */
const PACKET_IDS = 60_000

const topicFor = (gateway: number, leaf: 'live' | 'receipt'): string =>
  topicOf({ park: 'bench', gateway: batchAt(gateway, 0).gateway, leaf })

/** Resolves once the broker has let the gateway in and takes its subscription. */
async function connected(gateway: number, socket: Socket, packets: Parser): Promise<void> {
  const answered = (cmd: Packet['cmd']): Promise<void> =>
    new Promise((resolve, reject) => {
      packets.once('packet', (packet: Packet) => {
        if (packet.cmd === cmd) resolve()
        else reject(new Error(`the broker answered ${packet.cmd} instead of ${cmd}`))
      })
    })
  const clientId = batchAt(gateway, 0).gateway
  const session = { protocolVersion: 4, clean: true, keepalive: KEEP_ALIVE_SECONDS } as const
  socket.write(generate({ cmd: 'connect', protocolId: 'MQTT', clientId, ...session }))
  await answered('connack')
  const subscriptions = [{ topic: topicFor(gateway, 'receipt'), qos: 1 } as const]
  socket.write(generate({ cmd: 'subscribe', messageId: PACKET_IDS + 1, subscriptions }))
  await answered('suback')
}

/** Resolves with the most batches that were on their way at once. */
async function deliver(gateway: number, payloads: readonly Payload[]): Promise<number> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname).setNoDelay()
  await once(socket, 'connect')
  const packets = parser()
  socket.on('data', (chunk: Buffer) => packets.parse(chunk))
  await connected(gateway, socket, packets)
  const places = new Map(payloads.map(({ digest }, place) => [digest, place]))
  const window = ALWAYS === undefined ? edgeWindow() : fixedWindow(Number(ALWAYS))
  let next = 0
  let most = 0
  await new Promise<void>((resolve, reject) => {
    const send = (): void => {
      socket.cork()
      for (; window.hasRoom(); next += 1) {
        const payload = payloads[next]
        if (payload === undefined) break
        window.send(next)
        socket.write(payload.packet)
      }
      socket.uncork()
      most = Math.max(most, window.count)
    }
    packets.on('packet', (packet: Packet) => {
      if (packet.cmd === 'puback') return
      if (packet.cmd !== 'publish') return reject(new Error(`the broker sent ${packet.cmd}`))
      const { digest } = receipt.parse(JSON.parse(String(packet.payload)))
      const place = places.get(digest)
      if (place === undefined) return
      places.delete(digest)
      window.received(place)
      if (places.size === 0) resolve()
      else send()
    })
    packets.on('error', reject)
    socket.on('error', reject)
    socket.once('close', () => reject(new Error('the broker has closed the connection')))
    send()
  })
  socket.end(generate({ cmd: 'disconnect' }))
  return most
}

function payloadAt(gateway: number, second: number): Payload {
  const payload = Buffer.from(pack(batchAt(gateway, second), compression === 'none' ? 'none' : 'zstd'))
  const kind = { qos: 1, retain: false, dup: false } as const
  const packet = generate({
    cmd: 'publish',
    topic: topicFor(gateway, 'live'),
    payload,
    messageId: (second % PACKET_IDS) + 1,
    ...kind,
  })
  return { packet, digest: createHash('sha256').update(payload).digest('hex') }
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
