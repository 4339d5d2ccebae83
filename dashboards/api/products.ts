import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { cbamCommunication, cbamCommunicationOf } from '#accounts/footprint/communication.ts'
import { footprintDataset, footprintDatasetOf } from '#accounts/footprint/dataset.ts'
import { footprintSheets } from '#accounts/footprint/footprint-sheets.ts'
import { productReport, type ProductReport } from '#accounts/footprint/product-report.ts'
import { sayIn } from '#accounts/report-sheet.ts'
import type { Clock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import { identifier, localName } from '#contract/identity.ts'
import type { Park } from '#contract/park.ts'
import { requirePlan } from '../asked-of.ts'
import { groundOf, periodIn, type ReportSources } from '../report-ground.ts'
import { ofAccount, periodName } from './reports.ts'
import { fileFormat, language, sendSheets } from './sheet-file.ts'

/** /api/v1/accounts/:account/products: the products of an account, and the footprint of each. */

const one = z.object({ account: identifier })
const product = one.extend({ product: identifier })
const query = z.object({ period: periodName })

export interface ProductsApi {
  readonly park: Park
  readonly clock: Clock
  readonly sources: ReportSources | undefined
}

export function productsApi(app: FastifyInstance, { park, clock, sources }: ProductsApi): void {
  const routes = app.withTypeProvider<ZodTypeProvider>()
  const { description } = park
  const given = (): ReportSources => {
    requirePlan(sources)
    return sources
  }

  function reportOf(wish: z.output<typeof product>, name: string): ProductReport {
    const { from, to } = periodIn(name, description.timeZone)
    const { plan, library, items, books } = given()
    const nowMs = clock.wallMs()
    const records = groundOf(given(), park, nowMs).records.filter(
      ({ record }) => record.account === wish.account,
    )
    return productReport({ park, plan, library, items, books, records, nowMs }, { ...wish, from, to })
  }

  routes.get(
    '/api/v1/accounts/:account/products',
    {
      config: ofAccount,
      schema: {
        params: one,
        response: {
          200: z.object({
            products: z.array(
              z.object({
                id: identifier,
                name: localName,
                unit: z.string(),
                cnCode: z.string().nullable(),
                processes: z.array(identifier),
              }),
            ),
          }),
        },
      },
    },
    ({ params }) => {
      const account = given().plan.accounts.find((each) => each.account === params.account)
      if (account === undefined) throw new Fault('not-found', `There is no account "${params.account}".`)
      return {
        products: account.products.map(({ id, name, unit, cnCode, processes }) => ({
          id,
          name,
          unit,
          cnCode: cnCode ?? null,
          processes,
        })),
      }
    },
  )

  const path = '/api/v1/accounts/:account/products/:product/footprint'
  routes.get(
    path,
    {
      config: ofAccount,
      schema: { params: product, querystring: query, response: { 200: cbamCommunication } },
    },
    (request) => {
      const { facts, footprint } = reportOf(request.params, request.query.period)
      return cbamCommunicationOf(facts, footprint)
    },
  )
  routes.get(
    `${path}/dataset`,
    {
      config: ofAccount,
      schema: { params: product, querystring: query, response: { 200: footprintDataset } },
    },
    (request) => {
      const { facts, footprint, electricity } = reportOf(request.params, request.query.period)
      return footprintDatasetOf(facts, footprint, electricity)
    },
  )
  routes.get(
    `${path}/file`,
    {
      config: ofAccount,
      schema: { params: product, querystring: query.extend({ language, format: fileFormat }) },
    },
    async ({ params, query: { period, ...asked } }, reply) => {
      const { facts, footprint } = reportOf(params, period)
      const head = {
        park: description.name,
        whose: facts.account.name,
        period: periodIn(period, description.timeZone),
        planRevision: given().plan.revision,
      }
      const sheets = footprintSheets(head, cbamCommunicationOf(facts, footprint), sayIn(asked.language))
      return sendSheets(reply, `footprint-${params.product}-${period}`, sheets, asked.format)
    },
  )
}
