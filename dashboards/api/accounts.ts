import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { AccountPlan } from '#accounts/accounting-plan.ts'
import { eachInSteps } from '#accounts/steps.ts'
import type { Clock } from '#contract/clock.ts'
import { accountMonth, entryBody, ledgerEntry } from '#contract/entry.ts'
import { Fault } from '#contract/fault.ts'
import { endOfDay } from '#contract/grid.ts'
import { epochMs, identifier } from '#contract/identity.ts'
import type { Park } from '#contract/park.ts'
import type { Guard } from '#dashboards/access/guard.ts'
import { readOwn, type RouteAccess } from '#dashboards/access/route-access.ts'
import { requirePlan } from '../asked-of.ts'
import {
  planOf,
  positionsView,
  postingEntry,
  slotTrace,
  sourceNames,
  statementView,
  type AccountSources,
} from '../account-view.ts'
import { inSteps } from '../in-steps.ts'
import { keptMonthsOf } from '../kept-months.ts'
import { accountList, slotTraceAnswer, statement } from './account-shapes.ts'

/** /api/v1/accounts: carbon accounts, their entries and statements, and the way from a figure down to the register. */

/** Entries of one answer. */
const ENTRIES_MAX = 1_000

const one = z.object({ account: identifier })
const posted = one.extend({ entry: z.coerce.number().int().min(1) })

export interface AccountsApi {
  readonly park: Park
  readonly clock: Clock
  readonly accounts: AccountSources | undefined
  readonly guard: Pick<Guard, 'viewerOf'>
  /** The park as the viewer behind a request sees it. */
  readonly parkOf: (request: FastifyRequest) => Park
}

/** An enterprise user sees its own account. */
const config: { access: RouteAccess } = { access: { needs: 'read', within: { account: 'account' } } }

export function accountsApi(
  app: FastifyInstance,
  { park, clock, accounts, guard, parkOf }: AccountsApi,
): void {
  const routes = app.withTypeProvider<ZodTypeProvider>()
  const { timeZone } = park.description
  const given = (): AccountSources => {
    requirePlan(accounts)
    return accounts
  }
  const names = new Map([park.description, ...park.description.enterprises].map(({ id, name }) => [id, name]))

  async function listOf(accounts: readonly AccountPlan[]): Promise<z.output<typeof accountList>> {
    const { books } = given()
    const lineOf = ({ account }: AccountPlan) => {
      const months = [...keptMonthsOf(books).ledgerMonths(account)].toSorted(([a], [b]) => (a < b ? -1 : 1))
      const namesOf = (is: 'isPosted' | 'isClosed'): string[] =>
        months.flatMap(([month, found]) => (found[is] ? [month] : []))
      return {
        account,
        name: names.get(account) ?? { zh: account, en: account },
        entries: books.ledgerHead(account).number,
        months: namesOf('isPosted'),
        closed: namesOf('isClosed'),
      }
    }
    return { accounts: await inSteps(eachInSteps(accounts, 1, lineOf)) }
  }

  const list = { config: { access: readOwn }, schema: { response: { 200: accountList } } }
  routes.get('/api/v1/accounts', list, (request) => {
    const { enterprise } = guard.viewerOf(request)
    return listOf(
      given().plan.accounts.filter(({ account }) => enterprise === undefined || account === enterprise),
    )
  })

  routes.get(
    '/api/v1/accounts/:account/statement',
    {
      config,
      schema: {
        params: one,
        querystring: z.object({
          from: accountMonth.optional(),
          to: accountMonth.optional(),
          knownOn: z.iso.date().optional(),
        }),
        response: { 200: statement },
      },
    },
    ({ params, query: { from, to, knownOn } }) => {
      if (from !== undefined && to !== undefined && from > to)
        throw new Fault('request-invalid', '"from" comes first.')
      const knownAtMs = knownOn === undefined ? undefined : endOfDay(knownOn, timeZone)
      const account = planOf(given(), params.account)
      const view = statementView(given(), park, account, { from, to, knownAtMs }, clock.wallMs())
      return {
        account: params.account,
        ...(knownOn === undefined ? {} : { knownOn }),
        sourceNames: sourceNames(account),
        ...copyOf(view),
      }
    },
  )

  routes.get(
    '/api/v1/accounts/:account/entries',
    {
      config,
      schema: {
        params: one,
        querystring: z.object({
          after: z.coerce.number().int().min(0).default(0),
          limit: z.coerce.number().int().min(1).max(ENTRIES_MAX).default(100),
          month: accountMonth.optional(),
        }),
        response: { 200: z.object({ account: identifier, entries: z.array(ledgerEntry) }) },
      },
    },
    ({ params, query: { after, limit, month } }) => {
      const { account } = planOf(given(), params.account)
      const entries = given().books.ledgerPage(account, { after, limit, month })
      return { account, entries: [...entries] }
    },
  )

  routes.get(
    '/api/v1/accounts/:account/positions',
    {
      config,
      schema: {
        params: one,
        response: {
          200: z.object({
            account: identifier,
            positions: z.array(z.object({ entry: z.int(), position: entryBody })),
          }),
        },
      },
    },
    ({ params }) => {
      const { account } = planOf(given(), params.account)
      return { account, positions: positionsView(given(), account) }
    },
  )

  routes.route({
    method: 'GET',
    url: '/api/v1/accounts/:account/entries/:entry/trace',
    config,
    schema: {
      params: posted,
      querystring: z.object({ meter: identifier, slot: z.coerce.number().pipe(epochMs) }),
      response: { 200: slotTraceAnswer },
    },
    handler: async (request) => {
      const { params, query } = request
      const { account } = planOf(given(), params.account)
      const { number, body } = postingEntry(given(), account, params.entry)
      const slot = await slotTrace(given(), parkOf(request), body, query.meter, query.slot)
      return { account, entry: number, posting: body, slot }
    },
  })
}

/** A statement as the answer's schema has it, which may be changed. */
function copyOf(
  view: ReturnType<typeof statementView>,
): Omit<z.output<typeof statement>, 'account' | 'knownOn' | 'sourceNames'> {
  return statement.omit({ account: true, knownOn: true, sourceNames: true }).parse(view)
}
