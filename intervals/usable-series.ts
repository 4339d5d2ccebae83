import { eventMs, type MeterEvent } from '#contract/park.ts'
import type { QuantityName } from '#contract/quantities.ts'
import type { RegisterReading } from '#contract/reading.ts'
import type { ReadingStore, RegisterSeries } from '#store/port.ts'
import type { MeterFacts } from './advance.ts'

export type SeriesSource = Pick<ReadingStore, 'registerSeries'>

/** A stretch of time whose readings a person has put aside; both ends count. */
interface Stretch {
  readonly fromMs: number
  readonly toMs: number
}

function ignoredStretches(events: readonly MeterEvent[], quantity: QuantityName): Stretch[] {
  return events.flatMap((event) => {
    if (event.kind !== 'ignored' || event.quantity !== quantity) return []
    const toMs =
      event.until === undefined ? eventMs(event) : Temporal.Instant.from(event.until).epochMilliseconds
    return [{ fromMs: eventMs(event), toMs }]
  })
}

/** Whether a person has put what was read at a moment aside as wrong. */
export function ignoring(events: readonly MeterEvent[], quantity: QuantityName): (atMs: number) => boolean {
  const stretches = ignoredStretches(events, quantity)
  return (atMs) => stretches.some(({ fromMs, toMs }) => atMs >= fromMs && atMs <= toMs)
}

const isManual = ({ quality }: RegisterReading): boolean => quality === 'manual'

const readingsOf = ({ before, within, after }: RegisterSeries): RegisterReading[] =>
  [before, ...within, after].filter((reading) => reading !== undefined)

/**
 * A source of register readings without those that count for nothing:
 *
 * - what a person has put aside as wrong (`ignored`);
 * - what was read off by a person while the meter was read anyway, no further apart than its expected gap: it checks the
 *   register, and its difference is reported (`manualChecks`), but it neither bends nor tears what was measured.
 *
 * Everything else is as in the source, the nearest reading before and after a period too.
 */
export function usableSeries(source: SeriesSource, meter: MeterFacts): SeriesSource {
  const gapMs = meter.gapSeconds * 1_000

  return {
    registerSeries: async (id, quantity, period) => {
      const ignored = ignoredStretches(meter.events, quantity)
      const ignoredAt = (atMs: number): Stretch | undefined =>
        ignored.find(({ fromMs, toMs }) => atMs >= fromMs && atMs <= toMs)
      const found = await source.registerSeries(id, quantity, period)
      if (ignored.length === 0 && !readingsOf(found).some((reading) => isManual(reading))) return found

      const around = (fromMs: number, toMs: number): Promise<RegisterSeries> =>
        source.registerSeries(id, quantity, { fromMs: Math.max(0, fromMs - gapMs), toMs: toMs + gapMs + 1 })
      const measuredIn = (series: RegisterSeries): RegisterReading[] =>
        readingsOf(series).filter((reading) => !isManual(reading) && ignoredAt(reading.atMs) === undefined)
      const isCovered = (atMs: number, measured: readonly RegisterReading[]): boolean => {
        const before = measured.findLast((reading) => reading.atMs < atMs)
        const after = measured.find((reading) => reading.atMs > atMs)
        return before !== undefined && after !== undefined && after.atMs - before.atMs <= gapMs
      }
      const countsAlone = async (reading: RegisterReading): Promise<boolean> =>
        !isManual(reading) || !isCovered(reading.atMs, measuredIn(await around(reading.atMs, reading.atMs)))

      const nearestBefore = async (atMs: number): Promise<RegisterReading | undefined> => {
        let candidate = found.before
        for (let endMs = atMs; candidate !== undefined;) {
          const stretch = ignoredAt(candidate.atMs)
          if (stretch === undefined && (await countsAlone(candidate))) return candidate
          endMs = Math.min(endMs, stretch?.fromMs ?? candidate.atMs)
          candidate = (await source.registerSeries(id, quantity, { fromMs: endMs, toMs: endMs + 1 })).before
        }
        return undefined
      }
      const nearestAfter = async (atMs: number): Promise<RegisterReading | undefined> => {
        let candidate = found.after
        for (let startMs = atMs; candidate !== undefined;) {
          const stretch = ignoredAt(candidate.atMs)
          if (stretch === undefined && (await countsAlone(candidate))) return candidate
          startMs = Math.max(startMs, (stretch?.toMs ?? candidate.atMs) + 1)
          candidate = (await source.registerSeries(id, quantity, { fromMs: startMs - 1, toMs: startMs }))
            .after
        }
        return undefined
      }
      const measured = measuredIn(await around(period.fromMs, period.toMs))
      return {
        before: await nearestBefore(period.fromMs),
        within: found.within.filter(
          (reading) =>
            ignoredAt(reading.atMs) === undefined &&
            !(isManual(reading) && isCovered(reading.atMs, measured)),
        ),
        after: await nearestAfter(period.toMs),
      }
    },
  }
}
