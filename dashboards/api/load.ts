import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { accountLoad, type ElectricitySources } from '#accounts/account-electricity.ts'
import { textOf, textOrNull } from '#accounts/decimal.ts'
import type { LoadFigures, ProfileDay } from '#accounts/load/load-figures.ts'
import type { Period } from '#contract/grid.ts'
import { loadShape, type LoadShape } from './electricity-shapes.ts'
import { accountMonthParams, accountMonthQuery, monthNamed } from './tariff.ts'

/** Load figures as they are published. */
export function loadShapeOf(
  account: string,
  period: Period,
  { figures, profile }: { readonly figures: LoadFigures; readonly profile: readonly ProfileDay[] },
): LoadShape {
  const { demand } = figures
  return {
    account,
    ...period,
    rules: figures.rules,
    kwh: textOrNull(figures.energy),
    known: figures.known,
    missing: figures.missing,
    unmeasured: figures.unmeasured,
    coverage: textOrNull(figures.coverage),
    notAvailable: figures.notAvailable ?? null,
    rule: figures.rule,
    demand: demand === undefined ? null : { ...demand, kw: textOf(demand.kw) },
    contractUse: textOrNull(figures.contractUse),
    meanKw: textOrNull(figures.meanKw),
    loadFactor: textOrNull(figures.loadFactor),
    baseLoadKw: textOrNull(figures.baseLoadKw),
    nightShare: textOrNull(figures.nightShare),
    weekendShare: textOrNull(figures.weekendShare),
    periodShares: figures.periodShares.map(({ period, share }) => ({ period, share: textOf(share) })),
    profile: profile.map(({ date, weekday, hours }) => ({
      date,
      weekday,
      hours: hours.map((hour) => (hour === null ? null : textOf(hour))),
    })),
  }
}

/** /api/v1/accounts/:account/load */
export function loadApi(app: FastifyInstance, sources: () => ElectricitySources): void {
  app.withTypeProvider<ZodTypeProvider>().get(
    '/api/v1/accounts/:account/load',
    {
      config: { access: { needs: 'read', within: { account: 'account' } } },
      schema: { params: accountMonthParams, querystring: accountMonthQuery, response: { 200: loadShape } },
    },
    (request) => {
      const { account } = request.params
      const given = sources()
      const period = monthNamed(request.query.month, given.park.description.timeZone)
      return loadShapeOf(account, period, accountLoad(given, account, period))
    },
  )
}
