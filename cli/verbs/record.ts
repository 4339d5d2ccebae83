import { z } from 'zod'
import { factorLibrary } from '#accounts/factor-library.ts'
import { recordContradictions } from '#accounts/record-check.ts'
import type { AccountingRecord } from '#contract/accounting-record.ts'
import { Fault } from '#contract/fault.ts'
import { identifier } from '#contract/identity.ts'
import { InvalidFile, type Finding } from '#firmware-config/document.ts'
import { readAccountFiles } from '../account-files.ts'
import { readFactorFiles } from '../factor-files.ts'
import { dataOption, jsonOption, text } from '../options.ts'
import { readRecordFile, recordOfArguments, type RecordLine } from '../record-text.ts'
import { withBooks } from '../server-folder.ts'
import { tableLines } from '../table.ts'
import { verb } from '../verb.ts'

const park = text.meta({ description: 'The park file; its accounting.yaml lies beside it' })
const data = dataOption

const FIELDS = `Fields are those of docs/schemas/accounting-record.json, or "month" for "from" and "to":

  tanbiao record enter --park park.yaml kind=production account=steel month=2026-03 \\
    product=steel-tube quantity=1200 unit=t document="Production report 2026-03" by="Energy office"

A record is never changed: a correction names the one that it replaces (replaces=12 reason="…"), kind=withdrawal takes
one back. Entering the very same record again changes nothing.`

/** One record from the command line. */
export const recordEnter = verb(
  'Enter a record: a bill, a stock, production, a laboratory value',
  z.object({ park, data, field: z.array(text).meta({ description: 'Fields as name=value' }) }),
  async (given) => {
    const files = { ...readAccountFiles(given.park), library: factorLibrary(readFactorFiles()) }
    const record = recordOfArguments(given.field)
    const found = recordContradictions(record, files)
    if (found.length > 0) throw new Fault('argument-invalid', found.join('; '))
    await withBooks(given.data, (books, clock) => {
      const [entered] = books.enterRecords([record], clock.wallMs())
      console.log(
        entered?.isNew === true ? `record ${entered.number} entered` : `it is record ${entered?.number}`,
      )
    })
  },
  { bare: 'field', notes: FIELDS },
)

/** Records of CSV files: all of them, or after a fault none. */
export const recordImport = verb(
  'Enter records out of CSV files',
  z.object({
    park,
    data,
    file: z.array(text).meta({ description: 'CSV files; the first line names the fields' }),
  }),
  async (given) => {
    const files = { ...readAccountFiles(given.park), library: factorLibrary(readFactorFiles()) }
    const lines = given.file.flatMap((file) => readRecordFile(file).map((each) => ({ file, ...each })))
    const findings = lines.flatMap(({ file, line, record }): Finding[] =>
      recordContradictions(record, files).map((message) => ({
        place: { file, line },
        message,
      })),
    )
    if (findings.length > 0) throw new InvalidFile(given.file[0] ?? '', findings)
    await withBooks(given.data, (books, clock) => {
      const entered = enterAll(lines, (records) => books.enterRecords(records, clock.wallMs()))
      const isNew = entered.filter((each) => each.isNew).length
      console.log(`${isNew} records entered, ${entered.length - isNew} were known`)
    })
  },
  { bare: 'file', notes: FIELDS },
)

/** Enters all lines; a fault of one names its file and line. */
function enterAll<T>(
  lines: readonly (RecordLine & { readonly file: string })[],
  enter: (records: readonly AccountingRecord[]) => T,
): T {
  try {
    return enter(lines.map(({ record }) => record))
  } catch (error) {
    const at = error instanceof Fault ? lines[Number(error.place?.path)] : undefined
    if (!(error instanceof Fault) || at === undefined) throw error
    throw new Fault(error.code, `${error.message} Nothing was entered.`, {
      place: { file: at.file, line: at.line },
      cause: error,
    })
  }
}

const dayAfter = (day: string): string => Temporal.PlainDate.from(day).add({ days: 1 }).toString()

const COMMON = new Set(['account', 'kind', 'from', 'to', 'document', 'by', 'reason', 'replaces'])

/** What a record says beside what all records say. */
function contentOf(record: AccountingRecord): string {
  return Object.entries(record)
    .filter(([name]) => !COMMON.has(name))
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(' ')
}

/** The records of the books as a table. */
export const recordList = verb(
  'List the records of the books, with those replaced marked',
  z.object({
    data,
    account: identifier.optional().meta({ description: 'Of this account (all)' }),
    kind: text.optional().meta({ description: 'Of this kind (all)' }),
    from: z.iso.date().optional().meta({ description: 'That speak of this day or later' }),
    to: z.iso.date().optional().meta({ description: 'That speak of this day or earlier' }),
    json: jsonOption,
  }),
  (given) =>
    withBooks(given.data, (books) => {
      const { account, from, to } = given
      const wish = {
        ...(account === undefined ? {} : { account }),
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to: dayAfter(to) }),
      }
      const found = books
        .records(wish)
        .filter(({ record }) => given.kind === undefined || record.kind === given.kind)
      if (given.json) {
        console.log(JSON.stringify(found, undefined, 2))
        return
      }
      const rows = found.map(({ number, record, replacedBy }) => [
        String(number),
        record.account,
        record.kind,
        record.from,
        record.to,
        contentOf(record),
        record.document,
        record.by,
        [
          ...(record.replaces === undefined ? [] : [`replaces ${record.replaces}`]),
          ...(replacedBy === undefined ? [] : [`REPLACED by ${replacedBy}`]),
        ].join(', '),
      ])
      const heading = ['number', 'account', 'kind', 'from', 'to', 'content', 'document', 'by', '']
      for (const line of tableLines([heading, ...rows], new Set([0]))) console.log(line)
    }),
)
