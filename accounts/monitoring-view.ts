import { z } from 'zod'
import { identifier } from '#contract/identity.ts'
import { textOrNull } from './decimal.ts'
import {
  checkResults,
  monitoringRuleFile,
  type MonitoredMeter,
  type MonitoringRule,
} from './monitoring-checks.ts'
import type { ReportPeriod } from './report-period.ts'

/** The checks of on-line monitoring as JSON. */

const result = z.enum(checkResults)
const amount = z.string().nullable()
const part = z.number().nullable()

export const monitoringView = z.object({
  rule: monitoringRuleFile,
  period: z.string(),
  meters: z.array(
    z.object({
      meter: identifier,
      expected: z.int(),
      known: z.int(),
      completeness: result,
      daySum: amount,
      advance: amount,
      deviation: amount,
      daily: result,
      midnights: z.int(),
      punctual: z.int(),
      boundary: result,
      score: z.object({
        online: part,
        completeness: part,
        accuracy: part,
        correctness: part,
        total: part.meta({ description: 'null where a part cannot be judged' }),
      }),
    }),
  ),
})
export type MonitoringView = z.output<typeof monitoringView>

export function monitoringViewOf(
  { name }: ReportPeriod,
  meters: readonly MonitoredMeter[],
  rule: MonitoringRule,
): MonitoringView {
  return {
    rule,
    period: name,
    meters: meters.map(({ meter, daySum, advance, deviation, score, ...rest }) => ({
      ...rest,
      meter: meter.id,
      daySum: textOrNull(daySum),
      advance: textOrNull(advance),
      deviation: textOrNull(deviation),
      score: {
        online: score.online ?? null,
        completeness: score.completeness ?? null,
        accuracy: score.accuracy ?? null,
        correctness: score.correctness ?? null,
        total: score.total ?? null,
      },
    })),
  }
}
