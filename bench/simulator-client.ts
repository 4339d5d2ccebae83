import { once } from 'node:events'
import { connect } from 'node:net'
import { UNITS_PER_PORT } from './simulated-park.ts'

/**
 * The client of the simulator benchmark, as a process: each second it reads one block of every meter, one request at a
 * time on each connection, beginning at the full second as gateways do. Sends counts and latencies.
 */
const [meters = '0', seconds = '1', address = '0', registers = '1', ...ports] = process.argv.slice(2)
const SECOND_MS = 1_000
const HEADER_BYTES = 9
/** A connection that is this far behind is given up. */
const REPLY_BYTES = HEADER_BYTES + Number(registers) * 2

interface Tally {
  asked: number
  answered: number
  inTime: number
  readonly latenciesMs: number[]
}

async function readAll(port: number, units: number, startMs: number, tally: Tally): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.setNoDelay(true)
  const request = Buffer.from([0, 0, 0, 0, 0, 6, 0, 4, 0, 0, 0, 0])
  request.writeUInt16BE(Number(address), 8)
  request.writeUInt16BE(Number(registers), 10)
  let transaction = 0
  let heard = 0
  let answered = (): void => {}
  socket.on('data', (chunk: Buffer) => {
    heard += chunk.length
    if (heard < REPLY_BYTES) return
    heard -= REPLY_BYTES
    answered()
  })
  const ask = (unit: number): Promise<void> =>
    new Promise((resolve) => {
      transaction = (transaction + 1) % 0x1_0000
      request.writeUInt16BE(transaction, 0)
      request[6] = unit
      answered = resolve
      socket.write(Buffer.from(request))
    })
  for (let second = 0; second < Number(seconds); second += 1) {
    const beginsMs = startMs + second * SECOND_MS
    const waitMs = beginsMs - performance.now()
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs))
    for (let unit = 1; unit <= units; unit += 1) {
      tally.asked += 1
      const askedMs = performance.now()
      await ask(unit)
      const answeredMs = performance.now()
      tally.answered += 1
      tally.latenciesMs.push(answeredMs - askedMs)
      if (answeredMs < beginsMs + SECOND_MS) tally.inTime += 1
    }
  }
  socket.destroy()
}

const tally: Tally = { asked: 0, answered: 0, inTime: 0, latenciesMs: [] }
const startMs = performance.now() + SECOND_MS
await Promise.all(
  ports.map((port, index) => {
    const units = Math.min(UNITS_PER_PORT, Number(meters) - index * UNITS_PER_PORT)
    return readAll(Number(port), units, startMs, tally)
  }),
)
const tookSeconds = (performance.now() - startMs) / SECOND_MS
const latencies = tally.latenciesMs.toSorted((a, b) => a - b)
const quantile = (share: number): number =>
  latencies[Math.floor(share * (latencies.length - 1))] ?? Number.NaN
process.send?.({
  seconds: tookSeconds,
  asked: tally.asked,
  answered: tally.answered,
  inTime: tally.inTime,
  p50Ms: quantile(0.5),
  p99Ms: quantile(0.99),
})
process.disconnect?.()
