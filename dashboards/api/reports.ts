import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { balanceView } from '#accounts/balance-view.ts'
import { measuredFromBooks } from '#accounts/measured-energy.ts'
import { reportPeriod, type ReportPeriod } from '#accounts/report-period.ts'
import { sayIn } from '#accounts/report-sheet.ts'
import { formsView, qualityView, statisticsView } from '#accounts/report-views.ts'
import { makeReport, type ReportGround, type ReportKind, type ReportViews } from '#accounts/report.ts'
import type { Clock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import { identifier } from '#contract/identity.ts'
import type { Park } from '#contract/park.ts'
import type { RouteAccess } from '#dashboards/access/route-access.ts'
import type { Books } from '#store/port.ts'

/** /api/v1/reports/:kind of the whole park and /api/v1/accounts/:account/reports/:kind, as JSON. */

/** What reports are made from beside the park: files, and the books. */
export interface ReportSources extends Omit<ReportGround, 'park' | 'records' | 'measured'> {
  readonly books: Pick<Books, 'daySums' | 'records'>
}

/** What every report is made from at this moment. */
export function groundOf({ books, ...files }: ReportSources, park: Park, nowMs: number): ReportGround {
  return {
    ...files,
    park,
    records: books.records({}).filter(({ replacedBy }) => replacedBy === undefined),
    measured: measuredFromBooks(books, nowMs),
  }
}

/** Days of one report: two years and the leap day. */
const DAYS_MAX = 732
const DAY_MS = 24 * 3_600_000

/** The period that a request names. Throws `request-invalid` with the place of what is wrong. */
export function periodIn(period: string, timeZone: string): ReportPeriod {
  try {
    const found = reportPeriod(period, timeZone)
    if (found.toMs - found.fromMs <= DAYS_MAX * DAY_MS) return found
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    throw new Fault('request-invalid', `/period: ${error.message}`, { cause: error })
  }
  throw new Fault('request-invalid', `/period: a report is of ${DAYS_MAX} days at most.`)
}

export const periodName = z.string().max(30).meta({
  description: 'A month "2026-03", a quarter "2026-Q1", a year "2026", or days "2026-03-01..2026-03-14"',
})

const views = {
  balance: balanceView,
  statistics: statisticsView,
  forms: formsView,
  quality: qualityView,
} as const satisfies Record<ReportKind, z.ZodType>
const kinds = ['balance', 'statistics', 'forms', 'quality'] as const satisfies readonly ReportKind[]

const query = z.object({ period: periodName })

/** An enterprise user sees reports of its own account, and none of the whole park. */
export const ofPark: { access: RouteAccess } = { access: { needs: 'read', within: 'park' } }
export const ofAccount: { access: RouteAccess } = {
  access: { needs: 'read', within: { account: 'account' } },
}

export interface ReportsApi {
  readonly park: Park
  readonly clock: Clock
  readonly sources: ReportSources | undefined
}

export function reportsApi(app: FastifyInstance, { park, clock, sources }: ReportsApi): void {
  const routes = app.withTypeProvider<ZodTypeProvider>()
  const { description } = park
  const accounts = new Set([description.id, ...description.enterprises.map(({ id }) => id)])

  function viewOf<Kind extends ReportKind>(kind: Kind, period: string, account?: string): ReportViews[Kind] {
    if (sources === undefined) throw new Fault('not-found', 'This park has no accounting plan.')
    if (account !== undefined && !accounts.has(account))
      throw new Fault('not-found', `The park has no account "${account}".`)
    return makeReport(kind, groundOf(sources, park, clock.wallMs()), {
      period: periodIn(period, description.timeZone),
      account,
      say: sayIn('zh'),
    }).view
  }

  for (const kind of kinds) {
    const response = { 200: views[kind] }
    if (kind !== 'forms') {
      routes.get(
        `/api/v1/reports/${kind}`,
        { config: ofPark, schema: { querystring: query, response } },
        (request) => viewOf(kind, request.query.period),
      )
    }
    routes.get(
      `/api/v1/accounts/:account/reports/${kind}`,
      {
        config: ofAccount,
        schema: { params: z.object({ account: identifier }), querystring: query, response },
      },
      ({ params, query: { period } }) => viewOf(kind, period, params.account),
    )
  }
}
