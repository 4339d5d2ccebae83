import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { takenBack } from '#accounts/taken-back.ts'
import type { Clock } from '#contract/clock.ts'
import { accountMonth, adjustedTonnes, scopes, type EntryBody } from '#contract/entry.ts'
import { Fault } from '#contract/fault.ts'
import { identifier } from '#contract/identity.ts'
import type { Guard } from '#dashboards/access/guard.ts'
import type { RouteAccess } from '#dashboards/access/route-access.ts'
import { requirePlan } from '../asked-of.ts'
import { planOf, type AccountSources } from '../account-view.ts'
import type { Desk } from '../desk.ts'

/** Changes of carbon accounts by persons: each is an entry at the end of the chain, with who and why. */

export interface LedgerSources {
  readonly clock: Clock
  readonly guard: Pick<Guard, 'viewerOf'>
  readonly accounts: AccountSources | undefined
  /** Where entries are written; without it nothing can be entered. */
  readonly desk: Desk | undefined
}

const managePark: RouteAccess = { needs: 'manage', within: 'park' }
const text = z.string().trim().min(1).max(500)
const params = z.object({ account: identifier })
/** The number of the entry that was made. */
const response = { 200: z.object({ entry: z.int() }) }

/** What of an entry a person says; who it is and when the server knows. */
type Said = (by: string, accounts: AccountSources) => EntryBody

export function ledgerApi(app: FastifyInstance, { clock, guard, accounts, desk }: LedgerSources): void {
  const routes = app.withTypeProvider<ZodTypeProvider>()
  const config = { access: managePark }

  /** Throws `not-found`, `not-allowed`, or what the books hold against the entry. */
  const enter = (request: FastifyRequest, account: string, said: Said): { entry: number } => {
    requirePlan(accounts)
    if (desk === undefined) throw new Fault('not-allowed', 'Nothing can be decided at this server.')
    planOf(accounts, account)
    const { name } = guard.viewerOf(request)
    return { entry: desk.enter(account, said(name, accounts), clock.wallMs()) }
  }

  routes.post(
    '/api/v1/accounts/:account/adjustments',
    {
      config,
      schema: {
        params,
        body: z.strictObject({
          month: accountMonth,
          scope: z.enum(scopes),
          tCo2: adjustedTonnes,
          reason: text,
          document: text,
        }),
        response,
      },
    },
    (request) =>
      enter(request, request.params.account, (by) => ({ kind: 'adjustment', ...request.body, by })),
  )
  routes.post(
    '/api/v1/accounts/:account/positions',
    {
      config,
      schema: {
        params,
        body: z.strictObject({
          kind: z.enum(['allowance', 'offset', 'certificate']),
          year: z.int().min(2000).max(2100),
          amount: z.string().regex(/^(?=.*[1-9])\d{1,12}(\.\d{1,9})?$/, 'more than nothing, e.g. "1200.5"'),
          unit: z.enum(['tCO2', 'kWh']),
          reference: z.string().trim().min(1).max(200).meta({
            description: 'Its number in its register: it counts once over all accounts',
          }),
          document: text,
        }),
        response,
      },
    },
    (request) => enter(request, request.params.account, (by) => ({ ...request.body, by })),
  )
  routes.post(
    '/api/v1/accounts/:account/reopenings',
    {
      config,
      schema: { params, body: z.strictObject({ month: accountMonth, reason: text }), response },
    },
    (request) => enter(request, request.params.account, (by) => ({ kind: 'reopening', ...request.body, by })),
  )
  routes.post(
    '/api/v1/accounts/:account/reversals',
    {
      config,
      schema: {
        params,
        body: z.strictObject({ entry: z.int().min(1), reason: text }),
        response,
      },
    },
    (request) => {
      const { account } = request.params
      const { entry, reason } = request.body
      return enter(request, account, (by, { books }) =>
        takenBack(entry, books.ledgerEntry(account, entry)?.body, { by, reason }),
      )
    },
  )
}
