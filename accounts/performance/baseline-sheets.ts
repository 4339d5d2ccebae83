import type { LocalName } from '#contract/identity.ts'
import { aboutLines, type ReportHead } from '../balance-report.ts'
import { sheetOf, type ReportCell, type ReportSheet, type Say } from '../report-sheet.ts'
import type { BaselineView } from './baseline-view.ts'

const refusals: Readonly<Record<string, LocalName>> = {
  'too-few-periods': { zh: '完整的月份太少', en: 'Too few complete months' },
  'drivers-dependent': {
    zh: '变量之间线性相关或恒定不变',
    en: 'Drivers follow from one another, or never change',
  },
  'model-not-significant': { zh: '模型整体不显著', en: 'The model as a whole may be chance' },
  'driver-not-significant': { zh: '变量不显著', en: 'A driver may be chance' },
  'fit-too-poor': { zh: '拟合优度不足', en: 'The fit is too poor' },
}

/** Numbers of a model, not of a statement: they have an error of their own, and are not decimals. */
const cell = (value: number | undefined, decimals: number): ReportCell =>
  value === undefined || !Number.isFinite(value)
    ? undefined
    : { number: value.toFixed(decimals), decimals, marked: false }

/** A baseline as sheets: the model with its tests, the months behind it, and those held against it. */
export function baselineSheets(head: ReportHead, view: BaselineView, say: Say): ReportSheet[] {
  const { model, refusal, drivers, rules, leftOut } = view
  const about = aboutLines(head, say)
  const unused: LocalName = { zh: '未采用的月份', en: 'Months left out' }
  const notes = [
    say({
      zh: `判定准则（通行做法，非标准条文）：月数 ≥ ${rules.periodsMin}，整体 p ≤ ${rules.modelP}，变量 p ≤ ${rules.driverP}，R² ≥ ${rules.rSquaredMin}。`,
      en: `Limits (conventions of practice, no clauses of a standard): months ≥ ${rules.periodsMin}, model p ≤ ${rules.modelP}, driver p ≤ ${rules.driverP}, R² ≥ ${rules.rSquaredMin}.`,
    }),
    ...leftOut.map(({ month, why }) => `${say(unused)}: ${month} (${why.join(', ')})`),
  ]
  const facts: ReportCell[][] =
    model === null
      ? [
          [say(refusals[refusal?.reason ?? ''] ?? { zh: '没有基准', en: 'There is no baseline' })],
          ...Object.entries(refusal?.facts ?? {}).map(([name, value]): ReportCell[] => [name, String(value)]),
        ]
      : [
          ...model.coefficients.map(({ name, value, standardError, p }): ReportCell[] => [
            name === 'constant' ? say({ zh: '常数项', en: 'Constant' }) : name,
            cell(value, 6),
            cell(standardError, 6),
            cell(p, 4),
            model.validRange[name]?.map((each) => each.toFixed(2)).join(' – '),
          ]),
          ['R²', cell(model.rSquared, 4)],
          ['CV(RMSE) %', cell(model.cvRmse * 100, 2)],
          [say({ zh: '整体 p', en: 'p of the model' }), cell(model.p, 6)],
        ]
  const sheets = [
    {
      name: { zh: '能源基准', en: 'Baseline' },
      title: { zh: '能源基准（回归）', en: 'Energy baseline, by regression' },
      about,
      head: [
        { zh: '项', en: 'Term' },
        { zh: '系数 tce', en: 'Coefficient, tce' },
        { zh: '标准误', en: 'Standard error' },
        { zh: 'p 值', en: 'p' },
        { zh: '有效范围', en: 'Valid range' },
      ],
      rows: facts,
      notes,
    },
    {
      name: { zh: '基准期', en: 'Base months' },
      title: { zh: '基准期各月', en: 'Months of the baseline' },
      about,
      head: [
        { zh: '月份', en: 'Month' },
        { zh: '能耗 tce', en: 'Energy, tce' },
        ...drivers.map((driver) => ({ zh: driver, en: driver })),
      ],
      rows: view.base.map(({ month, energy, drivers: of }): ReportCell[] => [
        month,
        cell(energy, 2),
        ...drivers.map((driver) => cell(of[driver], 2)),
      ]),
      notes: [],
    },
    {
      name: { zh: '绩效', en: 'Performance' },
      title: { zh: '应耗与实耗', en: 'Expected against actual' },
      about,
      head: [
        { zh: '月份', en: 'Month' },
        { zh: '应耗 tce', en: 'Expected, tce' },
        { zh: '±', en: '±' },
        { zh: '实耗 tce', en: 'Actual, tce' },
        { zh: '差 tce', en: 'Difference, tce' },
        { zh: '是否显著', en: 'More than the model’s error' },
        { zh: '超出有效范围的变量', en: 'Drivers beyond their range' },
      ],
      rows: view.judged.map((each): ReportCell[] => [
        each.month,
        cell(each.expected, 2),
        cell(each.band, 2),
        cell(each.actual, 2),
        cell(each.difference, 2),
        say(each.isSignificant ? { zh: '是', en: 'yes' } : { zh: '否', en: 'no' }),
        each.beyondRange.join(', '),
      ]),
      notes: [],
    },
  ]
  return sheets.map((sheet) => sheetOf(say, sheet))
}
