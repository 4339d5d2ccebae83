import { isRegisterReading, type Reading } from '#contract/reading.ts'
import type { RegisterSeries } from './port.ts'
import { LAST_STORABLE_MS, onePerMoment } from './storable.ts'

/** What all versions of InfluxDB make of the rows that a query gave: points of one moment may be several. */

/** Longest time a request may take, unless told otherwise: a server that needs longer is as good as away. */
export const REQUEST_TIMEOUT_MS = 30_000

/** The nearest bound of a time range that the server's axis holds. */
export function boundMs(ms: number): number {
  return Math.min(Math.max(Math.ceil(ms), 0), LAST_STORABLE_MS + 1)
}

/** The newest reading of each meter's quantities, out of readings in any order. */
export function newestOf(readings: readonly Reading[]): Reading[] {
  const series = Map.groupBy(readings, ({ meter, quantity }) => `${meter} ${quantity}`)
  return [...series.values()].flatMap((each) => onePerMoment(each).slice(-1))
}

/** The answer for what has no register. */
export const noSeries: RegisterSeries = { before: undefined, within: [], after: undefined }

/** A register series out of what was found before, within and after its period, each in any order. */
export function seriesOf(found: readonly (readonly Reading[])[]): RegisterSeries {
  const [before = [], within = [], after = []] = found.map((readings) =>
    onePerMoment(readings.filter(isRegisterReading)),
  )
  return { before: before.at(-1), within, after: after[0] }
}
