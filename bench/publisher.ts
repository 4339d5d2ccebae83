import { generate, parser, type Packet, type Parser } from 'mqtt-packet'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { bundleOf } from '#contract/bundle.ts'
import { receiptMessage, receiptsIn } from '#contract/messages.ts'
import { topicOf } from '#contract/topics.ts'
import { pack } from '#edge/compression.ts'
import { windowBounds, WindowSize } from '#edge/window-size.ts'
import { InFlightWindow, MESSAGES_UNDER_WAY } from '#edge/window.ts'
import { batchAt } from './load.ts'

/**
 * The sending side of the ingest benchmark, as a process: gateways with a backlog and the window of the edge, which gives
 * a backlog half of its 8 to 128 places and bundles of it; with `TANBIAO_BENCH_WINDOW` always so many batches on their way.
 * Rows are made beforehand, as the lines of the bare writer are, so that only delivery is measured; payloads are compressed
 * as gateways compress them unless told "none". Of a client there is no more than that: gateways are other machines, and
 * what a client uses here is missing where it is measured. Sends the seconds and the processor time that it took, and how
 * many batches of a gateway were on their way at most.
 */
const ALWAYS = process.env['TANBIAO_BENCH_WINDOW']
/** Nothing is sent again here, so that a receipt that is lost is seen. */
const RECEIPT_TIMEOUT_MS = Infinity

const [url = '', gateways = '1', batches = '1', compression = 'zstd'] = process.argv.slice(2)

interface Row {
  /** As it stands in a bundle. */
  readonly bytes: Uint8Array
  readonly digest: string
}

/** Batches of one gateway that are on their way. */
interface Window {
  readonly count: number
  /** As many may be sent in one message. */
  readonly together: number
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
    get together() {
      return window.together
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
    together: Math.max(1, Math.floor(places / MESSAGES_UNDER_WAY)),
    hasRoom: () => sent.size < places,
    send: (place) => sent.add(place),
    received: (place) => sent.delete(place),
  }
}

const KEEP_ALIVE_SECONDS = 600
/** Packets of a connection are told apart by their identifiers; far fewer than these are on their way at once. */
const PACKET_IDS = 60_000

const topicFor = (gateway: number, leaf: 'backlog' | 'receipt'): string =>
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

/** A PUBLISH of a bundle at QoS 1 up to its first row (MQTT 3.1.1 §2.2.3, §3.3). */
function headOf(topic: Buffer, packetId: number, rowsBytes: number): Buffer {
  const variable = Buffer.concat([
    Buffer.alloc(2),
    topic,
    Buffer.alloc(2),
    bundleOf([Buffer.of(1)]).subarray(0, 1),
  ])
  variable.writeUInt16BE(topic.length, 0)
  variable.writeUInt16BE(packetId, 2 + topic.length)
  const fixed = [0x32]
  let length = variable.length + rowsBytes
  do {
    fixed.push((length & 0x7f) | (length > 0x7f ? 0x80 : 0))
    length >>= 7
  } while (length > 0)
  return Buffer.concat([Buffer.from(fixed), variable])
}

/** Resolves with the most batches that were on their way at once. */
async function deliver(gateway: number, rows: readonly Row[]): Promise<number> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname).setNoDelay()
  await once(socket, 'connect')
  const packets = parser()
  socket.on('data', (chunk: Buffer) => packets.parse(chunk))
  await connected(gateway, socket, packets)
  const topic = Buffer.from(topicFor(gateway, 'backlog'))
  const places = new Map(rows.map(({ digest }, place) => [digest, place]))
  const window = ALWAYS === undefined ? edgeWindow() : fixedWindow(Number(ALWAYS))
  let next = 0
  let most = 0
  await new Promise<void>((resolve, reject) => {
    const sendSome = (): boolean => {
      const some: Row[] = []
      for (; some.length < window.together && window.hasRoom(); next += 1) {
        const row = rows[next]
        if (row === undefined) break
        window.send(next)
        some.push(row)
      }
      if (some.length === 0) return false
      const bytes = some.reduce((sum, row) => sum + row.bytes.length, 0)
      socket.write(headOf(topic, (next % PACKET_IDS) + 1, bytes))
      for (const row of some) socket.write(row.bytes)
      return true
    }
    const send = (): void => {
      socket.cork()
      while (sendSome());
      socket.uncork()
      most = Math.max(most, window.count)
    }
    packets.on('packet', (packet: Packet) => {
      if (packet.cmd === 'puback') return
      if (packet.cmd !== 'publish') return reject(new Error(`the broker sent ${packet.cmd}`))
      for (const { digest } of receiptsIn(receiptMessage.parse(JSON.parse(String(packet.payload))))) {
        const place = places.get(digest)
        if (place === undefined) continue
        places.delete(digest)
        window.received(place)
      }
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

function rowAt(gateway: number, second: number): Row {
  const payload = Buffer.from(pack(batchAt(gateway, second), compression === 'none' ? 'none' : 'zstd'))
  // Without the byte that begins a bundle.
  const bytes = bundleOf([payload]).subarray(1)
  return { bytes, digest: createHash('sha256').update(payload).digest('hex') }
}

const rows = Array.from({ length: Number(gateways) }, (_, gateway) =>
  Array.from({ length: Number(batches) }, (_, second) => rowAt(gateway, second)),
)
const startedMs = performance.now()
const before = process.cpuUsage()
const most = await Promise.all(rows.map((each, gateway) => deliver(gateway, each)))
const seconds = (performance.now() - startedMs) / 1_000
const { user, system } = process.cpuUsage(before)
process.send?.({ seconds, processorSeconds: (user + system) / 1e6, onTheWay: Math.max(...most) })
process.disconnect?.()
