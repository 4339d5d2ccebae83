import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { lateData, type LateData } from '#accounts/late-data-view.ts'
import { lateDataOf } from '#accounts/late-data.ts'
import { identifier } from '#contract/identity.ts'
import type { Park } from '#contract/park.ts'
import { requirePlan } from '../asked-of.ts'
import { planOf, type AccountSources } from '../account-view.ts'
import { ofAccount, ofPark } from './reports.ts'

/** /api/v1/late-data and /api/v1/accounts/:account/late-data: what came late to closed months. */
export function lateDataApi(
  app: FastifyInstance,
  { park, accounts }: { readonly park: Park; readonly accounts: AccountSources | undefined },
): void {
  const routes = app.withTypeProvider<ZodTypeProvider>()
  const given = (): AccountSources => {
    requirePlan(accounts)
    return accounts
  }
  const late = (account?: string): { late: LateData[] } => ({
    late: lateDataOf({ books: given().books, plan: given().plan, park }, account),
  })
  const response = { 200: z.object({ late: z.array(lateData) }) }
  routes.get('/api/v1/late-data', { config: ofPark, schema: { response } }, () => late())
  routes.get(
    '/api/v1/accounts/:account/late-data',
    { config: ofAccount, schema: { params: z.object({ account: identifier }), response } },
    ({ params }) => late(planOf(given(), params.account).account),
  )
}
