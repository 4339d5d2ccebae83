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

/** What every cell of every table of a period is made of. Throws `factor-ambiguous`, `unit-mismatch`. */
export function parkBalance(ground: BalanceGround, period: ReportPeriod): ParkBalance {
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
  const coalOf = withOwnEqualValue({ flows, pieces, measured, items, coalOf: bySource.coalOf })
  const recorded = recordedParts(records, flows, pieces, { plan, items, coalOf })
  const parts = meterParts(flows, pieces, measured, coalOf, bySource.sourceOf)
  return { period, unplaced, parts: [...parts, ...recorded.parts], compared: recorded.compared }
}
