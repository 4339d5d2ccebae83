import type { MaximumDemand } from '#accounts/load/demand.ts'
import { decimal, type Decimal } from '../decimal.ts'
import { unavailable, known, type Charge } from './charge.ts'
import { contractedDemand, type ContractedDemand, type ContractedDemandRule } from './contracted-demand.ts'
import type { PriceRow } from './price.ts'

/** The basic charge of two-part tariffs: by capacity in service, by maximum demand, or by the contracted one. */

/** What the basic charge of a month is computed of. */
export interface BasicGround {
  /** Rows that hold in the month; undefined among them: no price is known for a part of it. */
  readonly prices: ReadonlySet<PriceRow | undefined>
  /** Of each incomer by itself: those of several are added up. Undefined where none was measured in full. */
  readonly demands: readonly (MaximumDemand | undefined)[]
  readonly transformerKva: Decimal | undefined
  /** Contracted demand by the plan, for rows that state none. */
  readonly contractKw: Decimal | undefined
  readonly rule: ContractedDemandRule
}

/** A basic charge, with what it is by. */
export interface BasicCharge {
  readonly charge: Charge
  readonly by: NonNullable<PriceRow['basic']>['by'] | undefined
  /** Sum of the incomers' maxima, where the charge is by demand and it is known. */
  readonly demandKw: Decimal | undefined
  readonly contract: ContractedDemand | undefined
}

function sumOf(demands: BasicGround['demands']): Decimal | undefined {
  let sum: Decimal | undefined
  for (const demand of demands) {
    if (demand === undefined) return undefined
    sum = (sum ?? decimal('0')).plus(demand.kw)
  }
  return sum
}

/** The basic charge of a month; undefined where its price has none. */
export function basicChargeOf(ground: BasicGround): BasicCharge | undefined {
  const { prices, transformerKva, rule } = ground
  const rows = [...prices]
  const basics = new Set(rows.map((row) => JSON.stringify(row?.basic)))
  const none = { by: undefined, demandKw: undefined, contract: undefined }
  if (basics.size > 1)
    return { ...none, charge: unavailable(prices.has(undefined) ? 'no-price' : 'prices-differ') }
  const basic = rows[0]?.basic
  if (basic === undefined) return undefined
  const { by } = basic
  if (by === 'capacity') {
    const charge =
      transformerKva === undefined
        ? unavailable('no-capacity')
        : known(transformerKva.times(decimal(basic.cnyPerKvaMonth)))
    return { ...none, by, charge }
  }
  const demandKw = sumOf(ground.demands)
  const price = decimal(basic.cnyPerKwMonth)
  if (by === 'maximum-demand') {
    const charge = demandKw === undefined ? unavailable('no-demand') : known(demandKw.times(price))
    return { ...none, by, demandKw, charge }
  }
  const contractKw = basic.contractKw === undefined ? ground.contractKw : decimal(basic.contractKw)
  if (contractKw === undefined) return { ...none, by, demandKw, charge: unavailable('no-contract') }
  if (demandKw === undefined) return { ...none, by, demandKw, charge: unavailable('no-demand') }
  const contract = contractedDemand(contractKw, demandKw, rule)
  return { by, demandKw, contract, charge: known(contract.chargedKw.times(price)) }
}
