import type { FastifyReply } from 'fastify'
import { z } from 'zod'
import { languages, type ReportSheet } from '#accounts/report-sheet.ts'
import { BYTE_ORDER_MARK, csvOf, xlsxOf } from '../report-content.ts'
import { mediaTypes } from './report-files.ts'

/** Sheets as a file that a browser saves. */

export const language = z.enum(languages).default('zh')
export const fileFormat = z.enum(['xlsx', 'csv']).default('xlsx')

/** Answers with sheets as a spreadsheet; `name` becomes the file's, with what is no letter of a file name replaced. */
export async function sendSheets(
  reply: FastifyReply,
  name: string,
  sheets: readonly ReportSheet[],
  format: z.output<typeof fileFormat>,
): Promise<FastifyReply> {
  const content = format === 'xlsx' ? await xlsxOf(sheets) : Buffer.from(BYTE_ORDER_MARK + csvOf(sheets))
  const file = `${name.replaceAll(/[^\w-]+/g, '_')}.${format}`
  return reply
    .type(mediaTypes[format])
    .header('content-disposition', `attachment; filename="${file}"`)
    .send(content)
}
