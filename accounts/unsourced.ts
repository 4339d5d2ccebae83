import type { Carrier } from '#contract/carriers.ts'
import type { Meter, Park } from '#contract/park.ts'
import { quantityOf, type QuantityName } from '#contract/quantities.ts'
import type { AccountingPlan, AccountPlan, EmissionSource } from './accounting-plan.ts'
import type { BalanceGround } from './balance.ts'
import { accountOf, balanceFlows, type BalanceFlows } from './balance-flows.ts'
import type { BalancePart, ItemCoals } from './balance-parts.ts'
import { recordedParts } from './balance-records.ts'
import { decimal, type Decimal } from './decimal.ts'
import { meterItems } from './meter-items.ts'
import { piecesOf, type ReportPeriod } from './report-period.ts'
import { halfWidth } from './uncertainty.ts'
import type { UnsourcedReason } from './unsourced-shape.ts'

/**
 * Energy of the balance table that no emission source counts: without this an account whose plan has forgotten a fuel looks
 * like one that burns none. Energy media, own renewable power and what is made of counted energy need no source.
 */

export interface UnsourcedEnergy {
  readonly account: string
  /** Undefined where it is not known what the meter measures. */
  readonly item: string | undefined
  readonly unit: string
  readonly meter: Meter | undefined
  /** A record, where no meter measures it. */
  readonly record: number | undefined
  /** Undefined where nothing is known of the period. */
  readonly amount: Decimal | undefined
  /** A part of it is missing. */
  readonly incomplete: boolean
  readonly why: UnsourcedReason
}

export type UnsourcedGround = Pick<BalanceGround, 'park' | 'plan' | 'items' | 'records' | 'measured'>

/** Carriers that are energy of their own: water, air and cold are media, products are none. */
const energyCarriers = new Set<Carrier>([
  'electricity',
  'naturalGas',
  'solidFuel',
  'liquidFuel',
  'steam',
  'heat',
])
/** Carriers whose own production emits nothing: what a roof or waste heat gives. */
const freeCarriers = new Set<Carrier>(['electricity', 'steam', 'heat'])

const ZERO = decimal('0')
const isSold = ({ kind }: EmissionSource): boolean => kind === 'electricity-sold' || kind === 'heat-sold'

/** A term of a source at a meter. */
interface Counted {
  readonly account: string
  readonly isSold: boolean
  readonly meter: Meter
  readonly quantity: QuantityName
  readonly share: Decimal
}

/** Energy that should have a source, in the unit of its item or of the register. */
interface Candidate {
  readonly account: string
  readonly item: string | undefined
  readonly unit: string
  readonly meter: Meter
  readonly quantity: QuantityName
  readonly perUnit: Decimal
}

/** A meter and those above it, up to where the carrier becomes another one. */
function chainOf(park: Park, meter: Meter): Meter[] {
  const chain: Meter[] = []
  for (let at: Meter | undefined = meter; at !== undefined && !chain.includes(at);) {
    chain.push(at)
    const above: Meter | undefined = at.upstream === undefined ? undefined : park.meters.get(at.upstream)
    at = above?.carrier === meter.carrier ? above : undefined
  }
  return chain
}

function countedAt(park: Park, plan: AccountingPlan): Counted[] {
  return plan.accounts.flatMap(({ account, sources }) =>
    sources.flatMap((source) =>
      source.measured.flatMap(({ meter: id, quantity, share }) => {
        const meter = park.meters.get(id)
        if (meter === undefined) return []
        const of = { account, isSold: isSold(source), share: decimal(share) }
        return [{ ...of, meter, quantity: quantity ?? meter.register }]
      }),
    ),
  )
}

/** What comes in, what is used and what is converted: everything that should be counted somewhere. */
function candidatesOf({ park, items }: UnsourcedGround, { flows, unplaced }: BalanceFlows): Candidate[] {
  const placed = flows.filter(({ item, row, reason, share }) => {
    if (items[item]?.media !== false) return false
    if (row === 'inflow' || row === 'received-inside') return reason === 'role'
    return reason === 'conversion' ? share.lt(0) : reason === 'role' && isUse(row)
  })
  const outside = unplaced.flatMap(({ meter: id, reason }): Candidate[] => {
    const meter = park.meters.get(id)
    const isCandidate =
      meter !== undefined &&
      (meter.role === 'boundary' || meter.role === 'terminal' || meter.role === 'conversion-input') &&
      energyCarriers.has(meter.carrier) &&
      (reason === 'no-item' || reason === 'actual-volume' || reason === 'no-enthalpy')
    if (!isCandidate) return []
    const quantity = meter.register
    const of = { account: accountOf(park, meter), item: undefined, unit: quantityOf(quantity).unit }
    return [{ ...of, meter, quantity, perUnit: decimal('1') }]
  })
  return [
    ...placed.map(({ account, item, meter, quantity, perUnit }) => {
      const unit = items[item]?.unit ?? ''
      return { account, item, unit, meter, quantity, perUnit }
    }),
    ...outside,
  ]
}

const supply = new Set(['inflow', 'outflow', 'received-inside', 'passed-inside', 'primary-production'])
const isUse = (row: string): boolean => !supply.has(row)

/** Whether a source, or what it was made of, counts a meter's energy at it or above it; else why not. */
function standingOf(
  { account, meter }: Candidate,
  park: Park,
  counted: ReadonlyMap<string, readonly Counted[]>,
  made: ReadonlySet<string>,
): 'counted' | 'no-source' | 'passed-on' {
  let isPassedOn = false
  for (const at of chainOf(park, meter)) {
    const its = (counted.get(at.id) ?? []).filter(({ share }) => share.gt(0))
    const bought = its.filter((each) => !each.isSold)
    if (bought.some((each) => each.account === account)) return 'counted'
    isPassedOn ||= its.some((each) => each.isSold && each.account !== account)
    if (bought.length > 0) return isPassedOn ? 'passed-on' : 'counted'
    if (made.has(at.id) || (at.role === 'production' && freeCarriers.has(at.carrier))) return 'counted'
  }
  return isPassedOn ? 'passed-on' : 'no-source'
}

/** True where a source of the account counts an item by what people enter. */
const isRecorded = (account: AccountPlan | undefined, item: string | undefined): boolean =>
  account?.sources.some((each) => !isSold(each) && each.records && each.item === item) ?? false

/**
 * Energy of a period without an emission source, of one account or of all.
 * @param account undefined: of the whole park, where what is behind a meter that is named is not named again
 */
export function energyWithoutSource(
  ground: UnsourcedGround,
  period: ReportPeriod,
  account?: string,
): UnsourcedEnergy[] {
  const { park, plan, items } = ground
  const found = balanceFlows(park, plan, items)
  const pieces = piecesOf(period, park.description.timeZone)
  const measured = ground.measured(pieces)
  const terms = countedAt(park, plan)
  const byMeter = Map.groupBy(terms, ({ meter }) => meter.id)
  const made = new Set(
    plan.accounts.flatMap(({ conversions }) =>
      conversions.flatMap(({ outputs }) => outputs.map(({ meter }) => meter)),
    ),
  )
  const plans = new Map(plan.accounts.map((each) => [each.account, each]))
  const itemOf = meterItems(park, plan, items)

  /** Of the known slots; `lacks` where some are missing. */
  function energyOf(meter: Meter, quantity: QuantityName): { amount: Decimal | undefined; lacks: boolean } {
    const all = measured(meter, quantity).filter(({ expected }) => expected > 0)
    const known = all.flatMap(({ energy }) => energy ?? [])
    return {
      amount: known.length === 0 ? undefined : known.reduce((sum, each) => sum.plus(each), ZERO),
      lacks: all.some(({ missing }) => missing > 0),
    }
  }

  const candidates = candidatesOf(ground, found).filter(
    (each) => !plans.get(each.account)?.sources.some((source) => countsByBill(source, each.item)),
  )
  const standing = candidates.map((each) => ({
    ...each,
    why: standingOf(each, park, byMeter, made),
    behind: terms.filter(({ meter, isSold: sold }) => !sold && chainOf(park, meter).includes(each.meter)),
  }))
  const without = standing.filter(({ why, behind }) => why !== 'counted' && behind.length === 0)
  const tops = without.filter((each) => {
    const above = new Set(chainOf(park, each.meter).slice(1))
    return !without.some(
      (other) => above.has(other.meter) && (account === undefined || other.account === each.account),
    )
  })
  const byMeters = tops.flatMap((each): UnsourcedEnergy[] => {
    const { amount, lacks } = energyOf(each.meter, each.quantity)
    const isNothing = amount === undefined ? !lacks : amount.eq(0) && !lacks
    if (isNothing || each.why === 'counted') return []
    return [
      entryOf(each, amount?.times(each.perUnit), lacks, each.item === undefined ? 'not-in-table' : each.why),
    ]
  })
  const rests = standing.flatMap((each): UnsourcedEnergy[] => {
    const { behind, item, meter, perUnit } = each
    const isOwn = behind.some((term) => term.meter === meter && term.share.eq(1))
    if (behind.length === 0 || isOwn || item === undefined || isCountedAbove(each, park, byMeter)) return []
    const whole = energyOf(meter, each.quantity)
    let rest = whole.amount?.times(perUnit)
    // What is missing of one meter alone would look like a rest; the balance says that it is missing.
    if (whole.lacks) return []
    const errors = [halfWidth(Number(rest ?? 0), String(meter.accuracyPercent ?? 0))]
    for (const term of behind) {
      const of = energyOf(term.meter, term.quantity)
      const its = itemOf(term.meter, term.quantity)
      if (of.lacks || of.amount === undefined || typeof its === 'string' || its.item !== item) return []
      const part = of.amount.times(its.perUnit).times(term.share)
      rest = rest?.minus(part)
      errors.push(halfWidth(Number(part), String(term.meter.accuracyPercent ?? 0)))
    }
    return rest === undefined || Number(rest) <= Math.hypot(...errors)
      ? []
      : [entryOf(each, rest, false, 'rest')]
  })
  const metered = new Set(found.flows.map((flow) => `${flow.account} ${flow.item}`))
  const { parts } = recordedParts(ground.records, found.flows, pieces, { plan, items, coalOf: noCoal })
  const recorded = [...Map.groupBy(parts, (part) => `${part.account} ${part.item}`)].flatMap(
    ([key, group]) => {
      const [first] = group
      const isCandidate =
        first !== undefined &&
        !metered.has(key) &&
        items[first.item]?.media === false &&
        !isRecorded(plans.get(first.account), first.item)
      return isCandidate ? recordedEntries(group, items[first.item]?.unit ?? '') : []
    },
  )
  return [...byMeters, ...rests, ...recorded].filter(
    (each) => account === undefined || each.account === account,
  )
}

/** True for a source of an item that is counted by bills or stocks although meters measure it. */
const countsByBill = (source: EmissionSource, item: string | undefined): boolean =>
  !isSold(source) &&
  source.records &&
  source.measured.length === 0 &&
  item !== undefined &&
  source.item === item

/** True where a source above a meter counts all that comes through it. */
function isCountedAbove(
  { account, meter }: Candidate,
  park: Park,
  counted: ReadonlyMap<string, readonly Counted[]>,
): boolean {
  return chainOf(park, meter)
    .slice(1)
    .some((at) =>
      counted.get(at.id)?.some((each) => !each.isSold && each.share.gt(0) && each.account === account),
    )
}

function entryOf(
  { account, item, unit, meter }: Candidate,
  amount: Decimal | undefined,
  incomplete: boolean,
  why: UnsourcedReason,
): UnsourcedEnergy {
  return { account, item, unit, meter, record: undefined, amount, incomplete, why }
}

/** Amounts alone are asked for. */
const noCoal: ItemCoals = () => ({
  perUnit: { calorific: 'no-coefficient', equal: 'no-coefficient' },
  coefficients: [],
})

/** What was bought and drawn from stock; where neither is known, what was used. */
function recordedEntries(group: readonly BalancePart[], unit: string): UnsourcedEnergy[] {
  const entry = (
    { account, item, origin, figure }: BalancePart,
    amount = figure.amount,
  ): UnsourcedEnergy => ({
    account,
    item,
    unit,
    meter: undefined,
    record: origin.kind === 'record' ? origin.record : undefined,
    amount,
    incomplete: figure.incomplete,
    why: 'no-source',
  })
  const of = (row: string): BalancePart[] => group.filter((part) => part.row === row)
  const bought = of('inflow')
  const [begin, end] = [of('stock-begin')[0], of('stock-end')[0]]
  const drawn =
    begin?.figure.amount === undefined || end?.figure.amount === undefined
      ? undefined
      : begin.figure.amount.minus(end.figure.amount)
  const stock = begin === undefined || drawn === undefined || drawn.lte(0) ? [] : [entry(begin, drawn)]
  if (bought.length + stock.length > 0) return [...bought.map((part) => entry(part)), ...stock]
  return group
    .filter(({ row, origin }) => isUse(row) && !row.startsWith('stock') && origin.kind === 'record')
    .filter(
      ({ origin }) => origin.kind === 'record' && origin.record !== undefined && origin.takenOff !== true,
    )
    .map((part) => entry(part))
}
