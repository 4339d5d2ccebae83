import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { accountLoad, type ElectricitySources } from '#accounts/account-electricity.ts'
import { textOf, type Decimal } from '#accounts/decimal.ts'
import type { LoadFigures, ProfileDay } from '#accounts/load/load-figures.ts'
import type { Period } from '#contract/grid.ts'
import { loadShape, type LoadShape } from './electricity-shapes.ts'
import { accountMonthParams, accountMonthQuery, monthNamed } from './tariff.ts'

const text = (value: Decimal | undefined): string | null => (value === undefined ? null : textOf(value))

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
    kwh: text(figures.energy),
    known: figures.known,
    missing: figures.missing,
    unmeasured: figures.unmeasured,
    coverage: text(figures.coverage),
    notAvailable: figures.notAvailable ?? null,
    rule: figures.rule,
    demand: demand === undefined ? null : { ...demand, kw: textOf(demand.kw) },
    contractUse: text(figures.contractUse),
    meanKw: text(figures.meanKw),
    loadFactor: text(figures.loadFactor),
    baseLoadKw: text(figures.baseLoadKw),
    nightShare: text(figures.nightShare),
    weekendShare: text(figures.weekendShare),
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
