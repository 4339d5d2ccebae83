import type { BalanceView } from '#accounts/balance-view.ts'
import type { Speech, TextKey } from './language.tsx'

/** Figures of the balance table as text. */

/** In what the table is shown. */
export const measures = ['physical', 'calorific', 'equal'] as const
export type Measure = (typeof measures)[number]

export type BalanceItem = BalanceView['items'][number]
export type BalanceRow = BalanceView['rows'][number]
export type BalanceCell = BalanceRow['cells'][string]
export type BalancePart = BalanceCell['parts'][number]
type Figure = Omit<BalanceCell, 'amount' | 'parts' | 'sumOf'> & { readonly amount?: string | null }

/** A number to be shown, or why there is none; undefined where there is nothing to be missing. */
export type Shown =
  | { readonly value: number; readonly incomplete: boolean }
  | { readonly why: TextKey }
  | undefined

/** A figure of an item in a measure; of physical ones in the unit of the forms. */
export function shownOf(figure: Figure, measure: Measure, item: BalanceItem | undefined): Shown {
  const absent = measure === 'physical' ? undefined : figure.absent[measure]
  if (absent !== undefined) return { why: `balance.${absent}` }
  const text = measure === 'physical' ? figure.amount : figure[measure]
  if (text === null || text === undefined) return figure.incomplete ? { why: 'balance.missing' } : undefined
  const factor = measure === 'physical' ? Number(item?.form.factor ?? '1') : 1
  return { value: Number(text) * factor, incomplete: figure.incomplete }
}

/** Decimals by which the greatest of some values has at least four digits. */
export function decimalsOf(values: readonly number[]): number {
  const greatest = Math.max(0, ...values.map(Math.abs))
  return greatest >= 100 ? 2 : greatest >= 1 ? 3 : 4
}

export function fixedText(value: number, decimals: number, locale: string): string {
  return value.toLocaleString(locale, {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
    roundingMode: 'halfEven',
  })
}

/** With its star where a part is missing; a dash where nothing is known. */
export function shownText(
  shown: Shown,
  decimals: number,
  { t, locale }: Pick<Speech, 't' | 'locale'>,
): string {
  if (shown === undefined) return '—'
  if ('why' in shown) return t(shown.why)
  return `${fixedText(shown.value, decimals, locale)}${shown.incomplete ? '*' : ''}`
}

/** The unit of a form; its 万 is 10⁴ where the page is not in Chinese. */
export function formUnitText(unit: string, { language }: Pick<Speech, 'language'>): string {
  return language === 'zh' ? unit : unit.replace('万', '10⁴ ')
}

/** A meter or record of a cell, and the row that it stands in where the cell is a sum of others. */
export interface LeafPart {
  readonly part: BalancePart
  /** With the sign with which the row counts. */
  readonly row: string
}

/** Everything that a cell rests on in the end: its own parts, and those of the cells that it is a sum of. */
export function leafParts(view: BalanceView, row: string, item: string, sign = '+'): LeafPart[] {
  const found = view.rows.find(({ id }) => id === row)
  const cell = found?.cells[item]
  if (found === undefined || cell === undefined) return []
  const own = cell.parts.map((part) => ({ part, row: `${sign}${found.id}` }))
  const ofTerms = cell.sumOf.flatMap((term) => {
    const turned = term.startsWith('-') === (sign === '-') ? '+' : '-'
    return leafParts(view, term.slice(1), item, turned)
  })
  return [...own, ...ofTerms]
}
