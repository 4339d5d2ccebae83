import type { Park } from '#contract/park.ts'
import type { AccountingPlan } from './accounting-plan.ts'
import { balanceFlows, type UnplacedMeter } from './balance-flows.ts'
import { itemCoals, meterParts, type BalancePart } from './balance-parts.ts'
import { heatingValuesOf, recordedParts, type ComparedRecord } from './balance-records.ts'
import type { EnergyItems } from './energy-item.ts'
import type { FactorLibrary } from './factor-library.ts'
import type { Period } from '#contract/grid.ts'
import type { MeasuredPieces } from './measured-energy.ts'
import type { NumberedRecord } from './numbered-record.ts'
import { withOwnEqualValue } from './own-equal-value.ts'
import { piecesOf, type ReportPeriod } from './report-period.ts'
import { bySources } from './source-coals.ts'
import { atOnce, type Steps } from './steps.ts'

/** What a park's balance is made from. */
export interface BalanceGround {
  readonly park: Park
  readonly plan: AccountingPlan
  readonly items: EnergyItems
  readonly library: FactorLibrary
  readonly records: readonly NumberedRecord[]
  /** What a meter measured in each of some pieces. */
  readonly measured: (pieces: readonly Period[]) => MeasuredPieces
}

/** All parts of the balance tables of a park and its accounts in a period. */
export interface ParkBalance {
  readonly period: ReportPeriod
  readonly parts: readonly BalancePart[]
  readonly unplaced: readonly UnplacedMeter[]
  readonly compared: readonly ComparedRecord[]
}

/** Meters that are read at once, for some ten milliseconds. */
const METERS_AT_ONCE = 20

/** Days on which a coefficient may change within a month: those of measured heating values. */
function cutsOf({ records, plan, library }: BalanceGround): string[] {
  return heatingValuesOf(records, plan, library).flatMap(({ from, to }) => [from, to])
}

/** Reads what meters measured in a period, which `parkBalance` of the same ground then has at hand. */
export function* readAhead(ground: BalanceGround, period: ReportPeriod): Generator<undefined> {
  const { park } = ground
  const measured = ground.measured(piecesOf(period, park.description.timeZone, cutsOf(ground)))
  let read = 0
  for (const meter of park.meters.values()) {
    measured(meter, meter.register)
    read += 1
    if (read % METERS_AT_ONCE === 0) yield undefined
  }
}

/**
 * Balances of periods that follow one another, each as `parkBalance` makes it, by one reading of every meter. Gives
 * `undefined` where other work may pass.
 */
export function* parkBalances(
  ground: BalanceGround,
  periods: readonly ReportPeriod[],
): Generator<ParkBalance | undefined> {
  const { park, plan, items } = ground
  const cuts = cutsOf(ground)
  const all = periods.map((period) => piecesOf(period, park.description.timeZone, cuts))
  const measured = ground.measured(all.flat())
  const { flows } = balanceFlows(park, plan, items)
  for (const [index, { meter, quantity }] of flows.entries()) {
    measured(meter, quantity)
    if (index % METERS_AT_ONCE === 0) yield undefined
  }
  let first = 0
  for (const [index, period] of periods.entries()) {
    const count = all[index]?.length ?? 0
    const [from, to] = [first, first + count]
    first = to
    yield yield* parkBalanceSteps(
      { ...ground, measured: () => (meter, quantity) => measured(meter, quantity).slice(from, to) },
      period,
    )
  }
}

/** What every cell of every table of a period is made of. Throws `factor-ambiguous`, `unit-mismatch`. */
export function parkBalance(ground: BalanceGround, period: ReportPeriod): ParkBalance {
  return atOnce(parkBalanceSteps(ground, period))
}

/** The same, with pauses for other work. */
export function* parkBalanceSteps(ground: BalanceGround, period: ReportPeriod): Steps<ParkBalance> {
  const { park, plan, items, library, records } = ground
  const heatingValues = heatingValuesOf(records, plan, library)
  const cuts = heatingValues.flatMap(({ from, to }) => [from, to])
  const pieces = piecesOf(period, park.description.timeZone, cuts)
  const { flows, unplaced } = balanceFlows(park, plan, items)
  const measured = ground.measured(pieces)
  const bySource = bySources({
    park,
    plan,
    items,
    records,
    pieces,
    measured,
    coalOf: itemCoals({ plan, library, items, heatingValues }),
  })
  yield undefined
  const coalOf = withOwnEqualValue({ flows, pieces, measured, items, coalOf: bySource.coalOf })
  const recorded = recordedParts(records, flows, pieces, { plan, items, coalOf })
  yield undefined
  const parts = yield* meterParts(flows, pieces, measured, coalOf, bySource.sourceOf)
  return { period, unplaced, parts: [...parts, ...recorded.parts], compared: recorded.compared }
}
