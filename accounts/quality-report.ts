import type { LocalName } from '#contract/identity.ts'
import { aboutLines, closureLines, type ReportHead } from './balance-report.ts'
import type { IntervalMethod } from '#contract/interval.ts'
import type { EnergyItems } from './energy-item.ts'
import {
  percent,
  conditionNames,
  type CalibrationState,
  type ConditionName,
  type QualityRule,
  type QualityStatement,
} from './quality-statement.ts'
import type { QualityGap } from './quality-gaps.ts'
import { sheetOf, type ReportSheet, type Say } from './report-sheet.ts'
import { SOURCE_CHECK, sourceCheckText, unsourcedSheets, unsourcedViewOf } from './unsourced-view.ts'

const calibrations: Readonly<Record<CalibrationState, LocalName>> = {
  valid: { zh: '有效', en: 'valid' },
  overdue: { zh: '超期', en: 'overdue' },
  unknown: { zh: '未知', en: 'unknown' },
}

const methodNames: Readonly<Record<IntervalMethod, LocalName>> = {
  measured: { zh: '实测', en: 'measured' },
  interpolated: { zh: '插值', en: 'interpolated' },
  integrated: { zh: '功率积分', en: 'integrated' },
  apportioned: { zh: '分摊', en: 'apportioned' },
  estimated: { zh: '估算', en: 'estimated' },
  manual: { zh: '人工', en: 'manual' },
}
const conditions: Readonly<Record<ConditionName, LocalName>> = {
  completeness: { zh: '完整率', en: 'completeness' },
  measured: { zh: '实测与插值占比', en: 'measured' },
  classed: { zh: '已知准确度等级', en: 'classed' },
  calibrated: { zh: '检定有效', en: 'calibrated' },
  beyond: { zh: '平衡差额超限品种', en: 'beyond' },
}

/** The data-quality statement as sheets: the grade with its rule beside it, and every meter. */
export function qualitySheets(
  head: ReportHead,
  statement: QualityStatement,
  {
    rule,
    items,
    gaps,
  }: {
    readonly rule: QualityRule
    readonly items: EnergyItems
    readonly gaps: readonly QualityGap[]
  },
  say: Say,
): ReportSheet[] {
  const methods = Object.entries(statement.methods).filter(isOfMethod)
  const unsourced = unsourcedViewOf(statement.unsourced, head.period, items)
  const known = methods.reduce((sum, [, slots]) => sum + slots, 0)
  const facts: readonly (readonly [LocalName, string])[] = [
    [{ zh: '数据质量等级', en: 'Grade of the data' }, statement.grade],
    [{ zh: '完整率', en: 'Completeness' }, percent(statement.completeness)],
    [{ zh: '实测与插值占比', en: 'Measured or interpolated' }, percent(statement.measured)],
    [{ zh: '已知准确度等级的计量表', en: 'Meters of known accuracy class' }, percent(statement.classed)],
    [{ zh: '检定有效的计量表', en: 'Meters within their calibration' }, percent(statement.calibrated)],
    [
      { zh: '平衡差额超出允许范围的品种', en: 'Items whose balance is beyond what is allowed' },
      statement.beyond.map((item) => say(items[item]?.name ?? { zh: item, en: item })).join(', ') || '0',
    ],
    [SOURCE_CHECK, sourceCheckText(unsourced, say)],
    ...methods.map(([method, slots]): readonly [LocalName, string] => [
      { zh: `取得方式：${methodNames[method].zh}`, en: `Method: ${methodNames[method].en}` },
      percent(slots / known),
    ]),
  ]
  return [
    {
      name: say({ zh: '数据质量', en: 'Data quality' }),
      title: say({ zh: '数据质量说明', en: 'Data-quality statement' }),
      about: aboutLines(head, say),
      head: [say({ zh: '项目', en: 'What' }), say({ zh: '结果', en: 'Result' })],
      rows: facts.map(([what, result]) => [say(what), result]),
      notes: [
        say({ zh: '评级规则（自上而下，首个全部满足者）：', en: 'The rule (the first of which all holds):' }),
        ...rule.grades.map(
          ({ grade, ...asked }) =>
            `${grade}: ${conditionNames
              .map((name) =>
                name === 'beyond'
                  ? `${say(conditions.beyond)} ≤ ${asked.beyond}`
                  : `${say(conditions[name])} ≥ ${percent(asked[name])}`,
              )
              .join(', ')}`,
        ),
        `${rule.last}: ${say({ zh: '其余', en: 'otherwise' })}`,
        say(rule.source),
        ...statement.failed.map(({ grade, conditions: failed }) =>
          say({
            zh: `未达 ${grade}：${failed.map(({ name, found }) => `${conditions[name].zh} ${found}`).join('；')}`,
            en: `Not ${grade}: ${failed.map(({ name, found }) => `${conditions[name].en} ${found}`).join('; ')}`,
          }),
        ),
        ...closureLines(statement.closures, items, say),
      ],
    },
    {
      name: say({ zh: '计量表', en: 'Meters' }),
      title: say({ zh: '计量表数据质量', en: 'Quality by meter' }),
      about: aboutLines(head, say),
      head: [
        { zh: '计量表', en: 'Meter' },
        { zh: '名称', en: 'Name' },
        { zh: '应有时段', en: 'Slots expected' },
        { zh: '已知', en: 'Known' },
        { zh: '缺失', en: 'Missing' },
        { zh: '待判定', en: 'Undecided' },
        { zh: '准确度 %', en: 'Accuracy %' },
        { zh: '检定', en: 'Calibration' },
        { zh: '有效期至', en: 'Due' },
      ].map(say),
      rows: statement.meters.map(
        ({ meter, expected, known: found, missing, undecided, accuracyPercent, calibration }) => [
          meter.id,
          say(meter.name),
          String(expected),
          String(found),
          String(missing),
          String(undecided),
          accuracyPercent === undefined ? say(calibrations.unknown) : String(accuracyPercent),
          say(calibrations[calibration]),
          meter.calibration?.due ?? '',
        ],
      ),
      notes: [],
    },
    ...(gaps.length === 0 ? [] : [gapSheet(head, gaps, say)]),
    ...unsourcedSheets(head, unsourced, say),
  ]
}

/** When slots are missing. */
const gapSheet = (head: ReportHead, gaps: readonly QualityGap[], say: Say): ReportSheet =>
  sheetOf(say, {
    name: { zh: '缺数时段', en: 'Gaps' },
    title: { zh: '缺数的日期', en: 'Days that lack slots' },
    about: aboutLines(head, say),
    head: [
      { zh: '计量表', en: 'Meter' },
      { zh: '名称', en: 'Name' },
      { zh: '自', en: 'From' },
      { zh: '至', en: 'To' },
      { zh: '缺失时段', en: 'Slots missing' },
      { zh: '其中待判定', en: 'of which undecided' },
    ],
    rows: gaps.map(({ meter, from, to, missing, undecided }) => [
      meter.id,
      say(meter.name),
      from,
      to,
      String(missing),
      String(undecided),
    ]),
    notes: [],
  })

const isOfMethod = (entry: [string, number]): entry is [IntervalMethod, number] => entry[0] in methodNames
