import type { AccountingRecord } from '#contract/accounting-record.ts'
import type { Park } from '#contract/park.ts'
import type { AccountingPlan } from './accounting-plan.ts'
import type { EnergyItems } from './energy-item.ts'

/** What a record's schema cannot see: accounts, items, sources and products that are not there, or another unit. */
export function recordContradictions(
  record: AccountingRecord,
  park: Park,
  plan: AccountingPlan | undefined,
  items: EnergyItems,
): string[] {
  const { description } = park
  const isKnown = [description, ...description.enterprises].some(({ id }) => id === record.account)
  if (!isKnown) return [`account: there is no enterprise ${record.account}`]
  const found: string[] = []
  if ('item' in record) {
    const item = items[record.item]
    if (item === undefined) found.push(`item: there is no energy item ${record.item}`)
    else if (record.unit !== item.unit && record.unit !== item.form.unit)
      found.push(`unit: ${record.item} is in ${item.unit} or ${item.form.unit}, not in ${record.unit}`)
  }
  const account = plan?.accounts.find((each) => each.account === record.account)
  if (account === undefined) return found
  if ('source' in record && record.source !== undefined) {
    if (!account.sources.some(({ id }) => id === record.source))
      found.push(`source: account ${record.account} has no source ${record.source}`)
  }
  if ('product' in record) {
    const product = account.products.find(({ id }) => id === record.product)
    if (product === undefined)
      found.push(`product: account ${record.account} has no product ${record.product}`)
    else if (product.unit !== record.unit)
      found.push(`unit: ${record.product} is counted in ${product.unit}, not in ${record.unit}`)
  }
  return found
}
