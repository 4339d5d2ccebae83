import { Fault } from '#contract/fault.ts'
import { decimal, quotient, type Decimal } from './decimal.ts'
import type { EnergyItem } from './energy-item.ts'

/** A quantity of a record in the item's unit of account. Throws `unit-mismatch` for a unit that is none of the item's. */
export function quantityOfItem(quantity: string, unit: string, item: EnergyItem): Decimal {
  if (unit === item.unit) return decimal(quantity)
  if (unit === item.form.unit) return quotient(decimal(quantity), decimal(item.form.factor))
  throw new Fault(
    'unit-mismatch',
    `${item.name.en} is in ${item.unit} or ${item.form.unit}; the record is in ${unit}.`,
  )
}
