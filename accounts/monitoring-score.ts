import { join, type EnergySum } from '#contract/energy-sum.ts'
import type { Meter, Park } from '#contract/park.ts'
import type { Books } from '#store/port.ts'
import { decimal, ofAmount, quotient, type Decimal } from './decimal.ts'
import type { MonitoringRule } from './monitoring-checks.ts'
import type { ReportPeriod } from './report-period.ts'

/** A province's score of what a boundary meter sends, from 0 to 1; a part that cannot be judged is undefined. */
export interface MonitoringScore {
  /** Days of which something was received, of the days that are over. */
  readonly online: number | undefined
  /** Quarter-hours received of those expected. */
  readonly completeness: number | undefined
  /** How near the meters right behind this one come to it, over the same period; undefined where there are none. */
  readonly accuracy: number | undefined
  /** Days that are neither below zero, nor zero, nor absurd, of the days with data. */
  readonly correctness: number | undefined
  /** Weighted; undefined where a part is. */
  readonly total: number | undefined
}

const ONE = decimal('1')

/** Meters right behind a boundary meter, of its carrier: those of the processes, or of the enterprises behind a park's. */
function metersBehind(park: Park, boundary: Meter): Meter[] {
  return [...park.meters.values()].filter(
    (meter) => meter.upstream === boundary.id && meter.carrier === boundary.carrier && meter.role !== 'check',
  )
}

type DayBooks = Pick<Books, 'daySums'>

function energyOf(books: DayBooks, meter: Meter, period: ReportPeriod): Decimal | undefined {
  const { energy } = join(books.daySums(meter.id, meter.register, period).map(({ sum }) => sum))
  return energy === undefined ? undefined : ofAmount(energy)
}

function accuracyOf(books: DayBooks, park: Park, boundary: Meter, period: ReportPeriod): number | undefined {
  const behind = metersBehind(park, boundary)
  const plant = energyOf(books, boundary, period)
  if (behind.length === 0 || plant === undefined || plant.lte(0)) return undefined
  let sum = decimal('0')
  for (const meter of behind) {
    const energy = energyOf(books, meter, period)
    // A process that is not known is not zero, and the sum says nothing.
    if (energy === undefined) return undefined
    sum = sum.plus(energy)
  }
  const off = Number(ONE.minus(quotient(sum, plant)).abs().toString())
  return Math.max(0, 1 - off)
}

/** Methods of slots that rest on readings of their own time. */
const RECEIVED = ['measured', 'interpolated', 'integrated'] as const

/** Slots that were received: what was shared out, estimated or written down afterwards was not. */
export function receivedSlots({ methods }: EnergySum): number {
  return RECEIVED.reduce((count, method) => count + (methods[method]?.slots ?? 0), 0)
}

/** @param expected quarter-hours of the meter in the period that are over, and those of them that were received */
export function monitoringScore(
  { park, books }: { readonly park: Park; readonly books: DayBooks },
  meter: Meter,
  period: ReportPeriod,
  {
    expected,
    received,
    days,
  }: { readonly expected: number; readonly received: number; readonly days: number },
  { weights, absurdPerDay }: MonitoringRule['score'],
): MonitoringScore {
  const all = books.daySums(meter.id, meter.register, period)
  const online = all.filter(({ sum }) => receivedSlots(sum) > 0).length
  const sums = all.flatMap(({ sum }) =>
    sum.energy === undefined ? [] : [Number(ofAmount(sum.energy).toString())],
  )
  const correct = sums.filter((energy) => energy > 0 && energy <= absurdPerDay).length
  const parts = {
    online: days === 0 ? undefined : Math.min(1, online / days),
    completeness: expected === 0 ? undefined : received / expected,
    accuracy: accuracyOf(books, park, meter, period),
    correctness: sums.length === 0 ? undefined : correct / sums.length,
  }
  let total: number | undefined = 0
  for (const part of ['online', 'completeness', 'accuracy', 'correctness'] as const) {
    const value = parts[part]
    total = total === undefined || value === undefined ? undefined : total + value * weights[part]
  }
  return { ...parts, total }
}
