import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { monthNames } from '#accounts/account-month.ts'
import { sayIn, type ReportSheet } from '#accounts/report-sheet.ts'
import { makeReport, type ReportKind } from '#accounts/report.ts'
import { statementSheets } from '#accounts/statement-sheets.ts'
import type { Clock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import { identifier } from '#contract/identity.ts'
import type { Park } from '#contract/park.ts'
import { planOf, statementView, type AccountSources } from '../account-view.ts'
import { reportSheets, reportSheetsOf } from './report-shapes.ts'
import { groundOf, ofAccount, ofPark, periodIn, periodName, type ReportSources } from './reports.ts'
import { fileFormat, language, sendSheets } from './sheet-file.ts'

/** Reports for people: sheets that a page prints (/sheets), and the same as a spreadsheet (/file). */

const kinds = ['balance', 'statistics', 'quality', 'forms', 'carbon'] as const
type Kind = (typeof kinds)[number]
/** Forms and carbon statements are of one account. */
const kindsOfPark: readonly Kind[] = ['balance', 'statistics', 'quality']

const sheetQuery = z.object({ period: periodName, language })
const fileQuery = sheetQuery.extend({ format: fileFormat })
type SheetQuery = z.output<typeof sheetQuery>

export interface ReportFilesApi {
  readonly park: Park
  readonly clock: Clock
  readonly sources: ReportSources | undefined
  readonly accounts: AccountSources | undefined
}

export function reportFilesApi(
  app: FastifyInstance,
  { park, clock, sources, accounts }: ReportFilesApi,
): void {
  const routes = app.withTypeProvider<ZodTypeProvider>()
  const { description } = park
  const names = new Map([description, ...description.enterprises].map(({ id, name }) => [id, name]))

  function energySheets(
    kind: ReportKind,
    account: string | undefined,
    query: SheetQuery,
  ): readonly ReportSheet[] {
    if (sources === undefined) throw new Fault('not-found', 'This park has no accounting plan.')
    const wish = { period: periodIn(query.period, description.timeZone), account, say: sayIn(query.language) }
    return makeReport(kind, groundOf(sources, park, clock.wallMs()), wish).sheets
  }

  /** The statement of whole months. Throws `request-invalid` for days that are none. */
  function carbonSheets(account: string, query: SheetQuery): readonly ReportSheet[] {
    if (accounts === undefined) throw new Fault('not-found', 'This park has no accounting plan.')
    const period = periodIn(query.period, description.timeZone)
    if (!period.from.endsWith('-01') || !period.to.endsWith('-01'))
      throw new Fault('request-invalid', '/period: a carbon statement is of whole months.')
    const last = Temporal.PlainDate.from(period.to).subtract({ days: 1 }).toString().slice(0, 7)
    const from = period.from.slice(0, 7)
    const plan = planOf(accounts, account)
    const nowMs = clock.wallMs()
    const running = monthNames(from, last).filter(
      (month) =>
        Temporal.PlainDate.from(`${month}-01`).toZonedDateTime(description.timeZone).epochMilliseconds <=
        nowMs,
    )
    const to = running.at(-1) ?? from
    const statement = statementView(accounts, park, plan, { from, to }, nowMs)
    const whose = names.get(account) ?? { zh: account, en: account }
    const head = { park: description.name, whose, period, planRevision: accounts.plan.revision }
    return statementSheets(head, account, statement, sayIn(query.language))
  }

  function sheetsOf(kind: Kind, account: string | undefined, query: SheetQuery): readonly ReportSheet[] {
    if (account !== undefined && !names.has(account))
      throw new Fault('not-found', `The park has no account "${account}".`)
    if (kind !== 'carbon') return energySheets(kind, account, query)
    if (account === undefined) throw new Fault('request-invalid', 'A carbon statement is of one account.')
    return carbonSheets(account, query)
  }

  const response = { 200: reportSheets }
  const params = z.object({ account: identifier })
  for (const kind of kinds) {
    if (kindsOfPark.includes(kind)) {
      routes.get(
        `/api/v1/reports/${kind}/sheets`,
        { config: ofPark, schema: { querystring: sheetQuery, response } },
        ({ query }) => reportSheetsOf(sheetsOf(kind, undefined, query)),
      )
      routes.get(
        `/api/v1/reports/${kind}/file`,
        { config: ofPark, schema: { querystring: fileQuery } },
        async ({ query }, reply) =>
          sendSheets(
            reply,
            `${kind}-whole-park-${query.period}`,
            sheetsOf(kind, undefined, query),
            query.format,
          ),
      )
    }
    routes.get(
      `/api/v1/accounts/:account/reports/${kind}/sheets`,
      { config: ofAccount, schema: { params, querystring: sheetQuery, response } },
      ({ params: { account }, query }) => reportSheetsOf(sheetsOf(kind, account, query)),
    )
    routes.get(
      `/api/v1/accounts/:account/reports/${kind}/file`,
      { config: ofAccount, schema: { params, querystring: fileQuery } },
      async ({ params: { account }, query }, reply) =>
        sendSheets(reply, `${kind}-${account}-${query.period}`, sheetsOf(kind, account, query), query.format),
    )
  }
}
