import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Clock } from '#contract/clock.ts'
import { accountMonth, closing } from '#contract/entry.ts'
import { Fault } from '#contract/fault.ts'
import { digest, identifier } from '#contract/identity.ts'
import type { Guard } from '#dashboards/access/guard.ts'
import type { RouteAccess } from '#dashboards/access/route-access.ts'
import { requirePlan } from '../asked-of.ts'
import { planOf, type AccountSources } from '../account-view.ts'
import type { ClosingDesk, Desk } from '../desk.ts'
import { preparedClosing } from './closing-shapes.ts'

/** Closing of months at the pages: prepared here, signed where the private key is, entered with the signature. */

export interface ClosingsApi {
  readonly clock: Clock
  readonly guard: Pick<Guard, 'viewerOf'>
  readonly accounts: AccountSources | undefined
  readonly desk: Desk | undefined
}

const access: RouteAccess = { needs: 'manage', within: 'park' }
const params = z.object({ account: identifier })

export function closingsApi(app: FastifyInstance, { clock, guard, accounts, desk }: ClosingsApi): void {
  const routes = app.withTypeProvider<ZodTypeProvider>()
  const config = { access }

  /** Throws `not-found` and `not-allowed`. */
  const given = (request: FastifyRequest, account: string): { desk: ClosingDesk; by: string } => {
    requirePlan(accounts)
    if (desk?.closings === undefined) throw new Fault('not-allowed', 'Nothing can be closed at this server.')
    planOf(accounts, account)
    return { desk: desk.closings, by: guard.viewerOf(request).name }
  }

  routes.get(
    '/api/v1/accounts/:account/closing-draft',
    {
      config,
      schema: {
        params,
        querystring: z.object({ month: accountMonth }),
        response: { 200: preparedClosing },
      },
    },
    (request) => {
      const { account } = request.params
      const { desk, by } = given(request, account)
      const { month } = request.query
      return { draft: desk.draft({ account, month, by }, clock.wallMs()), keys: [...desk.keys] }
    },
  )
  routes.post(
    '/api/v1/accounts/:account/closings',
    {
      config,
      schema: {
        params,
        body: z.strictObject({
          month: accountMonth,
          previous: digest.meta({ description: 'As it stands in what was signed' }),
          signature: closing.shape.signature,
          incomplete: z
            .boolean()
            .default(false)
            .meta({ description: 'true: it is closed although slots are missing' }),
        }),
        response: { 200: z.object({ entry: z.int() }) },
      },
    },
    (request) => {
      const { account } = request.params
      const { desk, by } = given(request, account)
      const { incomplete, ...said } = request.body
      const wish = { ...said, account, by, isIncompleteAccepted: incomplete }
      return { entry: desk.close(wish, clock.wallMs()) }
    },
  )
}
