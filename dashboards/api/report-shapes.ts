import { z } from 'zod'
import type { ReportCell, ReportSheet } from '#accounts/report-sheet.ts'

/** Sheets of a report as a page prints them. */

const cellTrace = z.union([
  z.object({ row: z.string(), item: z.string(), period: z.string().optional() }),
  z.object({ path: z.array(z.string()).readonly(), item: z.string(), period: z.string() }),
  z.object({ account: z.string(), period: z.string() }),
])

const cell = z.union([
  z.string(),
  z.object({
    number: z.string(),
    decimals: z.int(),
    marked: z.boolean(),
    /** Where it is opened down to the register. */
    trace: cellTrace.optional(),
  }),
  z.null(),
])

export const reportSheets = z.object({
  sheets: z.array(
    z.object({
      name: z.string(),
      title: z.string(),
      about: z.array(z.string()),
      head: z.array(z.string()),
      rows: z.array(z.array(cell)),
      notes: z.array(z.string()),
    }),
  ),
})
export type ReportSheets = z.output<typeof reportSheets>

const cellOf = (from: ReportCell): z.output<typeof cell> =>
  from === undefined ? null : typeof from === 'string' ? from : { ...from }

export function reportSheetsOf(sheets: readonly ReportSheet[]): ReportSheets {
  return {
    sheets: sheets.map(({ name, title, about, head, rows, notes }) => ({
      name,
      title,
      about: [...about],
      head: [...head],
      rows: rows.map((row) => row.map(cellOf)),
      notes: [...notes],
    })),
  }
}
