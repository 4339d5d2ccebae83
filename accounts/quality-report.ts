import type { LocalName } from '#contract/identity.ts'
import { aboutLines, type ReportHead } from './balance-report.ts'
import {
  percent,
  type CalibrationState,
  type QualityRule,
  type QualityStatement,
} from './quality-statement.ts'
import type { ReportSheet, Say } from './report-sheet.ts'

const calibrations: Readonly<Record<CalibrationState, LocalName>> = {
  valid: { zh: '有效', en: 'valid' },
  overdue: { zh: '超期', en: 'overdue' },
  unknown: { zh: '未知', en: 'unknown' },
}

/** The data-quality statement as sheets: the grade with its rule beside it, and every meter. */
export function qualitySheets(
  head: ReportHead,
  statement: QualityStatement,
  rule: QualityRule,
  say: Say,
): ReportSheet[] {
  const methods = Object.entries(statement.methods)
  const known = methods.reduce((sum, [, slots]) => sum + slots, 0)
  const facts: readonly (readonly [LocalName, string])[] = [
    [{ zh: '数据质量等级', en: 'Grade of the data' }, statement.grade],
    [{ zh: '完整率', en: 'Completeness' }, percent(statement.completeness)],
    [{ zh: '实测与插值占比', en: 'Measured or interpolated' }, percent(statement.measured)],
    [{ zh: '已知准确度等级的计量表', en: 'Meters of known accuracy class' }, percent(statement.classed)],
    [{ zh: '检定有效的计量表', en: 'Meters within their calibration' }, percent(statement.calibrated)],
    [
      { zh: '平衡差额超出允许范围的品种', en: 'Items whose balance is beyond what is allowed' },
      statement.beyond.join(', ') || '0',
    ],
    ...methods.map(([method, slots]): readonly [LocalName, string] => [
      { zh: `取得方式：${method}`, en: `Method: ${method}` },
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
          ({ grade, completeness, measured, classed, calibrated, beyond }) =>
            `${grade}: completeness ≥ ${percent(completeness)}, measured ≥ ${percent(measured)}, classed ≥ ${percent(classed)}, calibrated ≥ ${percent(calibrated)}, beyond ≤ ${beyond}`,
        ),
        `${rule.last}: ${say({ zh: '其余', en: 'otherwise' })}`,
        rule.source,
        ...statement.failed.map(({ grade, conditions }) =>
          say({
            zh: `未达 ${grade}：${conditions.join('；')}`,
            en: `Not ${grade}: ${conditions.join('; ')}`,
          }),
        ),
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
  ]
}
