import { z } from 'zod'
import { identifier, localName } from '#contract/identity.ts'
import type { ReportHead } from './balance-report.ts'
import {
  closureView,
  closureViewsOf,
  coefficientView,
  figureView,
  figureViewOf,
  periodView,
} from './balance-view.ts'
import { textOrNull } from './decimal.ts'
import type { EnergyForm } from './energy-form.ts'
import type { EnergyItems } from './energy-item.ts'
import type { StatisticsLine } from './energy-statistics.ts'
import type { QualityGap } from './quality-gaps.ts'
import type { QualityRule, QualityStatement } from './quality-statement.ts'
import { unsourcedView } from './unsourced-shape.ts'
import { unsourcedViewOf } from './unsourced-view.ts'

/** Statistics, forms and quality as JSON, for the API and for files: exact decimal texts, null where nothing is known. */
const headShape = { park: localName, account: localName, period: periodView, planRevision: z.string() }
const decimalOrNull = z.string().nullable()

export const statisticsView = z.object({
  ...headShape,
  lines: z.array(
    z.object({
      path: z.array(identifier),
      name: localName,
      level: z.enum(['account', 'process', 'equipment']),
      item: z.string(),
      unit: z.string().meta({ description: 'Of its amounts' }),
      meters: z.array(identifier),
      coefficients: z.array(coefficientView),
      now: figureView,
      previous: figureView,
      yearBefore: figureView,
      change: z.object({ previous: decimalOrNull, yearBefore: decimalOrNull }),
    }),
  ),
})
export type StatisticsView = z.output<typeof statisticsView>

export const formsView = z.object({
  ...headShape,
  lines: z.array(
    z.object({
      item: z.string(),
      yearStock: figureView,
      purchased: figureView,
      thousandYuan: decimalOrNull,
      consumed: figureView,
      production: figureView,
      feedstock: figureView,
      nonProduction: figureView,
      transport: figureView,
      sold: figureView,
      stockBegin: figureView,
      stockEnd: figureView,
      coefficient: decimalOrNull,
      inputs: z.record(z.string(), figureView),
      output: figureView,
      recovered: figureView,
    }),
  ),
  checks: z.array(
    z.object({ check: z.string(), item: z.string().nullable(), result: z.string(), value: decimalOrNull }),
  ),
})
export type FormsView = z.output<typeof formsView>

export const qualityView = z.object({
  ...headShape,
  grade: z.string(),
  completeness: z.number().nullable(),
  methods: z.record(z.string(), z.int()),
  measured: z.number().nullable(),
  classed: z.number().nullable(),
  calibrated: z.number().nullable(),
  beyond: z.array(z.string()),
  closures: z.record(z.string(), closureView),
  /** passed: all energy of the balance table has an emission source. */
  sourceCheck: z.enum(['passed', 'failed']),
  unsourced: z.array(unsourcedView),
  failed: z.array(z.object({ grade: z.string(), conditions: z.array(z.string()) })),
  rule: z.unknown(),
  gaps: z
    .array(
      z.object({
        meter: identifier,
        from: z.iso.date(),
        to: z.iso.date(),
        missing: z.int(),
        undecided: z.int(),
      }),
    )
    .meta({ description: 'Days that follow one another, each of which lacks slots; both ends included' }),
  meters: z.array(
    z.object({
      meter: identifier,
      expected: z.int(),
      known: z.int(),
      missing: z.int(),
      undecided: z.int(),
      accuracyPercent: z.number().nullable(),
      calibration: z.string(),
    }),
  ),
})
export type QualityView = z.output<typeof qualityView>

const headOf = ({ park, whose, period, planRevision }: ReportHead) => ({
  park,
  account: whose,
  period: { name: period.name, from: period.from, to: period.to },
  planRevision,
})

export function statisticsViewOf(
  head: ReportHead,
  lines: readonly StatisticsLine[],
  items: EnergyItems,
): StatisticsView {
  return {
    ...headOf(head),
    lines: lines.map(({ path, name, level, item, meters, coefficients, now, ...before }) => ({
      path: [...path],
      name,
      level,
      item,
      unit: items[item]?.unit ?? '',
      meters: [...meters],
      coefficients: [...coefficients],
      now: figureViewOf(now),
      previous: figureViewOf(before.previous),
      yearBefore: figureViewOf(before.yearBefore),
      change: {
        previous: textOrNull(before.change.previous),
        yearBefore: textOrNull(before.change.yearBefore),
      },
    })),
  }
}

export function formsViewOf(head: ReportHead, { lines, checks }: EnergyForm): FormsView {
  return {
    ...headOf(head),
    lines: lines.map((line) => ({
      item: line.item,
      yearStock: figureViewOf(line.yearStock),
      purchased: figureViewOf(line.purchased),
      thousandYuan: textOrNull(line.thousandYuan),
      consumed: figureViewOf(line.consumed),
      production: figureViewOf(line.production),
      feedstock: figureViewOf(line.feedstock),
      nonProduction: figureViewOf(line.nonProduction),
      transport: figureViewOf(line.transport),
      sold: figureViewOf(line.sold),
      stockBegin: figureViewOf(line.stockBegin),
      stockEnd: figureViewOf(line.stockEnd),
      coefficient: textOrNull(line.coefficient),
      inputs: Object.fromEntries([...line.inputs].map(([row, figure]) => [row, figureViewOf(figure)])),
      output: figureViewOf(line.output),
      recovered: figureViewOf(line.recovered),
    })),
    checks: checks.map(({ check, item, result, value }) => ({
      check,
      item: item ?? null,
      result,
      value: textOrNull(value),
    })),
  }
}

export function qualityViewOf(
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
): QualityView {
  const { grade, completeness, methods, measured, classed, calibrated, beyond, failed, meters } = statement
  const { closures, unsourced } = statement
  return {
    ...headOf(head),
    grade,
    completeness: completeness ?? null,
    methods,
    measured: measured ?? null,
    classed: classed ?? null,
    calibrated: calibrated ?? null,
    beyond: [...beyond],
    closures: closureViewsOf(closures),
    sourceCheck: unsourced.length === 0 ? 'passed' : 'failed',
    unsourced: unsourcedViewOf(unsourced, head.period, items),
    failed: failed.map((each) => ({
      grade: each.grade,
      conditions: each.conditions.map(({ name, found }) => `${name} ${found}`),
    })),
    rule,
    gaps: gaps.map(({ meter, ...rest }) => ({ meter: meter.id, ...rest })),
    meters: meters.map((each) => {
      const { meter, quantity: _, accuracyPercent, ...rest } = each
      return { ...rest, meter: meter.id, accuracyPercent: accuracyPercent ?? null }
    }),
  }
}
