import { toNumber, type Amount } from '#contract/amount.ts'
import { quantities } from '#contract/quantities.ts'
import type { Reading } from '#contract/reading.ts'
import { encodeLine, encodeName } from './line-protocol.ts'
import { BAD_MEASUREMENT, measurementOf, pointsOf } from './points.ts'

/**
 * Sound readings straight to lines of InfluxDB's protocol: what `pointsOf` and `encodeLine` make of them, with the parts of
 * a line that repeat made once. A test holds that the lines are the same to the letter.
 */

/** The parts of a line that a quantity gives. */
interface FieldNames {
  readonly index: number
  readonly measurement: string
  readonly value: string
  readonly count: string
  readonly resolution: string
}

const fieldNames = new Map<string, FieldNames>(
  quantities.map(({ name }, index) => [
    name,
    {
      index,
      measurement: measurementOf(name),
      value: `${encodeName(name, 'field key')}=`,
      count: `${encodeName(`${name}.count`, 'field key')}=`,
      resolution: `${encodeName(`${name}.resolution`, 'field key')}=`,
    },
  ]),
)

/** Beginnings of lines: as many as meters have carriers and qualities. */
const heads = new Map<string, string>()
const HEADS_MAX = 100_000

export function headOf(measurement: string, meter: string, quality: Reading['quality']): string {
  const key = `${measurement} ${meter} ${quality}`
  const known = heads.get(key)
  if (known !== undefined) return known
  if (heads.size >= HEADS_MAX) heads.clear()
  const name = encodeName(measurement, 'measurement')
  const tag = `meter=${encodeName(meter, 'tag value')}`
  const head =
    quality === 'bad' ? `${name},${tag}` : `${name},${tag},quality=${encodeName(quality, 'tag value')}`
  heads.set(key, head)
  return head
}

/** Resolutions in canonical units as whole 10⁻⁹; few are in use. */
const nanoUnits = new Map<string, number>()
const NANO_MAX = 1_000

function nanoOf(resolution: string): number {
  const known = nanoUnits.get(resolution)
  if (known !== undefined) return known
  if (nanoUnits.size >= NANO_MAX) nanoUnits.clear()
  const nano = Math.round(toNumber({ count: 1, resolution }) * 1e9)
  nanoUnits.set(resolution, nano)
  return nano
}

/** `toNumber`, without big integers where the product is exact without them. */
export function numberOf(amount: Amount): number {
  const product = amount.count * nanoOf(amount.resolution)
  return Number.isSafeInteger(product) ? product / 1e9 : toNumber(amount)
}

/** A line under way. */
interface Line {
  readonly head: string
  readonly atMs: number
  text: string
  /** Quantities in it, so that a repeated one is noticed. */
  readonly seen: Uint8Array
}

function fieldOf(reading: Reading, names: FieldNames): string {
  if (reading.quality === 'bad') return `${names.value}"${reading.cause}"`
  const { value } = reading
  if (typeof value === 'number') return `${names.value}${value}`
  return `${names.value}${numberOf(value)},${names.count}${value.count}i,${names.resolution}"${value.resolution}"`
}

/**
 * The lines of sound readings (store/storable.ts), one per meter, moment, quality and carrier, in the order in which
 * these first come. The later of two equals stands.
 */
export function linesOf(readings: readonly Reading[]): string[] {
  const lines: Line[] = []
  const open = new Map<string, Line>()
  let last: Line | undefined
  let lastMeasurement = ''
  let lastMeter = ''
  let lastQuality = ''
  for (const reading of readings) {
    const { meter, quality, atMs, quantity } = reading
    const names = fieldNames.get(quantity)
    if (names === undefined) return pointsOf(readings).map(encodeLine)
    const measurement = quality === 'bad' ? BAD_MEASUREMENT : names.measurement
    const isSame =
      last !== undefined &&
      last.atMs === atMs &&
      lastMeter === meter &&
      lastQuality === quality &&
      lastMeasurement === measurement
    if (!isSame || last === undefined) {
      const head = headOf(measurement, meter, quality)
      const key = `${head} ${atMs}`
      last = open.get(key)
      if (last === undefined) {
        last = { head, atMs, text: '', seen: new Uint8Array(fieldNames.size) }
        open.set(key, last)
        lines.push(last)
      }
      lastMeasurement = measurement
      lastMeter = meter
      lastQuality = quality
    }
    // A repeated field keeps its place and takes the later value: rare, and done by whoever can.
    if (last.seen[names.index] === 1) return pointsOf(readings).map(encodeLine)
    last.seen[names.index] = 1
    const field = fieldOf(reading, names)
    last.text = last.text === '' ? field : `${last.text},${field}`
  }
  // Milliseconds as nanoseconds, exactly: six digits behind them; 0 is 0.
  return lines.map(({ head, text, atMs }) => `${head} ${text} ${atMs === 0 ? '0' : `${atMs}000000`}`)
}
