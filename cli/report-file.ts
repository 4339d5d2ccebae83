import { writeFileSync } from 'node:fs'
import writeXlsxFile, { type Cell, type Sheet } from 'write-excel-file/node'
import type { ReportCell, ReportSheet } from '#accounts/report-sheet.ts'
import { Fault } from '#contract/fault.ts'
import { tableLines } from './table.ts'

export const reportFormats = ['text', 'csv', 'json', 'xlsx'] as const
export type ReportFormat = (typeof reportFormats)[number]

/** A report in every form: sheets for people, a view for programs. */
export interface Report {
  readonly sheets: readonly ReportSheet[]
  readonly view: unknown
}

const printed = (cell: ReportCell): string => {
  if (cell === undefined) return ''
  return typeof cell === 'string' ? cell : `${cell.number}${cell.marked ? '*' : ''}`
}

function asText({ sheets }: Report): string {
  return sheets
    .map(({ title, about, head, rows, notes }) => {
      const numeric = head.map((_, column) => rows.some((row) => typeof row[column] === 'object'))
      const right = new Set([...numeric.keys()].filter((column) => numeric[column]))
      const table = tableLines([head, ...rows.map((row) => row.map((cell) => printed(cell)))], right)
      return [title, ...about, '', ...table, '', ...notes].join('\n')
    })
    .join('\n\n')
}

const quoted = (text: string): string => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/** RFC 4180; sheets follow one another, each under its title. */
function asCsv({ sheets }: Report): string {
  return sheets
    .flatMap(({ title, about, head, rows, notes }) => [
      [title],
      ...about.map((line) => [line]),
      head,
      ...rows.map((row) => row.map((cell) => printed(cell))),
      ...notes.map((note) => [note]),
      [],
    ])
    .map((row) => row.map((cell) => quoted(cell)).join(','))
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

/** U+FEFF, by which spreadsheet programs know that a CSV file is UTF-8. */
const BYTE_ORDER_MARK = '\u{FEFF}'

/**
 * Writes a report into a file, or prints it where none is given. Throws `argument-invalid` for an XLSX without a file
 * and `file-unwritable` otherwise.
 */
export async function writeReport(
  report: Report,
  format: ReportFormat,
  out: string | undefined,
): Promise<void> {
  if (format === 'xlsx') {
    if (out === undefined) throw new Fault('argument-invalid', '--out: an XLSX file needs a name')
    const content = await writeXlsxFile(report.sheets.map((sheet) => excelSheet(sheet))).toBuffer()
    return write(out, content)
  }
  const content =
    format === 'json'
      ? JSON.stringify(report.view, undefined, 2)
      : format === 'csv'
        ? asCsv(report)
        : asText(report)
  if (out === undefined) console.log(content)
  else write(out, `${format === 'csv' ? BYTE_ORDER_MARK : ''}${content}\n`)
}

function write(file: string, content: string | Uint8Array): void {
  try {
    writeFileSync(file, content)
  } catch (cause) {
    throw new Fault('folder-unusable', `${file} cannot be written.`, { place: { file }, cause })
  }
}
