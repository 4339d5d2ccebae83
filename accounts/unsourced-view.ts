import type { LocalName } from '#contract/identity.ts'
import { aboutLines, type ReportHead } from './balance-report.ts'
import { decimal, textOrNull } from './decimal.ts'
import type { EnergyItems } from './energy-item.ts'
import type { ReportPeriod } from './report-period.ts'
import { numberCell, sheetOf, type ReportCell, type ReportSheet, type Say } from './report-sheet.ts'
import type { UnsourcedEnergy } from './unsourced.ts'
import type { UnsourcedReason, UnsourcedView } from './unsourced-shape.ts'

/** Energy without an emission source, as statements name it. */

const UNSTATED: LocalName = { zh: '品种未指定', en: 'energy item not stated' }
const DECIMALS = 3

export const unsourcedWhy: Readonly<Record<UnsourcedReason, LocalName>> = {
  'no-source': { zh: '核算方案中没有计量或记录它的排放源', en: 'no emission source of the plan counts it' },
  'passed-on': {
    zh: '上级账户已作为转供扣除，本账户没有排放源',
    en: 'deducted above as passed on, and this account has no source',
  },
  rest: {
    zh: '超出其下各排放源计量之和的余量',
    en: 'what is more than the sources behind the meter measure',
  },
  'not-in-table': {
    zh: '计量表未列入平衡表，也没有排放源',
    en: 'its meter is in no row of the table, and no source counts it',
  },
}

export function unsourcedViewOf(
  found: readonly UnsourcedEnergy[],
  { from, to }: Pick<ReportPeriod, 'from' | 'to'>,
  items: EnergyItems,
): UnsourcedView[] {
  return found.map(({ account, item, unit, meter, record, amount, incomplete, why }) => ({
    account,
    item: item ?? null,
    name: (item === undefined ? undefined : items[item]?.name) ?? UNSTATED,
    meter: meter === undefined ? null : { id: meter.id, name: meter.name },
    record: record ?? null,
    amount: textOrNull(amount),
    unit,
    incomplete,
    from,
    to,
    why,
  }))
}

/** The result of the check that all energy has a source; undefined where it was not made. */
export function sourceCheckText(found: readonly UnsourcedView[] | undefined, say: Say): string {
  if (found === undefined)
    return say({
      zh: '未检查：按往日所知的报表不含此项',
      en: 'not checked: a statement as known on an earlier day does not have it',
    })
  return found.length === 0
    ? say({ zh: '通过', en: 'passed' })
    : say({ zh: `未通过：${found.length} 项`, en: `not passed: ${found.length}` })
}

export const SOURCE_CHECK: LocalName = {
  zh: '检查：平衡表中的能源均有排放源',
  en: 'Check: all energy of the balance table has an emission source',
}

/** Where and what an entry is, in a few words. */
export function unsourcedWhere({ meter, record }: UnsourcedView, say: Say): string {
  if (meter !== null) return `${say(meter.name)} (${meter.id})`
  return `${say({ zh: '记录', en: 'record' })} ${record ?? ''}`
}

/** The sheet that names it; none where there is nothing to name. */
export function unsourcedSheets(
  head: ReportHead,
  found: readonly UnsourcedView[] | undefined,
  say: Say,
): ReportSheet[] {
  if (found === undefined || found.length === 0) return []
  const lastDay = (to: string): string => Temporal.PlainDate.from(to).subtract({ days: 1 }).toString()
  return [
    sheetOf(say, {
      name: { zh: '无排放源的能源', en: 'Without a source' },
      title: { zh: '没有排放源的能源', en: 'Energy without an emission source' },
      about: aboutLines(head, say),
      head: [
        { zh: '核算单元', en: 'Account' },
        { zh: '能源品种', en: 'Energy item' },
        { zh: '计量表或记录', en: 'Meter or record' },
        { zh: '数量', en: 'Amount' },
        { zh: '单位', en: 'Unit' },
        { zh: '自', en: 'From' },
        { zh: '至', en: 'To' },
        { zh: '原因', en: 'Why' },
      ],
      rows: found.map((each): ReportCell[] => [
        each.account,
        say(each.name),
        unsourcedWhere(each, say),
        each.amount === null
          ? say({ zh: '缺', en: 'missing' })
          : numberCell(decimal(each.amount), DECIMALS, each.incomplete),
        each.unit,
        each.from,
        lastDay(each.to),
        say(unsourcedWhy[each.why]),
      ]),
      notes: [
        say({
          zh: '这些能源在平衡表中，但其排放不在任何合计中。',
          en: 'This energy is in the balance table, and its emissions are in no total.',
        }),
      ],
    }),
  ]
}
