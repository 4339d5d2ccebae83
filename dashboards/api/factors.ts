import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { meterMonth } from '#accounts/evidence.ts'
import { factorList } from '#accounts/factor-list.ts'
import { previewVintage } from '#accounts/factor-preview.ts'
import type { FactorFiles } from '#accounts/factor.ts'
import type { Tariff } from '#accounts/tariff/tariff.ts'
import type { Clock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import { identifier } from '#contract/identity.ts'
import type { Park } from '#contract/park.ts'
import type { Guard } from '#dashboards/access/guard.ts'
import { readOwn } from '#dashboards/access/route-access.ts'
import { accountState, planOf, type AccountSources } from '../account-view.ts'
import { factorsAnswer, restatementPreview } from './factor-shapes.ts'
import { ofAccount } from './reports.ts'

/** /api/v1/factors: factors and tariffs with their documents; and what another electricity factor would restate. */

export interface FactorSources {
  readonly factors: FactorFiles
  readonly tariffs: ReadonlyMap<string, Tariff>
}

export interface FactorsApi {
  readonly park: Park
  readonly clock: Clock
  readonly guard: Pick<Guard, 'viewerOf'>
  readonly sources: FactorSources | undefined
  readonly accounts: AccountSources | undefined
}

export function factorsApi(
  app: FastifyInstance,
  { park, clock, guard, sources, accounts }: FactorsApi,
): void {
  const routes = app.withTypeProvider<ZodTypeProvider>()
  const { description } = park
  const names = new Map([description, ...description.enterprises].map(({ id, name }) => [id, name]))
  const rows = sources === undefined ? [] : factorList(sources.factors)

  routes.get(
    '/api/v1/factors',
    { config: { access: readOwn }, schema: { response: { 200: factorsAnswer } } },
    (request) => {
      const { enterprise } = guard.viewerOf(request)
      const plans = (accounts?.plan.accounts ?? []).filter(
        ({ account }) => enterprise === undefined || account === enterprise,
      )
      return {
        factors: rows,
        tariffs: [...(sources?.tariffs.values() ?? [])],
        accounts: plans.map((plan) => ({
          account: plan.account,
          name: names.get(plan.account) ?? { zh: plan.account, en: plan.account },
          electricityRegion: plan.electricityRegion,
          electricitySeries: plan.electricitySeries,
          electricityVintage: plan.electricityVintage ?? null,
          fuelSet: plan.fuelSet,
          tariff: plan.tariff ?? null,
          prices: plan.prices,
        })),
        standardCoalEdition: accounts?.plan.standardCoal.edition ?? null,
      }
    },
  )

  routes.get(
    '/api/v1/accounts/:account/restatement-preview',
    {
      config: ofAccount,
      schema: {
        params: z.object({ account: identifier }),
        querystring: z.object({ electricityYear: z.coerce.number().int().min(1990).max(2100) }),
        response: { 200: restatementPreview },
      },
    },
    ({ params, query: { electricityYear } }) => {
      if (accounts === undefined) throw new Fault('not-found', 'This park has no accounting plan.')
      const plan = planOf(accounts, params.account)
      const isKnown = rows.some(
        ({ region, family, year }) =>
          region === plan.electricityRegion && family === plan.electricitySeries && year === electricityYear,
      )
      if (!isKnown)
        throw new Fault(
          'request-invalid',
          `/electricityYear: there is no factor of ${plan.electricityRegion}, ${plan.electricitySeries}, ${electricityYear}.`,
        )
      const state = accountState(accounts, plan.account)
      const nowMs = clock.wallMs()
      const months = previewVintage(
        { ...accounts, park },
        state,
        plan,
        electricityYear,
        (meter, quantity, month) => meterMonth(accounts.books, meter, quantity, month, nowMs),
      )
      return {
        account: plan.account,
        electricityYear,
        months: months.map(({ before, after, ...rest }) => ({
          ...rest,
          before: before ?? null,
          after: after ?? null,
        })),
      }
    },
  )
}
