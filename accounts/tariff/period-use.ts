import type { SlotEnergy } from '#accounts/load/slot-energy.ts'
import { decimal, type Decimal } from '../decimal.ts'
import { tariffPeriods, type PriceRow, type TariffPeriod } from './price.ts'
import { cnyPerKwh } from './prices.ts'
import type { TariffClock } from './tariff-clock.ts'
import type { TariffSchedule } from './tariff.ts'

/** What was used in one period of the tariff at one price. */
export interface PeriodUse {
  /** Undefined: of that time no tariff is known. */
  readonly period: TariffPeriod | undefined
  readonly schedule: TariffSchedule | undefined
  readonly price: PriceRow | undefined
  readonly cnyPerKwh: Decimal | undefined
  /** Of the known slots; undefined where none is known. */
  readonly kwh: Decimal | undefined
  readonly known: number
  readonly missing: number
  /** Undefined where there is no price or no energy; never a guess. */
  readonly cny: Decimal | undefined
}

type Sum = { kwh: Decimal | undefined; known: number; missing: number }

/**
 * Energy and cost by tariff period, exact: a slot lies whole in one period. Lines stand in the order of the periods,
 * those of no known tariff last; a period has as many lines as prices.
 */
export function useByPeriod(
  slots: readonly SlotEnergy[],
  tariffAt: TariffClock,
  priceAt: (atMs: number) => PriceRow | undefined,
): PeriodUse[] {
  const groups = new Map<
    string,
    {
      period: TariffPeriod | undefined
      schedule: TariffSchedule | undefined
      price: PriceRow | undefined
      sum: Sum
    }
  >()
  for (const { slotMs, energy } of slots) {
    const moment = tariffAt(slotMs)
    const price = moment === undefined ? undefined : priceAt(slotMs)
    const key = `${moment?.period ?? ''} ${moment?.schedule.from ?? ''} ${price?.from ?? ''} ${price?.document ?? ''}`
    let group = groups.get(key)
    if (group === undefined) {
      const sum: Sum = { kwh: undefined, known: 0, missing: 0 }
      group = { period: moment?.period, schedule: moment?.schedule, price, sum }
      groups.set(key, group)
    }
    const { sum } = group
    if (energy === undefined) sum.missing += 1
    else {
      sum.known += 1
      sum.kwh = (sum.kwh ?? decimal('0')).plus(energy)
    }
  }
  const place = ({ period }: { period: TariffPeriod | undefined }): number =>
    period === undefined ? tariffPeriods.length : tariffPeriods.indexOf(period)
  return [...groups.values()]
    .toSorted((a, b) => place(a) - place(b))
    .map(({ period, schedule, price, sum }) => {
      const rate =
        price === undefined || schedule === undefined || period === undefined
          ? undefined
          : cnyPerKwh(price, schedule, period)
      const cny = rate === undefined || sum.kwh === undefined ? undefined : sum.kwh.times(rate)
      return { period, schedule, price, cnyPerKwh: rate, ...sum, cny }
    })
}
