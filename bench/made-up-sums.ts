import { monthNames } from '#accounts/account-month.ts'
import type { Amount } from '#contract/amount.ts'
import { NO_SLOTS, type PlacedSum } from '#contract/energy-sum.ts'
import { SLOT_MS, type Period } from '#contract/grid.ts'
import type { Park } from '#contract/park.ts'
import type { Books, ChangedMonth, SlotProof } from '#store/port.ts'

/** Months of the bench of accounts, of which every register has a sum. */
export const MONTHS = monthNames('2023-01', '2025-12')

/** Real books whose intervals are made up: every register's month is complete and has one revision. */
export function withSums(books: Books, park: Park): Books {
  const made = MONTHS.flatMap((month) => [...park.meters.keys()].map((meter) => ({ meter, month })))
  const changes = made.map(({ meter, month }, index): ChangedMonth => ({
    id: index + 1,
    meter,
    quantity: 'activeEnergyImport.total',
    month,
    changedAtMs: 0,
  }))
  const slotsOf = ({ fromMs, toMs }: Period): number => (toMs - fromMs) / SLOT_MS
  const energyOf = (meter: string, period: Period): Amount => ({
    count: slotsOf(period) * (100 + (meter.length % 7)),
    resolution: '0.01',
  })
  const sumsOver = (meter: string, _: string, period: Period): PlacedSum[] => {
    const energy = energyOf(meter, period)
    const known = slotsOf(period)
    const methods = { measured: { slots: known, energy } }
    return [{ fromMs: period.fromMs, sum: { ...NO_SLOTS, energy, known, methods } }]
  }
  const slotProof = (meter: string, _: string, period: Period): SlotProof => {
    const { fromMs } = period
    const slots = slotsOf(period)
    const energy = energyOf(meter, period)
    return {
      runs: [[fromMs, slots, 1]],
      digest: 'd'.repeat(64),
      energy,
      known: slots,
      missing: 0,
      undecided: 0,
      byMethod: [{ method: 'measured', energy }],
    }
  }
  return new Proxy(books, {
    get: (target, name) => {
      if (name === 'slotProof') return slotProof
      if (name === 'sumsOver') return sumsOver
      if (name === 'changedMonths')
        return (after: number, limit?: number) =>
          changes.slice(after, limit === undefined ? undefined : after + limit)
      const found: unknown = Reflect.get(target, name)
      return typeof found === 'function' ? found.bind(target) : found
    },
  })
}
