import { Fault } from '#contract/fault.ts'
import { decimal, quotient, type Decimal } from './decimal.ts'
import type { EnergyItem } from './energy-item.ts'
import { unitFactor } from './record-unit.ts'

/** A quantity of a record in the item's unit of account. Throws `unit-mismatch` for a unit that is none of the item's. */
export function quantityOfItem(quantity: string, unit: string, item: EnergyItem): Decimal {
  if (unit === item.unit) return decimal(quantity)
  if (unit === item.form.unit) return quotient(decimal(quantity), decimal(item.form.factor))
  const factor = unitFactor(unit, item.unit)
  if (factor !== undefined) return decimal(quantity).times(factor)
  throw new Fault(
    'unit-mismatch',
    `${item.name.en} is in ${item.unit} or ${item.form.unit}; the record is in ${unit}.`,
  )
}

/** True for a unit that quantities of an item can be stated in. */
export function isUnitOf(unit: string, item: EnergyItem): boolean {
  return unit === item.form.unit || unitFactor(unit, item.unit) !== undefined
}

/** Days from one to the other, e.g. 31 from "2026-03-01" to "2026-04-01"; below zero where the second comes first. */
export function daysBetween(from: string, to: string): number {
  return Temporal.PlainDate.from(from).until(Temporal.PlainDate.from(to)).days
}

/**
 * The part of a record's days that lies in [from, to), as numerator and denominator; undefined where none does. What was
 * recorded over several months is shared among them by days.
 */
export function shareOfDays(
  record: { readonly from: string; readonly to: string },
  from: string,
  to: string,
): { readonly days: number; readonly of: number } | undefined {
  const first = record.from > from ? record.from : from
  const last = record.to < to ? record.to : to
  const days = daysBetween(first, last)
  return days > 0 ? { days, of: daysBetween(record.from, record.to) } : undefined
}
