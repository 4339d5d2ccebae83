import { isQuantityName, quantityOf } from '#contract/quantities.ts'
import type { FieldValue } from './line-protocol.ts'
import { BAD_MEASUREMENT, COMMIT_MEASUREMENT, readingMeasurements } from './points.ts'

/**
 * Lines of InfluxDB's protocol read back: those that `linesOf` writes, and what `influx_inspect export` makes of a
 * database of ours. Pure.
 */

/** A sample as it would travel, before it is judged. */
interface LineSample {
  readonly meter: string
  readonly atMs: number
  readonly quality: string
  readonly values: Readonly<Record<string, unknown>>
  readonly bad?: Readonly<Record<string, unknown>>
}

interface ParsedLine {
  readonly measurement: string
  readonly tags: ReadonlyMap<string, string>
  readonly fields: ReadonlyMap<string, FieldValue>
  readonly atMs: number
}

/** Up to an unescaped character of `ends`: the text without its escapes, and where it ended. */
function token(line: string, from: number, ends: string): { text: string; at: number } {
  let text = ''
  let at = from
  for (; at < line.length && !ends.includes(line.charAt(at)); at += 1) {
    if (line.charAt(at) === '\\' && ',= "\\'.includes(line.charAt(at + 1))) at += 1
    text += line.charAt(at)
  }
  return { text, at }
}

function fieldValue(line: string, from: number): { value: FieldValue; at: number } {
  if (line.charAt(from) === '"') {
    const { text: value, at } = token(line, from + 1, '"')
    if (line.charAt(at) !== '"') throw new RangeError('a text that does not end')
    return { value: { kind: 'string', value }, at: at + 1 }
  }
  const { text, at } = token(line, from, ', ')
  const [, digits] = /^(-?\d+)i$/.exec(text) ?? []
  if (digits !== undefined) {
    const value = Number(digits)
    if (!Number.isSafeInteger(value)) throw new RangeError(`${digits} is beyond what can be held exactly`)
    return { value: { kind: 'integer', value }, at }
  }
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) throw new RangeError(`"${text}" is no value`)
  return { value: { kind: 'float', value: Number(text) }, at }
}

/** Throws RangeError for a line that is none, or whose time is not in whole milliseconds as nanoseconds. */
function parsedLine(line: string): ParsedLine {
  const tags = new Map<string, string>()
  const fields = new Map<string, FieldValue>()
  const { text: measurement, at: measurementEnd } = token(line, 0, ', ')
  let at = measurementEnd
  while (line.charAt(at) === ',') {
    const key = token(line, at + 1, '=, ')
    const value = token(line, key.at + 1, ', ')
    if (line.charAt(key.at) !== '=') throw new RangeError('a tag without a value')
    tags.set(key.text, value.text)
    at = value.at
  }
  do {
    const key = token(line, at + 1, '=, ')
    if (line.charAt(key.at) !== '=') throw new RangeError('a field without a value')
    const value = fieldValue(line, key.at + 1)
    fields.set(key.text, value.value)
    at = value.at
  } while (line.charAt(at) === ',')
  const [, ms] = /^ (\d{1,13})000000\s*$/.exec(line.slice(at)) ?? []
  const isZero = /^ 0\s*$/.test(line.slice(at))
  if (ms === undefined && !isZero)
    throw new RangeError('its time is missing, or not in whole milliseconds written as nanoseconds')
  return { measurement, tags, fields, atMs: Number(ms ?? 0) }
}

/** The value of a quantity out of its fields; undefined for the number that people look at beside a count. */
function valueOf(name: string, field: FieldValue, fields: ParsedLine['fields']): unknown {
  if (!isQuantityName(name) || quantityOf(name).kind === 'instantaneous') return field.value
  const count = fields.get(`${name}.count`)
  const resolution = fields.get(`${name}.resolution`)
  if (count?.kind !== 'integer' || resolution?.kind !== 'string')
    throw new RangeError(`the register ${name} has no .count with its .resolution in the line`)
  return [count.value, resolution.value]
}

/** What else stands in a database of ours, and in an export of intervals. */
const OTHERS: readonly string[] = [COMMIT_MEASUREMENT, 'probe', 'interval']

const EXACT_PART = /\.(?:count|resolution)$/

/**
 * What a line says; `undefined` for one that holds no reading: a remark, a commit record, a probe, an interval.
 * Throws RangeError for any other.
 */
export function lineSample(line: string): LineSample | undefined {
  if (line.startsWith('#') || line.trim() === '') return undefined
  if (OTHERS.includes(token(line, 0, ', ').text)) return undefined
  const { measurement, tags, fields, atMs } = parsedLine(line)
  const meter = tags.get('meter')
  if (meter === undefined) throw new RangeError('it has no tag "meter"')
  const found: Record<string, unknown> = {}
  if (measurement === BAD_MEASUREMENT) {
    for (const [name, { value }] of fields) found[name] = value
    return { meter, atMs, quality: 'good', values: {}, bad: found }
  }
  if (!readingMeasurements.includes(measurement)) throw new RangeError(`"${measurement}" is no carrier`)
  for (const [name, field] of fields) {
    const quantity = name.replace(EXACT_PART, '')
    if (name === quantity || !fields.has(quantity)) found[quantity] = valueOf(quantity, field, fields)
  }
  return { meter, atMs, quality: tags.get('quality') ?? '', values: found }
}
