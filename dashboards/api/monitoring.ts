import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { monitoringChecks, type MonitoredMeter } from '#accounts/monitoring-checks.ts'
import { monitoringSheets } from '#accounts/monitoring-sheets.ts'
import { monitoringView, monitoringViewOf, type MonitoringView } from '#accounts/monitoring-view.ts'
import { sayIn, type Language, type ReportSheet } from '#accounts/report-sheet.ts'
import type { Clock } from '#contract/clock.ts'
import { identifier } from '#contract/identity.ts'
import type { Park } from '#contract/park.ts'
import { requireAccount, requirePlan } from '../asked-of.ts'
import type { BooksView } from '../sources.ts'
import { reportSheets, reportSheetsOf } from './report-shapes.ts'
import { periodIn, type ReportSources } from '../report-ground.ts'
import { ofAccount, ofPark, periodName } from './reports.ts'
import { fileFormat, language, sendSheets } from './sheet-file.ts'
import { accountNames } from './targets.ts'

/** /api/v1/reports/monitoring of the whole park and of accounts: as JSON, as sheets and as a spreadsheet. */

const WHOLE = { zh: '园区合计', en: 'whole park' }
const asked = z.object({ period: periodName })
const sheetQuery = asked.extend({ language })
const fileQuery = sheetQuery.extend({ format: fileFormat })
const one = z.object({ account: identifier })

export interface MonitoringApi {
  readonly park: Park
  readonly clock: Clock
  readonly books: Pick<BooksView, 'intervals' | 'daySums' | 'sumsOver'>
  readonly sources: ReportSources | undefined
}

export function monitoringApi(app: FastifyInstance, { park, clock, books, sources }: MonitoringApi): void {
  const routes = app.withTypeProvider<ZodTypeProvider>()
  const { description } = park
  const nameOf = accountNames(park)
  const given = (): ReportSources => {
    requirePlan(sources)
    return sources
  }

  function checks(account: string | undefined, period: string): MonitoredMeter[] {
    if (account !== undefined) requireAccount(park, account)
    const ground = { park, books, nowMs: clock.wallMs() }
    return monitoringChecks(ground, periodIn(period, description.timeZone), account, given().monitoringRule)
  }
  const viewOf = (account: string | undefined, period: string): MonitoringView =>
    monitoringViewOf(periodIn(period, description.timeZone), checks(account, period), given().monitoringRule)
  function sheetsOf(
    account: string | undefined,
    query: { readonly period: string; readonly language: Language },
  ): readonly ReportSheet[] {
    const head = {
      park: description.name,
      whose: account === undefined ? WHOLE : nameOf(account),
      period: periodIn(query.period, description.timeZone),
      planRevision: given().plan.revision,
    }
    const rule = given().monitoringRule
    return monitoringSheets(head, checks(account, query.period), rule, sayIn(query.language))
  }

  const json = { 200: monitoringView }
  const sheets = { 200: reportSheets }
  const path = '/api/v1/reports/monitoring'
  routes.get(path, { config: ofPark, schema: { querystring: asked, response: json } }, ({ query }) =>
    viewOf(undefined, query.period),
  )
  routes.get(
    `${path}/sheets`,
    { config: ofPark, schema: { querystring: sheetQuery, response: sheets } },
    ({ query }) => reportSheetsOf(sheetsOf(undefined, query)),
  )
  routes.get(
    `${path}/file`,
    { config: ofPark, schema: { querystring: fileQuery } },
    async ({ query }, reply) =>
      sendSheets(reply, `monitoring-whole-park-${query.period}`, sheetsOf(undefined, query), query.format),
  )
  const ofOne = '/api/v1/accounts/:account/reports/monitoring'
  routes.get(
    ofOne,
    { config: ofAccount, schema: { params: one, querystring: asked, response: json } },
    ({ params, query }) => viewOf(params.account, query.period),
  )
  routes.get(
    `${ofOne}/sheets`,
    { config: ofAccount, schema: { params: one, querystring: sheetQuery, response: sheets } },
    ({ params, query }) => reportSheetsOf(sheetsOf(params.account, query)),
  )
  routes.get(
    `${ofOne}/file`,
    { config: ofAccount, schema: { params: one, querystring: fileQuery } },
    async ({ params: { account }, query }, reply) =>
      sendSheets(reply, `monitoring-${account}-${query.period}`, sheetsOf(account, query), query.format),
  )
}
