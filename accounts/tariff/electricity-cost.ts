import { decimal, type Decimal } from '../decimal.ts'
import { maximumDemand, type MaximumDemand } from '#accounts/load/demand.ts'
import type { SlotEnergy } from '#accounts/load/slot-energy.ts'
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

/** An amount of money, or why there is none. */
export type Charge =
  | { readonly state: 'known'; readonly cny: Decimal }
  | { readonly state: 'not-available'; readonly why: readonly CostGap[] }

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
  readonly tariff: Tariff
  /** The account's own prices. */
  readonly prices: readonly PriceRow[]
  readonly transformerKva?: Decimal | undefined
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
  readonly basicCharge: Charge | undefined
  /** Undefined where no standard is given. */
  readonly powerFactorCharge: Charge | undefined
  readonly total: Charge
}

const ZERO = decimal('0')
const PERCENT = decimal('0.01')
const unavailable = (...why: CostGap[]): Charge => ({ state: 'not-available', why })
const known = (cny: Decimal): Charge => ({ state: 'known', cny })

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

function basicChargeOf(
  lines: readonly PeriodUse[],
  demand: MaximumDemand | undefined,
  transformerKva: Decimal | undefined,
): Charge | undefined {
  const rows = new Set(lines.map(({ price }) => price))
  const basics = new Set([...rows].map((row) => JSON.stringify(row?.basic)))
  if (basics.size > 1) return unavailable(rows.has(undefined) ? 'no-price' : 'prices-differ')
  const basic = [...rows][0]?.basic
  if (basic === undefined) return undefined
  if (basic.by === 'maximum-demand') {
    return demand === undefined
      ? unavailable('no-demand')
      : known(demand.kw.times(decimal(basic.cnyPerKwMonth)))
  }
  return transformerKva === undefined
    ? unavailable('no-capacity')
    : known(transformerKva.times(decimal(basic.cnyPerKvaMonth)))
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
 * Cost of a billing month: energy by period, the basic charge on maximum demand or capacity, the adjustment by power
 * factor. A part that no document or measurement gives is not available, and then there is no total either.
 */
export function electricityCost(month: BillingMonth): ElectricityCost {
  const { slots, tariff, prices, reactive, powerFactorStandard, powerFactors } = month
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
  const basicCharge = basicChargeOf(lines, demand, month.transformerKva)
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
    basicCharge,
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
