import { connectAsync } from 'mqtt'
import { pack } from '#edge/compression.ts'
import { topicOf } from '#contract/topics.ts'
import { batchAt } from './load.ts'

/**
 * The sending side of the ingest benchmark, as a process: gateways that keep a window of batches without receipt, as
 * the edge does. Payloads are made beforehand, so that only delivery is measured, and compressed as gateways compress them
 * unless told "none". Sends the seconds and the processor time that it took.
 */
const WINDOW = Number(process.env['TANBIAO_BENCH_WINDOW'] ?? 8)

const [url = '', gateways = '1', batches = '1', compression = 'zstd'] = process.argv.slice(2)

async function deliver(gateway: number, payloads: readonly Buffer[]): Promise<void> {
  const id = batchAt(gateway, 0).gateway
  const topic = (leaf: 'live' | 'receipt'): string => topicOf({ park: 'bench', gateway: id, leaf })
  const client = await connectAsync(url, { clientId: id, clean: true, reconnectPeriod: 0 })
  await client.subscribeAsync(topic('receipt'), { qos: 1 })
  let next = 0
  let received = 0
  await new Promise<void>((resolve) => {
    const send = (): void => {
      const payload = payloads[next]
      if (payload === undefined) return
      next += 1
      client.publish(topic('live'), payload, { qos: 1 })
    }
    client.on('message', () => {
      received += 1
      if (received === payloads.length) resolve()
      else send()
    })
    for (let index = 0; index < WINDOW; index += 1) send()
  })
  await client.endAsync()
}

const payloads = Array.from({ length: Number(gateways) }, (_, gateway) =>
  Array.from({ length: Number(batches) }, (_, second) =>
    Buffer.from(pack(batchAt(gateway, second), compression === 'none' ? 'none' : 'zstd')),
  ),
)
const startedMs = performance.now()
const before = process.cpuUsage()
await Promise.all(payloads.map((each, gateway) => deliver(gateway, each)))
const seconds = (performance.now() - startedMs) / 1_000
const { user, system } = process.cpuUsage(before)
process.send?.({ seconds, processorSeconds: (user + system) / 1e6 })
process.disconnect?.()
