import { z } from 'zod'
import { SLOT_MS, startOfDay } from '#contract/grid.ts'
import type { Boundary } from '#contract/interval.ts'
import type { Meter, Park } from '#contract/park.ts'
import type { Books } from '#store/port.ts'
import { accountOf } from './balance-flows.ts'
import { ofAmount, quotient, type Decimal } from './decimal.ts'
import { confidences } from './factor.ts'
import { measuredEnergy } from './measured-energy.ts'
import { monitoringScore, receivedSlots, type MonitoringScore } from './monitoring-score.ts'
import type { ReportPeriod } from './report-period.ts'

/** The demands of the national on-line monitoring of key energy users, as checks with a result. */

const share = z.number().min(0).max(1)
export const monitoringRuleFile = z.strictObject({
  document: z.string().min(1),
  source: z.string().min(1),
  confidence: z.enum(confidences),
  completeness: share.meta({ description: 'Received quarter-hours of those expected, at least' }),
  deviation: share.meta({ description: 'Sum of days against the register’s advance, at most' }),
  boundarySeconds: z.int().min(0).meta({ description: 'From midnight to the reading of a day’s boundary' }),
  score: z.strictObject({
    document: z.string().min(1),
    source: z.string().min(1),
    confidence: z.enum(confidences),
    weights: z.strictObject({ online: share, completeness: share, accuracy: share, correctness: share }),
    absurdPerDay: z.number().positive().meta({ description: 'Units a day that no meter is believed' }),
  }),
})
export type MonitoringRule = z.output<typeof monitoringRuleFile>

/** met, failed, or unknown: nothing is there to be judged. */
export const checkResults = ['met', 'failed', 'unknown'] as const
export type CheckResult = (typeof checkResults)[number]

export interface MonitoredMeter {
  readonly meter: Meter
  readonly expected: number
  /** Slots whose boundaries were received; apportioned and estimated ones are not among them. */
  readonly known: number
  readonly completeness: CheckResult
  /** Sum of the days, and what the register advanced from the first to the last boundary that is known. */
  readonly daySum: Decimal | undefined
  readonly advance: Decimal | undefined
  readonly deviation: Decimal | undefined
  readonly daily: CheckResult
  /** Midnights with a reading near enough, of those of the period. */
  readonly midnights: number
  readonly punctual: number
  readonly boundary: CheckResult
  readonly score: MonitoringScore
}

const resultOf = (holds: boolean | undefined): CheckResult =>
  holds === undefined ? 'unknown' : holds ? 'met' : 'failed'

/** From the first known boundary of a period to the last; undefined where the register went back in between. */
function advanceOf(
  books: Pick<Books, 'intervals'>,
  { id, register }: Meter,
  { fromMs, toMs }: ReportPeriod,
): Decimal | undefined {
  let first: Boundary | undefined
  let last: Boundary | undefined
  for (const interval of books.intervals(id, register, { fromMs, toMs })) {
    if (interval.state !== 'known' || interval.basis !== 'register') continue
    if (last !== undefined && ofAmount(interval.opening.register).lt(ofAmount(last.register)))
      return undefined
    first ??= interval.opening
    last = interval.closing
  }
  return first === undefined || last === undefined
    ? undefined
    : ofAmount(last.register).minus(ofAmount(first.register))
}

/** Midnights of the park's days in a period, the first one included, as far as they are over and the meter was there. */
function midnightsOf(
  { from, to }: ReportPeriod,
  timeZone: string,
  { installedMs }: Meter,
  nowMs: number,
): number[] {
  const found: number[] = []
  const end = Temporal.PlainDate.from(to)
  for (
    let day = Temporal.PlainDate.from(from);
    Temporal.PlainDate.compare(day, end) < 0;
    day = day.add({ days: 1 })
  ) {
    const atMs = startOfDay(day, timeZone)
    if (atMs >= installedMs && atMs + SLOT_MS <= nowMs) found.push(atMs)
  }
  return found
}

function isPunctual(
  books: Pick<Books, 'intervals'>,
  { id, register }: Meter,
  atMs: number,
  seconds: number,
): boolean {
  const [interval] = books.intervals(id, register, { fromMs: atMs, toMs: atMs + SLOT_MS })
  if (interval?.state !== 'known' || interval.basis !== 'register') return false
  const { before, after } = interval.opening
  return [before, after].some((point) => Math.abs(point.atMs - atMs) <= seconds * 1_000)
}

/** The checks of every boundary meter that is read, of an account or of all of them. */
export function monitoringChecks(
  {
    park,
    books,
    nowMs,
  }: {
    readonly park: Park
    readonly books: Pick<Books, 'intervals' | 'daySums' | 'sumsOver'>
    readonly nowMs: number
  },
  period: ReportPeriod,
  account: string | undefined,
  rule: MonitoringRule,
): MonitoredMeter[] {
  const { timeZone } = park.description
  return [...park.meters.values()]
    .filter(
      (meter) =>
        meter.role === 'boundary' &&
        meter.gateway !== undefined &&
        (account === undefined || accountOf(park, meter) === account),
    )
    .map((meter) => {
      const { energy, expected, sum } = measuredEnergy(books, meter, period, nowMs)
      // Received over expected: what was shared out or estimated afterwards was never received.
      const received = receivedSlots(sum)
      const advance = advanceOf(books, meter, period)
      const comparable = energy !== undefined && advance?.gt(0) === true
      const deviation = comparable ? quotient(energy.minus(advance).abs(), advance) : undefined
      const midnights = midnightsOf(period, timeZone, meter, nowMs)
      const punctual = midnights.filter((atMs) => isPunctual(books, meter, atMs, rule.boundarySeconds)).length
      return {
        meter,
        expected,
        known: received,
        completeness: resultOf(expected === 0 ? undefined : received / expected >= rule.completeness),
        daySum: energy,
        advance,
        deviation,
        daily: resultOf(deviation === undefined ? undefined : Number(deviation.toFixed()) <= rule.deviation),
        midnights: midnights.length,
        punctual,
        boundary: resultOf(midnights.length === 0 ? undefined : punctual === midnights.length),
        score: monitoringScore(
          { park, books },
          meter,
          period,
          { expected, received, days: midnights.length },
          rule.score,
        ),
      }
    })
}
