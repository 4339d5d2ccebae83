import type { AccountingPlan } from './accounting-plan.ts'
import { figureOf, type BalancePart, type ItemCoals } from './balance-parts.ts'
import type { MeasuredHeatingValue } from './coal-coefficient.ts'
import { decimal, quotient, textOf, type Decimal } from './decimal.ts'
import type { BalanceFlow } from './balance-flows.ts'
import type { EnergyItem, EnergyItems } from './energy-item.ts'
import { negateFigure, NO_FIGURE, sumFigures, type BalanceFigure } from './balance-figure.ts'
import type { FactorLibrary } from './factor-library.ts'
import { fuelValueOf } from './own-fuel-value.ts'
import type { NumberedRecord } from './numbered-record.ts'
import type { ReportPeriod } from './report-period.ts'
import { daysBetween, isUnitOf, quantityOfItem } from './recorded-quantity.ts'

type Kind = NumberedRecord['record']['kind']
type RecordOf<K extends Kind> = NumberedRecord['record'] & { readonly kind: K }
type EnergyRecord = RecordOf<'energy-purchased' | 'energy-sold' | 'energy-used' | 'energy-stock'>

/** A purchase or sale that meters measure already: shown beside them, never added to them. */
export interface ComparedRecord {
  readonly record: number
  readonly account: string
  readonly item: string
  readonly row: string
  /** In the unit of the item, of the days of the period. */
  readonly amount: Decimal
}

export interface RecordedParts {
  readonly parts: readonly BalancePart[]
  readonly compared: readonly ComparedRecord[]
}

interface Surroundings {
  readonly plan: AccountingPlan
  readonly items: EnergyItems
  readonly coalOf: ItemCoals
}

const isEnergy = (record: NumberedRecord['record']): record is EnergyRecord =>
  record.kind === 'energy-purchased' ||
  record.kind === 'energy-sold' ||
  record.kind === 'energy-used' ||
  record.kind === 'energy-stock'

/**
 * What people entered as parts of the table: purchases and sales that no meter measures, uses, stocks. Metering goes
 * before bills: a purchase of what a boundary meter measures is compared and not added. A record that speaks of a longer
 * time is shared among its days.
 */
export function recordedParts(
  records: readonly NumberedRecord[],
  flows: readonly BalanceFlow[],
  pieces: readonly ReportPeriod[],
  { plan, items, coalOf }: Surroundings,
): RecordedParts {
  const metered = new Set(flows.map(({ account, item, row }) => `${account} ${item} ${row}`))
  const sectors = new Map(plan.accounts.map(({ account, sector }) => [account, sector]))
  const parts: BalancePart[] = []
  const compared: ComparedRecord[] = []
  const energy = records.flatMap(({ number, record }) => (isEnergy(record) ? [{ number, record }] : []))

  for (const { number, record } of energy) {
    const { account, item, document } = record
    const described = items[item]
    if (record.kind === 'energy-stock' || described === undefined) continue
    const row = rowOf(record, sectors)
    const source = record.kind === 'energy-used' ? record.source : undefined
    const whole = countable(record, described)
    const shares = pieces.flatMap((piece) => {
      const amount = withinPiece(whole ?? ZERO, record, piece)
      return amount === undefined ? [] : [{ amount, coal: coalOf(account, item, piece.from, source) }]
    })
    if (shares.length === 0) continue
    const origin = { kind: 'record', record: number, document, apportioned: false } as const
    if (whole === undefined) {
      // In a unit that is none of the item's: what it says is not known, and no other cell waits for it.
      parts.push({ account, item, row, origin, figure: UNKNOWN, coefficients: [] })
      continue
    }
    const isMetered =
      record.kind === 'energy-purchased'
        ? metered.has(`${account} ${item} inflow`) || metered.has(`${account} ${item} received-inside`)
        : record.kind === 'energy-sold' && metered.has(`${account} ${item} outflow`)
    if (isMetered) {
      const amount = shares.reduce((sum, share) => sum.plus(share.amount), decimal('0'))
      compared.push({ record: number, account, item, row, amount })
      continue
    }
    const apportioned =
      !pieces.some(({ from }) => from <= record.from) || !pieces.some(({ to }) => record.to <= to)
    const part: BalancePart = {
      account,
      item,
      row,
      origin: { ...origin, apportioned },
      figure: sumFigures(shares.map(({ amount, coal }) => figureOf(amount, coal, false))),
      coefficients: shares.flatMap(({ coal }) => coal.coefficients),
    }
    parts.push(part)
    // What meters measured as use already is a part of it, and not more of it.
    const sector = sectors.get(account) ?? 'unclassified'
    if (record.kind === 'energy-used' && metered.has(`${account} ${item} ${sector}`)) {
      const takenOff = { ...part.origin, takenOff: true }
      parts.push({ ...part, row: sector, origin: takenOff, figure: negateFigure(part.figure) })
    }
  }
  const stocks = energy.filter(({ record }) => record.kind === 'energy-stock')
  const recorded = [...parts, ...stockParts(stocks, pieces, { plan, items, coalOf })]
  return { parts: [...recorded, ...unrecordedUses(recorded, flows, plan, items)], compared }
}

const ZERO = decimal('0')
const UNKNOWN: BalanceFigure = { ...NO_FIGURE, incomplete: true }

/** A record's quantity in the unit of its item; undefined where it is in none of that item's units. */
export function countable(
  { quantity, unit }: { readonly quantity: string; readonly unit: string },
  item: EnergyItem,
): Decimal | undefined {
  return isUnitOf(unit, item) ? quantityOfItem(quantity, unit, item) : undefined
}

const supplySigns: Readonly<Record<string, 1 | -1>> = {
  'stock-begin': 1,
  inflow: 1,
  outflow: -1,
  'stock-end': -1,
}

/**
 * The use of what was bought by records and is used by none: by stock where a source of the plan draws on it, which is
 * begin + purchases − sales − end less all uses that are recorded; what cannot be stored was used as it came; of the rest
 * nobody knows, and its account says so.
 */
function unrecordedUses(
  recorded: readonly BalancePart[],
  flows: readonly BalanceFlow[],
  plan: AccountingPlan,
  items: EnergyItems,
): BalancePart[] {
  const measured = new Set(flows.map(({ account, item }) => `${account} ${item}`))
  const groups = Map.groupBy(recorded, ({ account, item }) => `${account} ${item}`)
  return [...groups].flatMap(([key, group]): BalancePart[] => {
    const [first] = group
    // Metering goes before bills and stocks.
    if (first === undefined || measured.has(key)) return []
    const { account, item } = first
    const its = plan.accounts.find((each) => each.account === account)
    const isDrawn = its?.sources.some(
      (each) => each.kind === 'fuel' && each.item === item && each.records && each.measured.length === 0,
    )
    const uses = group.filter(({ row }) => supplySigns[row] === undefined)
    const supply = group.filter(({ row }) => supplySigns[row] !== undefined)
    const isStored = items[item]?.unit === 't' || supply.some(({ row }) => row.startsWith('stock'))
    if (supply.length === 0 || (uses.length > 0 && isDrawn !== true)) return []
    const hasStocks = ['stock-begin', 'stock-end'].every((row) =>
      supply.some((part) => part.row === row && part.figure.amount !== undefined),
    )
    const isKnown = isDrawn === true ? hasStocks : !isStored
    const left = sumFigures([
      ...supply.map(({ row, figure }) => (supplySigns[row] === -1 ? negateFigure(figure) : figure)),
      ...uses.map(({ figure }) => negateFigure(figure)),
    ])
    if (isKnown && left.amount?.eq(0) === true) return []
    return [
      {
        account,
        item,
        row: its?.sector ?? 'unclassified',
        origin: { kind: 'record', record: undefined, document: '', apportioned: false },
        figure: isKnown ? left : UNKNOWN,
        coefficients: isKnown ? supply.flatMap(({ coefficients }) => coefficients) : [],
      },
    ]
  })
}

function rowOf(
  record: Exclude<EnergyRecord, RecordOf<'energy-stock'>>,
  sectors: ReadonlyMap<string, string>,
): string {
  if (record.kind === 'energy-purchased') return 'inflow'
  if (record.kind === 'energy-sold') return 'outflow'
  return record.use === 'feedstock' ? 'feedstock' : (sectors.get(record.account) ?? 'unclassified')
}

/**
 * The share of a record by days in a piece; undefined where none of its days is in it. Shares are differences of what
 * was up to their ends, so that those of all pieces add up to the whole to the last digit.
 */
export function withinPiece(
  whole: Decimal,
  { from, to }: { readonly from: string; readonly to: string },
  piece: { readonly from: string; readonly to: string },
): Decimal | undefined {
  const [first, last] = [from > piece.from ? from : piece.from, to < piece.to ? to : piece.to]
  if (first >= last) return undefined
  if (first === from && last === to) return whole
  const days = daysBetween(from, to)
  const until = (day: string): Decimal =>
    day === to ? whole : quotient(whole.times(daysBetween(from, day)), decimal(String(days)))
  return until(last).minus(until(first))
}

/**
 * Stocks at both ends of the period, of every account and item of which stock is taken at all. One that was not taken on
 * that day is missing, and not zero. It is valued as on its own day, so that the end of a month is the begin of the next.
 */
function stockParts(
  stocks: readonly { readonly number: number; readonly record: EnergyRecord }[],
  pieces: readonly ReportPeriod[],
  { items, coalOf }: Surroundings,
): BalancePart[] {
  const [begin, end] = [pieces[0]?.from, pieces.at(-1)?.to]
  if (begin === undefined || end === undefined) return []
  const groups = Map.groupBy(stocks, ({ record }) => `${record.account} ${record.item}`)
  return [...groups.values()].flatMap((group) =>
    [
      { row: 'stock-begin', day: begin },
      { row: 'stock-end', day: end },
    ].flatMap(({ row, day }): BalancePart[] => {
      const [first] = group
      const described = first === undefined ? undefined : items[first.record.item]
      if (first === undefined || described === undefined) return []
      const { account, item } = first.record
      const found = group.findLast(({ record }) => record.to === day)
      const coal = coalOf(account, item, Temporal.PlainDate.from(day).subtract({ days: 1 }).toString())
      const amount = found === undefined ? undefined : countable(found.record, described)
      return [
        {
          account,
          item,
          row,
          origin: {
            kind: 'record',
            record: found?.number,
            document: found?.record.document ?? '',
            apportioned: false,
          },
          figure: figureOf(amount, coal, amount === undefined),
          coefficients: found === undefined ? [] : coal.coefficients,
        },
      ]
    }),
  )
}

/**
 * Heating values that were measured, by the item of the source that they speak of, in GJ per unit of its fuel. One that
 * cannot be a value of that fuel has none.
 */
export function heatingValuesOf(
  records: readonly NumberedRecord[],
  plan: AccountingPlan,
  library: FactorLibrary,
): MeasuredHeatingValue[] {
  return records.flatMap(({ number, record }) => {
    if (record.kind !== 'fuel-property' || record.property !== 'ncv') return []
    const account = plan.accounts.find((each) => each.account === record.account)
    const source = account?.sources.find(({ id }) => id === record.source)
    if (account === undefined || source?.kind !== 'fuel' || source.item === undefined) return []
    const found = fuelValueOf(record, library.fuel(source.fuelSet ?? account.fuelSet, source.fuel))
    const { from, to, document } = record
    return [
      {
        record: number,
        account: record.account,
        item: source.item,
        source: source.id,
        from,
        to,
        value: typeof found === 'string' ? undefined : textOf(found.value),
        document,
      },
    ]
  })
}
