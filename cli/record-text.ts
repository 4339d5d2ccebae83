import { parse } from 'csv-parse/sync'
import { z } from 'zod'
import { accountingRecord, type AccountingRecord } from '#contract/accounting-record.ts'
import { Fault } from '#contract/fault.ts'
import { InvalidFile, type Finding } from '#firmware-config/document.ts'
import { readText } from './read-text.ts'

/** Records as people write them: fields as texts, on the command line or in the rows of a CSV file. */

/** A record in a file, with the line that its row begins at. */
export interface RecordLine {
  readonly line: number
  readonly record: AccountingRecord
}

const month = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'a month, e.g. "2026-03"')

/** Fields of one record; `month` stands for `from` and `to`, empty fields for none. Issues name their field. */
export function recordOfFields(
  fields: Readonly<Record<string, string>>,
): { readonly record: AccountingRecord } | { readonly issues: readonly string[] } {
  const given: Record<string, unknown> = {}
  const issues: string[] = []
  for (const [name, text] of Object.entries(fields)) {
    const value = text.trim()
    if (value === '') continue
    if (name === 'month') {
      const parsed = month.safeParse(value)
      if (!parsed.success) {
        issues.push(`month: ${parsed.error.issues[0]?.message ?? 'not valid'}`)
        continue
      }
      const first = Temporal.PlainYearMonth.from(parsed.data).toPlainDate({ day: 1 })
      given['from'] = first.toString()
      given['to'] = first.add({ months: 1 }).toString()
    } else given[name] = name === 'replaces' && /^\d+$/.test(value) ? Number(value) : value
  }
  const result = accountingRecord.safeParse(given)
  if (result.success && issues.length === 0) return { record: result.data }
  for (const issue of result.error?.issues ?? [])
    issues.push([...issue.path, issue.message].map(String).join(': '))
  return { issues }
}

const csvRow = z.object({ record: z.array(z.string()), info: z.object({ lines: z.int() }) })

/** Rows of a CSV file (RFC 4180, UTF-8) whose first line names the fields. Throws `file-unreadable` or `InvalidFile`. */
export function readRecordFile(file: string): RecordLine[] {
  const text = readText(file)
  let rows: z.output<typeof csvRow>[]
  try {
    const parsed: unknown = parse(text, {
      bom: true,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
    })
    rows = z.array(csvRow).parse(parsed)
  } catch (cause) {
    if (cause instanceof z.ZodError) throw cause
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new InvalidFile(file, [{ place: { file, line: 1 }, message }])
  }
  const [heading, ...others] = rows
  if (heading === undefined) throw new InvalidFile(file, [{ place: { file, line: 1 }, message: 'no line' }])
  const findings: Finding[] = []
  const records: RecordLine[] = []
  for (const { record: cells, info } of others) {
    // Where a row ends; a cell may hold line breaks.
    const line = info.lines - cells.join('').split('\n').length + 1
    if (cells.length !== heading.record.length) {
      const message = `${cells.length} fields, but the heading names ${heading.record.length}`
      findings.push({ place: { file, line }, message })
      continue
    }
    const fields = Object.fromEntries(heading.record.map((name, index) => [name.trim(), cells[index] ?? '']))
    const read = recordOfFields(fields)
    if ('record' in read) records.push({ line, record: read.record })
    else findings.push(...read.issues.map((message) => ({ place: { file, line }, message })))
  }
  if (findings.length > 0) throw new InvalidFile(file, findings)
  return records
}

/** Fields given as name=value. Throws `argument-invalid`. */
export function recordOfArguments(pairs: readonly string[]): AccountingRecord {
  const fields = pairs.map((pair): [string, string] => {
    const at = pair.indexOf('=')
    if (at < 1) throw new Fault('argument-invalid', `"${pair}" is not of the form field=value.`)
    return [pair.slice(0, at), pair.slice(at + 1)]
  })
  const read = recordOfFields(Object.fromEntries(fields))
  if ('record' in read) return read.record
  throw new Fault('argument-invalid', read.issues.join('; '))
}
