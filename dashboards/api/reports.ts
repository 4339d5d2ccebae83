import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { balanceView } from '#accounts/balance-view.ts'
import { sayIn } from '#accounts/report-sheet.ts'
import { formsView, qualityView, statisticsView } from '#accounts/report-views.ts'
import { reportSteps, type ReportKind, type ReportViews } from '#accounts/report.ts'
import type { Clock } from '#contract/clock.ts'
import { identifier } from '#contract/identity.ts'
import type { Park } from '#contract/park.ts'
import type { RouteAccess } from '#dashboards/access/route-access.ts'
import { requireAccount, requirePlan } from '../asked-of.ts'
import { inSteps } from '../in-steps.ts'
import { groundOf, periodIn, type ReportSources } from '../report-ground.ts'

/** /api/v1/reports/:kind of the whole park and /api/v1/accounts/:account/reports/:kind, as JSON. */

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

  async function viewOf<Kind extends ReportKind>(
    kind: Kind,
    period: string,
    account?: string,
  ): Promise<ReportViews[Kind]> {
    requirePlan(sources)
    if (account !== undefined) requireAccount(park, account)
    const ground = groundOf(sources, park, clock.wallMs())
    const wish = { period: periodIn(period, description.timeZone), account, say: sayIn('zh') }
    return (await inSteps(reportSteps(kind, ground, wish))).view
  }

  for (const kind of kinds) {
    const response = { 200: views[kind] }
    if (kind !== 'forms') {
      routes.get(
        `/api/v1/reports/${kind}`,
        { config: ofPark, schema: { querystring: query, response } },
        async (request) => viewOf(kind, request.query.period),
      )
    }
    routes.get(
      `/api/v1/accounts/:account/reports/${kind}`,
      {
        config: ofAccount,
        schema: { params: z.object({ account: identifier }), querystring: query, response },
      },
      async ({ params, query: { period } }) => viewOf(kind, period, params.account),
    )
  }
}
