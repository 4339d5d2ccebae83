import type { AccountingRecord } from '#contract/accounting-record.ts'
import type { RecordEvidence } from '#contract/entry.ts'
import type { EnteredRecord } from '#store/port.ts'
import type { AccountMonth } from './account-month.ts'
import type { EmissionSource } from './accounting-plan.ts'
import { decimal, quotient, textOf, type Decimal } from './decimal.ts'
import type { EnergyItems } from './energy-item.ts'
import { quantityOfItem, shareOfDays } from './recorded-quantity.ts'

/** What the records of the books say of a source's activity in a month. */

/** A record that counts, by its number. */
export type LiveRecord = Pick<EnteredRecord, 'number' | 'record'>

/** Records that nothing has replaced; a withdrawal says nothing of its own. */
export function liveRecords(records: readonly EnteredRecord[]): LiveRecord[] {
  return records.filter(({ replacedBy, record }) => replacedBy === undefined && record.kind !== 'withdrawal')
}

/** The part of a quantity that lies in the month, as evidence; undefined where none does. */
export function partOf(
  { number, record }: LiveRecord,
  month: AccountMonth,
  quantity: Decimal,
  use: RecordEvidence['use'],
): RecordEvidence | undefined {
  const share = shareOfDays(record, month.from, month.to)
  if (share === undefined) return undefined
  const { days, of } = share
  if (days === of) return { record: number, use, amount: textOf(quantity) }
  const amount = quotient(quantity.times(decimal(String(days))), decimal(String(of)))
  return { record: number, use, amount: textOf(amount), part: [days, of] }
}

/** True for records of the books that add to a source's activity. */
function counts(record: AccountingRecord, source: EmissionSource): boolean {
  switch (source.kind) {
    case 'electricity-purchased':
    case 'heat-purchased':
      return record.kind === 'energy-purchased'
        ? record.item === source.item
        : record.kind === 'energy-used' && record.source === source.id
    case 'electricity-sold':
    case 'heat-sold':
      return record.kind === 'energy-sold' && record.item === source.item
    case 'process':
    case 'scope3':
      return record.kind === 'process-activity' && record.source === source.id
    case 'fuel':
    case 'biomass':
      break
  }
  // Feedstock is not burnt.
  return (
    (record.kind === 'energy-used' && record.source === source.id && record.use !== 'feedstock') ||
    (record.kind === 'process-activity' && record.source === source.id)
  )
}

/** A record's quantity in the unit of account of its item, or as it stands where it has none. */
function quantityOf(record: AccountingRecord, items: EnergyItems): Decimal {
  if (!('quantity' in record)) return decimal('0')
  const item = 'item' in record ? items[record.item] : undefined
  return item === undefined ? decimal(record.quantity) : quantityOfItem(record.quantity, record.unit, item)
}

/**
 * Consumption from stock: begin + purchases − end − sales. Nothing where a stock at either end is not recorded, because
 * then nobody knows what was used.
 */
function fromStock(
  source: EmissionSource,
  month: AccountMonth,
  records: readonly LiveRecord[],
  items: EnergyItems,
): RecordEvidence[] {
  const ofItem = records.filter(({ record }) => 'item' in record && record.item === source.item)
  const stockAt = (day: string): LiveRecord | undefined =>
    ofItem.find(({ record }) => record.kind === 'energy-stock' && record.to === day)
  const [begin, end] = [stockAt(month.from), stockAt(month.to)]
  if (begin === undefined || end === undefined) return []
  const signed = (each: LiveRecord, sign: '1' | '-1'): Decimal =>
    quantityOf(each.record, items).times(decimal(sign))
  const flows = ofItem.flatMap((each): RecordEvidence[] => {
    const sign =
      each.record.kind === 'energy-purchased' ? '1' : each.record.kind === 'energy-sold' ? '-1' : undefined
    const part = sign === undefined ? undefined : partOf(each, month, signed(each, sign), 'activity')
    return part === undefined ? [] : [part]
  })
  return [
    { record: begin.number, use: 'stock', amount: textOf(signed(begin, '1')) },
    ...flows,
    { record: end.number, use: 'stock', amount: textOf(signed(end, '-1')) },
  ]
}

/** Records that make up a source's activity in a month, each with its amount in the unit of account. */
export function recordedActivity(
  source: EmissionSource,
  month: AccountMonth,
  records: readonly LiveRecord[],
  items: EnergyItems,
): RecordEvidence[] {
  if (!source.records) return []
  const named = records.flatMap((each): RecordEvidence[] => {
    if (!counts(each.record, source)) return []
    const part = partOf(each, month, quantityOf(each.record, items), 'activity')
    return part === undefined ? [] : [part]
  })
  if (named.length > 0 || source.kind !== 'fuel' || source.item === undefined) return named
  return fromStock(source, month, records, items)
}
