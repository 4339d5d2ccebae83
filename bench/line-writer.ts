import { Agent, request } from 'node:http'
import { encodeLine } from '#store/line-protocol.ts'
import { pointsOf } from '#store/points.ts'
import { readingsAt } from './load.ts'

/**
 * The yardstick of the ingest benchmark, as a process: the same points as line protocol, made beforehand, posted to the
 * same InfluxDB over kept connections in requests of about 5,000 readings. Sends the seconds it took.
 */
const CONNECTIONS = 2

const [url = '', gateways = '1', seconds = '1', batchesPerRequest = '12'] = process.argv.slice(2)
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })

function post(body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method: 'POST', agent }, (response) => {
      response.resume()
      response.once('end', () => {
        if (response.statusCode === 204) resolve()
        else reject(new Error(`InfluxDB answered ${response.statusCode}`))
      })
    })
    outgoing.once('error', reject)
    outgoing.end(body)
  })
}

const bodies: string[] = []
const perRequest = Number(batchesPerRequest)
for (let second = 0; second < Number(seconds); second += perRequest) {
  for (let gateway = 0; gateway < Number(gateways); gateway += 1) {
    const readings = Array.from({ length: Math.min(perRequest, Number(seconds) - second) }, (_, index) =>
      readingsAt(gateway, second + index),
    ).flat()
    bodies.push(pointsOf(readings).map(encodeLine).join('\n'))
  }
}
const startedMs = performance.now()
await Promise.all(
  Array.from({ length: CONNECTIONS }, async () => {
    for (let body = bodies.pop(); body !== undefined; body = bodies.pop()) await post(body)
  }),
)
process.send?.({ seconds: (performance.now() - startedMs) / 1_000 })
process.disconnect?.()
agent.destroy()
