import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Clock } from '#contract/clock.ts'
import type { AccessBook } from '#store/access-book.ts'
import { RefusedRequests } from './refused-requests.ts'
import type { Viewer } from './viewer.ts'

/** What is kept of a request's body, and of one text in it: a long one must not push out what stands behind it. */
const DETAIL_CHARACTERS_MAX = 2_000
const TEXT_CHARACTERS_MAX = 300
/** Parts of a body that are never written down. */
const secretKeys = new Set(['password', 'present', 'next', 'secret', 'token'])

function shown(key: string, value: unknown): unknown {
  if (secretKeys.has(key.toLowerCase())) return '…'
  if (typeof value !== 'string' || value.length <= TEXT_CHARACTERS_MAX) return value
  const digest = createHash('sha256').update(value).digest('hex')
  return `${value.slice(0, TEXT_CHARACTERS_MAX)}… (${value.length} characters, SHA-256 ${digest})`
}

function bodyText(body: unknown): string {
  try {
    return JSON.stringify(body ?? null, shown)
  } catch (error) {
    // Nested deeper than the stack; no route takes such a body.
    if (error instanceof RangeError) return '"nested too deeply to be written down"'
    throw error
  }
}

function detailOf(request: FastifyRequest, statusCode: number): string {
  const parameters = JSON.stringify(request.params ?? {})
  return `${statusCode} ${parameters} ${bodyText(request.body)}`.slice(0, DETAIL_CHARACTERS_MAX)
}

interface ChangeSources {
  readonly book: AccessBook
  readonly clock: Clock
  readonly viewerOf: (request: FastifyRequest) => Viewer | undefined
}

const isChange = ({ method }: FastifyRequest): boolean =>
  method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS'

/**
 * Notes every request that changes something or was refused to, with who asked and what became of it: before the answer
 * goes out, so that nobody escapes by not waiting for it. Of strangers’ refused requests only so many are noted one by
 * one.
 */
export function recordChanges(app: FastifyInstance, { book, clock, viewerOf }: ChangeSources): void {
  const refused = new RefusedRequests()
  const noted = new WeakSet<FastifyRequest>()

  function noteCounted(now: boolean): void {
    for (const { address, requests } of refused.counted(clock.monotonicMs(), now)) {
      book.note({
        atMs: clock.wallMs(),
        user: '-',
        address,
        action: 'refused',
        detail: `${requests} further requests in a minute`,
      })
    }
  }

  app.addHook('onSend', async (request, reply) => {
    if (!isChange(request) || noted.has(request)) return
    noted.add(request)
    const user = viewerOf(request)?.name
    try {
      noteCounted(false)
      const isRefused = user === undefined && reply.statusCode >= 400
      if (isRefused && !refused.take(request.ip, clock.monotonicMs())) return
      book.note({
        atMs: clock.wallMs(),
        user: user ?? '-',
        address: request.ip,
        action: `${request.method} ${request.routeOptions.url ?? request.url.slice(0, 200)}`,
        detail: detailOf(request, reply.statusCode),
      })
    } catch (error) {
      // What was done is done: its answer goes out, and the log has what the audit log lacks.
      request.log.error({ err: error, url: request.url, user }, 'a change is not in the audit log')
    }
  })
  // Whoever reads the audit log, or stops the server, finds what was only counted so far.
  app.addHook('onRequest', async ({ routeOptions }) => {
    if (routeOptions.url === '/api/v1/audit') noteCounted(true)
  })
  app.addHook('onClose', async () => noteCounted(true))
}
