import writeXlsxFile, { type Cell, type Sheet } from 'write-excel-file/node'
import { csvField } from '#accounts/csv-text.ts'
import type { ReportCell, ReportSheet } from '#accounts/report-sheet.ts'

/** Sheets of a report as files of spreadsheet programs. */

/** A cell as it is printed: a marked number is followed by "*". */
export const printed = (cell: ReportCell): string => {
  if (cell === undefined) return ''
  return typeof cell === 'string' ? cell : `${cell.number}${cell.marked ? '*' : ''}`
}

/** U+FEFF, by which spreadsheet programs know that a CSV file is UTF-8. */
export const BYTE_ORDER_MARK = '\u{FEFF}'

/** RFC 4180; sheets follow one another, each under its title. */
export function csvOf(sheets: readonly ReportSheet[]): string {
  return sheets
    .flatMap(({ title, about, head, rows, notes }) => [
      [title],
      ...about.map((line) => [line]),
      head,
      ...rows.map((row) => row.map((cell) => printed(cell))),
      ...notes.map((note) => [note]),
      [],
    ])
    .map((row) => row.map((cell) => csvField(cell)).join(','))
    .join('\r\n')
}

const WIDTH_MIN = 10
const WIDTH_MAX = 42

function excelCell(cell: ReportCell): Cell {
  if (cell === undefined) return null
  if (typeof cell === 'string') return { value: cell, type: String }
  const digits = cell.decimals > 0 ? `0.${'0'.repeat(cell.decimals)}` : '0'
  // The star of an incomplete sum is part of how it is shown: the cell stays a number.
  return { value: Number(cell.number), type: Number, format: `#,##${digits}${cell.marked ? '"*"' : ''}` }
}

function excelSheet({ name, title, about, head, rows, notes }: ReportSheet): Sheet<Buffer> {
  const line = (text: string): Cell[] => [{ value: text, type: String }]
  const longest = head.map((text, column) =>
    Math.max(...[text, ...rows.map((row) => printed(row[column]))].map((each) => each.length * 1.6)),
  )
  return {
    sheet: name,
    data: [
      [{ value: title, type: String, fontWeight: 'bold', fontSize: 14 }],
      ...about.map(line),
      head.map((text) => ({
        value: text,
        type: String,
        fontWeight: 'bold',
        backgroundColor: '#E8EEF4',
        wrap: true,
      })),
      ...rows.map((row) => row.map((cell) => excelCell(cell))),
      [],
      ...notes.map(line),
    ],
    columns: longest.map((width) => ({ width: Math.min(WIDTH_MAX, Math.max(WIDTH_MIN, width)) })),
  }
}

/** A workbook with one sheet of each. */
export async function xlsxOf(sheets: readonly ReportSheet[]): Promise<Buffer> {
  return writeXlsxFile(sheets.map((sheet) => excelSheet(sheet))).toBuffer()
}
