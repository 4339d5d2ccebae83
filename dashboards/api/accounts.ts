import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Clock } from '#contract/clock.ts'
import { decimalText } from '#contract/decimal-text.ts'
import { accountMonth, entryBody, ledgerEntry, posting, scopes } from '#contract/entry.ts'
import { Fault } from '#contract/fault.ts'
import { epochMs, identifier, localName } from '#contract/identity.ts'
import type { Park } from '#contract/park.ts'
import { quantityName } from '#contract/quantities.ts'
import {
  accountState,
  planOf,
  positionsView,
  postingEntry,
  slotTrace,
  statementView,
  type AccountSources,
} from '../account-view.ts'

/** /api/v1/accounts: carbon accounts, their entries and statements, and the way from a figure down to the register. */

const totals = z.object({
  total: decimalText.optional().meta({ description: 'tCO2 of scopes 1 and 2, by location' }),
  totalMarketBased: decimalText.optional(),
  byScope: z.partialRecord(z.enum(scopes), decimalText),
  adjustments: z.partialRecord(z.enum(scopes), decimalText),
  uncertainty: decimalText.optional().meta({ description: 'Half-width of the 95 % interval, as a share' }),
})

const accountList = z.object({
  accounts: z.array(
    z.object({
      account: identifier,
      name: localName,
      entries: z.int(),
      months: z.array(accountMonth),
      closed: z.array(accountMonth),
    }),
  ),
})

const statement = z.object({
  account: identifier,
  knownOn: z.iso.date().optional(),
  from: z.string(),
  to: z.string(),
  totals,
  months: z.array(
    totals.extend({
      month: accountMonth,
      state: z.enum(['open', 'closed', 'provisional']),
      restatements: z.int(),
    }),
  ),
  lines: z.array(
    z.object({
      month: accountMonth,
      source: identifier,
      entry: z.int().optional(),
      posting,
      doubtful: z.array(z.string()),
    }),
  ),
  missing: z.array(accountMonth),
  incomplete: z.array(z.string()),
  differences: z.array(
    z.object({
      entry: z.int(),
      month: accountMonth,
      source: z.string(),
      because: z.string(),
      tCo2: decimalText.optional(),
    }),
  ),
})

const slot = z.object({
  meter: identifier,
  quantity: quantityName,
  slotMs: epochMs,
  revision: z.int(),
  basis: z.string(),
  method: z.string().nullable(),
  energy: z.string().nullable(),
  readings: z.array(
    z.object({
      atMs: epochMs,
      register: z.string(),
      gateway: identifier,
      batch: z.object({ epoch: z.string(), seq: z.int(), committedAtMs: epochMs }).nullable(),
    }),
  ),
})

/** Entries of one answer. */
const ENTRIES_MAX = 1_000

const one = z.object({ account: identifier })
const posted = one.extend({ entry: z.coerce.number().int().min(1) })

export interface AccountsApi {
  readonly park: Park
  readonly clock: Clock
  readonly accounts: AccountSources | undefined
}

export function accountsApi(app: FastifyInstance, { park, clock, accounts }: AccountsApi): void {
  const routes = app.withTypeProvider<ZodTypeProvider>()
  const { timeZone } = park.description
  const given = (): AccountSources => {
    if (accounts === undefined) throw new Fault('not-found', 'This park has no accounting plan.')
    return accounts
  }
  const names = new Map([park.description, ...park.description.enterprises].map(({ id, name }) => [id, name]))

  routes.get('/api/v1/accounts', { schema: { response: { 200: accountList } } }, () => ({
    accounts: given().plan.accounts.map(({ account }) => {
      const state = accountState(given(), account)
      return {
        account,
        name: names.get(account) ?? { zh: account, en: account },
        entries: state.last,
        months: state.months(),
        closed: [...state.closings.keys()].toSorted(),
      }
    }),
  }))

  routes.get(
    '/api/v1/accounts/:account/statement',
    {
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
      const knownAtMs =
        knownOn === undefined
          ? undefined
          : Temporal.PlainDate.from(knownOn).add({ days: 1 }).toZonedDateTime(timeZone).epochMilliseconds - 1
      const account = planOf(given(), params.account)
      const view = statementView(given(), park, account, { from, to, knownAtMs }, clock.wallMs())
      return { account: params.account, ...(knownOn === undefined ? {} : { knownOn }), ...copyOf(view) }
    },
  )

  routes.get(
    '/api/v1/accounts/:account/entries',
    {
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
      const entries = given()
        .books.ledger(account, month === undefined ? undefined : [month])
        .filter(({ number }) => number > after)
      return { account, entries: entries.slice(0, limit) }
    },
  )

  routes.get(
    '/api/v1/accounts/:account/positions',
    {
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

  routes.get(
    '/api/v1/accounts/:account/entries/:entry/trace',
    {
      schema: {
        params: posted,
        querystring: z.object({ meter: identifier, slot: z.coerce.number().pipe(epochMs) }),
        response: { 200: z.object({ account: identifier, entry: z.int(), posting, slot }) },
      },
    },
    async ({ params, query }) => {
      const { account } = planOf(given(), params.account)
      const { number, body } = postingEntry(given(), account, params.entry)
      const { readings, ...rest } = await slotTrace(given(), park, body, query.meter, query.slot)
      return { account, entry: number, posting: body, slot: { ...rest, readings: [...readings] } }
    },
  )
}

/** A statement as the answer's schema has it, which may be changed. */
function copyOf(
  view: ReturnType<typeof statementView>,
): Omit<z.output<typeof statement>, 'account' | 'knownOn'> {
  return statement.omit({ account: true, knownOn: true }).parse(view)
}
