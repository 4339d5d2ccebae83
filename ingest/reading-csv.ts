import { parse } from 'csv-parse/sync'
import { fromDecimal, toDecimal } from '#contract/amount.ts'
import type { Park } from '#contract/park.ts'
import { isQuantityName, quantityOf } from '#contract/quantities.ts'
import type { Reading } from '#contract/reading.ts'

/**
 * Readings as lines of CSV (RFC 4180), one a line, and back (docs/import.md). A register is an exact decimal with its
 * resolution beside it, so that what is written is read back to the last digit. Pure.
 */

export const csvColumns = ['meter', 'quantity', 'time', 'quality', 'value', 'resolution', 'cause'] as const
type Column = (typeof csvColumns)[number]

const REQUIRED: readonly Column[] = ['meter', 'time', 'value']

/** Where each column stands in a line. */
export type CsvHead = ReadonlyMap<Column, number>

/** A sample as it would travel, before it is judged. */
export interface WrittenSample {
  readonly meter: string
  readonly atMs: number
  readonly quality: string
  readonly values: Readonly<Record<string, unknown>>
  readonly bad?: Readonly<Record<string, unknown>>
}

/** What a line of a file says. */
export interface WrittenLine {
  readonly sample: WrittenSample
  /** The line does not say how good it is; its reading is taken for one by hand, which would hide a measured one. */
  readonly isUnsaid: boolean
}

export const csvHeadLine = csvColumns.join(',')

/** One reading as a line, without its end. No field of it needs quotes. */
export function csvLine(reading: Reading): string {
  const time = Temporal.Instant.fromEpochMilliseconds(reading.atMs).toString()
  const start = `${reading.meter},${reading.quantity},${time},${reading.quality}`
  if (reading.quality === 'bad') return `${start},,,${reading.cause}`
  const { value } = reading
  return typeof value === 'number'
    ? `${start},${value},,`
    : `${start},${toDecimal(value)},${value.resolution},`
}

/** The fields of one line. Throws RangeError where its quotes do not close. */
function fieldsOf(line: string): string[] {
  if (!line.includes('"')) return line.split(',').map((field) => field.trim())
  try {
    const rows: string[][] = parse(line, { trim: true })
    return rows[0] ?? []
  } catch (cause) {
    throw new RangeError('its quotes cannot be read', { cause })
  }
}

/** Characters of a file that somebody took for another one; they go to a terminal. */
const SHOWN_MAX = 60

function shown(text: string): string {
  const printable = text.replaceAll(/\p{C}/gu, '\uFFFD')
  return printable.length > SHOWN_MAX ? `${printable.slice(0, SHOWN_MAX)}…` : printable
}

/** The columns that the first line names. Throws RangeError where one is unknown, twice or missing. */
export function csvHead(line: string): CsvHead {
  const head = new Map<Column, number>()
  for (const [place, name] of fieldsOf(line.replace(/^\uFEFF/, '')).entries()) {
    const column = csvColumns.find((each) => each === name)
    if (column === undefined || head.has(column)) {
      const isCutElsewhere = /[;\t]/.test(name) && !name.includes(',')
      throw new RangeError(
        `"${shown(name)}" is not one of the columns ${csvColumns.join(', ')}, or stands twice${isCutElsewhere ? '; a comma stands between two columns' : ''}`,
      )
    }
    head.set(column, place)
  }
  const missing = REQUIRED.filter((column) => !head.has(column))
  if (missing.length > 0) throw new RangeError(`the column ${missing.join(' and ')} is missing`)
  return head
}

/** A date, or a date and a time, and nothing after it. */
const LOCAL = /^\d{4}[-/]\d{1,2}[-/]\d{1,2}(?:[ T]\d{1,2}(?::\d{2}){0,2}(?:[.,]\d{1,9})?)?$/i

/** With its offset, or in the park's time where it has none, as a person writes it. */
function momentOf(text: string, timeZone: string): number {
  try {
    if (/(?:Z|[+-]\d{2}:?\d{2})$/i.test(text)) return Temporal.Instant.from(text).epochMilliseconds
    // Another form of an offset or a zone, such as +00 or [UTC], would be passed over and shift the time.
    if (!LOCAL.test(text)) throw new RangeError('neither with its whole offset nor without any')
    const local = Temporal.PlainDateTime.from(text.replace(/^(\d{4})\/(\d{1,2})\/(\d{1,2})/, dashed))
    return local.toZonedDateTime(timeZone, { disambiguation: 'reject' }).epochMilliseconds
  } catch (cause) {
    throw new RangeError(`"${text}" is no time such as 2026-03-01T08:00:00+08:00`, { cause })
  }
}

/** 2026/3/1, as a spreadsheet writes it. */
function dashed(_: string, year: string, month: string, day: string): string {
  return `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i

function valueOf(quantity: string, text: string, resolution: string): unknown {
  if (isQuantityName(quantity) && quantityOf(quantity).kind === 'cumulative') {
    const { count, resolution: step } = fromDecimal(text, resolution === '' ? undefined : resolution)
    return [count, step]
  }
  if (resolution !== '') throw new RangeError('only a register has a resolution')
  if (!NUMBER.test(text)) throw new RangeError(`"${text}" is no number`)
  return Number(text)
}

/**
 * What a line says. A quantity that is not given is the meter's register; a quality that is not given is `manual`: the
 * line was written by a person. Throws RangeError for a line that says nothing.
 */
export function csvSample(line: string, head: CsvHead, park: Park): WrittenLine {
  const fields = fieldsOf(line)
  const field = (column: Column): string => fields[head.get(column) ?? -1] ?? ''
  if (fields.length > head.size) throw new RangeError(`it has ${fields.length} fields, not ${head.size}`)
  const meter = field('meter')
  const named = field('quantity')
  const quantity = named === '' ? (park.meters.get(meter)?.register ?? '') : named
  const atMs = momentOf(field('time'), park.description.timeZone)
  const said = field('quality')
  const quality = said === '' ? 'manual' : said
  if (quality === 'bad')
    return {
      sample: { meter, atMs, quality: 'good', values: {}, bad: { [quantity]: field('cause') } },
      isUnsaid: false,
    }
  if (field('cause') !== '') throw new RangeError('only a bad reading has a cause')
  const values = { [quantity]: valueOf(quantity, field('value'), field('resolution')) }
  return { sample: { meter, atMs, quality, values }, isUnsaid: said === '' }
}
