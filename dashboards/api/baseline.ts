import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import {
  baselineMonths,
  baselineWish,
  driversOf,
  monthsOfWish,
  type BaselineWish,
} from '#accounts/performance/baseline-months.ts'
import { baselineReport } from '#accounts/performance/baseline-report.ts'
import { baselineSheets } from '#accounts/performance/baseline-sheets.ts'
import { baselineView, baselineViewOf, type BaselineView } from '#accounts/performance/baseline-view.ts'
import { reportPeriod } from '#accounts/report-period.ts'
import { sayIn } from '#accounts/report-sheet.ts'
import type { Clock } from '#contract/clock.ts'
import { identifier } from '#contract/identity.ts'
import type { Park } from '#contract/park.ts'
import { requireAccount, requirePlan } from '../asked-of.ts'
import type { ReadingSource } from '../sources.ts'
import { groundOf, type ReportSources } from '../report-ground.ts'
import { ofAccount } from './reports.ts'
import { fileFormat, language, sendSheets } from './sheet-file.ts'
import { accountNames } from './targets.ts'

/** /api/v1/accounts/:account/baseline: regression of an account’s months on production and degree days. */

export interface BaselineApi {
  readonly park: Park
  readonly clock: Clock
  /** In pieces: a month of temperatures is long. */
  readonly store: ReadingSource
  readonly sources: ReportSources | undefined
}

export function baselineApi(app: FastifyInstance, { park, clock, store, sources }: BaselineApi): void {
  const routes = app.withTypeProvider<ZodTypeProvider>()
  const { description } = park

  async function viewOf(account: string, wish: BaselineWish): Promise<BaselineView> {
    requirePlan(sources)
    requireAccount(park, account)
    const { base, judged } = monthsOfWish(wish)
    const ground = {
      ...groundOf(sources, park, clock.wallMs()),
      readings: async (...asked: Parameters<ReadingSource['readings']>) => store.readings(...asked),
    }
    const drivers = driversOf(wish)
    const months = async (of: readonly string[]) => baselineMonths(ground, account, of, drivers, wish)
    return baselineViewOf(
      account,
      wish.basis,
      baselineReport(await months(base), await months(judged), drivers),
    )
  }

  const params = z.object({ account: identifier })
  const path = '/api/v1/accounts/:account/baseline'
  routes.get(
    path,
    { config: ofAccount, schema: { params, querystring: baselineWish, response: { 200: baselineView } } },
    async ({ params: { account }, query }) => viewOf(account, query),
  )
  routes.get(
    `${path}/file`,
    {
      config: ofAccount,
      schema: { params, querystring: baselineWish.extend({ language, format: fileFormat }) },
    },
    async ({ params: { account }, query }, reply) => {
      const view = await viewOf(account, query)
      const until = query.until ?? query.to
      const name = `${query.from}..${until}`
      const { from } = reportPeriod(query.from, description.timeZone)
      const { to } = reportPeriod(until, description.timeZone)
      const head = {
        park: description.name,
        whose: accountNames(park)(account),
        period: { name, from, to },
        planRevision: sources?.plan.revision ?? '',
      }
      const sheets = baselineSheets(head, view, sayIn(query.language))
      return sendSheets(reply, `baseline-${account}-${name}`, sheets, query.format)
    },
  )
}
