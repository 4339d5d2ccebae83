import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import rateLimit from '@fastify/rate-limit'
import fastifyStatic from '@fastify/static'
import fastify, { LogController, type FastifyBaseLogger, type FastifyRequest } from 'fastify'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import type { Role } from '#contract/access.ts'
import type { ElectricitySources } from '#accounts/account-electricity.ts'
import type { Clock } from '#contract/clock.ts'
import type { CommitRecord } from '#contract/commit.ts'
import { Fault } from '#contract/fault.ts'
import type { StateMessage } from '#contract/messages.ts'
import type { Meter, Park } from '#contract/park.ts'
import type { AccessBook } from '#store/access-book.ts'
import { requirePlan } from './asked-of.ts'
import { guardRoutes, type GuardedRoute } from './access/guard.ts'
import type { OidcSignIn } from './access/oidc.ts'
import { readOwn } from './access/route-access.ts'
import { SignIn } from './access/sign-in.ts'
import { ParkViews } from './access/viewer.ts'
import { accountsApi } from './api/accounts.ts'
import { auditApi } from './api/audit.ts'
import { carbonApi } from './api/carbon.ts'
import { closingsApi } from './api/closings.ts'
import { dayApi } from './api/day.ts'
import { energyApi } from './api/energy.ts'
import { enterpriseApi } from './api/enterprise.ts'
import { factsNow, type FactSources } from './alarms/facts.ts'
import { SlowFacts } from './alarms/slow-facts.ts'
import { AlarmWatch, type AlarmWatchParts } from './alarms/watch.ts'
import { alarmsApi } from './api/alarms.ts'
import { dataQualityApi } from './api/data-quality.ts'
import { fleetApi, type PublishConfiguration } from './api/fleet.ts'
import { baselineApi } from './api/baseline.ts'
import { electricityFilesApi } from './api/electricity-files.ts'
import { lateDataApi } from './api/late-data.ts'
import { ledgerApi } from './api/ledger.ts'
import { loadApi } from './api/load.ts'
import { meterApi } from './api/meter.ts'
import { meterCareApi } from './api/meter-care.ts'
import { monitoringApi } from './api/monitoring.ts'
import { oidcApi } from './api/oidc.ts'
import { operationsApi, type Operations } from './api/operations.ts'
import { parkApi } from './api/park.ts'
import { qualityApi } from './api/quality.ts'
import { answerRefusal, refusals } from './api/refusal.ts'
import { factorsApi, type FactorSources } from './api/factors.ts'
import { productsApi } from './api/products.ts'
import { reportFilesApi } from './api/report-files.ts'
import { reportsApi } from './api/reports.ts'
import { accountNames, targetsApi, type TargetSources } from './api/targets.ts'
import { tariffApi } from './api/tariff.ts'
import { scheduledApi } from './api/scheduled.ts'
import { traceApi } from './api/trace.ts'
import { sessionApi } from './api/session.ts'
import { usersApi } from './api/users.ts'
import type { LiveMeter } from './api/shapes.ts'
import type { AccountSources } from './account-view.ts'
import { Board } from './board.ts'
import type { Desk } from './desk.ts'
import { EnergyToday } from './energy.ts'
import { Follower } from './follower.ts'
import { hostRule } from './host-names.ts'
import { LiveStreams } from './live.ts'
import { describeRoutes } from './openapi.ts'
import { liveMeterOf, overviewAt, type OverviewSources } from './overview.ts'
import type { ReportSources } from './report-ground.ts'
import type { ReportFont } from './report-pdf.ts'
import { ReportRunner, type ScheduledReports } from './scheduled/runner.ts'
import { securityHeaders } from './security-headers.ts'
import type { CommitSource } from './slot-trace.ts'
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
  /** What bills and load figures are computed by; without an accounting plan there are none. */
  readonly electricity?:
    | Pick<ElectricitySources, 'plan' | 'tariffs' | 'powerFactors' | 'loadRule'>
    | undefined
  /** Users, sessions, tokens, and what they did. */
  readonly access: AccessBook
  /** What anybody on this machine may be without signing in; nobody unless told otherwise. */
  readonly openAs?: Role
  /** Signing in at a provider; without it people sign in here alone. */
  readonly oidc?: OidcSignIn | undefined
  /** Addresses of proxies before this server, which say who asks and whether over HTTPS. */
  readonly trustedProxies?: readonly string[]
  /** The time in which a request must have come whole; a minute by default. */
  readonly requestMsMax?: number
  /** What `/metrics` and `/readyz` answer; without it neither is there. */
  readonly operations?: Operations
  /** The rules that are looked at, where alarms are entered, and who is told of them. */
  readonly alarms?: Pick<AlarmWatchParts, 'rules' | 'settle' | 'tell'>
  /** Where persons’ decisions are written; without it nothing can be decided from the pages. */
  readonly desk?: Desk
  /** Publishes a signed configuration to its gateway; without it none can be published from here. */
  readonly publishConfiguration?: PublishConfiguration
  /** Commit records, by which the batch of a reading is named; without it none is. */
  readonly commits?: CommitSource
  /** Ledgers and what they are computed by; without an accounting plan there are none. */
  readonly accounts?: AccountSources | undefined
  /** What reports are made from; without an accounting plan there are none. */
  readonly reports?: ReportSources | undefined
  /** Reports that are made by themselves; without it there are none. */
  readonly scheduled?: ScheduledReports | undefined
  /** What PDF files are written with; without it there are none. */
  readonly reportFont?: ReportFont | undefined
  /** Factors and tariffs with their documents; without them the list is empty. */
  readonly factors?: FactorSources | undefined
  /** Targets and what they are held against; without them there are none. */
  readonly targets?: TargetSources | undefined
}

export interface Server {
  readonly url: string
  /** Tells of commit records as they are followed; telling of one twice is telling once. Never throws, never waits. */
  noticeCommits(records: readonly CommitRecord[]): void
  /** Every address, and what it asks of its viewer. */
  readonly routes: readonly GuardedRoute[]
  /** A one-time link of the first administrator, where nobody has a password yet. */
  readonly firstLink: string | undefined
  /** Looks at the rules of alarms when it is run; undefined where there are none. */
  readonly alarms: AlarmWatch | undefined
  /** Makes scheduled reports when it is run; undefined where there are none. */
  readonly scheduled: ReportRunner | undefined
  /** Tells of a gateway's state message. Never throws, never waits. */
  noticeState(message: StateMessage): void
  /** Ends live streams, lets requests under way finish, and frees the port. */
  stop(): Promise<void>
}

const builtPages = fileURLToPath(new URL('web/dist', import.meta.url))

/** Requests of one address: a page asks for a dozen, and a live stream is one. */
const REQUESTS_A_MINUTE = 3_000

/** The time after which a connection on which nothing was said is closed: longer than any answer takes. */
const SILENCE_MS_MAX = 5 * 60_000

/** Connections at once: what strangers hold must leave descriptors for files. */
const CONNECTIONS_MAX = 2_000

/** The time in which a request must have come whole; answers may take longer. */
const REQUEST_MS_MAX = 60_000
/** The time in which each part of the server must have started. */
const PLUGIN_START_MS_MAX = 120_000

function tooMany(): Fault {
  return new Fault('too-many-requests', `More than ${REQUESTS_A_MINUTE} requests in a minute.`)
}

/** Where a person chooses a password. The secret stands behind the #, which browsers send to nobody. */
const linkOf = (secret: string): string => `/#/welcome/${secret}`

/** The name of the administrator that the first start makes. */
const FIRST_ADMINISTRATOR = 'admin'

/** A new one-time link for as long as no administrator has a password: nothing has a default one. */
function firstLink(book: AccessBook, signIn: SignIn, clock: Clock, url: string): string | undefined {
  const administrators = book.users().filter(({ role, active }) => role === 'administrator' && active)
  if (administrators.some(({ hasPassword }) => hasPassword)) return undefined
  const [first] = administrators
  const user = first ?? book.addUser({ name: FIRST_ADMINISTRATOR, role: 'administrator' }, clock.wallMs())
  return url + linkOf(signIn.newLink(user))
}

function isPortTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
}

/**
 * Starts the dashboards. Throws `web-not-built` when the pages were not built and `port-taken` when another program
 * listens at the address. A store that cannot be reached is no reason not to start: it is asked again.
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { host = '127.0.0.1', port, park, books, clock, log } = options
  const { webFolder = builtPages, trustedProxies = [], requestMsMax = REQUEST_MS_MAX } = options
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
  const liveNow = (meter: Meter): LiveMeter => liveMeterOf(sources, meter, clock.wallMs())
  const view = (seen: Park): ReturnType<typeof overviewAt> => {
    energy.refresh()
    return overviewAt({ ...sources, park: seen }, clock.wallMs())
  }
  await follower.catchUp()
  const live = new LiveStreams({ park, clock, log, view, catchUp: () => follower.catchUp() })

  // A live stream would keep its connection open for ever: what is still open when the port closes is cut.
  const app = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: true,
    // A machine that is busy with other things may need more than the usual ten seconds; that is no reason not to start.
    pluginTimeout: PLUGIN_START_MS_MAX,
    ...(trustedProxies.length === 0 ? {} : { trustProxy: [...trustedProxies] }),
    // Whoever sends a request a byte at a time holds a connection for so long at most.
    requestTimeout: requestMsMax,
    // The same for the head alone, or Node would take the longer of the two for the whole; looked at twice within it.
    http: {
      requestTimeout: requestMsMax,
      headersTimeout: requestMsMax,
      connectionsCheckingInterval: requestMsMax / 2,
    },
    // And whoever says nothing at all, for this long; live streams speak every ten seconds.
    connectionTimeout: SILENCE_MS_MAX,
    frameworkErrors: (error, request, reply) => answerRefusal(error, request, reply),
  })
  app.server.maxConnections = CONNECTIONS_MAX
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
  await app.register(rateLimit, { max: REQUESTS_A_MINUTE, timeWindow: 60_000, errorResponseBuilder: tooMany })
  // The library looks at routes alone; what is no route costs as much to refuse.
  const limitUnknown = app.rateLimit()
  app.addHook('onRequest', async (request, reply) => {
    if (request.is404) await limitUnknown.call(app, request, reply)
  })
  const signIn = new SignIn(options.access, clock)
  const guard = await guardRoutes(app, {
    book: options.access,
    signIn,
    clock,
    open: options.openAs,
  })
  await describeRoutes(app)
  const parks = new ParkViews(park)
  const parkOf = (request: FastifyRequest): Park => parks.of(guard.viewerOf(request))
  sessionApi(app, { guard, signIn, book: options.access })
  oidcApi(app, { guard, signIn, book: options.access, clock, oidc: options.oidc })
  usersApi(app, { park, book: options.access, signIn, clock, linkOf })
  auditApi(app, { park, book: options.access, guard, clock })
  parkApi(app, { parkOf, store, board, clock, view, accounting: options.accounts !== undefined })
  meterApi(app, {
    parkOf,
    store,
    books,
    board,
    clock,
    live: liveNow,
  })
  meterCareApi(app, { parkOf, books, board })
  energyApi(app, { parkOf, books, clock })
  enterpriseApi(app, { parkOf, books, board, clock, electricity: options.electricity })
  const electricity = (): ElectricitySources => {
    requirePlan(options.electricity)
    return { ...options.electricity, park, books, nowMs: clock.wallMs() }
  }
  tariffApi(app, electricity)
  loadApi(app, electricity)
  electricityFilesApi(app, electricity, accountNames(park))
  baselineApi(app, { park, clock, store, sources: options.reports })
  productsApi(app, { park, clock, sources: options.reports })
  qualityApi(app, books)
  alarmsApi(app, {
    books,
    clock,
    guard,
    desk: options.desk,
    rules: options.alarms?.rules ?? [],
    targets: options.targets?.targets.targets ?? [],
  })
  dataQualityApi(app, { parkOf, books, clock, guard, desk: options.desk })
  fleetApi(app, {
    park,
    board,
    clock,
    guard,
    lines: () => view(park).gateways,
    publish: options.publishConfiguration,
    books,
    desk: options.desk,
  })
  accountsApi(app, { park, clock, accounts: options.accounts, guard })
  carbonApi(app, { park, accounts: options.accounts })
  lateDataApi(app, { park, accounts: options.accounts })
  closingsApi(app, { clock, guard, accounts: options.accounts, desk: options.desk })
  ledgerApi(app, { clock, guard, accounts: options.accounts, desk: options.desk })
  dayApi(app, { park, parkOf, clock, accounts: options.accounts, reports: options.reports })
  reportsApi(app, { park, clock, sources: options.reports })
  monitoringApi(app, { park, clock, books, sources: options.reports })
  const making = { park, clock, sources: options.reports, accounts: options.accounts }
  reportFilesApi(app, { ...making, font: options.reportFont })
  const scheduled =
    options.scheduled === undefined
      ? undefined
      : new ReportRunner({ ...options.scheduled, making, font: options.reportFont, log })
  scheduledApi(app, {
    guard,
    clock,
    park,
    scheduled:
      options.scheduled === undefined || scheduled === undefined
        ? undefined
        : { ...options.scheduled, runner: scheduled },
  })
  factorsApi(app, { park, clock, guard, sources: options.factors, accounts: options.accounts })
  traceApi(app, {
    park,
    parkOf,
    books,
    clock,
    commits: options.commits,
    accounts: options.accounts,
    live: liveNow,
  })
  targetsApi(app, { park, clock, sources: options.targets })
  operationsApi(app, options.operations, (request) => guard.mayHearFaults(request))
  app.get('/api/live', { exposeHeadRoute: false, config: { access: readOwn } }, (request, reply) => {
    live.accept(parkOf(request), reply.raw, securityHeaders, () => guard.isStillViewer(request))
    reply.hijack()
  })
  await app.register(fastifyStatic, {
    root: webFolder,
    wildcard: false,
    preCompressed: true,
    globIgnore: ['**/*.br', '**/*.gz'],
    setHeaders: (response, path) => {
      // Built files carry a hash of their content in their names; the page that names them must be asked for again.
      const lasting = path.includes(join(webFolder, 'assets'))
      response.header('cache-control', lasting ? 'public, max-age=31536000, immutable' : 'no-cache')
    },
  })

  const slow = new SlowFacts({ park, books, targets: options.targets, log })
  const facts: FactSources = {
    park,
    board,
    books,
    live: liveNow,
    plan: options.electricity?.plan,
    slow,
  }
  const alarms =
    options.alarms === undefined
      ? undefined
      : new AlarmWatch({
          ...options.alarms,
          facts: (nowMs) => factsNow(facts, nowMs),
          gather: (nowMs) => slow.gather(nowMs),
          clock,
          log,
        })

  try {
    const url = await app.listen({ host, port })
    log.info({ url }, 'dashboards are up')
    return {
      url,
      routes: guard.routes,
      alarms,
      scheduled,
      firstLink: firstLink(options.access, signIn, clock, url),
      noticeCommits: (records) => {
        if (follower.noticeCommits(records)) live.notice()
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
