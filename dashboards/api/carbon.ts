import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { textOrNull, type Decimal } from '#accounts/decimal.ts'
import { eachInSteps } from '#accounts/steps.ts'
import type { LedgerMonth } from '#accounts/targets/ledger-months.ts'
import { accountMonth } from '#contract/entry.ts'
import { Fault } from '#contract/fault.ts'
import type { Park } from '#contract/park.ts'
import { requirePlan } from '../asked-of.ts'
import type { AccountSources } from '../account-view.ts'
import { inSteps } from '../in-steps.ts'
import { keptMonthsOf } from '../kept-months.ts'
import { parkCarbon } from './account-shapes.ts'
import { ofPark } from './reports.ts'

const sumOf = (of: readonly (Decimal | undefined)[]): Decimal | undefined =>
  of.reduce((sum, each) => (each === undefined ? sum : (sum?.plus(each) ?? each)), undefined)

export interface CarbonApi {
  readonly park: Park
  readonly accounts: AccountSources | undefined
}

/** /api/v1/carbon: what all accounts have posted in some months, as the park's carbon targets count it. */
export function carbonApi(app: FastifyInstance, { park, accounts }: CarbonApi): void {
  const { description } = park
  const names = new Map([description, ...description.enterprises].map(({ id, name }) => [id, name]))
  app.withTypeProvider<ZodTypeProvider>().get(
    '/api/v1/carbon',
    {
      config: ofPark,
      schema: {
        querystring: z.object({ from: accountMonth, to: accountMonth }),
        response: { 200: parkCarbon },
      },
    },
    async ({ query: { from, to } }) => {
      requirePlan(accounts)
      if (from > to) throw new Fault('request-invalid', '"from" comes first.')
      const months = keptMonthsOf(accounts.books)
      const lines = await inSteps(
        eachInSteps(accounts.plan.accounts, 1, ({ account }) => {
          const within = [...months.ledgerMonths(account)].flatMap(([month, found]): LedgerMonth[] =>
            month >= from && month <= to && found.isPosted ? [found] : [],
          )
          return {
            account,
            months: within.length,
            total: sumOf(within.map(({ location }) => location)),
            market: sumOf(within.map(({ market }) => market)),
          }
        }),
      )
      return {
        from,
        to,
        total: textOrNull(sumOf(lines.map(({ total }) => total))),
        market: textOrNull(sumOf(lines.map(({ market }) => market))),
        accounts: lines.map(({ account, months: posted, total, market }) => ({
          account,
          name: names.get(account) ?? { zh: account, en: account },
          months: posted,
          total: textOrNull(total),
          market: textOrNull(market),
        })),
      }
    },
  )
}
