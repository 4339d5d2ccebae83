import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { languages, sayIn } from '#accounts/report-sheet.ts'
import type { TargetGround } from '#accounts/targets/target-months.ts'
import { targetReportSteps, type TargetReport } from '#accounts/targets/target-report.ts'
import { targetSheets } from '#accounts/targets/target-sheets.ts'
import { targetsView, targetsViewOf } from '#accounts/targets/target-view.ts'
import type { TargetFile } from '#accounts/targets/target.ts'
import type { Clock } from '#contract/clock.ts'
import { positiveDecimalText } from '#contract/decimal-text.ts'
import { Fault } from '#contract/fault.ts'
import { identifier, type LocalName } from '#contract/identity.ts'
import type { Park } from '#contract/park.ts'
import type { Books } from '#store/port.ts'
import { requireAccount } from '../asked-of.ts'
import { inSteps } from '../in-steps.ts'
import { keptMonthsOf, type MonthBooks } from '../kept-months.ts'
import { xlsxOf } from '../report-content.ts'
import { groundOf, type ReportSources } from '../report-ground.ts'
import { mediaTypes } from './report-files.ts'
import { ofAccount, ofPark } from './reports.ts'

/** /api/v1/targets of the park with its curves, /api/v1/accounts/:account/targets, and what another limit would say. */

export interface TargetSources extends ReportSources {
  readonly targets: TargetFile
  readonly books: MonthBooks & Pick<Books, 'sumsOver' | 'records'>
}

/** What targets are held against at this moment, with what was summed up before and has not changed. */
export function targetGround(sources: TargetSources, park: Park, nowMs: number): TargetGround {
  const { targets: _, ...reports } = sources
  const kept = keptMonthsOf(sources.books)
  const ground = groundOf(reports, park, nowMs)
  return {
    ...ground,
    ledgerMonths: (account) => kept.ledgerMonths(account),
    memory: kept.memory(ground.records.at(-1)?.number ?? 0),
  }
}

/** Names of accounts: enterprises, and the park for all of it. */
export function accountNames({ description }: Park): (account: string) => LocalName {
  const names = new Map([description, ...description.enterprises].map(({ id, name }) => [id, name]))
  return (account) => names.get(account) ?? { zh: account, en: account }
}

/** A park without targets has none, which is no failure. */
const NONE: TargetReport = {
  file: { park: '', targets: [], warnings: { document: '', grades: [] }, projects: [], scenarios: [] },
  lines: [],
  curves: [],
}

export interface TargetsApi {
  readonly park: Park
  readonly clock: Clock
  readonly sources: TargetSources | undefined
}

export function targetsApi(app: FastifyInstance, { park, clock, sources }: TargetsApi): void {
  const routes = app.withTypeProvider<ZodTypeProvider>()
  const { description } = park
  const nameOf = accountNames(park)
  const reportOf = (given: TargetSources, account: string | undefined): Promise<TargetReport> => {
    const nowMs = clock.wallMs()
    return inSteps(targetReportSteps(targetGround(given, park, nowMs), given.targets, account, nowMs))
  }
  const report = async (account?: string): Promise<TargetReport> => {
    if (account !== undefined) requireAccount(park, account)
    return sources === undefined ? NONE : reportOf(sources, account)
  }
  const response = { 200: targetsView }

  routes.get('/api/v1/targets', { config: ofPark, schema: { response } }, async () =>
    targetsViewOf(await report(), description.name, nameOf),
  )
  routes.get(
    '/api/v1/targets/file',
    { config: ofPark, schema: { querystring: z.object({ language: z.enum(languages).default('zh') }) } },
    async ({ query }, reply) => {
      const content = await xlsxOf(targetSheets(await report(), sayIn(query.language), nameOf))
      return reply
        .type(mediaTypes.xlsx)
        .header('content-disposition', 'attachment; filename="targets.xlsx"')
        .send(content)
    },
  )
  routes.get(
    '/api/v1/accounts/:account/targets',
    { config: ofAccount, schema: { params: z.object({ account: identifier }), response } },
    async ({ params }) => targetsViewOf(await report(params.account), description.name, nameOf),
  )
  routes.get(
    '/api/v1/accounts/:account/targets/:target/preview',
    {
      config: ofAccount,
      schema: {
        params: z.object({ account: identifier, target: identifier }),
        querystring: z.object({
          limit: positiveDecimalText.meta({ description: 'The limit that it would have' }),
        }),
        response: { 200: targetsView },
      },
    },
    async ({ params: { account, target }, query: { limit } }) => {
      const wanted = (sources?.targets.targets ?? []).filter(
        (each) => each.id === target && each.account === account,
      )
      if (sources === undefined || wanted.length === 0)
        throw new Fault('not-found', `"${account}" has no target "${target}".`)
      // Nothing is written: the file is as it was.
      const targets = {
        ...sources.targets,
        targets: wanted.map((each) => ({ ...each, limit })),
        scenarios: [],
      }
      const made = await reportOf({ ...sources, targets }, account)
      return targetsViewOf(made, description.name, nameOf)
    },
  )
}
