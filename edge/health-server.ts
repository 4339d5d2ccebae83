import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Fault } from '#contract/fault.ts'
import { METRICS_CONTENT_TYPE, type ProcessUse } from '#contract/prometheus.ts'
import { metricsText } from './metrics.ts'
import { complaints, standstill, type AgentReport, type Complaint } from './report.ts'

/** Nobody but the machine itself: the figures name meters, and nothing here asks who is asking. */
const LOOPBACK = '127.0.0.1'

export interface HealthServer {
  readonly port: number
  close(): Promise<void>
}

/**
 * Serves `/metrics` (Prometheus text), `/healthz` (503 with reasons when the gateway as a whole does not do its work) and
 * `/livez` (503 only when the process should be started anew) on the loopback. Throws `port-taken`.
 */
export async function startHealthServer(
  port: number,
  report: () => AgentReport,
  use: () => ProcessUse,
): Promise<HealthServer> {
  const server = createServer((request, response) => {
    const [pathname] = (request.url ?? '/').split('?')
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end()
    } else if (pathname === '/metrics') {
      response.writeHead(200, { 'content-type': METRICS_CONTENT_TYPE })
      response.end(metricsText(report(), use()))
    } else if (pathname === '/healthz') {
      judge(response, complaints(report()))
    } else if (pathname === '/livez') {
      const stands = standstill(report())
      judge(response, stands === undefined ? [] : [stands])
    } else {
      response.writeHead(404).end()
    }
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new Fault('port-taken', `Port ${port} of ${LOOPBACK} cannot be used.`, { cause }))
    })
    server.listen(port, LOOPBACK, resolve)
  })
  // What goes wrong with a connection is its own end, not the agent's.
  server.removeAllListeners('error').on('error', () => undefined)
  const address: AddressInfo | string | null = server.address()
  return {
    port: address === null || typeof address === 'string' ? port : address.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function judge(response: ServerResponse, reasons: readonly Complaint[]): void {
  response.writeHead(reasons.length === 0 ? 200 : 503, { 'content-type': 'application/json' })
  response.end(`${JSON.stringify({ healthy: reasons.length === 0, reasons })}\n`)
}
