import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { meterMonth } from '#accounts/evidence.ts'
import { factorList } from '#accounts/factor-list.ts'
import type { AccountPlan } from '#accounts/accounting-plan.ts'
import { changedFactors } from '#accounts/factor-change.ts'
import { factorLibrary } from '#accounts/factor-library.ts'
import { previewChange } from '#accounts/factor-preview.ts'
import { recordsWithOwnValue } from '#accounts/own-value-change.ts'
import type { PostingGround } from '#accounts/post.ts'
import type { PostingRules } from '#accounts/posting.ts'
import { positiveDecimalText } from '#contract/decimal-text.ts'
import type { FactorFiles } from '#accounts/factor.ts'
import type { Tariff } from '#accounts/tariff/tariff.ts'
import type { Clock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import { identifier } from '#contract/identity.ts'
import type { Park } from '#contract/park.ts'
import type { Guard } from '#dashboards/access/guard.ts'
import { readOwn } from '#dashboards/access/route-access.ts'
import { requirePlan } from '../asked-of.ts'
import { accountState, planOf, type AccountSources } from '../account-view.ts'
import { factorsAnswer, restatementPreview } from './factor-shapes.ts'
import { ofAccount } from './reports.ts'

/** /api/v1/factors: factors and tariffs with their documents; and what another factor would restate. */

export interface FactorSources {
  readonly factors: FactorFiles
  readonly tariffs: ReadonlyMap<string, Tariff>
}

const previewQuery = z
  .object({
    electricityYear: z.coerce
      .number()
      .int()
      .min(1990)
      .max(2100)
      .optional()
      .meta({ description: 'The electricity factor of this year' }),
    factor: z
      .string()
      .max(200)
      .optional()
      .meta({ description: 'Code of a row that would have another value' }),
    source: identifier
      .optional()
      .meta({ description: 'Source whose fuel would be measured to have that value of `part`' }),
    part: z.enum(['value', 'ncv', 'carbon', 'oxidation']).default('value'),
    value: positiveDecimalText.optional(),
  })
  .refine(
    ({ electricityYear, factor, source, value }) =>
      [electricityYear, factor, source].filter((each) => each !== undefined).length === 1 &&
      (electricityYear === undefined) === (value !== undefined),
    'one of "electricityYear", or "factor" or "source" with a "value"',
  )

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
          fuels: fuelsOf(plan),
          tariff: plan.tariff ?? null,
          prices: plan.prices,
        })),
        standardCoalEdition: accounts?.plan.standardCoal.edition ?? null,
      }
    },
  )

  /** An account's sources that burn a fuel. */
  const fuelsOf = ({ sources: all, fuelSet }: AccountPlan) =>
    all.flatMap((source) => {
      if (source.kind !== 'fuel') return []
      const { id, name, fuel } = source
      const row = sources?.factors.fuels.rows.find(
        (each) => each.fuel === fuel && each.set === (source.fuelSet ?? fuelSet),
      )
      return row === undefined ? [] : [{ id, name, per: row.per }]
    })

  /** The books as they would be, where a fuel were measured to have another value. */
  const booksWith = (
    { books }: AccountSources,
    { account }: AccountPlan,
    { source, part, value }: z.output<typeof previewQuery>,
  ): PostingGround['books'] => {
    if (source === undefined || value === undefined) return books
    if (part === 'value') throw new Fault('request-invalid', '/part: ncv, carbon or oxidation is measured.')
    return recordsWithOwnValue(books, { account, source, property: part, value })
  }

  /** The account and the rules as they would be. Throws `request-invalid` for a factor that is not there. */
  const changed = (
    given: AccountSources,
    plan: AccountPlan,
    { electricityYear, factor, source, part, value }: z.output<typeof previewQuery>,
  ): { readonly plan: AccountPlan; readonly rules: PostingRules } => {
    if (source !== undefined) {
      if (!fuelsOf(plan).some(({ id }) => id === source))
        throw new Fault('request-invalid', `/source: ${plan.account} has no source of a fuel "${source}".`)
      return { plan, rules: given.rules }
    }
    if (electricityYear !== undefined) {
      const isKnown = rows.some(
        ({ region, family, year }) =>
          region === plan.electricityRegion && family === plan.electricitySeries && year === electricityYear,
      )
      if (!isKnown)
        throw new Fault(
          'request-invalid',
          `/electricityYear: there is no factor of ${plan.electricityRegion}, ${plan.electricitySeries}, ${electricityYear}.`,
        )
      return { plan: { ...plan, electricityVintage: electricityYear }, rules: given.rules }
    }
    const files =
      sources === undefined || factor === undefined || value === undefined
        ? undefined
        : changedFactors(sources.factors, { code: factor, what: part, value })
    if (files === undefined)
      throw new Fault(
        'request-invalid',
        `/factor: no posting can be computed by a ${part} of "${factor ?? ''}".`,
      )
    return { plan, rules: { ...given.rules, library: factorLibrary(files) } }
  }

  routes.get(
    '/api/v1/accounts/:account/restatement-preview',
    {
      config: ofAccount,
      schema: {
        params: z.object({ account: identifier }),
        querystring: previewQuery,
        response: { 200: restatementPreview },
      },
    },
    ({ params, query }) => {
      requirePlan(accounts)
      const { account } = planOf(accounts, params.account)
      const { plan, rules } = changed(accounts, planOf(accounts, account), query)
      const nowMs = clock.wallMs()
      const months = previewChange(
        { books: booksWith(accounts, plan, query), rules, park },
        accountState(accounts, account),
        plan,
        (meter, quantity, month) => meterMonth(accounts.books, meter, quantity, month, nowMs),
      )
      return {
        account,
        electricityYear: query.electricityYear ?? null,
        factor: query.factor ?? null,
        months: months.map(({ before, after, ...rest }) => ({
          ...rest,
          before: before ?? null,
          after: after ?? null,
        })),
      }
    },
  )
}
