import { aboutLines, type ReportHead } from './balance-report.ts'
import type { BalanceFigure } from './balance-figure.ts'
import { decimal } from './decimal.ts'
import type { EnergyItems } from './energy-item.ts'
import type { StatisticsLine } from './energy-statistics.ts'
import {
  amountCell,
  coalCell,
  formUnitText,
  MARKED_NOTE,
  numberCell,
  traced,
  type ReportCell,
  type ReportSheet,
  type Say,
} from './report-sheet.ts'

const HUNDRED = decimal('100')
const depths = { account: 0, process: 1, equipment: 2 } as const

/** Energy by enterprise, process and equipment as a sheet. */
export function statisticsSheets(
  head: ReportHead,
  lines: readonly StatisticsLine[],
  items: EnergyItems,
  periods: { readonly now: string; readonly previous: string; readonly yearBefore: string },
  say: Say,
): ReportSheet[] {
  return [
    {
      name: say({ zh: '能源统计', en: 'Energy statistics' }),
      title: say({ zh: '能源统计（按企业、工序、设备）', en: 'Energy by enterprise, process and equipment' }),
      about: aboutLines(head, say),
      head: [
        { zh: '单位', en: 'Level' },
        { zh: '能源品种', en: 'Energy item' },
        { zh: '计量单位', en: 'Unit' },
        { zh: '本期', en: 'Now' },
        { zh: '当量值 tce', en: 'calorific, tce' },
        { zh: '等价值 tce', en: 'equal, tce' },
        { zh: '上期', en: 'Period before' },
        { zh: '环比 %', en: 'Change %' },
        { zh: '上年同期', en: 'Year before' },
        { zh: '同比 %', en: 'Change on the year %' },
      ].map(say),
      rows: lines.flatMap(({ path, name, level, item, change, ...figures }) => {
        const described = items[item]
        if (described === undefined) return []
        const factor = decimal(described.form.factor)
        type Which = keyof typeof periods
        const open = (cell: ReportCell, which: Which): ReportCell =>
          traced(cell, { path, item, period: periods[which] })
        const amount = (which: Which): ReportCell =>
          open(amountCell(figures[which] satisfies BalanceFigure, factor, 2, say), which)
        return [
          [
            '　'.repeat(depths[level]) + say(name),
            say(described.name),
            formUnitText(described.form.unit, say),
            amount('now'),
            open(coalCell(figures.now, 'calorific', 2, say), 'now'),
            open(coalCell(figures.now, 'equal', 2, say), 'now'),
            amount('previous'),
            open(numberCell(change.previous?.times(HUNDRED), 1), 'previous'),
            amount('yearBefore'),
            open(numberCell(change.yearBefore?.times(HUNDRED), 1), 'yearBefore'),
          ],
        ]
      }),
      notes: [
        say(MARKED_NOTE),
        say({
          zh: '企业行为边界计量的购入量；工序、设备行为终端及加工转换投入计量，无终端表时取分表。',
          en: 'Enterprises: what they got at their boundary. Below: final and conversion meters, or submeters where there is none.',
        }),
      ],
    },
  ]
}
