import type { LocalName } from '#contract/identity.ts'
import { quantityOf } from '#contract/quantities.ts'
import { aboutLines, type ReportHead } from './balance-report.ts'
import { decimal } from './decimal.ts'
import type { CheckResult, MonitoredMeter, MonitoringRule } from './monitoring-checks.ts'
import { percent } from './quality-statement.ts'
import { numberCell, type ReportSheet, type Say } from './report-sheet.ts'

const results: Readonly<Record<CheckResult, LocalName>> = {
  met: { zh: '符合', en: 'met' },
  failed: { zh: '不符合', en: 'failed' },
  unknown: { zh: '无法判定', en: 'cannot be judged' },
}

/** The checks of on-line monitoring as a sheet, with the rule beside them. */
export function monitoringSheets(
  head: ReportHead,
  meters: readonly MonitoredMeter[],
  rule: MonitoringRule,
  say: Say,
): ReportSheet[] {
  const { weights } = rule.score
  return [
    {
      name: say({ zh: '在线监测', en: 'On-line monitoring' }),
      title: say({
        zh: '重点用能单位能耗在线监测数据质量检查',
        en: 'On-line monitoring of key energy users: checks of the data',
      }),
      about: aboutLines(head, say),
      head: [
        { zh: '计量表', en: 'Meter' },
        { zh: '已知/应有时段', en: 'Slots known/expected' },
        { zh: '完整率', en: 'Completeness' },
        { zh: '结果', en: 'Result' },
        { zh: '日累计之和', en: 'Sum of days' },
        { zh: '表码之差', en: 'Advance of the register' },
        { zh: '单位', en: 'Unit' },
        { zh: '偏差 %', en: 'Deviation %' },
        { zh: '结果', en: 'Result' },
        { zh: '按时零点/应有', en: 'Midnights read in time/all' },
        { zh: '结果', en: 'Result' },
        { zh: '在线', en: 'On line' },
        { zh: '准确（工序/全厂）', en: 'Accuracy, processes to plant' },
        { zh: '正确', en: 'Correctness' },
        { zh: '综合得分', en: 'Score' },
      ].map(say),
      rows: meters.map((each) => [
        `${say(each.meter.name)} (${each.meter.id})`,
        `${each.known}/${each.expected}`,
        percent(each.expected === 0 ? undefined : each.known / each.expected),
        say(results[each.completeness]),
        numberCell(each.daySum, 2),
        numberCell(each.advance, 2),
        quantityOf(each.meter.register).unit,
        numberCell(each.deviation?.times(decimal('100')), 2),
        say(results[each.daily]),
        `${each.punctual}/${each.midnights}`,
        say(results[each.boundary]),
        percent(each.score.online),
        percent(each.score.accuracy),
        percent(each.score.correctness),
        percent(each.score.total),
      ]),
      notes: [
        say({
          zh: `规则：完整率 ≥ ${percent(rule.completeness)}；日累计之和与表码之差的偏差 ≤ ${percent(rule.deviation)}；零点读数 ±${rule.boundarySeconds} s。`,
          en: `Rule: completeness ≥ ${percent(rule.completeness)}; sum of days against the register’s advance ≤ ${percent(rule.deviation)}; midnight ±${rule.boundarySeconds} s.`,
        }),
        `${rule.document}; ${rule.source} (${rule.confidence})`,
        say({
          zh: `得分 = ${weights.online} × 在线率 + ${weights.completeness} × 完整率 + ${weights.accuracy} × 准确率 + ${weights.correctness} × 正确率；准确率 = 1 − |1 − 工序之和 ÷ 全厂|；任一项无法判定时不计得分。`,
          en: `Score = ${weights.online} × on line + ${weights.completeness} × completeness + ${weights.accuracy} × accuracy + ${weights.correctness} × correctness; accuracy = 1 − |1 − sum of processes ÷ plant|; there is no score where a part cannot be judged.`,
        }),
        `${rule.score.document}; ${rule.score.source} (${rule.score.confidence})`,
      ],
    },
  ]
}
