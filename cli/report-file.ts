import { writeFileSync } from 'node:fs'
import type { Report } from '#accounts/report.ts'
import type { ReportSheet } from '#accounts/report-sheet.ts'
import { Fault } from '#contract/fault.ts'
import { BYTE_ORDER_MARK, csvOf, printed, xlsxOf } from '#dashboards/report-content.ts'
import { tableLines } from './table.ts'

export const reportFormats = ['text', 'csv', 'json', 'xlsx'] as const
export type ReportFormat = (typeof reportFormats)[number]

function textOf(sheets: readonly ReportSheet[]): string {
  return sheets
    .map(({ title, about, head, rows, notes }) => {
      const numeric = head.map((_, column) => rows.some((row) => typeof row[column] === 'object'))
      const right = new Set([...numeric.keys()].filter((column) => numeric[column]))
      const table = tableLines([head, ...rows.map((row) => row.map((cell) => printed(cell)))], right)
      return [title, ...about, '', ...table, '', ...notes].join('\n')
    })
    .join('\n\n')
}

/**
 * Writes a report into a file, or prints it where none is given. Throws `argument-invalid` for an XLSX without a file
 * and `folder-unusable` where it cannot be written.
 */
export async function writeReport(
  { sheets, view }: Report,
  format: ReportFormat,
  out: string | undefined,
): Promise<void> {
  if (format === 'xlsx') {
    if (out === undefined) throw new Fault('argument-invalid', '--out: an XLSX file needs a name')
    return writeContent(out, await xlsxOf(sheets))
  }
  const content =
    format === 'json' ? JSON.stringify(view, undefined, 2) : format === 'csv' ? csvOf(sheets) : textOf(sheets)
  if (out === undefined) console.log(content)
  else writeContent(out, `${format === 'csv' ? BYTE_ORDER_MARK : ''}${content}\n`)
}

/** Writes a file. Throws `folder-unusable` where it cannot be written. */
export function writeContent(file: string, content: string | Uint8Array): void {
  try {
    writeFileSync(file, content)
  } catch (cause) {
    throw new Fault('folder-unusable', `${file} cannot be written.`, { place: { file }, cause })
  }
}
