import type { FastifyInstance, FastifyRequest } from 'fastify'
import { METRICS_CONTENT_TYPE } from '#contract/prometheus.ts'

/** Something that keeps the server from taking readings. */
export interface Complaint {
  readonly about: 'broker' | 'clock' | 'store' | 'books' | 'server'
  readonly what: string
}

/** What the process knows of itself. */
export interface Operations {
  /** Figures in the Prometheus text format. */
  metrics(): string
  /** Empty where readings are taken and kept now. Never throws. */
  complaints(): Promise<readonly Complaint[]>
}

/**
 * For those who watch over the process: `/healthz` while it answers at all, `/readyz` while it can take readings (503
 * with what is wrong), `/metrics` for Prometheus. None of them names a meter. The words of a store may name servers and
 * files: strangers hear only which part it is.
 */
export function operationsApi(
  app: FastifyInstance,
  operations: Operations | undefined,
  mayHearFaults: (request: FastifyRequest) => boolean,
): void {
  app.get('/healthz', () => ({ status: 'ok' }))
  if (operations === undefined) return
  app.get('/readyz', async (request, reply) => {
    const complaints = await operations.complaints()
    const reasons = mayHearFaults(request) ? complaints : complaints.map(({ about }) => ({ about }))
    reply.header('cache-control', 'no-store').code(reasons.length === 0 ? 200 : 503)
    return { ready: reasons.length === 0, reasons }
  })
  app.get('/metrics', (_request, reply) => {
    reply.header('cache-control', 'no-store').type(METRICS_CONTENT_TYPE)
    return operations.metrics()
  })
}
