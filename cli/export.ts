import { toDecimal } from '#contract/amount.ts'
import { HOUR_MS } from '#contract/duration.ts'
import type { Period } from '#contract/grid.ts'
import type { RecordedInterval } from '#contract/interval.ts'
import type { Meter, Sensor } from '#contract/park.ts'
import type { Reading } from '#contract/reading.ts'
import { csvHeadLine, csvLine } from '#ingest/reading-csv.ts'
import { intervalPoint } from '#store/interval-copy.ts'
import { encodeLine } from '#store/line-protocol.ts'
import type { Books, ReadingStore } from '#store/port.ts'
import { linesOf } from '#store/reading-lines.ts'
import type { ExportFile } from './export-file.ts'

/** Readings and intervals of some meters as text, meter by meter, a stretch of time after the other. */

export type ExportFormat = 'csv' | 'lines'

/** What can be exported: `head` begins the file, `stretch` gives the lines of a meter's stretch of time. */
export interface ExportSource {
  readonly head: string | undefined
  stretch(meter: Meter | Sensor, period: Period): Promise<readonly string[]>
  /** Nothing of a meter lies outside. */
  extent(meter: Meter | Sensor, wanted: Period): Promise<Period | undefined>
}

/** A stretch that gives more lines is halved the next time, one that gives far fewer is doubled: memory stays bounded. */
const LINES_PER_STRETCH = 50_000
const STRETCH_MS = { first: 24 * HOUR_MS, least: 60_000, most: 30 * 24 * HOUR_MS }

export function readingsSource(
  store: Pick<ReadingStore, 'readings' | 'latest'>,
  format: ExportFormat,
): ExportSource {
  /** Quantities of the meters that were asked about. */
  const known = new Map<string, readonly Reading[]>()
  const latest = async ({ id }: Meter | Sensor): Promise<readonly Reading[]> => {
    const found = known.get(id) ?? (await store.latest([id]))
    known.set(id, found)
    return found
  }
  return {
    head: format === 'csv' ? csvHeadLine : undefined,
    extent: async (meter, { fromMs, toMs }) => {
      const newest = Math.max(...(await latest(meter)).map(({ atMs }) => atMs))
      // Readings before a meter's installation are refused.
      const extent = { fromMs: Math.max(fromMs, meter.installedMs), toMs: Math.min(toMs, newest + 1) }
      return extent.fromMs < extent.toMs ? extent : undefined
    },
    stretch: async (meter, period) => {
      const found: Reading[] = []
      for (const { quantity } of await latest(meter)) {
        for (const reading of await store.readings(meter.id, quantity, period)) found.push(reading)
      }
      found.sort((a, b) => a.atMs - b.atMs)
      return format === 'csv' ? found.map(csvLine) : linesOf(found)
    },
  }
}

const intervalColumns =
  'meter,quantity,from,state,energy,resolution,method,basis,coverage,simulated,uncertain,undecided,revision,cause'

function intervalLine(interval: RecordedInterval): string {
  const from = Temporal.Instant.fromEpochMilliseconds(interval.slotMs).toString()
  const start = `${interval.meter},${interval.quantity},${from},${interval.state}`
  const { undecided, revision } = interval
  const end = `${undecided.length},${revision}`
  if (interval.state === 'missing') return `${start},,,,,,,,${end},${interval.cause}`
  const { energy, method, basis, coverage, simulated, uncertain } = interval
  const amount = `${toDecimal(energy)},${energy.resolution}`
  return `${start},${amount},${method},${basis},${coverage},${simulated},${uncertain},${end},`
}

export function intervalsSource(
  books: Pick<Books, 'intervals' | 'extentOf'>,
  format: ExportFormat,
): ExportSource {
  return {
    head: format === 'csv' ? intervalColumns : undefined,
    extent: async ({ id }, { fromMs, toMs }) => {
      const all = books.extentOf(id)
      if (all === undefined) return undefined
      const extent = { fromMs: Math.max(fromMs, all.fromMs), toMs: Math.min(toMs, all.toMs + 1) }
      return extent.fromMs < extent.toMs ? extent : undefined
    },
    // A sensor has no register, and so no intervals.
    stretch: async (meter, period) =>
      'register' in meter
        ? books
            .intervals(meter.id, meter.register, period)
            .map(format === 'csv' ? intervalLine : (each) => encodeLine(intervalPoint(each)))
        : [],
  }
}

export interface ExportWish {
  readonly meters: readonly (Meter | Sensor)[]
  readonly period: Period
  readonly source: ExportSource
  readonly file: ExportFile
  readonly signal: AbortSignal
  /** Meters done so far, with the share of the one under way, and lines written by this call. */
  readonly onProgress: (meters: number, lines: number) => void
}

/** Writes what is wished for. False where the signal ended it: then it can be continued. */
export async function exportTo({
  meters,
  period,
  source,
  file,
  signal,
  onProgress,
}: ExportWish): Promise<boolean> {
  const { resumesAt } = file
  if (resumesAt === undefined && source.head !== undefined) file.write(`${source.head}\n`)
  let written = 0
  for (const [index, meter] of meters.entries()) {
    if (index < (resumesAt?.meter ?? 0)) continue
    const extent = await source.extent(meter, period)
    if (extent !== undefined) {
      const resumed = resumesAt?.meter === index ? resumesAt.fromMs : extent.fromMs
      let fromMs = Math.max(extent.fromMs, resumed)
      for (let length = STRETCH_MS.first; fromMs < extent.toMs;) {
        if (signal.aborted) return false
        const toMs = Math.min(extent.toMs, fromMs + length)
        const lines = await source.stretch(meter, { fromMs, toMs })
        fromMs = toMs
        if (lines.length > 0) {
          file.write(`${lines.join('\n')}\n`)
          file.mark({ meter: index, fromMs })
        }
        written += lines.length
        onProgress(index + (fromMs - extent.fromMs) / (extent.toMs - extent.fromMs), written)
        if (lines.length > LINES_PER_STRETCH) length = Math.max(STRETCH_MS.least, length / 2)
        else if (lines.length < LINES_PER_STRETCH / 4) length = Math.min(STRETCH_MS.most, length * 2)
      }
    }
    onProgress(index + 1, written)
  }
  file.finish()
  return true
}
