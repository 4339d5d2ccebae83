import { startOfDay } from '#contract/grid.ts'
import type { Meter } from '#contract/park.ts'
import type { QuantityName } from '#contract/quantities.ts'
import type { BalanceGround } from './balance.ts'
import type { MeasuredPiece } from './measured-energy.ts'
import type { ReportPeriod } from './report-period.ts'
import type { Steps } from './steps.ts'

/** Days that follow one another, each of which lacks slots of a meter. */
export interface QualityGap {
  readonly meter: Meter
  /** First and last day. */
  readonly from: string
  readonly to: string
  readonly missing: number
  /** Of these, slots that wait for a person's decision. */
  readonly undecided: number
}

function daysOf({ from, to }: ReportPeriod, timeZone: string): (MeasuredPiece & { readonly from: string })[] {
  const days: (MeasuredPiece & { readonly from: string })[] = []
  for (let day = Temporal.PlainDate.from(from); day.toString() < to; day = day.add({ days: 1 })) {
    const [first, next] = [day.toString(), day.add({ days: 1 }).toString()]
    days.push({
      from: first,
      to: next,
      fromMs: startOfDay(first, timeZone),
      toMs: startOfDay(next, timeZone),
    })
  }
  return days
}

/** When slots of meters are missing, by days of the park's calendar; only meters that lack any are read. */
export function* qualityGaps(
  { park, measured }: Pick<BalanceGround, 'park' | 'measured'>,
  period: ReportPeriod,
  meters: readonly { readonly meter: Meter; readonly quantity: QuantityName; readonly missing: number }[],
): Steps<QualityGap[]> {
  const days = daysOf(period, park.description.timeZone)
  const ofDays = measured(days)
  const gaps: QualityGap[] = []
  for (const { meter, quantity, missing } of meters) {
    if (missing === 0) continue
    let open: QualityGap | undefined
    for (const [index, piece] of ofDays(meter, quantity).entries()) {
      const day = days[index]?.from ?? ''
      if (piece.missing === 0) {
        if (open !== undefined) gaps.push(open)
        open = undefined
        continue
      }
      open = {
        meter,
        from: open?.from ?? day,
        to: day,
        missing: (open?.missing ?? 0) + piece.missing,
        undecided: (open?.undecided ?? 0) + piece.sum.undecided,
      }
    }
    if (open !== undefined) gaps.push(open)
    yield undefined
  }
  return gaps
}
