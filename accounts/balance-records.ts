import type { AccountingPlan } from './accounting-plan.ts'
import { figureOf, type BalancePart, type ItemCoals } from './balance-parts.ts'
import type { MeasuredHeatingValue } from './coal-coefficient.ts'
import { decimal, quotient, type Decimal } from './decimal.ts'
import type { BalanceFlow } from './balance-flows.ts'
import type { EnergyItems } from './energy-item.ts'
import { sumFigures } from './balance-figure.ts'
import type { NumberedRecord } from './numbered-record.ts'
import type { ReportPeriod } from './report-period.ts'
import { quantityOfItem } from './recorded-quantity.ts'

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
    const whole = quantityOfItem(record.quantity, record.unit, described)
    const shares = pieces.flatMap((piece) => {
      const amount = withinPiece(whole, record, piece)
      return amount === undefined ? [] : [{ amount, coal: coalOf(account, item, piece.from) }]
    })
    if (shares.length === 0) continue
    const row = rowOf(record, sectors)
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
    parts.push({
      account,
      item,
      row,
      origin: { kind: 'record', record: number, document, apportioned },
      figure: sumFigures(shares.map(({ amount, coal }) => figureOf(amount, coal, false))),
      coefficients: shares.flatMap(({ coal }) => coal.coefficients),
    })
  }
  const stocks = energy.filter(({ record }) => record.kind === 'energy-stock')
  return { parts: [...parts, ...stockParts(stocks, pieces, { plan, items, coalOf })], compared }
}

function rowOf(
  record: Exclude<EnergyRecord, RecordOf<'energy-stock'>>,
  sectors: ReadonlyMap<string, string>,
): string {
  if (record.kind === 'energy-purchased') return 'inflow'
  if (record.kind === 'energy-sold') return 'outflow'
  return record.use === 'feedstock' ? 'feedstock' : (sectors.get(record.account) ?? 'unclassified')
}

const daysBetween = (from: string, to: string): number =>
  Temporal.PlainDate.from(from).until(Temporal.PlainDate.from(to)).days

/**
 * The share of a record by days in a piece; undefined where none of its days is in it. Shares are differences of what
 * was up to their ends, so that those of all pieces add up to the whole to the last digit.
 */
function withinPiece(
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
      const found = group.find(({ record }) => record.to === day)
      const coal = coalOf(account, item, Temporal.PlainDate.from(day).subtract({ days: 1 }).toString())
      const amount =
        found === undefined ? undefined : quantityOfItem(found.record.quantity, found.record.unit, described)
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
          figure: figureOf(amount, coal, found === undefined),
          coefficients: found === undefined ? [] : coal.coefficients,
        },
      ]
    }),
  )
}

/** Heating values that were measured, by the item of the source that they speak of. */
export function heatingValuesOf(
  records: readonly NumberedRecord[],
  plan: AccountingPlan,
): MeasuredHeatingValue[] {
  return records.flatMap(({ number, record }) => {
    if (record.kind !== 'fuel-property' || record.property !== 'ncv') return []
    const account = plan.accounts.find((each) => each.account === record.account)
    const item = account?.sources.find(({ id }) => id === record.source)?.item
    if (item === undefined) return []
    const { from, to, value, document } = record
    return [{ record: number, account: record.account, item, from, to, value, document }]
  })
}
