import type { LocalName } from '#contract/identity.ts'
import { decimal, type Decimal } from '../decimal.ts'
import { numberCell, type ReportCell, type ReportSheet, type Say } from '../report-sheet.ts'
import { forecastModels, type ForecastRefusal } from './forecast.ts'
import type { MonthFigure } from './month-figure.ts'
import type { TargetReport } from './target-report.ts'
import { unitsOf } from './target-view.ts'

/** Targets as sheets: where each stands, its months, and the curves of scenarios. */

const refusals: Readonly<Record<ForecastRefusal['reason'], LocalName>> = {
  'month-missing': { zh: '有月份缺数，不作预测', en: 'months are missing: no forecast' },
  'history-too-short': { zh: '历史太短，不作预测', en: 'too little history: no forecast' },
}

/** As decimal text, which has no zeros at its end. */
const plain = (value: number, decimals: number): string => String(Number(value.toFixed(decimals)))
const three = (value: Decimal | undefined): ReportCell => numberCell(value, 3)
/** Tonnes of a forecast, which are no measured figure. */
const tonnes = (value: number): ReportCell => numberCell(decimal(plain(value, 3)), 3)
const percent = (share: number | undefined): ReportCell =>
  share === undefined ? undefined : numberCell(decimal(plain(share * 100, 1)), 1)

function statusSheet(
  { file, lines }: TargetReport,
  say: Say,
  nameOf: (id: string) => LocalName,
): ReportSheet {
  return {
    name: say({ zh: '双控目标', en: 'Targets' }),
    title: say({ zh: '能耗与碳排放双控目标进度', en: 'Targets of energy and carbon: where they stand' }),
    about: [say({ zh: `分级依据：${file.warnings.document}`, en: `Grades by: ${file.warnings.document}` })],
    head: [
      { zh: '目标', en: 'Target' },
      { zh: '核算单元', en: 'Account' },
      { zh: '年份', en: 'Year' },
      { zh: '单位', en: 'Unit' },
      { zh: '限额', en: 'Limit' },
      { zh: '截至', en: 'Through' },
      { zh: '累计', en: 'To date' },
      { zh: '进度比', en: 'Pace' },
      { zh: '全年预测', en: 'Forecast' },
      { zh: '下限', en: 'Low' },
      { zh: '上限', en: 'High' },
      { zh: '模型最大误差 %', en: 'Greatest error of the model %' },
      { zh: '剩余空间 t', en: 'Left, t' },
      { zh: '等级', en: 'Grade' },
      { zh: '说明', en: 'Remarks' },
    ].map(say),
    rows: lines.map(({ target, status }) => {
      const found = status?.forecast
      const forecast = found !== undefined && 'expected' in found ? found : undefined
      const remarks = [
        ...(found !== undefined && 'reason' in found ? [say(refusals[found.reason])] : []),
        ...(status !== undefined && status.missing.length > 0
          ? [`${say({ zh: '缺', en: 'missing' })}: ${status.missing.join(', ')}`]
          : []),
        ...(target.confidence === 'unverified' ? [say({ zh: '目标未核实', en: 'target unverified' })] : []),
        ...(forecast === undefined ? [] : [say(forecastModels[forecast.tonnes.model])]),
      ]
      // An intensity is a small number.
      const decimals = target.intensity === undefined ? 3 : 6
      const known = (value: Decimal | undefined): ReportCell => numberCell(value, decimals)
      const guessed = (value: number | undefined): ReportCell =>
        value === undefined ? undefined : numberCell(decimal(plain(value, decimals)), decimals)
      return [
        target.id,
        say(nameOf(target.account)),
        String(target.year),
        unitsOf(target).unit,
        known(decimal(target.limit)),
        status?.through ?? say({ zh: '尚无完整月份', en: 'no month is over' }),
        known(status?.toDate),
        status?.pace === undefined ? undefined : numberCell(decimal(plain(status.pace.ratio, 3)), 3),
        guessed(forecast?.expected),
        guessed(forecast?.low),
        guessed(forecast?.high),
        percent(forecast?.tonnes.backtest.greatestError),
        three(status?.left),
        status?.grade === undefined ? undefined : say(status.grade.name),
        remarks.join('; '),
      ]
    }),
    notes: [
      ...new Set(lines.map(({ target }) => target.document)),
      say({
        zh: '预测区间为模型历史回测的最大误差；空白为未知，不为零。',
        en: 'The band is the greatest error of the model when it was tried on the past. Blank: not known, which is not zero.',
      }),
    ],
  }
}

/** Why a month is in no sum. */
function whyNot(complete: boolean, made: MonthFigure | undefined, say: Say): ReportCell {
  if (made?.conflict === true)
    return say({
      zh: '产出由计量表计数，又有同期记录：须撤回其一',
      en: 'output is counted by a meter and stated by records: one of them is to be taken back',
    })
  if (made?.complete === false) return say({ zh: '产出数据不全', en: 'output is not known in full' })
  return complete
    ? undefined
    : say({ zh: '能耗或排放数据不全', en: 'energy or emissions are not known in full' })
}

function monthSheet({ lines }: TargetReport, say: Say): ReportSheet {
  return {
    name: say({ zh: '逐月', en: 'Months' }),
    title: say({ zh: '各目标逐月数据', en: 'Months of each target' }),
    about: [],
    head: [
      { zh: '目标', en: 'Target' },
      { zh: '月份', en: 'Month' },
      { zh: '吨', en: 'Tonnes' },
      { zh: '产出', en: 'Output' },
      { zh: '完整', en: 'Complete' },
      { zh: '原因', en: 'Why not' },
    ].map(say),
    rows: lines.flatMap(({ target, months, output }) =>
      months.map(({ month, tonnes, complete }): ReportCell[] => {
        const made = output?.find((each) => each.month === month)
        const whole = complete && (made === undefined || made.complete)
        return [
          target.id,
          month,
          three(tonnes),
          three(made?.tonnes),
          whole ? say({ zh: '是', en: 'yes' }) : say({ zh: '否', en: 'no' }),
          whyNot(complete, made, say),
        ]
      }),
    ),
    notes: [],
  }
}

function curveSheet({ curves }: TargetReport, say: Say): ReportSheet[] {
  if (curves.length === 0) return []
  return [
    {
      name: say({ zh: '达峰曲线', en: 'Peak curve' }),
      title: say({ zh: '各情景的年度曲线', en: 'Curves of the scenarios by year' }),
      about: [],
      head: [
        { zh: '情景', en: 'Scenario' },
        { zh: '年份', en: 'Year' },
        { zh: '预期 t', en: 'Expected, t' },
        { zh: '下限 t', en: 'Low, t' },
        { zh: '上限 t', en: 'High, t' },
        { zh: '依据', en: 'Because of' },
      ].map(say),
      rows: curves.flatMap(({ scenario, curve }): ReportCell[][] => {
        if (curve === undefined)
          return [[say(scenario.name), say({ zh: '无起始年份', en: 'no year to start from' })]]
        const { from, years } = curve
        return [
          [
            say(scenario.name),
            String(from.year),
            tonnes(from.tonnes),
            tonnes(from.low),
            tonnes(from.high),
            from.basis === 'accounts'
              ? say({ zh: '账户', en: 'accounts' })
              : say({ zh: '当年预测', en: 'forecast of the year' }),
          ],
          ...years.map((each): ReportCell[] => [
            say(scenario.name),
            String(each.year),
            tonnes(each.expected),
            tonnes(each.low),
            tonnes(each.high),
            `${each.growthPercent} %: ${each.growthDocument}`,
          ]),
        ]
      }),
      notes: [],
    },
  ]
}

/** The report for people. */
export function targetSheets(
  report: TargetReport,
  say: Say,
  nameOf: (account: string) => LocalName,
): ReportSheet[] {
  return [statusSheet(report, say, nameOf), monthSheet(report, say), ...curveSheet(report, say)]
}
