import type { LocalName } from '#contract/identity.ts'
import type { BalanceFigure } from './balance-figure.ts'
import type { CoalAbsence } from './coal-coefficient.ts'
import { presented, type Decimal } from './decimal.ts'
import type { Basis } from './factor.ts'

/** What any report is made of, whatever file it becomes: tables of text and numbers, rounded here and nowhere before. */
export interface ReportSheet {
  readonly name: string
  readonly title: string
  /** Lines above the table: whose, of what time, in what units. */
  readonly about: readonly string[]
  readonly head: readonly string[]
  readonly rows: readonly (readonly ReportCell[])[]
  readonly notes: readonly string[]
}

/** A text, a number as it is printed, or nothing. A marked number is followed by "*": a part of it is missing. */
export type ReportCell = string | ReportNumber | undefined

export interface ReportNumber {
  readonly number: string
  readonly decimals: number
  readonly marked: boolean
  /** Where a page opens it down to the register; a file has no use for it. */
  readonly trace?: CellTrace
}

/**
 * Cells of the balance table (several rows are joined by "+"; of another period where one is named), what an account posted
 * in a month ("2026-03") or a longer period, or a line of the energy statistics of a period.
 */
export type CellTrace =
  | { readonly row: string; readonly item: string; readonly period?: string }
  | { readonly account: string; readonly period: string }
  | { readonly path: readonly string[]; readonly item: string; readonly period: string }

/** The same cell, with where it is opened; a cell that is no number has nothing to open. */
export function traced(cell: ReportCell, trace: CellTrace): ReportCell {
  return cell === undefined || typeof cell === 'string' ? cell : { ...cell, trace }
}

export const languages = ['zh', 'en'] as const
export type Language = (typeof languages)[number]

/** A text of both languages in one. */
export type Say = (text: LocalName) => string
export const sayIn =
  (language: Language): Say =>
  (text) =>
    text[language]

/** A text in the brackets of its language. */
export const bracketed = (text: string, say: Say): string => say({ zh: `（${text}）`, en: ` (${text})` })

/** The unit of a form: its 万 is 10⁴ outside of Chinese. */
export const formUnitText = (unit: string, say: Say): string =>
  say({ zh: unit, en: unit.replace('万', '10⁴ ') })

/** A sheet whose name, title and head stand in both languages, said in one. */
export function sheetOf(
  say: Say,
  {
    name,
    title,
    head,
    ...rest
  }: Omit<ReportSheet, 'name' | 'title' | 'head'> & {
    readonly name: LocalName
    readonly title: LocalName
    readonly head: readonly LocalName[]
  },
): ReportSheet {
  return { ...rest, name: say(name), title: say(title), head: head.map(say) }
}

/** A number rounded for print by GB/T 8170; nothing for what is not there. */
export function numberCell(
  value: Decimal | undefined,
  decimals: number,
  marked = false,
): ReportNumber | undefined {
  return value === undefined ? undefined : { number: presented(value, decimals), decimals, marked }
}

export const MISSING: LocalName = { zh: '缺', en: 'missing' }
export const NO_VALUE: Readonly<Record<CoalAbsence, LocalName>> = {
  'no-coefficient': { zh: '无系数', en: 'no coefficient' },
  'no-value-for-the-year': { zh: '无当年值', en: 'no value for the year' },
  'differs-by-source': { zh: '各排放源热值不同', en: 'differs by source' },
}
export const MARKED_NOTE: LocalName = {
  zh: '* 该数缺少部分数据，仅为已知部分之和；空白为无此项，缺为应有而无，均不为零。',
  en: '* A part of it is missing, this is the sum of what is known. Blank: there is none. Missing is never zero.',
}

/** The amount of a figure: a number, the word for missing, or nothing where there is nothing to be missing. */
export function amountCell(
  { amount, incomplete }: BalanceFigure,
  perUnit: Decimal,
  decimals: number,
  say: Say,
): ReportCell {
  if (amount === undefined) return incomplete ? say(MISSING) : undefined
  return numberCell(amount.times(perUnit), decimals, incomplete)
}

/** The standard coal of a figure on one basis; in words where there is no coefficient. */
export function coalCell(figure: BalanceFigure, basis: Basis, decimals: number, say: Say): ReportCell {
  const absent = figure.absent[basis]
  if (absent !== undefined) return say(NO_VALUE[absent])
  const value = figure.coal[basis]
  if (value === undefined) return figure.incomplete ? say(MISSING) : undefined
  return numberCell(value, decimals, figure.incomplete)
}
