import { decimal, type Decimal } from '../decimal.ts'
import { wallClock } from '../wall-time.ts'
import type { PriceRow, TariffPeriod } from './price.ts'
import { holdsOn, type Tariff, type TariffSchedule } from './tariff.ts'

/** The price of a period under a row; undefined where neither a price nor a multiplier gives one. */
export function cnyPerKwh(
  { energy }: PriceRow,
  { multipliers }: TariffSchedule,
  period: TariffPeriod,
): Decimal | undefined {
  if (energy.by === 'period') {
    const price = energy.cnyPerKwh[period]
    return price === undefined ? undefined : decimal(price)
  }
  let floating = decimal(energy.floatingCnyPerKwh)
  for (let step = multipliers[period]; step !== undefined; step = multipliers[step.of]) {
    floating = floating.times(decimal(step.times))
  }
  return floating.plus(decimal(energy.fixedCnyPerKwh))
}

/** The row that holds on the day of a moment; an account's own before the tariff's list. Undefined where none does. */
export function priceClock(own: readonly PriceRow[], tariff: Tariff): (atMs: number) => PriceRow | undefined {
  const wallOf = wallClock(tariff.timeZone)
  let known: { readonly date: string; readonly row: PriceRow | undefined } = { date: '', row: undefined }
  return (atMs) => {
    const { date } = wallOf(atMs)
    if (date !== known.date) {
      const rows = [...own, ...tariff.prices]
      known = { date, row: rows.find((each) => holdsOn(each, date)) }
    }
    return known.row
  }
}
