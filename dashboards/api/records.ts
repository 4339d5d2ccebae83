import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { recordContradictions } from '#accounts/record-check.ts'
import { accountingRecord, statedRecord } from '#contract/accounting-record.ts'
import type { Clock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import { epochMs, identifier } from '#contract/identity.ts'
import type { Park } from '#contract/park.ts'
import type { Guard } from '#dashboards/access/guard.ts'
import type { RouteAccess } from '#dashboards/access/route-access.ts'
import { requireAccount, requirePlan } from '../asked-of.ts'
import type { AccountSources } from '../account-view.ts'
import type { Desk } from '../desk.ts'

/** /api/v1/accounts/:account/records: what no meter measures, entered by other systems: bills, stocks, production, values. */

export interface RecordsApi {
  readonly park: Park
  readonly clock: Clock
  readonly guard: Pick<Guard, 'viewerOf'>
  readonly accounts: AccountSources | undefined
  /** Where records are written; without it none can be entered. */
  readonly desk: Desk | undefined
}

/** Records of one request: those of a year, day by day, and some more. */
const RECORDS_MAX = 1_000
/** Records of one answer; the next page begins after its last number. */
const PAGE_MAX = 1_000

const access = (needs: RouteAccess['needs']): { access: RouteAccess } => ({
  access: { needs, within: { account: 'account' } },
})
const params = z.object({ account: identifier })
const recordAnswer = z.object({
  number: z.int(),
  enteredAtMs: epochMs,
  replacedBy: z.int().nullable().meta({ description: 'The record that has taken its place' }),
  record: accountingRecord,
})

export function recordsApi(app: FastifyInstance, { park, clock, guard, accounts, desk }: RecordsApi): void {
  const routes = app.withTypeProvider<ZodTypeProvider>()

  routes.get(
    '/api/v1/accounts/:account/records',
    {
      config: access('read'),
      schema: {
        params,
        querystring: z.object({
          from: z.iso.date().optional().meta({ description: 'That speak of this day or later' }),
          to: z.iso.date().optional().meta({ description: 'That speak of days before this' }),
          kind: z.string().optional().meta({ description: 'Of this kind, e.g. "production"' }),
          after: z.coerce.number().int().min(0).default(0).meta({ description: 'With a greater number' }),
        }),
        response: { 200: z.object({ records: z.array(recordAnswer), more: z.boolean() }) },
      },
    },
    ({ params: { account }, query: { from, to, kind, after } }) => {
      requirePlan(accounts)
      requireAccount(park, account)
      const found = accounts.books
        .records({
          account,
          after,
          ...(from === undefined ? {} : { from }),
          ...(to === undefined ? {} : { to }),
        })
        .filter(({ record }) => kind === undefined || record.kind === kind)
      return {
        records: found
          .slice(0, PAGE_MAX)
          .map(({ replacedBy = null, ...entered }) => ({ ...entered, replacedBy })),
        more: found.length > PAGE_MAX,
      }
    },
  )
  routes.post(
    '/api/v1/accounts/:account/records',
    {
      config: access('operate'),
      schema: {
        params,
        body: z.strictObject({
          records: z.array(statedRecord).min(1).max(RECORDS_MAX).meta({
            description: 'All of them are entered, or none; the very same record again is the one of before',
          }),
        }),
        response: {
          200: z.object({ records: z.array(z.object({ number: z.int(), isNew: z.boolean() })) }),
        },
      },
    },
    (request) => {
      requirePlan(accounts)
      const { account } = request.params
      requireAccount(park, account)
      if (desk === undefined) throw new Fault('not-allowed', 'Nothing can be entered at this server.')
      const by = guard.viewerOf(request).name
      const { plan, rules } = accounts
      const records = request.body.records.map((stated, index) => {
        const record = accountingRecord.parse({ ...stated, account, by })
        const found = recordContradictions(record, { park, plan, ...rules })
        if (found.length > 0) throw new Fault('request-invalid', `/records/${index}/${found.join('; ')}`)
        return record
      })
      return { records: [...desk.enterRecords(records, clock.wallMs())] }
    },
  )
}
