import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Clock } from '#contract/clock.ts'
import type { AccessBook } from '#store/access-book.ts'
import type { Viewer } from './viewer.ts'

/** What is kept of a request's body. */
const DETAIL_CHARACTERS_MAX = 2_000
/** Parts of a body that are never written down. */
const secretKeys = new Set(['password', 'present', 'next', 'secret', 'token'])

function detailOf(request: FastifyRequest, statusCode: number): string {
  const body = JSON.stringify(request.body ?? null, (key, value: unknown) =>
    secretKeys.has(key) ? '…' : value,
  )
  const parameters = JSON.stringify(request.params ?? {})
  return `${statusCode} ${parameters} ${body}`.slice(0, DETAIL_CHARACTERS_MAX)
}

interface ChangeSources {
  readonly book: AccessBook
  readonly clock: Clock
  readonly viewerOf: (request: FastifyRequest) => Viewer | undefined
}

/** Notes every request that changes something or was refused to, with who asked and what became of it. */
export function recordChanges(app: FastifyInstance, { book, clock, viewerOf }: ChangeSources): void {
  app.addHook('onResponse', async (request, reply) => {
    if (request.method === 'GET' || request.method === 'HEAD' || request.method === 'OPTIONS') return
    book.note({
      atMs: clock.wallMs(),
      user: viewerOf(request)?.name ?? '-',
      address: request.ip,
      action: `${request.method} ${request.routeOptions.url ?? request.url.slice(0, 200)}`,
      detail: detailOf(request, reply.statusCode),
    })
  })
}
