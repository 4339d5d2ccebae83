import type { FastifyInstance, FastifyReply } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { languages, sayIn } from '#accounts/report-sheet.ts'
import { identifier } from '#contract/identity.ts'
import { BYTE_ORDER_MARK, csvOf, xlsxOf } from '../report-content.ts'
import {
  reportNames,
  reportOf,
  reportsOfPark,
  type MadeReport,
  type ReportMaking,
  type ReportName,
} from '../report-maker.ts'
import { pdfOf, type ReportFont } from '../report-pdf.ts'
import { reportSheets, reportSheetsOf } from './report-shapes.ts'
import { ofAccount, ofPark, periodName } from './reports.ts'

/** Reports for people: sheets that a page prints (/sheets), and the same as a file to keep (/file). */

const sheetQuery = z.object({ period: periodName, language: z.enum(languages).default('zh') })
const fileQuery = sheetQuery.extend({ format: z.enum(['xlsx', 'csv', 'pdf', 'json']).default('xlsx') })
type SheetQuery = z.output<typeof sheetQuery>

export const mediaTypes = {
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  csv: 'text/csv; charset=utf-8',
  pdf: 'application/pdf',
  json: 'application/json; charset=utf-8',
} as const

export interface ReportFilesApi extends ReportMaking {
  /** What PDF files are written with; undefined where no font with Chinese characters was found. */
  readonly font: ReportFont | undefined
}

export function reportFilesApi(app: FastifyInstance, { font, ...making }: ReportFilesApi): void {
  const routes = app.withTypeProvider<ZodTypeProvider>()
  const reportFor = (kind: ReportName, account: string | undefined, query: SheetQuery): Promise<MadeReport> =>
    reportOf(making, kind, account, query)

  async function contentOf(
    { sheets, view }: MadeReport,
    { format, language }: z.output<typeof fileQuery>,
  ): Promise<Buffer> {
    if (format === 'json') return Buffer.from(`${JSON.stringify(view)}\n`)
    if (format === 'xlsx') return xlsxOf(sheets)
    if (format === 'csv') return Buffer.from(BYTE_ORDER_MARK + csvOf(sheets))
    return pdfOf(sheets, { font, say: sayIn(language), madeAtMs: making.clock.wallMs() })
  }

  async function send(
    reply: FastifyReply,
    name: string,
    report: MadeReport,
    query: z.output<typeof fileQuery>,
  ): Promise<FastifyReply> {
    const { format, period } = query
    const content = await contentOf(report, query)
    const file = `${name}-${period.replaceAll(/[^\dQ-]+/g, '_')}.${format}`
    return reply
      .type(mediaTypes[format])
      .header('content-disposition', `attachment; filename="${file}"`)
      .send(content)
  }

  const response = { 200: reportSheets }
  const params = z.object({ account: identifier })
  for (const kind of reportNames) {
    if (reportsOfPark.includes(kind)) {
      routes.get(
        `/api/v1/reports/${kind}/sheets`,
        { config: ofPark, schema: { querystring: sheetQuery, response } },
        async ({ query }) => reportSheetsOf((await reportFor(kind, undefined, query)).sheets),
      )
      routes.get(
        `/api/v1/reports/${kind}/file`,
        { config: ofPark, schema: { querystring: fileQuery } },
        async ({ query }, reply) =>
          send(reply, `${kind}-whole-park`, await reportFor(kind, undefined, query), query),
      )
    }
    routes.get(
      `/api/v1/accounts/:account/reports/${kind}/sheets`,
      { config: ofAccount, schema: { params, querystring: sheetQuery, response } },
      async ({ params: { account }, query }) =>
        reportSheetsOf((await reportFor(kind, account, query)).sheets),
    )
    routes.get(
      `/api/v1/accounts/:account/reports/${kind}/file`,
      { config: ofAccount, schema: { params, querystring: fileQuery } },
      async ({ params: { account }, query }, reply) =>
        send(reply, `${kind}-${account}`, await reportFor(kind, account, query), query),
    )
  }
}
