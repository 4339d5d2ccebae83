import type { AccountPlan } from './accounting-plan.ts'
import type { BalancePart } from './balance-parts.ts'
import type { BalanceRows } from './balance-row.ts'
import { negateFigure, sumFigures, type BalanceFigure } from './balance-figure.ts'
import { decimal, quotient, type Decimal } from './decimal.ts'
import type { EnergyItem, EnergyItems } from './energy-item.ts'
import type { NumberedRecord } from './numbered-record.ts'
import { isUnitOf, quantityOfItem, shareOfDays } from './recorded-quantity.ts'
import type { ReportPeriod } from './report-period.ts'

/**
 * Forms 205-1 (purchase, consumption, stock) and 205-2 (transformation and recovery) of an enterprise and a period, with
 * the checks that the statistical office makes of them. One line an energy item; figures in the items' units and in tce.
 */
export interface EnergyFormLine {
  readonly item: string
  /** Stock at the beginning of the year: it does not change within the year. */
  readonly yearStock: BalanceFigure
  readonly purchased: BalanceFigure
  /** Thousand yuan, of the records that state it; undefined where none does. */
  readonly thousandYuan: Decimal | undefined
  readonly consumed: BalanceFigure
  readonly production: BalanceFigure
  readonly feedstock: BalanceFigure
  readonly nonProduction: BalanceFigure
  readonly transport: BalanceFigure
  readonly sold: BalanceFigure
  readonly stockBegin: BalanceFigure
  readonly stockEnd: BalanceFigure
  /** tce a unit of the item, weighted by quantity; undefined where nothing was consumed. */
  readonly coefficient: Decimal | undefined
  /** What went into transformation, by row, as positive amounts; what came out of it; what was recovered. */
  readonly inputs: ReadonlyMap<string, BalanceFigure>
  readonly output: BalanceFigure
  readonly recovered: BalanceFigure
}

export interface FormCheck {
  readonly check: 'uses-within-consumption' | 'stock-and-purchase' | 'comprehensive-consumption'
  readonly item: string | undefined
  readonly result: 'passed' | 'failed' | 'incomplete'
  /** What is left or too much, in the unit of the item; the comprehensive energy consumption itself in tce. */
  readonly value: Decimal | undefined
}

export interface EnergyForm {
  readonly lines: readonly EnergyFormLine[]
  readonly checks: readonly FormCheck[]
}

interface FormGround {
  readonly plan: AccountPlan
  readonly rows: BalanceRows
  readonly items: EnergyItems
  readonly records: readonly NumberedRecord[]
}

/** Share of the purchase that stock and consumption may be apart from it before it is asked about. */
const STOCK_TOLERANCE = decimal('0.05')
const THOUSAND = decimal('1000')

/** The forms of one account, from the parts of its balance. Media stand in no form. */
export function energyForm(
  parts: readonly BalancePart[],
  period: ReportPeriod,
  { plan, rows, items, records }: FormGround,
): EnergyForm {
  const recordsByNumber = new Map(records.map(({ number, record }) => [number, record]))
  const own = parts.filter(({ account, item }) => account === plan.account && items[item]?.media === false)
  const lines = Object.keys(items).flatMap((item): EnergyFormLine[] => {
    const ofItem = own.filter((part) => part.item === item)
    if (ofItem.length === 0) return []
    const sum = (which: (part: BalancePart) => boolean): BalanceFigure =>
      sumFigures(ofItem.filter(which).map(({ figure }) => figure))
    const section = (part: BalancePart): string => rows.sectionOf(part.row)
    const isInput = (part: BalancePart): boolean =>
      section(part) === 'transformation' && part.origin.kind === 'meter' && part.origin.share.startsWith('-')
    const isUsed = (part: BalancePart): boolean => section(part) === 'terminal' || section(part) === 'losses'
    const useOf = ({ origin }: BalancePart): string | undefined => {
      const isOwn = origin.kind === 'record' && origin.takenOff !== true
      const record = isOwn ? recordsByNumber.get(origin.record ?? 0) : undefined
      return record?.kind === 'energy-used' ? record.use : undefined
    }
    const isNonProduction = (part: BalancePart): boolean => {
      const use = useOf(part)
      const path = part.origin.kind === 'meter' ? part.origin.meter.path : []
      return (
        use === 'non-production' || use === 'transport' || path.some((id) => plan.nonProduction.includes(id))
      )
    }
    const inputs = negateFigure(sum(isInput))
    const production = sumFigures([inputs, sum((part) => isUsed(part) && !isNonProduction(part))])
    const nonProduction = sum((part) => isUsed(part) && isNonProduction(part))
    const consumed = sumFigures([inputs, sum(isUsed)])
    const inputRows = Map.groupBy(ofItem.filter(isInput), ({ row }) => row)
    return [
      {
        item,
        yearStock: yearStock(plan.account, item, items[item], period, records),
        purchased: sum(({ row }) => row === 'inflow' || row === 'received-inside' || row === 'imports'),
        thousandYuan: costOf(plan.account, item, period, records),
        consumed,
        production,
        feedstock: sum(({ row }) => row === 'feedstock'),
        nonProduction,
        transport: sum((part) => useOf(part) === 'transport'),
        sold: sum(({ row }) => row === 'outflow' || row === 'passed-inside' || row === 'exports'),
        stockBegin: sum(({ row }) => row === 'stock-begin'),
        stockEnd: sum(({ row }) => row === 'stock-end'),
        coefficient: coefficientOf(consumed),
        inputs: new Map(
          [...inputRows].map(([row, each]) => [
            row,
            negateFigure(sumFigures(each.map(({ figure }) => figure))),
          ]),
        ),
        output: sum(
          (part) => section(part) === 'transformation' && part.row !== 'recovered-energy' && !isInput(part),
        ),
        recovered: sum((part) => part.row === 'recovered-energy' && !isInput(part)),
      },
    ]
  })
  return { lines, checks: [...lines.flatMap((line) => lineChecks(line)), comprehensive(lines)] }
}

function coefficientOf({ amount, coal }: BalanceFigure): Decimal | undefined {
  if (amount === undefined || coal.calorific === undefined || amount.eq(0)) return undefined
  return quotient(coal.calorific, amount)
}

/** The stock record of the last day of the year before, as a figure without standard coal. */
function yearStock(
  account: string,
  item: string,
  described: EnergyItem | undefined,
  { from }: ReportPeriod,
  records: readonly NumberedRecord[],
): BalanceFigure {
  const stocks = records.flatMap(({ record }) =>
    record.kind === 'energy-stock' && record.account === account && record.item === item ? [record] : [],
  )
  const found = stocks.findLast(({ to }) => to === `${from.slice(0, 4)}-01-01`)
  const isCountable = found !== undefined && described !== undefined && isUnitOf(found.unit, described)
  return {
    amount: isCountable ? quantityOfItem(found.quantity, found.unit, described) : undefined,
    coal: { calorific: undefined, equal: undefined },
    absent: {},
    incomplete: stocks.length > 0 && !isCountable,
  }
}

/** What was paid for purchases of the period; of a bill of a longer time its share by days, as of its quantity. */
function costOf(
  account: string,
  item: string,
  { from, to }: ReportPeriod,
  records: readonly NumberedRecord[],
): Decimal | undefined {
  const bills = records.flatMap(({ record }) =>
    record.kind === 'energy-purchased' &&
    record.account === account &&
    record.item === item &&
    record.cny !== undefined
      ? [partOfDays(decimal(record.cny), shareOfDays(record, from, to))].filter((part) => part !== undefined)
      : [],
  )
  return bills.length === 0
    ? undefined
    : quotient(
        bills.reduce((sum, each) => sum.plus(each)),
        THOUSAND,
      )
}

function partOfDays(
  whole: Decimal,
  share: { readonly days: number; readonly of: number } | undefined,
): Decimal | undefined {
  if (share === undefined) return undefined
  const { days, of } = share
  return days === of ? whole : quotient(whole.times(days), decimal(String(of)))
}

const zero = decimal('0')

/**
 * How much more of an item people entered for one use than there is of what it is a part of: raw material and production,
 * vehicles and use beside production, both and the consumption. Consumption is the sum of its uses by construction; what
 * was recorded beyond what was measured shows as a use below zero.
 */
function usesBeyond({ production, feedstock, nonProduction, transport }: EnergyFormLine): Decimal {
  const of = ({ amount }: BalanceFigure): Decimal => amount ?? zero
  return [
    of(production).times(-1),
    of(nonProduction).times(-1),
    of(feedstock).minus(of(production)),
    of(transport).minus(of(nonProduction)),
  ].reduce((most, each) => (each.gt(most) ? each : most), zero)
}

function lineChecks(line: EnergyFormLine): FormCheck[] {
  const { item, consumed, purchased, stockBegin, stockEnd, sold } = line
  const of = ({ amount }: BalanceFigure): Decimal => amount ?? zero
  const beyond = usesBeyond(line)
  const stock = of(stockBegin).plus(of(purchased)).minus(of(consumed)).minus(of(stockEnd)).minus(of(sold))
  const isIncomplete = [consumed, purchased, stockBegin, stockEnd, sold].some(({ incomplete }) => incomplete)
  const limit = of(stockBegin).plus(of(purchased)).times(STOCK_TOLERANCE)
  const isOwn = purchased.amount === undefined
  return [
    {
      check: 'uses-within-consumption',
      item,
      result: beyond.gt(0) ? 'failed' : consumed.incomplete ? 'incomplete' : 'passed',
      value: beyond,
    },
    // What is made inside and not bought has no stock equation.
    ...(isOwn
      ? []
      : [
          {
            check: 'stock-and-purchase' as const,
            item,
            result: isIncomplete
              ? ('incomplete' as const)
              : stock.abs().lte(limit)
                ? ('passed' as const)
                : ('failed' as const),
            value: stock,
          },
        ]),
  ]
}

/** 综合能源消费量 = Σ industrial production consumption − transformation output − recovered energy, all in tce (calorific). */
function comprehensive(lines: readonly EnergyFormLine[]): FormCheck {
  const figure = sumFigures(
    lines.flatMap(({ production, output, recovered }) => [
      production,
      negateFigure(output),
      negateFigure(recovered),
    ]),
  )
  const value = figure.coal.calorific
  const result = value === undefined || figure.incomplete ? 'incomplete' : value.gte(0) ? 'passed' : 'failed'
  return { check: 'comprehensive-consumption', item: undefined, result, value }
}
