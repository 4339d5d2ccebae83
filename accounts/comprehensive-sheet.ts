import { aboutLines, coefficientNotes, type ReportHead } from './balance-report.ts'
import type { BalanceTable } from './balance-table.ts'
import { comprehensiveConsumption } from './comprehensive.ts'
import { decimal } from './decimal.ts'
import type { EnergyItems } from './energy-item.ts'
import {
  amountCell,
  coalCell,
  formUnitText,
  MARKED_NOTE,
  sheetOf,
  type ReportCell,
  type ReportSheet,
  type Say,
} from './report-sheet.ts'

const DECIMALS = 2

/** Comprehensive energy consumption as a sheet: energy, every medium with its coefficient, and the sum. */
export function comprehensiveSheet(
  head: ReportHead,
  table: BalanceTable,
  items: EnergyItems,
  say: Say,
): ReportSheet {
  const { energy, media, total, coefficients } = comprehensiveConsumption(table, items)
  return sheetOf(say, {
    name: { zh: '综合能耗', en: 'Comprehensive' },
    title: { zh: '综合能耗（GB/T 2589）', en: 'Comprehensive energy consumption (GB/T 2589)' },
    about: aboutLines(head, say),
    head: [
      { zh: '项目', en: 'What' },
      { zh: '实物量', en: 'Amount' },
      { zh: '计量单位', en: 'Unit' },
      { zh: '电力、热力按当量值 tce', en: 'Electricity and heat by calorific value, tce' },
      { zh: '电力、热力按等价值 tce', en: 'Electricity and heat by equal value, tce' },
    ],
    rows: [
      [
        say({ zh: '能源', en: 'Energy' }),
        undefined,
        '',
        coalCell(energy, 'calorific', DECIMALS, say),
        coalCell(energy, 'equal', DECIMALS, say),
      ],
      ...media.map(({ item, figure }): ReportCell[] => {
        const described = items[item]
        const coal = coalCell(figure, 'equal', DECIMALS, say)
        return [
          say({
            zh: `耗能工质：${described?.name.zh ?? item}`,
            en: `Medium: ${described?.name.en ?? item}`,
          }),
          amountCell(figure, decimal(described?.form.factor ?? '1'), DECIMALS, say),
          described && formUnitText(described.form.unit, say),
          coal,
          coal,
        ]
      }),
      [
        say({ zh: '综合能耗', en: 'Comprehensive energy consumption' }),
        undefined,
        '',
        coalCell(total, 'calorific', DECIMALS, say),
        coalCell(total, 'equal', DECIMALS, say),
      ],
    ],
    notes: [
      say(MARKED_NOTE),
      say({
        zh: '耗能工质仅计外购（由外部转入）部分，按等价值折算（标准中无当量值）；自产耗能工质所耗能源已计入，不重复计算。',
        en: 'Energy media: what was got from outside, by the equal value (the standard has no other). What is made inside is not counted again.',
      }),
      ...coefficientNotes(coefficients, say),
    ],
  })
}
