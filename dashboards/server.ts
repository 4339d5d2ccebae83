import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import type { FastifyRequest } from 'fastify'
import type { ElectricitySources } from '#accounts/account-electricity.ts'
import { Fault } from '#contract/fault.ts'
import type { Meter, Park } from '#contract/park.ts'
import { requirePlan } from './asked-of.ts'
import { firstLink, linkOf } from './access/first-link.ts'
import { guardRoutes } from './access/guard.ts'
import { readOwn } from './access/route-access.ts'
import { SignIn } from './access/sign-in.ts'
import { ParkViews } from './access/viewer.ts'
import { accountsApi } from './api/accounts.ts'
import { auditApi } from './api/audit.ts'
import { carbonApi } from './api/carbon.ts'
import { closingsApi } from './api/closings.ts'
import { dayApi } from './api/day.ts'
import { dayLoadApi } from './api/day-load.ts'
import { energyApi } from './api/energy.ts'
import { enterpriseApi } from './api/enterprise.ts'
import { factsNow, type FactSources } from './alarms/facts.ts'
import { SlowFacts } from './alarms/slow-facts.ts'
import { AlarmWatch } from './alarms/watch.ts'
import { alarmsApi } from './api/alarms.ts'
import { dataQualityApi } from './api/data-quality.ts'
import { fleetApi } from './api/fleet.ts'
import { baselineApi } from './api/baseline.ts'
import { electricityFilesApi } from './api/electricity-files.ts'
import { lateDataApi } from './api/late-data.ts'
import { ledgerApi } from './api/ledger.ts'
import { loadApi } from './api/load.ts'
import { meterApi } from './api/meter.ts'
import { meterCareApi } from './api/meter-care.ts'
import { meterDecisionsApi } from './api/meter-decisions.ts'
import { monitoringApi } from './api/monitoring.ts'
import { oidcApi } from './api/oidc.ts'
import { operationsApi } from './api/operations.ts'
import { parkApi } from './api/park.ts'
import { qualityApi } from './api/quality.ts'
import { recordsApi } from './api/records.ts'
import { factorsApi } from './api/factors.ts'
import { previewsApi } from './api/previews.ts'
import { productsApi } from './api/products.ts'
import { reportFilesApi } from './api/report-files.ts'
import { reportsApi } from './api/reports.ts'
import { accountNames, targetsApi } from './api/targets.ts'
import { tariffApi } from './api/tariff.ts'
import { scheduledApi } from './api/scheduled.ts'
import { traceApi } from './api/trace.ts'
import { sessionApi } from './api/session.ts'
import { usersApi } from './api/users.ts'
import type { LiveMeter } from './api/shapes.ts'
import { Board } from './board.ts'
import { EnergyToday } from './energy.ts'
import { Follower } from './follower.ts'
import { openHttp } from './http-server.ts'
import { LiveStreams } from './live.ts'
import { describeRoutes } from './openapi.ts'
import { liveMeterOf, overviewAt, type OverviewSources } from './overview.ts'
import { servePages } from './pages-folder.ts'
import { ReportRunner } from './scheduled/runner.ts'
import { securityHeaders } from './security-headers.ts'
import type { Server, ServerOptions } from './server-options.ts'
import { inPieces } from './sources.ts'

/** Composition of the dashboards: board, API, live stream and the built web pages on one port. */

const builtPages = fileURLToPath(new URL('web/dist', import.meta.url))

function isPortTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
}

/**
 * Starts the dashboards. Throws `web-not-built` when the pages were not built and `port-taken` when another program
 * listens at the address. A store that cannot be reached is no reason not to start: it is asked again.
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { host = '127.0.0.1', port, park, books, clock, log } = options
  const { webFolder = builtPages } = options
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

  const app = await openHttp({ ...options, host })
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
  const accounting = options.accounts !== undefined || options.reports !== undefined
  parkApi(app, { parkOf, store, board, clock, view, accounting })
  dayLoadApi(app, { parkOf, books, clock })
  meterApi(app, {
    parkOf,
    store,
    books,
    board,
    clock,
    live: liveNow,
  })
  meterCareApi(app, { parkOf, books, board })
  meterDecisionsApi(app, { parkOf, books, guard, events: options.desk?.events })
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
  accountsApi(app, { park, parkOf, clock, accounts: options.accounts, guard })
  carbonApi(app, { park, accounts: options.accounts })
  lateDataApi(app, { park, accounts: options.accounts })
  closingsApi(app, { clock, guard, accounts: options.accounts, desk: options.desk })
  ledgerApi(app, { clock, guard, accounts: options.accounts, desk: options.desk })
  recordsApi(app, { park, clock, guard, accounts: options.accounts, desk: options.desk })
  dayApi(app, { park, parkOf, clock, accounts: options.accounts, reports: options.reports, live: liveNow })
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
  previewsApi(app, {
    park,
    clock,
    factors: options.factors?.factors,
    reports: options.reports,
    electricity,
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
  await servePages(app, webFolder)

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
