import { decimal, type Decimal } from '../decimal.ts'
import { maximumDemand, type MaximumDemand } from '#accounts/load/demand.ts'
import type { SlotEnergy } from '#accounts/load/slot-energy.ts'
import { basicChargeOf, type BasicCharge } from './basic-charge.ts'
import { known, unavailable, type Charge } from './charge.ts'
import type { ContractedDemandRule } from './contracted-demand.ts'
import type { CostGap } from './cost-gaps.ts'
import { useByPeriod, type PeriodUse } from './period-use.ts'
import {
  meanPowerFactor,
  powerFactorAdjustment,
  type PowerFactorAdjustment,
  type PowerFactorStandard,
  type PowerFactorTable,
} from './power-factor.ts'
import type { PriceRow } from './price.ts'
import { priceClock } from './prices.ts'
import { tariffClock } from './tariff-clock.ts'
import type { Tariff } from './tariff.ts'

/** Active and reactive energy of a month. */
export interface ReactiveEnergy {
  readonly activeKwh: Decimal
  readonly forwardKvarh: Decimal
  readonly reverseKvarh: Decimal
  /** Slots of any of them that are missing. */
  readonly missing: number
}

/** What a month's bill is computed from. */
export interface BillingMonth {
  /** All settled slots of the billing month of the account's purchased electricity. */
  readonly slots: readonly SlotEnergy[]
  /** The same of each incomer, where there are several: demands of incomers are measured one by one and added up. */
  readonly incomers?: readonly (readonly SlotEnergy[])[] | undefined
  readonly tariff: Tariff
  /** The account's own prices. */
  readonly prices: readonly PriceRow[]
  readonly transformerKva?: Decimal | undefined
  /** Contracted demand by the plan, where no price row states one. */
  readonly contractKw?: Decimal | undefined
  readonly contractRule: ContractedDemandRule
  readonly reactive?: ReactiveEnergy | undefined
  /** Undefined: no adjustment by power factor is made. */
  readonly powerFactorStandard?: PowerFactorStandard | undefined
  readonly powerFactors: PowerFactorTable
}

/** Cost of a month's electricity with everything it is made of. */
export interface ElectricityCost {
  readonly lines: readonly PeriodUse[]
  readonly kwh: Decimal | undefined
  readonly known: number
  /** While slots are missing, all charges on energy are those of the known slots. */
  readonly missing: number
  readonly demand: MaximumDemand | undefined
  readonly powerFactor: Decimal | undefined
  readonly adjustment: PowerFactorAdjustment | undefined
  readonly energyCharge: Charge
  /** Undefined where the price has no basic charge. */
  readonly basic: BasicCharge | undefined
  /** Undefined where no standard is given. */
  readonly powerFactorCharge: Charge | undefined
  readonly total: Charge
}

const ZERO = decimal('0')
const PERCENT = decimal('0.01')

function energyChargeOf(lines: readonly PeriodUse[]): Charge {
  const used = lines.filter(({ kwh }) => kwh !== undefined)
  if (used.length === 0) return unavailable('no-energy')
  const gaps = new Set<CostGap>()
  let sum = ZERO
  for (const { period, cny } of used) {
    if (period === undefined) gaps.add('no-tariff')
    else if (cny === undefined) gaps.add('no-price')
    else sum = sum.plus(cny)
  }
  return gaps.size > 0 ? unavailable(...gaps) : known(sum)
}

/** Government funds within the energy charge; undefined where a price does not tell them. */
function fundsOf(lines: readonly PeriodUse[]): Decimal | undefined {
  let sum = ZERO
  for (const { price, kwh } of lines) {
    if (kwh === undefined) continue
    if (price?.fundsCnyPerKwh === undefined) return undefined
    sum = sum.plus(kwh.times(decimal(price.fundsCnyPerKwh)))
  }
  return sum
}

/** (energy charge + basic charge − government funds) × percent. */
function powerFactorChargeOf(
  adjustment: PowerFactorAdjustment | undefined,
  energyCharge: Charge,
  basicCharge: Charge | undefined,
  lines: readonly PeriodUse[],
): Charge {
  const why: CostGap[] = adjustment === undefined ? ['no-reactive-energy'] : []
  for (const charge of [energyCharge, basicCharge]) {
    if (charge?.state === 'not-available') why.push(...charge.why)
  }
  const funds = fundsOf(lines)
  if (why.length === 0 && funds === undefined) why.push('no-funds')
  if (adjustment === undefined || funds === undefined || energyCharge.state !== 'known' || why.length > 0) {
    return unavailable(...new Set(why))
  }
  const basic = basicCharge?.state === 'known' ? basicCharge.cny : ZERO
  return known(energyCharge.cny.plus(basic).minus(funds).times(adjustment.percent).times(PERCENT))
}

/**
 * Cost of a billing month: energy by period, the basic charge on maximum or contracted demand or capacity, the adjustment
 * by power factor. A part that no document or measurement gives is not available, and then there is no total either.
 */
export function electricityCost(month: BillingMonth): ElectricityCost {
  const { slots, incomers = [slots], tariff, prices, reactive, powerFactorStandard, powerFactors } = month
  const lines = useByPeriod(slots, tariffClock(tariff), priceClock(prices, tariff))
  const demand = maximumDemand(slots)
  const powerFactor =
    reactive === undefined || reactive.missing > 0
      ? undefined
      : meanPowerFactor(reactive.activeKwh, reactive.forwardKvarh, reactive.reverseKvarh)
  const adjustment =
    powerFactor === undefined || powerFactorStandard === undefined
      ? undefined
      : powerFactorAdjustment(powerFactor, powerFactorStandard, powerFactors)
  const energyCharge = energyChargeOf(lines)
  const basic = basicChargeOf({
    prices: new Set(lines.map(({ price }) => price)),
    demands: incomers.map((each) => maximumDemand(each)),
    transformerKva: month.transformerKva,
    contractKw: month.contractKw,
    rule: month.contractRule,
  })
  const basicCharge = basic?.charge
  const powerFactorCharge =
    powerFactorStandard === undefined
      ? undefined
      : powerFactorChargeOf(adjustment, energyCharge, basicCharge, lines)
  const kwhs = lines.flatMap(({ kwh }) => kwh ?? [])
  return {
    lines,
    kwh: kwhs.length === 0 ? undefined : kwhs.reduce((a, b) => a.plus(b)),
    known: lines.reduce((sum, { known }) => sum + known, 0),
    missing: lines.reduce((sum, { missing }) => sum + missing, 0),
    demand,
    powerFactor,
    adjustment,
    energyCharge,
    basic,
    powerFactorCharge,
    total: totalOf([energyCharge, basicCharge, powerFactorCharge]),
  }
}

function totalOf(charges: readonly (Charge | undefined)[]): Charge {
  const why = new Set<CostGap>()
  let sum = ZERO
  for (const charge of charges) {
    if (charge === undefined) continue
    if (charge.state === 'known') sum = sum.plus(charge.cny)
    else for (const gap of charge.why) why.add(gap)
  }
  return why.size > 0 ? unavailable(...why) : known(sum)
}
