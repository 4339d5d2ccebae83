/**
 * InfluxDB line protocol, written strictly: what cannot be written exactly is refused, never altered.
 * Source: InfluxDB 1.8 documentation, "Line protocol reference" (escapes, types, ranges); the same for 2.x.
 */

export type FieldValue =
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'integer'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }

export interface Point {
  readonly measurement: string
  /** Key and value, neither empty. The order does not matter to the server. */
  readonly tags: readonly (readonly [string, string])[]
  readonly fields: ReadonlyMap<string, FieldValue>
  /** Nanoseconds since 1970. */
  readonly timeNs: bigint
}

/** First and last nanosecond that the server takes ("time outside range" beyond). */
const FIRST_NS = -9_223_372_036_854_775_806n
const LAST_NS = 9_223_372_036_854_775_806n

/** Names that were written before, and how: the same few thousand come again and again. */
const known = new Map<string, string>()
const KNOWN_MAX = 10_000

/**
 * Tag keys, tag values, field keys and measurements. A line break would start a new line and a backslash at the end
 * would escape the separator behind it: neither can be written, so both are refused.
 */
export function encodeName(name: string, what: string): string {
  const before = known.get(name)
  if (before !== undefined) return before
  if (name === '') throw new RangeError(`an empty ${what} cannot be written`)
  if (/\p{Cc}/u.test(name) || name.includes('\\')) {
    throw new RangeError(`the ${what} ${JSON.stringify(name)} cannot be written`)
  }
  const encoded = name.replace(/[,= ]/g, String.raw`\$&`)
  if (known.size >= KNOWN_MAX) known.clear()
  known.set(name, encoded)
  return encoded
}

/** Texts without anything but quotation marks and backslashes to escape are written alike in JSON, and sooner. */
const PLAIN = /^[\u0020-\u007e]*$/

function stringText(value: string): string {
  return PLAIN.test(value) ? JSON.stringify(value) : `"${value.replace(/["\\]/g, String.raw`\$&`)}"`
}

function fieldText({ kind, value }: FieldValue): string {
  if (kind === 'string') return stringText(value)
  if (kind === 'integer') {
    if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not an exact integer`)
    return `${value}i`
  }
  if (!Number.isFinite(value)) throw new RangeError(`${value} is not a number that InfluxDB can hold`)
  // The shortest decimal that reads back as the same double; −0 is 0.
  return String(value)
}

/** One line, without the line break. Throws RangeError for what the protocol cannot carry unaltered. */
export function encodeLine(point: Point): string {
  if (point.fields.size === 0) throw new RangeError('a point without fields cannot be written')
  if (point.timeNs < FIRST_NS || point.timeNs > LAST_NS) throw new RangeError('the time is out of range')
  let line = encodeName(point.measurement, 'measurement')
  for (const [key, value] of point.tags) {
    line += `,${encodeName(key, 'tag key')}=${encodeName(value, 'tag value')}`
  }
  let separator = ' '
  for (const [key, value] of point.fields) {
    line += `${separator}${encodeName(key, 'field key')}=${fieldText(value)}`
    separator = ','
  }
  return `${line} ${point.timeNs}`
}
