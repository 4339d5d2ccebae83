import type { AccountingRecord } from '#contract/accounting-record.ts'
import type { Park } from '#contract/park.ts'
import type { AccountingPlan, AccountPlan, EmissionSource } from './accounting-plan.ts'
import type { EnergyItems } from './energy-item.ts'
import type { FactorLibrary } from './factor-library.ts'
import { fuelValueOf } from './own-fuel-value.ts'
import { countedFrom, meterOfProduct } from './performance/product-output.ts'
import { isUnitOf } from './recorded-quantity.ts'
import { unitFactor } from './record-unit.ts'
import { supplierUnits } from './source-factors.ts'

/** What records are held against. */
export interface RecordSurroundings {
  readonly park: Park
  readonly plan: AccountingPlan | undefined
  readonly items: EnergyItems
  readonly library: FactorLibrary
}

/**
 * What a record's schema cannot see: accounts, items, sources and products that are not there, and quantities and values
 * in another unit than what they are multiplied with.
 */
export function recordContradictions(
  record: AccountingRecord,
  { park, plan, items, library }: RecordSurroundings,
): string[] {
  const { description } = park
  const isKnown = [description, ...description.enterprises].some(({ id }) => id === record.account)
  if (!isKnown) return [`account: there is no enterprise ${record.account}`]
  const found: string[] = []
  if ('item' in record) {
    const item = items[record.item]
    if (item === undefined) found.push(`item: there is no energy item ${record.item}`)
    else if (!isUnitOf(record.unit, item))
      found.push(`unit: ${record.item} is in ${item.unit} or ${item.form.unit}, not in ${record.unit}`)
  }
  if (record.kind === 'fuel-property' && record.unit === undefined)
    found.push(`unit: a measured ${record.property} needs its unit`)
  const account = plan?.accounts.find((each) => each.account === record.account)
  if (account === undefined) return found
  if ('source' in record && record.source !== undefined) {
    const source = account.sources.find(({ id }) => id === record.source)
    if (source === undefined) found.push(`source: account ${record.account} has no source ${record.source}`)
    else found.push(...sourceContradictions(record, source, account, library))
  }
  if ('product' in record) {
    const product = account.products.find(({ id }) => id === record.product)
    if (product === undefined)
      found.push(`product: account ${record.account} has no product ${record.product}`)
    else if (product.unit !== record.unit)
      found.push(`unit: ${record.product} is counted in ${product.unit}, not in ${record.unit}`)
    const meter = meterOfProduct({ park, plan: { accounts: [account] } }, record.account, record.product)
    const cut = meter === undefined ? record.to : countedFrom(meter, description.timeZone)
    if (meter !== undefined && record.to > cut)
      found.push(`product: ${meter.id} counts ${record.product} from ${cut} on: it is not entered as well`)
  }
  return found
}

/** What a record says of a source that the source cannot take. */
function sourceContradictions(
  record: AccountingRecord,
  source: EmissionSource,
  account: AccountPlan,
  library: FactorLibrary,
): string[] {
  if (record.kind === 'energy-used')
    return record.item === source.item
      ? []
      : [`item: ${source.id} is of ${source.item ?? 'no energy item'}, not of ${record.item}`]
  if (record.kind === 'process-activity') {
    const per = activityUnit(source, account, library, record.from)
    if (per === undefined) return [`source: ${source.id} (${source.kind}) has no recorded activity`]
    return unitFactor(record.unit, per) === undefined
      ? [`unit: ${source.id} is counted in ${per}, not in ${record.unit}`]
      : []
  }
  if (record.kind === 'fuel-property') {
    if (source.kind !== 'fuel') return [`source: ${source.id} (${source.kind}) burns no fuel`]
    const value = fuelValueOf(record, library.fuel(source.fuelSet ?? account.fuelSet, source.fuel))
    return typeof value === 'string' ? [`value: ${value}`] : []
  }
  if (record.kind === 'supplier-factor') {
    const isHeat = source.kind.startsWith('heat')
    if (!isHeat && !source.kind.startsWith('electricity'))
      return [`source: ${source.id} (${source.kind}) has no supplier`]
    const unit = isHeat ? 'tCO2/GJ' : 'kgCO2/kWh'
    return supplierUnits[unit].has(record.unit)
      ? []
      : [`unit: a factor of ${source.id} is in ${unit}, not in ${record.unit}`]
  }
  return []
}

/** The unit that recorded activities of a source are counted in; undefined for kinds that bills and meters give. */
function activityUnit(
  source: EmissionSource,
  account: AccountPlan,
  library: FactorLibrary,
  day: string,
): string | undefined {
  if (source.kind === 'fuel') return library.fuel(source.fuelSet ?? account.fuelSet, source.fuel).per
  if (!('factor' in source)) return undefined
  const own = account.ownFactors.find(({ code }) => code === source.factor)
  return library.process(source.factor, day)?.per ?? own?.per
}
