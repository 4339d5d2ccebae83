import type { AccountingRecord } from '#contract/accounting-record.ts'
import type { RecordEvidence } from '#contract/entry.ts'
import { Fault } from '#contract/fault.ts'
import type { EnteredRecord } from '#store/port.ts'
import type { AccountMonth } from './account-month.ts'
import type { EmissionSource } from './accounting-plan.ts'
import { decimal, quotient, textOf, type Decimal } from './decimal.ts'
import type { EnergyItems } from './energy-item.ts'
import { quantityOfItem, shareOfDays } from './recorded-quantity.ts'
import { unitFactor } from './record-unit.ts'

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
  month: Pick<AccountMonth, 'from' | 'to'>,
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

/** What recorded activities of an account's month are found by. */
export interface RecordedGround {
  readonly month: Pick<AccountMonth, 'from' | 'to'>
  readonly records: readonly LiveRecord[]
  readonly items: EnergyItems
  /** All sources of the account: of one bill or stock each may have a part. */
  readonly sources: readonly EmissionSource[]
}

/** What makes up a source's activity beside its own meters. */
export interface RecordedActivity {
  readonly records: readonly RecordEvidence[]
  /** Sources whose meters are to be taken off: what they measured is of the same stock. */
  readonly metered: readonly EmissionSource[]
}

const NOTHING: RecordedActivity = { records: [], metered: [] }
const refused = (number: number, why: string): Fault =>
  new Fault('record-refused', `Record ${number}: ${why}.`)

/** A record's quantity in the unit of a source's activity. Throws `record-refused` for another item or unit. */
function quantityFor(
  { number, record }: LiveRecord,
  source: EmissionSource,
  unit: string,
  items: EnergyItems,
): Decimal {
  if (!('quantity' in record)) return decimal('0')
  if (!('item' in record)) {
    const factor = unitFactor(record.unit, unit)
    if (factor === undefined)
      throw refused(number, `is in ${record.unit}, and ${source.id} is counted in ${unit}`)
    return decimal(record.quantity).times(factor)
  }
  if (record.item !== source.item)
    throw refused(number, `is of ${record.item}, and ${source.id} of ${source.item ?? 'no energy item'}`)
  const item = items[record.item]
  const factor = item === undefined ? undefined : unitFactor(item.unit, unit)
  if (item === undefined || factor === undefined)
    throw refused(number, `is of ${record.item}, and ${source.id} is counted in ${unit}`)
  try {
    return quantityOfItem(record.quantity, record.unit, item).times(factor)
  } catch (error) {
    if (error instanceof Fault && error.code === 'unit-mismatch')
      throw refused(number, `${record.item} is in ${item.unit} or ${item.form.unit}, not in ${record.unit}`)
    throw error
  }
}

type Kind = AccountingRecord['kind']

/** Bills that a source may draw on, by its kind: they name an item, and no source. */
const billsOf = {
  'electricity-purchased': 'energy-purchased',
  'heat-purchased': 'energy-purchased',
  'electricity-sold': 'energy-sold',
  'heat-sold': 'energy-sold',
  fuel: undefined,
  process: undefined,
  biomass: undefined,
  scope3: undefined,
} as const satisfies Record<EmissionSource['kind'], Kind | undefined>

/** Records that name a source as that of what they speak of. Feedstock is not burnt. */
function names(record: AccountingRecord, source: EmissionSource): boolean {
  const { kind, id } = source
  if (record.kind === 'process-activity')
    return record.source === id && !kind.startsWith('electricity') && !kind.startsWith('heat')
  return (
    record.kind === 'energy-used' &&
    record.source === id &&
    record.use !== 'feedstock' &&
    kind !== 'electricity-sold' &&
    kind !== 'heat-sold' &&
    kind !== 'process' &&
    kind !== 'scope3'
  )
}

/** All records of which some part lies in the month, as evidence in the unit of a source. */
function partsOf(
  which: (record: AccountingRecord) => boolean,
  source: EmissionSource,
  unit: string,
  { month, records, items }: RecordedGround,
  sign: '1' | '-1' = '1',
): RecordEvidence[] {
  return records.flatMap((each) => {
    if (!which(each.record) || shareOfDays(each.record, month.from, month.to) === undefined) return []
    const quantity = quantityFor(each, source, unit, items).times(decimal(sign))
    return partOf(each, month, quantity, 'activity') ?? []
  })
}

const isOfItem = (record: AccountingRecord, { item }: EmissionSource): boolean =>
  'item' in record && record.item === item

/**
 * Consumption from stock: begin + purchases − end − sales. Nothing where a stock at either end is not recorded, because
 * then nobody knows what was used. Of two stocks of one day the later record holds.
 */
function fromStock(source: EmissionSource, unit: string, ground: RecordedGround): RecordEvidence[] {
  const { month, records, items } = ground
  const stockAt = (day: string): LiveRecord | undefined =>
    records.findLast(
      ({ record }) => record.kind === 'energy-stock' && isOfItem(record, source) && record.to === day,
    )
  const [begin, end] = [stockAt(month.from), stockAt(month.to)]
  if (begin === undefined || end === undefined) return []
  const stock = (each: LiveRecord, sign: '1' | '-1'): RecordEvidence => ({
    record: each.number,
    use: 'stock',
    amount: textOf(quantityFor(each, source, unit, items).times(decimal(sign))),
  })
  const flow = (kind: Kind, sign: '1' | '-1'): RecordEvidence[] =>
    partsOf((record) => record.kind === kind && isOfItem(record, source), source, unit, ground, sign)
  return [stock(begin, '1'), ...flow('energy-purchased', '1'), ...flow('energy-sold', '-1'), stock(end, '-1')]
}

/**
 * Records that make up a source's activity in a month, each with its amount in the unit of account. Records that name the
 * source go first. Bills and stocks name none: they count where no meter of it measures, less what other sources of the
 * same item are known to have of them; where two sources without records of their own would draw on the same ones, nobody
 * knows the part of either. Feedstock is taken off the stock, because it is not burnt. Throws `record-refused`.
 * @param unit of the records' amounts
 */
export function recordedActivity(
  source: EmissionSource,
  unit: string,
  ground: RecordedGround,
): RecordedActivity {
  if (!source.records) return NOTHING
  const namedOf = (other: EmissionSource, sign: '1' | '-1' = '1'): RecordEvidence[] =>
    partsOf((record) => names(record, other), other, unit, ground, sign)
  const named = namedOf(source)
  if (named.length > 0 || source.measured.length > 0 || source.item === undefined)
    return { records: named, metered: [] }
  const bills = billsOf[source.kind]
  if (bills === undefined && source.kind !== 'fuel') return NOTHING
  const drawn =
    bills === undefined
      ? fromStock(source, unit, ground)
      : partsOf((record) => record.kind === bills && isOfItem(record, source), source, unit, ground)
  if (drawn.length === 0) return NOTHING
  const others = ground.sources.filter(
    ({ id, kind, item }) => id !== source.id && kind === source.kind && item === source.item,
  )
  const metered = others.filter(({ measured }) => measured.length > 0)
  const recorded = others.filter(({ records }) => records)
  const rival = recorded.find((each) => each.measured.length === 0 && namedOf(each).length === 0)
  const [first] = metered
  if (bills !== undefined && first !== undefined) {
    throw new Fault(
      'record-refused',
      `The meters of ${first.id} measure ${source.item} too, and no record says what ${source.id} has of its bills.`,
    )
  }
  if (rival !== undefined) {
    const what = bills === undefined ? 'stock' : 'bills'
    throw new Fault(
      'record-refused',
      `${source.id} and ${rival.id} draw on the same ${what} of ${source.item}, and no record says what each used.`,
    )
  }
  const feedstock =
    source.kind === 'fuel'
      ? partsOf(
          (record) => record.kind === 'energy-used' && record.use === 'feedstock' && isOfItem(record, source),
          source,
          unit,
          ground,
          '-1',
        )
      : []
  return {
    records: [...drawn, ...recorded.flatMap((other) => namedOf(other, '-1')), ...feedstock],
    metered,
  }
}
