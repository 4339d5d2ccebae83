import type { AccountingRecord } from '#contract/accounting-record.ts'
import type { FactorUse, Posting, RecordEvidence } from '#contract/entry.ts'
import { decimal, quotient, textOf, type Decimal } from './decimal.ts'
import type { EnergyItems } from './energy-item.ts'
import { documentedUnit } from './own-fuel-value.ts'
import { recordedUnit, unitOf } from './posting-result.ts'
import { quantityOfItem, shareOfDays } from './recorded-quantity.ts'
import { unitFactor, valueUnits } from './record-unit.ts'
import { supplierUnits } from './source-factors.ts'

/**
 * What a posting says of the records that it rests on, held against the records themselves: amounts, and measured values in
 * the place of factors. An attacker who writes a posting anew with all hashes after it cannot write the records anew as
 * well without their digests.
 */

export interface RecordProof {
  /** Records of the account by number, replaced ones among them. */
  readonly records: ReadonlyMap<number, AccountingRecord>
  readonly items: EnergyItems
  /** The default of a factor's part by its code; undefined for a code that is there no longer. */
  readonly defaultOf: (code: string, what: string) => string | undefined
}

interface Days {
  readonly from: string
  readonly to: string
}

function daysOf(month: string): Days {
  const first = Temporal.PlainYearMonth.from(month).toPlainDate({ day: 1 })
  return { from: first.toString(), to: first.add({ months: 1 }).toString() }
}

/** A record's whole quantity in a unit; undefined for one that has none in it. */
function quantityIn(record: AccountingRecord, unit: string, items: EnergyItems): Decimal | undefined {
  if (record.kind === 'green-certificate' || record.kind === 'direct-renewable') return decimal(record.kwh)
  if (!('quantity' in record)) return undefined
  const item = 'item' in record ? items[record.item] : undefined
  if (item === undefined) {
    const factor = unitFactor(record.unit, unit)
    return factor === undefined ? undefined : decimal(record.quantity).times(factor)
  }
  const factor = unitFactor(item.unit, unit)
  return factor === undefined ? undefined : quantityOfItem(record.quantity, record.unit, item).times(factor)
}

/** What of a quantity lies in the month, as `partOf` makes it. */
function partOf(record: AccountingRecord, quantity: Decimal, days: Days): Decimal | undefined {
  const share = shareOfDays(record, days.from, days.to)
  if (share === undefined) return undefined
  return share.days === share.of
    ? quantity
    : quotient(quantity.times(decimal(String(share.days))), decimal(String(share.of)))
}

/** Why an amount is not that of its record; undefined where it is. */
function amountFault(
  { use, amount }: RecordEvidence,
  record: AccountingRecord,
  posting: Posting,
  { items }: RecordProof,
): string | undefined {
  const { month, source } = posting
  const unit = use === 'contract' ? 'kWh' : recordedUnit(unitOf(posting))
  const whole = quantityIn(record, unit, items)
  const of =
    use === 'stock' && record.kind === 'energy-stock' ? whole : whole && partOf(record, whole, daysOf(month))
  if (of === undefined) return `states no ${unit} of ${month}`
  const said = decimal(amount)
  // Contracts cover what there is to be covered, and no more than they are of.
  if (use === 'contract')
    return said.lt(0) || said.gt(of) ? `covers ${textOf(of)} kWh at most, not ${amount}` : undefined
  const isFeedstock = record.kind === 'energy-used' && record.use === 'feedstock'
  const isOwn = 'source' in record && record.source === source && !isFeedstock
  const isSame = said.eq(of) || (!isOwn && said.eq(of.times(decimal('-1'))))
  return isSame ? undefined : `states ${textOf(of)} ${unit}, not ${amount}`
}

/** What a record states of a factor, in the unit of the factor; undefined where it speaks of another one. */
function statedValue(record: AccountingRecord, use: FactorUse, posting: Posting): Decimal | undefined {
  if (!('source' in record) || record.source !== posting.source) return undefined
  if (record.kind === 'supplier-factor') {
    const isOf = use.what === 'residual' || (use.what === 'emission' && posting.sourceKind.startsWith('heat'))
    const unit = use.unit === 'kgCO2/kWh' || use.unit === 'tCO2/GJ' ? use.unit : undefined
    const factor = isOf && unit !== undefined ? supplierUnits[unit].get(record.unit) : undefined
    return factor === undefined ? undefined : decimal(record.value).times(factor)
  }
  if (record.kind !== 'fuel-property' || record.property !== use.what) return undefined
  const ncv = posting.factors.find(({ what }) => what === 'ncv')
  const per = ncv?.unit.replace('GJ/', '') ?? ''
  const stated = valueUnits(record.property, per).get(record.unit ?? documentedUnit(record.property, per))
  if (stated === undefined) return undefined
  const value = decimal(record.value).times(stated.factor)
  return stated.perAmount === true && ncv !== undefined ? quotient(value, decimal(ncv.value)) : value
}

/** One value with the days that it holds for; undefined is the default. */
interface Held {
  readonly value: Decimal
  readonly days: number
}

/** Why a measured factor is not what its records make it; undefined where it is. */
function measuredFault(use: FactorUse, posting: Posting, proof: RecordProof): string | undefined {
  const { from, to } = daysOf(posting.month)
  const days = shareOfDays({ from, to }, from, to)?.days ?? 0
  const held: Held[] = []
  for (const { record: number, use: how, amount, part } of posting.evidence.records) {
    const record = how === 'factor' ? proof.records.get(number) : undefined
    const stated = record === undefined ? undefined : statedValue(record, use, posting)
    if (stated === undefined) continue
    if (!stated.eq(amount)) return `record ${number} states ${textOf(stated)}, not ${amount}`
    held.push({ value: stated, days: part?.[0] ?? days })
  }
  if (held.length === 0) return 'no record states it'
  const own = held.reduce((sum, each) => sum + each.days, 0)
  if (own > days) return 'its records hold for more days than the month has'
  const standard = own < days ? proof.defaultOf(use.code, use.what) : undefined
  if (own < days && standard === undefined) return 'its default is gone from the files'
  const all = standard === undefined ? held : [...held, { value: decimal(standard), days: days - own }]
  const said = decimal(use.value)
  if (use.rule.endsWith('mean by quantity')) {
    // What was burnt in which days is in the meters' own intervals: the mean lies between its values.
    const isWithin = all.some(({ value }) => value.lte(said)) && all.some(({ value }) => value.gte(said))
    return isWithin ? undefined : `its values leave no mean of ${use.value}`
  }
  const sum = all.reduce((sum, each) => sum.plus(each.value.times(decimal(String(each.days)))), decimal('0'))
  const mean = quotient(sum, decimal(String(days)))
  return mean.eq(said) ? undefined : `its records make it ${textOf(mean)}, not ${use.value}`
}

/** Everything that a posting says of records and that they do not say. Records that are gone are told of elsewhere. */
export function* recordFindings(posting: Posting, proof: RecordProof): Generator<string> {
  for (const evidence of posting.evidence.records) {
    const record = proof.records.get(evidence.record)
    if (record === undefined || evidence.use === 'factor') continue
    const fault = amountFault(evidence, record, posting, proof)
    if (fault !== undefined) yield `record ${evidence.record} of ${posting.source} ${fault}`
  }
  for (const use of posting.factors) {
    // An enthalpy is the plan's own.
    if (!use.rule.startsWith('measured') || use.what === 'enthalpy') continue
    const fault = measuredFault(use, posting, proof)
    if (fault !== undefined)
      yield `${posting.month} ${posting.source}: measured ${use.code} (${use.what}) of ${use.value}: ${fault}`
  }
}
