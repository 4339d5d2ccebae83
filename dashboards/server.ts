import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import fastify, { LogController, type FastifyBaseLogger } from 'fastify'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import type { Clock } from '#contract/clock.ts'
import type { CommitRecord } from '#contract/commit.ts'
import { Fault } from '#contract/fault.ts'
import type { StateMessage } from '#contract/messages.ts'
import type { Park } from '#contract/park.ts'
import { accountsApi } from './api/accounts.ts'
import { energyApi } from './api/energy.ts'
import { meterApi } from './api/meter.ts'
import { parkApi } from './api/park.ts'
import { qualityApi } from './api/quality.ts'
import { answerRefusal, refusals } from './api/refusal.ts'
import type { AccountSources } from './account-view.ts'
import { Board } from './board.ts'
import { EnergyToday } from './energy.ts'
import { Follower } from './follower.ts'
import { hostRule } from './host-names.ts'
import { LiveStream } from './live.ts'
import { liveMeterOf, overviewAt, type OverviewSources } from './overview.ts'
import { inPieces, type BooksView, type ReadingSource } from './sources.ts'

/** Composition of the dashboards: board, API, live stream and the built web pages on one port. */

export interface ServerOptions {
  /** Loopback by default. */
  readonly host?: string
  /** Names of this host under which browsers may ask, beside localhost, IP addresses and `host`. */
  readonly names?: readonly string[]
  /** 0 takes a free one. */
  readonly port: number
  readonly park: Park
  readonly store: ReadingSource
  readonly books: BooksView
  readonly clock: Clock
  readonly log: FastifyBaseLogger
  /** Folder of the built pages; that of this repository by default. */
  readonly webFolder?: string
  /** True when the whole system runs on a simulator: every page says so. */
  readonly simulated?: boolean
  /** Ledgers and what they are computed by; without an accounting plan there are none. */
  readonly accounts?: AccountSources | undefined
}

export interface Server {
  readonly url: string
  /** Tells of commit records as they are followed; telling of one twice is telling once. Never throws, never waits. */
  noticeCommits(records: readonly CommitRecord[]): void
  /** Tells of a gateway's state message. Never throws, never waits. */
  noticeState(message: StateMessage): void
  /** Ends live streams, lets requests under way finish, and frees the port. */
  stop(): Promise<void>
}

const securityHeaders = {
  // Ant Design writes its styles into the page, hence inline styles; scripts come from here alone.
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
} as const

const builtPages = fileURLToPath(new URL('web/dist', import.meta.url))

function isPortTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
}

/**
 * Starts the dashboards. Throws `web-not-built` when the pages were not built and `port-taken` when another program
 * listens at the address. A store that cannot be reached is no reason not to start: it is asked again.
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { host = '127.0.0.1', port, park, books, clock, log, webFolder = builtPages } = options
  const store = inPieces(options.store)
  if (!existsSync(join(webFolder, 'index.html'))) {
    throw new Fault('web-not-built', 'The web pages are not built.', { place: { file: webFolder } })
  }

  const board = new Board(park)
  const energy = new EnergyToday(park, books, clock)
  const follower = new Follower({ park, store, board, clock, log })
  const sources: OverviewSources = {
    park,
    board,
    energyOf: (meter) => energy.of(meter),
    simulated: options.simulated ?? false,
  }
  const view = (): ReturnType<typeof overviewAt> => {
    energy.refresh()
    return overviewAt(sources, clock.wallMs())
  }
  await follower.catchUp()
  const live = new LiveStream({ clock, log, view, catchUp: () => follower.catchUp() })

  // A live stream would keep its connection open for ever: what is still open when the port closes is cut.
  const app = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: true,
    frameworkErrors: (error, request, reply) => answerRefusal(error, request, reply),
  })
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  const isOurs = hostRule(host, options.names ?? [])
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(securityHeaders)
    if (!isOurs(request.host)) {
      throw new Fault('host-unknown', `This server is not "${request.host.slice(0, 200)}".`)
    }
    if (request.url.startsWith('/api/')) reply.header('cache-control', 'no-store')
  })
  refusals(app)
  parkApi(app, { park, store, board, clock, view })
  meterApi(app, {
    park,
    store,
    books,
    board,
    clock,
    live: (meter) => liveMeterOf(sources, meter, clock.wallMs()),
  })
  energyApi(app, { park, books, clock })
  qualityApi(app, books)
  accountsApi(app, { park, clock, accounts: options.accounts })
  app.get('/healthz', () => ({ status: 'ok' }))
  app.get('/api/live', { exposeHeadRoute: false }, (_request, reply) => {
    live.accept(reply.raw, securityHeaders)
    reply.hijack()
  })
  await app.register(fastifyStatic, {
    root: webFolder,
    wildcard: false,
    setHeaders: (response, path) => {
      // Built files carry a hash of their content in their names; the page that names them must be asked for again.
      const lasting = path.includes(join(webFolder, 'assets'))
      response.header('cache-control', lasting ? 'public, max-age=31536000, immutable' : 'no-cache')
    },
  })

  try {
    const url = await app.listen({ host, port })
    log.info({ url }, 'dashboards are up')
    return {
      url,
      noticeCommits: (records) => {
        follower.noticeCommits(records)
        live.notice()
      },
      noticeState: (message) => {
        board.takeState(message, clock.wallMs())
        live.notice()
      },
      stop: async () => {
        await live.stop()
        await app.close()
      },
    }
  } catch (error) {
    await live.stop()
    await app.close()
    if (!isPortTaken(error)) throw error
    throw new Fault('port-taken', `Another program listens at ${host}:${port}.`, { cause: error })
  }
}
