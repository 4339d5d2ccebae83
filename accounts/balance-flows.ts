import type { Meter, Park } from '#contract/park.ts'
import type { QuantityName } from '#contract/quantities.ts'
import type { AccountingPlan, AccountPlan, MeasuredTerm } from './accounting-plan.ts'
import { decimal, type Decimal } from './decimal.ts'
import type { EnergyItems } from './energy-item.ts'
import { meterItems } from './meter-items.ts'

/** Why a flow stands in its row: by the meter's role, by a conversion or an assignment of the plan, or for want of meters inside. */
export const flowReasons = ['role', 'conversion', 'assigned', 'sold', 'use-by-boundary'] as const
export type FlowReason = (typeof flowReasons)[number]

/** A meter's flow as an entry of a row of the balance table. */
export interface BalanceFlow {
  readonly account: string
  readonly item: string
  readonly row: string
  readonly meter: Meter
  readonly quantity: QuantityName
  /** Signed: "-1" takes the flow away from the row. */
  readonly share: Decimal
  /** What one unit of the register is in the unit of the item: GJ in a tonne of steam. */
  readonly perUnit: Decimal
  readonly reason: FlowReason
  /** The conversion or assignment of the plan that says so. */
  readonly by: string | undefined
}

/** A meter that takes part in no row, and why that is right or must be put right. */
export interface UnplacedMeter {
  readonly meter: string
  readonly reason:
    | 'no-item'
    | 'actual-volume'
    | 'no-enthalpy'
    | 'media-made-inside'
    | 'conversion-not-in-plan'
}

export interface BalanceFlows {
  readonly flows: readonly BalanceFlow[]
  readonly unplaced: readonly UnplacedMeter[]
}

/** Rows between accounts of one park: they cancel in the park's own table. */
export const insideRows: readonly string[] = ['received-inside', 'passed-inside']

const ONE = decimal('1')
const isExport = (quantity: QuantityName): boolean => quantity.includes('Export')
/** Whose a meter is: an enterprise’s, or the park’s own. */
export const accountOf = (park: Park, meter: Meter): string => meter.enterprise ?? park.description.id

/** The account that a boundary meter is fed from, where that is another one of the park. */
function feederOf(park: Park, meter: Meter): string | undefined {
  const account = accountOf(park, meter)
  const seen = new Set<string>()
  for (let at = meter.upstream; at !== undefined && !seen.has(at);) {
    seen.add(at)
    const above = park.meters.get(at)
    if (above === undefined) return undefined
    if (accountOf(park, above) !== account) return accountOf(park, above)
    at = above.upstream
  }
  return undefined
}

/**
 * Where every meter's flow stands in the balance table: by its role, by the conversions, assignments and sales of the
 * plan. Submeters and check meters are added nowhere. Where an account has no meter behind its boundary for an item, what
 * it got is what it used, and says so.
 */
export function balanceFlows(park: Park, plan: AccountingPlan, items: EnergyItems): BalanceFlows {
  const itemOf = meterItems(park, plan, items)
  const plans = new Map(plan.accounts.map((account) => [account.account, account]))
  const flows: BalanceFlow[] = []
  const unplaced: UnplacedMeter[] = []
  const converted = new Set(
    plan.accounts.flatMap(({ conversions }) =>
      conversions.flatMap(({ inputs, outputs }) => [...inputs, ...outputs].map(({ meter }) => meter)),
    ),
  )

  function place(
    account: string,
    row: string,
    {
      meter,
      quantity = meter.register,
      share = ONE,
    }: { meter: Meter; quantity?: QuantityName | undefined; share?: Decimal },
    why: Pick<BalanceFlow, 'reason' | 'by'>,
  ): void {
    const found = itemOf(meter, quantity)
    if (typeof found === 'string') unplaced.push({ meter: meter.id, reason: found })
    else flows.push({ account, row, meter, quantity, share, ...found, ...why })
  }

  for (const meter of park.meters.values()) {
    const account = accountOf(park, meter)
    const byRole = { reason: 'role', by: undefined } as const
    switch (meter.role) {
      case 'boundary': {
        const feeder = feederOf(park, meter)
        const isOut = isExport(meter.register)
        if (feeder === undefined) place(account, isOut ? 'outflow' : 'inflow', { meter }, byRole)
        else {
          place(isOut ? feeder : account, 'received-inside', { meter }, byRole)
          place(isOut ? account : feeder, 'passed-inside', { meter }, byRole)
        }
        break
      }
      case 'production':
        place(account, 'primary-production', { meter }, byRole)
        break
      case 'terminal':
        place(account, plans.get(account)?.sector ?? 'unclassified', { meter }, byRole)
        break
      case 'conversion-input':
      case 'conversion-output':
        if (!converted.has(meter.id)) {
          const found = itemOf(meter, meter.register)
          const isMedium = typeof found !== 'string' && items[found.item]?.media === true
          unplaced.push({
            meter: meter.id,
            reason: isMedium ? 'media-made-inside' : 'conversion-not-in-plan',
          })
        }
        break
      case 'submeter':
      case 'check':
      case 'product-count':
        break
    }
  }

  const ofTerm = ({ meter: id, quantity, share }: MeasuredTerm, sign: Decimal) => {
    const meter = park.meters.get(id)
    return meter === undefined ? undefined : { meter, quantity, share: decimal(share).times(sign) }
  }
  for (const account of plan.accounts) {
    const put = (row: string, term: ReturnType<typeof ofTerm>, reason: FlowReason, by: string): void => {
      if (term !== undefined) place(account.account, row, term, { reason, by })
    }
    for (const { id, row, inputs, outputs } of account.conversions) {
      for (const term of inputs) put(term.row ?? row, ofTerm(term, decimal('-1')), 'conversion', id)
      for (const term of outputs) put(term.row ?? row, ofTerm(term, ONE), 'conversion', id)
    }
    for (const { id, row, terms } of account.assigned) {
      for (const term of terms) put(row, ofTerm(term, ONE), 'assigned', id)
    }
    for (const source of account.sources) {
      if (source.kind !== 'electricity-sold' && source.kind !== 'heat-sold') continue
      // What another account of the park receives is placed by that account's boundary meters.
      if (source.receivers !== undefined) continue
      for (const term of source.measured) {
        const isPlaced = flows.some(
          ({ row, meter, quantity }) =>
            (row === 'outflow' || row === 'passed-inside') &&
            meter.id === term.meter &&
            quantity === (term.quantity ?? meter.register),
        )
        if (!isPlaced) put('outflow', ofTerm(term, ONE), 'sold', source.id)
      }
    }
  }
  return { flows: [...flows, ...usesByBoundary(flows, plans)], unplaced: distinct(unplaced) }
}

const supplyRows: ReadonlyMap<string, Decimal> = new Map([
  ['inflow', ONE],
  ['received-inside', ONE],
  ['primary-production', ONE],
  ['outflow', decimal('-1')],
  ['passed-inside', decimal('-1')],
])

/** Uses of accounts and items that have a boundary, and no meter or assignment behind it. */
function usesByBoundary(
  flows: readonly BalanceFlow[],
  plans: ReadonlyMap<string, AccountPlan>,
): BalanceFlow[] {
  const groups = Map.groupBy(flows, ({ account, item }) => `${account} ${item}`)
  return [...groups.values()].flatMap((group) => {
    const isSupply = ({ row }: BalanceFlow): boolean => supplyRows.has(row)
    const isOutput = ({ reason, share }: BalanceFlow): boolean => reason === 'conversion' && share.gt(0)
    const isBought = group.some(({ row }) => row === 'inflow' || row === 'received-inside')
    if (!isBought || group.some((flow) => !isSupply(flow) && !isOutput(flow))) return []
    return group.map((flow) => ({
      ...flow,
      row: plans.get(flow.account)?.sector ?? 'unclassified',
      share: flow.share.times(supplyRows.get(flow.row) ?? ONE),
      reason: 'use-by-boundary' as const,
      by: undefined,
    }))
  })
}

function distinct(unplaced: readonly UnplacedMeter[]): UnplacedMeter[] {
  return [...new Map(unplaced.map((each) => [each.meter, each])).values()]
}
