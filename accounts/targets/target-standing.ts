import { monthNameAt } from '../account-month.ts'
import { decimal, type Decimal } from '../decimal.ts'
import { laterMonth, type MonthFigure } from './month-figure.ts'
import { targetStatus } from './pace.ts'
import { monthsAhead, monthsOver, outputMonths, targetMonths, type TargetGround } from './target-months.ts'
import type { Target, TargetFile } from './target.ts'

/** Where a target stands against what is allowed by now. */
export interface TargetStanding {
  readonly target: Target
  /** The last month that is over. */
  readonly through: string
  readonly toDate: Decimal
  /** By the usual course of the year; of an intensity its limit. */
  readonly allowed: Decimal
}

/**
 * The targets of the year of the last month that is over, as far as anything is known of them. Gives `undefined` after
 * each month that was summed up, so that whoever asks may let other work pass.
 */
export function* targetStandings(
  ground: TargetGround,
  { targets, warnings }: TargetFile,
  nowMs: number,
): Generator<TargetStanding | undefined> {
  const through = laterMonth(monthNameAt(nowMs, ground.park.description.timeZone), -1)
  const year = Number(through.slice(0, 4))
  // Pace needs the year before; what forecasts learn from lies further back and is not asked for.
  const months = monthsOver(ground.park, nowMs).filter((month) => month >= `${year - 1}-01`)
  if (!months.includes(through)) return
  const ofYear = targets.filter((each) => each.year === year)
  yield* monthsAhead(ground, ofYear, months)
  for (const target of ofYear) {
    const tonnes: MonthFigure[] = []
    for (const month of months) {
      tonnes.push(...targetMonths(ground, target, [month]))
      yield undefined
    }
    const output = outputMonths(ground, target, months)
    const { toDate, pace } = targetStatus(target, { tonnes, output }, through, warnings.grades)
    const allowed = target.intensity === undefined ? pace?.allowed : decimal(target.limit)
    if (toDate !== undefined && allowed !== undefined) yield { target, through, toDate, allowed }
  }
}
