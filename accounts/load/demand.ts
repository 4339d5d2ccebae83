import { decimal, type Decimal } from '../decimal.ts'
import type { SlotEnergy } from './slot-energy.ts'

/** Slots an hour: energy of a slot × 4 is its mean power. */
const SLOTS_PER_HOUR = decimal('4')

/** Mean power of a slot, in kW where its energy is in kWh; undefined unless the whole slot was measured. */
export function demandOf({ energy, whole }: SlotEnergy): Decimal | undefined {
  return whole && energy !== undefined ? energy.times(SLOTS_PER_HOUR) : undefined
}

/** The greatest mean power of fixed windows of 15 minutes. */
export interface MaximumDemand {
  readonly kw: Decimal
  /** The slot that was greatest; the first of equal ones. */
  readonly slotMs: number
  /** Slots that were looked at, and those that could not be, because they were not measured in full. */
  readonly measured: number
  readonly unmeasured: number
}

/**
 * Maximum demand: the greatest energy of a fully measured slot × 4. Undefined where none was measured in full. While
 * slots are unmeasured the true maximum may lie in one of them.
 */
export function maximumDemand(slots: readonly SlotEnergy[]): MaximumDemand | undefined {
  let greatest: { readonly kw: Decimal; readonly slotMs: number } | undefined
  let measured = 0
  for (const slot of slots) {
    const kw = demandOf(slot)
    if (kw === undefined) continue
    measured += 1
    if (greatest === undefined || kw.gt(greatest.kw)) greatest = { kw, slotMs: slot.slotMs }
  }
  return greatest === undefined ? undefined : { ...greatest, measured, unmeasured: slots.length - measured }
}
