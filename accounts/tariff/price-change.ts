import type { ElectricitySources } from '../account-electricity.ts'
import { tariffPeriods, type PriceRow } from './price.ts'

/** A part of a price that would be another: of a period, the two of a floating price, or of the basic charge. */
export const priceParts = [...tariffPeriods, 'floating', 'fixed', 'basic'] as const
export type PricePart = (typeof priceParts)[number]

/** The part of a row, in CNY; undefined where it has none. */
export function pricePart({ energy, basic }: PriceRow, part: PricePart): string | undefined {
  if (part === 'basic') return basic?.by === 'capacity' ? basic.cnyPerKvaMonth : basic?.cnyPerKwMonth
  if (part === 'floating') return energy.by === 'multiplier' ? energy.floatingCnyPerKwh : undefined
  if (part === 'fixed') return energy.by === 'multiplier' ? energy.fixedCnyPerKwh : undefined
  return energy.by === 'period' ? energy.cnyPerKwh[part] : undefined
}

function changedRow(row: PriceRow, part: PricePart, value: string): PriceRow {
  const { energy, basic } = row
  if (pricePart(row, part) === undefined) return row
  if (part === 'basic') {
    if (basic === undefined) return row
    return basic.by === 'capacity'
      ? { ...row, basic: { ...basic, cnyPerKvaMonth: value } }
      : { ...row, basic: { ...basic, cnyPerKwMonth: value } }
  }
  if (energy.by === 'multiplier') {
    const key = part === 'floating' ? 'floatingCnyPerKwh' : 'fixedCnyPerKwh'
    return { ...row, energy: { ...energy, [key]: value } }
  }
  return { ...row, energy: { ...energy, cnyPerKwh: { ...energy.cnyPerKwh, [part]: value } } }
}

/**
 * An account's electricity with another price, to see what that would make of its cost; undefined where no price of it has
 * that part. Nothing is changed.
 */
export function withPrice<Given extends Pick<ElectricitySources, 'plan' | 'tariffs'>>(
  given: Given,
  account: string,
  part: PricePart,
  value: string,
): Given | undefined {
  const { plan, tariffs } = given
  const its = plan.accounts.find((each) => each.account === account)
  const tariff = its?.tariff === undefined ? undefined : tariffs.get(its.tariff)
  const rows = [...(its?.prices ?? []), ...(tariff?.prices ?? [])]
  if (its === undefined || !rows.some((row) => pricePart(row, part) !== undefined)) return undefined
  const changed = (prices: readonly PriceRow[]): PriceRow[] =>
    prices.map((row) => changedRow(row, part, value))
  return {
    ...given,
    plan: {
      ...plan,
      accounts: plan.accounts.map((each) =>
        each.account === account ? { ...each, prices: changed(each.prices) } : each,
      ),
    },
    tariffs: new Map(
      [...tariffs].map(([id, each]) => [
        id,
        each === tariff ? { ...each, prices: changed(each.prices) } : each,
      ]),
    ),
  }
}
