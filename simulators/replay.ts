import { readFileSync } from 'node:fs'
import { DAY_MS, HOUR_MS } from '#contract/duration.ts'
import { Fault } from '#contract/fault.ts'
import { quantityOf, type QuantityName } from '#contract/quantities.ts'
import { InvalidFile, type Finding } from '#firmware-config/document.ts'
import type { LoadCurve, PlantTime } from './load-curve.ts'

/** Measured series from CSV files, as flows of a plant. */

/** The rows of one quantity, in order of time. */
export interface Series {
  readonly kind: 'cumulative' | 'instantaneous'
  /** UTC milliseconds; rising. */
  readonly times: Float64Array
  /** In the canonical unit of the quantity; never below zero, and never falling where it is a register. */
  readonly values: Float64Array
}

/** Two years of minutes and more; a longer file is a mistake or a database. */
const ROWS_MAX = 2_000_000
/** Faults of one file that are named before reading ends. */
const FINDINGS_MAX = 20

const HEADER = 'time,quantity,value'

function instantIn(text: string): number | undefined {
  try {
    return Temporal.Instant.from(text).epochMilliseconds
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/**
 * The rows of one quantity from the text of a CSV file: a header `time,quantity,value`, then ISO 8601 instants with
 * their offset ("2026-03-01T00:00:00+08:00"), a quantity of the catalogue and a decimal in its canonical unit. Rows of
 * other quantities are passed over. Throws `InvalidFile` with file and line of every fault.
 */
export function parseSeries(text: string, file: string, quantity: QuantityName): Series {
  const { kind } = quantityOf(quantity)
  const times: number[] = []
  const values: number[] = []
  const findings: Finding[] = []
  const lines = text.split(/\r?\n/)
  const say = (index: number, message: string): void => {
    findings.push({ place: { file, line: index + 1 }, message })
  }
  if (lines[0]?.replace(/^\uFEFF/, '') !== HEADER) say(0, `the first line is not "${HEADER}"`)
  if (lines.length > ROWS_MAX) say(ROWS_MAX, `more than ${ROWS_MAX} rows`)
  for (let index = 1; index < lines.length && findings.length === 0; index += 1) {
    const line = lines[index] ?? ''
    if (line === '') continue
    const [time = '', name = '', number = '', ...more] = line.split(',')
    if (more.length > 0 || number === '') {
      say(index, 'not a row of three columns')
      break
    }
    if (name !== quantity) continue
    const atMs = instantIn(time)
    const value = Number(number)
    if (atMs === undefined) say(index, `"${time}" is no instant of ISO 8601 with an offset`)
    else if (atMs <= (times.at(-1) ?? -Infinity)) say(index, `"${time}" is not after the row before it`)
    else if (!Number.isFinite(value)) say(index, `"${number}" is no number`)
    else if (value < 0) say(index, `${quantity} is below zero`)
    else if (kind === 'cumulative' && value < (values.at(-1) ?? 0)) say(index, 'the register falls')
    else {
      times.push(atMs)
      values.push(value)
    }
  }
  if (findings.length === 0 && times.length < 2) say(0, `fewer than two rows of ${quantity}`)
  if (findings.length > 0) throw new InvalidFile(file, findings.slice(0, FINDINGS_MAX))
  return { kind, times: Float64Array.from(times), values: Float64Array.from(values) }
}

/** Reads the rows of a quantity. Throws `file-unreadable` or `InvalidFile`. */
export function readSeries(file: string, quantity: QuantityName): Series {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new Fault('file-unreadable', `${file} cannot be read.`, { place: { file }, cause })
  }
  return parseSeries(text, file, quantity)
}

export interface ReplayOptions {
  /** Moves the first row to this moment. */
  readonly startsAtMs: number | undefined
  /** Flow of the plant for one unit of the series. */
  readonly scale: number
  readonly outside: 'repeat-weekly' | 'hold'
}

export const WEEK_MS = 7 * DAY_MS

/** How long a series is. */
export const seriesSpanMs = ({ times }: Series): number => (times.at(-1) ?? 0) - (times[0] ?? 0)

/** A series as a curve, with its exact integral and the bounds that it keeps. */
export function replayCurve(
  series: Series,
  options: ReplayOptions,
  { startMs }: PlantTime,
): { readonly curve: LoadCurve; readonly least: number; readonly most: number } {
  const { times, values } = series
  const { scale, outside } = options
  const first = times[0] ?? 0
  const spanMs = outside === 'repeat-weekly' ? WEEK_MS : seriesSpanMs(series)
  const movedMs = (options.startsAtMs ?? first) - first
  const last = times.length - 1
  const hoursTo = (index: number): number => ((times[index] ?? 0) - first) / HOUR_MS
  const counts = series.kind === 'cumulative'
  /** Flow at the begin and at the end of the piece after a row. */
  const ends = (index: number): readonly [number, number] => {
    const from = values[index] ?? 0
    const to = values[index + 1] ?? from
    if (!counts) return [from * scale, to * scale]
    const slope = ((to - from) / (hoursTo(index + 1) - hoursTo(index))) * scale
    return [slope, slope]
  }
  const upTo = new Float64Array(times.length)
  let least = Infinity
  let most = 0
  for (let index = 0; index < last; index += 1) {
    const [from, to] = ends(index)
    least = Math.min(least, from, to)
    most = Math.max(most, from, to)
    upTo[index + 1] = (upTo[index] ?? 0) + ((from + to) / 2) * (hoursTo(index + 1) - hoursTo(index))
  }
  const pieceAt = (hours: number): number => {
    let low = 0
    let high = last - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (hoursTo(middle) <= hours) low = middle
      else high = middle - 1
    }
    return low
  }
  const within = (hours: number) => {
    const index = pieceAt(hours)
    const [from, to] = ends(index)
    const into = hours - hoursTo(index)
    const flow = from + ((to - from) * into) / (hoursTo(index + 1) - hoursTo(index))
    return { flow, integral: (upTo[index] ?? 0) + ((from + flow) / 2) * into }
  }
  const spanHours = spanMs / HOUR_MS
  const whole = within(spanHours).integral
  const at = (atMs: number): { flow: number; integral: number } => {
    const hours = (atMs - movedMs - first) / HOUR_MS
    if (outside === 'repeat-weekly') {
      const rounds = Math.floor(hours / spanHours)
      const { flow, integral } = within(hours - rounds * spanHours)
      return { flow, integral: rounds * whole + integral }
    }
    const inside = within(Math.min(Math.max(hours, 0), spanHours))
    const beyond = hours < 0 ? hours : Math.max(0, hours - spanHours)
    return { flow: inside.flow, integral: inside.integral + beyond * inside.flow }
  }
  const before = at(startMs).integral
  return {
    curve: {
      at: (atMs) => at(atMs).flow,
      integralAt: (atMs) => (atMs <= startMs ? 0 : at(atMs).integral - before),
    },
    least,
    most,
  }
}
