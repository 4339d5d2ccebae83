import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Fault } from '#contract/fault.ts'
import { METRICS_CONTENT_TYPE } from '#contract/prometheus.ts'
import type { Operations } from '#dashboards/api/operations.ts'
import { hostRule } from '#dashboards/host-names.ts'

/** A port on which a process without pages says how it is. */
export interface OperationsPort {
  readonly url: string
  stop(): Promise<void>
}

export interface OperationsPortOptions {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  readonly operations: Operations
}

/** A peer that sends its request slower than this is let go. */
const REQUEST_TIMEOUT_MS = 5_000
const CONNECTIONS_MAX = 50

interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string
}

const json = (status: number, body: unknown): Answer => ({
  status,
  type: 'application/json; charset=utf-8',
  body: JSON.stringify(body),
})

function isOfThisMachine(request: IncomingMessage): boolean {
  return /^(?:::1|(?:::ffff:)?127\.)/.test(request.socket.remoteAddress ?? '')
}

async function answerTo(request: IncomingMessage, operations: Operations): Promise<Answer> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return json(405, { error: 'only GET' })
  switch (request.url ?? '') {
    case '/healthz':
      return json(200, { status: 'ok' })
    case '/metrics':
      return { status: 200, type: METRICS_CONTENT_TYPE, body: operations.metrics() }
    case '/readyz': {
      const complaints = await operations.complaints()
      const reasons = isOfThisMachine(request) ? complaints : complaints.map(({ about }) => ({ about }))
      return json(reasons.length === 0 ? 200 : 503, { ready: reasons.length === 0, reasons })
    }
    default:
      return json(404, { error: 'there are /healthz, /readyz and /metrics' })
  }
}

/** Opens the port. Throws `port-taken`. */
export async function openOperationsPort(options: OperationsPortOptions): Promise<OperationsPort> {
  const { host, port, operations } = options
  const isOurs = hostRule(host, [])
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const answer = isOurs(request.headers.host ?? '')
      ? await answerTo(request, operations)
      : json(421, { error: 'this host is not one of ours' })
    response.writeHead(answer.status, { 'content-type': answer.type, 'cache-control': 'no-store' })
    response.end(answer.body)
  }
  const server = createServer((request, response) => {
    respond(request, response).catch((error: unknown) =>
      response.destroy(error instanceof Error ? error : undefined),
    )
  })
  server.requestTimeout = REQUEST_TIMEOUT_MS
  server.maxConnections = CONNECTIONS_MAX
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (cause) {
    throw new Fault('port-taken', `The port ${host}:${port} cannot be used.`, {
      place: { path: `${host}:${port}` },
      cause,
    })
  }
  const address = server.address()
  const bound = address === null || typeof address === 'string' ? port : address.port
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    stop: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
