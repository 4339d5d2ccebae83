import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { accountCost, accountLoad, type ElectricitySources } from '#accounts/account-electricity.ts'
import { costSheets, loadSheets } from '#accounts/electricity-sheets.ts'
import { reportPeriod } from '#accounts/report-period.ts'
import { sayIn, type ReportSheet } from '#accounts/report-sheet.ts'
import type { LocalName } from '#contract/identity.ts'
import { reportSheets, reportSheetsOf } from './report-shapes.ts'
import { ofAccount } from './reports.ts'
import { fileFormat, language, sendSheets } from './sheet-file.ts'
import { accountMonthParams, accountMonthQuery } from './tariff.ts'

const kinds = ['electricity-cost', 'load'] as const
const sheetQuery = accountMonthQuery.extend({ language })

/** Bill and load of an account’s month as sheets (/sheets) and as a spreadsheet (/file). */
export function electricityFilesApi(
  app: FastifyInstance,
  sources: () => ElectricitySources,
  nameOf: (account: string) => LocalName,
): void {
  const routes = app.withTypeProvider<ZodTypeProvider>()

  function sheetsOf(
    kind: (typeof kinds)[number],
    account: string,
    query: { readonly month: string; readonly language: 'zh' | 'en' },
  ): readonly ReportSheet[] {
    const given = sources()
    const { name, timeZone } = given.park.description
    const period = reportPeriod(query.month, timeZone)
    const head = { park: name, whose: nameOf(account), period, planRevision: given.plan.revision }
    const say = sayIn(query.language)
    return kind === 'load'
      ? loadSheets(head, accountLoad(given, account, period), timeZone, say)
      : costSheets(head, accountCost(given, account, period), timeZone, say)
  }

  for (const kind of kinds) {
    const path = `/api/v1/accounts/:account/${kind}`
    routes.get(
      `${path}/sheets`,
      {
        config: ofAccount,
        schema: { params: accountMonthParams, querystring: sheetQuery, response: { 200: reportSheets } },
      },
      ({ params, query }) => reportSheetsOf(sheetsOf(kind, params.account, query)),
    )
    routes.get(
      `${path}/file`,
      {
        config: ofAccount,
        schema: { params: accountMonthParams, querystring: sheetQuery.extend({ format: fileFormat }) },
      },
      async ({ params: { account }, query }, reply) =>
        sendSheets(reply, `${kind}-${account}-${query.month}`, sheetsOf(kind, account, query), query.format),
    )
  }
}
