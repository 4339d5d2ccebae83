import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { stateOf } from '#accounts/account-state.ts'
import { sayIn } from '#accounts/report-sheet.ts'
import { targetReport, type TargetReport } from '#accounts/targets/target-report.ts'
import { targetSheets } from '#accounts/targets/target-sheets.ts'
import { targetsView, targetsViewOf } from '#accounts/targets/target-view.ts'
import type { TargetFile } from '#accounts/targets/target.ts'
import type { Clock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import { identifier, type LocalName } from '#contract/identity.ts'
import type { Park } from '#contract/park.ts'
import type { Books } from '#store/port.ts'
import { groundOf, ofAccount, ofPark, type ReportSources } from './reports.ts'
import { fileFormat, language, sendSheets } from './sheet-file.ts'

/** /api/v1/targets of the park with its curves, and /api/v1/accounts/:account/targets. */

export interface TargetSources extends ReportSources {
  readonly targets: TargetFile
  readonly books: Pick<Books, 'daySums' | 'records' | 'ledger'>
}

/** Where the targets of an account stand now, or all of them and the park's curves. */
export function targetsNow(
  { targets, ...sources }: TargetSources,
  park: Park,
  account: string | undefined,
  nowMs: number,
): TargetReport {
  const ground = {
    ...groundOf(sources, park, nowMs),
    stateOf: (id: string) => stateOf(sources.books.ledger(id)),
  }
  return targetReport(ground, targets, account, nowMs)
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
  const accounts = new Set([description.id, ...description.enterprises.map(({ id }) => id)])
  const report = (account?: string): TargetReport => {
    if (account !== undefined && !accounts.has(account))
      throw new Fault('not-found', `The park has no account "${account}".`)
    return sources === undefined ? NONE : targetsNow(sources, park, account, clock.wallMs())
  }
  const response = { 200: targetsView }

  routes.get('/api/v1/targets', { config: ofPark, schema: { response } }, () =>
    targetsViewOf(report(), description.name, nameOf),
  )
  routes.get(
    '/api/v1/targets/file',
    { config: ofPark, schema: { querystring: z.object({ language, format: fileFormat }) } },
    async ({ query }, reply) =>
      sendSheets(reply, 'targets', targetSheets(report(), sayIn(query.language), nameOf), query.format),
  )
  routes.get(
    '/api/v1/accounts/:account/targets',
    { config: ofAccount, schema: { params: z.object({ account: identifier }), response } },
    ({ params }) => targetsViewOf(report(params.account), description.name, nameOf),
  )
}
