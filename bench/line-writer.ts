import { linesOf } from '#store/reading-lines.ts'
import { LinePosts } from './line-posts.ts'
import { BATCHES_PER_REQUEST, readingsAt } from './load.ts'

/**
 * The yardstick of the ingest benchmark, as a process: the same points as line protocol, made beforehand, posted to the
 * same InfluxDB in order of time over kept connections, in requests of as many readings as ingest's have at most. Sends the seconds
 * and the processor time that it took.
 */
const [url = '', gateways = '1', batches = '1', batchesPerRequest = BATCHES_PER_REQUEST] =
  process.argv.slice(2)
const posts = new LinePosts(url)

const bodies: Buffer[] = []
const perRequest = Number(batchesPerRequest)
for (let second = 0; second < Number(batches); second += perRequest) {
  for (let gateway = 0; gateway < Number(gateways); gateway += 1) {
    const readings = Array.from({ length: Math.min(perRequest, Number(batches) - second) }, (_, index) =>
      readingsAt(gateway, second + index),
    ).flat()
    bodies.push(Buffer.from(linesOf(readings).join('\n')))
  }
}
const startedMs = performance.now()
const before = process.cpuUsage()
let next = 0
await Promise.all(
  Array.from({ length: posts.connections }, async () => {
    for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) await posts.post(body)
  }),
)
const seconds = (performance.now() - startedMs) / 1_000
const { user, system } = process.cpuUsage(before)
process.send?.({ seconds, processorSeconds: (user + system) / 1e6 })
process.disconnect?.()
posts.close()
