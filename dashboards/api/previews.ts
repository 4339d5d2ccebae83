import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { accountCost, type ElectricitySources } from '#accounts/account-electricity.ts'
import { monthNames } from '#accounts/account-month.ts'
import { balanceTable, partsInScope } from '#accounts/balance-table.ts'
import { parkBalances } from '#accounts/balance.ts'
import { textOrNull } from '#accounts/decimal.ts'
import { changedCoal } from '#accounts/factor-change.ts'
import { factorLibrary } from '#accounts/factor-library.ts'
import type { FactorFiles } from '#accounts/factor.ts'
import { reportPeriod } from '#accounts/report-period.ts'
import type { ReportGround } from '#accounts/report.ts'
import { eachInSteps, type Steps } from '#accounts/steps.ts'
import { priceParts, withPrice } from '#accounts/tariff/price-change.ts'
import type { Clock } from '#contract/clock.ts'
import { positiveDecimalText } from '#contract/decimal-text.ts'
import { Fault } from '#contract/fault.ts'
import { identifier } from '#contract/identity.ts'
import type { Park } from '#contract/park.ts'
import { requireAccount, requirePlan } from '../asked-of.ts'
import { inSteps } from '../in-steps.ts'
import { dayText } from '../overview.ts'
import { groundOf, type ReportSources } from '../report-ground.ts'
import { changePreview, type ChangePreview } from './factor-shapes.ts'
import { ofAccount } from './reports.ts'
import { costShapeOf, monthNamed } from './tariff.ts'

/** What another coefficient of standard coal, or another price, would make of an account's figures; nothing is written. */

export interface PreviewsApi {
  readonly park: Park
  readonly clock: Clock
  readonly factors: FactorFiles | undefined
  readonly reports: ReportSources | undefined
  readonly electricity: () => ElectricitySources
}

type Months = ChangePreview['months']
const params = z.object({ account: identifier })
const year = z.coerce.number().int().min(1990).max(2100)
const response = { 200: changePreview }

/** An account's consumption in standard coal, by month. */
function* consumptionOf(
  ground: ReportGround,
  account: string,
  months: readonly string[],
): Steps<{ calorific: string | null; equal: string | null; incomplete: boolean }[]> {
  const { items, rows, park } = ground
  const found: { calorific: string | null; equal: string | null; incomplete: boolean }[] = []
  const periods = months.map((month) => reportPeriod(month, park.description.timeZone))
  for (const balance of parkBalances(ground, periods)) {
    if (balance !== undefined) {
      const { lines } = balanceTable(partsInScope(balance.parts, account), rows, items)
      const total = lines.find(({ row }) => row.id === 'consumption')?.total
      found.push({
        calorific: textOrNull(total?.coal.calorific),
        equal: textOrNull(total?.coal.equal),
        incomplete: total?.incomplete ?? false,
      })
    }
    yield undefined
  }
  return found
}

function* coalMonths(
  before: ReportGround,
  after: ReportGround,
  account: string,
  months: readonly string[],
): Steps<Months> {
  const [now, then] = [
    yield* consumptionOf(before, account, months),
    yield* consumptionOf(after, account, months),
  ]
  return months.map((month, index) => ({
    month,
    incomplete: now[index]?.incomplete ?? false,
    figures: (['calorific', 'equal'] as const).map((what) => ({
      what,
      before: now[index]?.[what] ?? null,
      after: then[index]?.[what] ?? null,
    })),
  }))
}

function* costMonths(
  before: ElectricitySources,
  after: ElectricitySources,
  account: string,
  months: readonly string[],
): Steps<Months> {
  const { timeZone } = before.park.description
  return yield* eachInSteps(months, 1, (month) => {
    const period = monthNamed(month, timeZone)
    const [now, then] = [before, after].map((sources) =>
      costShapeOf(account, period, accountCost(sources, account, period)),
    )
    return {
      month,
      incomplete: (now?.missing ?? 0) > 0,
      figures: [
        {
          what: 'energy' as const,
          before: now?.energyCharge.cny ?? null,
          after: then?.energyCharge.cny ?? null,
        },
        { what: 'total' as const, before: now?.total.cny ?? null, after: then?.total.cny ?? null },
      ],
    }
  })
}

/** /api/v1/accounts/:account/coal-preview and …/cost-preview */
export function previewsApi(app: FastifyInstance, given: PreviewsApi): void {
  const { park, clock, factors, reports, electricity } = given
  const routes = app.withTypeProvider<ZodTypeProvider>()
  /** Months of a year that have begun. */
  const monthsOf = (wanted: number): string[] => {
    const now = dayText(clock.wallMs(), park.description.timeZone).slice(0, 7)
    const last = `${wanted}-12`
    if (`${wanted}-01` > now) throw new Fault('request-invalid', `/year: ${wanted} has not begun.`)
    return monthNames(`${wanted}-01`, last < now ? last : now)
  }

  routes.route({
    method: 'GET',
    url: '/api/v1/accounts/:account/coal-preview',
    config: ofAccount,
    schema: {
      params,
      querystring: z.object({ factor: z.string().max(200), value: positiveDecimalText, year }),
      response,
    },
    handler: async ({ params: { account }, query }) => {
      requirePlan(reports)
      requireAccount(park, account)
      const files = factors === undefined ? undefined : changedCoal(factors, query.factor, query.value)
      if (files === undefined)
        throw new Fault('request-invalid', `/factor: there is no coefficient "${query.factor}".`)
      const before = groundOf(reports, park, clock.wallMs())
      const after = { ...before, library: factorLibrary(files) }
      const months = await inSteps(coalMonths(before, after, account, monthsOf(query.year)))
      return { account, unit: 'tce' as const, months }
    },
  })

  routes.route({
    method: 'GET',
    url: '/api/v1/accounts/:account/cost-preview',
    config: ofAccount,
    schema: {
      params,
      querystring: z.object({ part: z.enum(priceParts), value: positiveDecimalText, year }),
      response,
    },
    handler: async ({ params: { account }, query: { part, value, year: wanted } }) => {
      const before = electricity()
      const after = withPrice(before, account, part, value)
      if (after === undefined)
        throw new Fault('request-invalid', `/part: no price of ${account} has a ${part}.`)
      const months = await inSteps(costMonths(before, after, account, monthsOf(wanted)))
      return { account, unit: 'CNY' as const, months }
    },
  })
}
