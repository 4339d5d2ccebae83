import { z } from 'zod'
import { identifier, localName, type LocalName } from '#contract/identity.ts'
import { textOf, textOrNull } from '../decimal.ts'
import { confidences } from '../factor.ts'
import { forecastModels, type Forecast } from './forecast.ts'
import type { MonthFigure } from './month-figure.ts'
import type { TargetLine, TargetReport } from './target-report.ts'
import { controlled } from './target.ts'

/** Targets as JSON. Known tonnes are exact decimal texts, forecasts are numbers; null where nothing is known. */

const decimalOrNull = z.string().nullable()
const monthFigure = z.object({
  month: z.string(),
  tonnes: decimalOrNull,
  complete: z.boolean().meta({ description: 'Over, and nothing of it is missing' }),
  why: z.string().nullable().meta({ description: 'Why it is not complete, where that can be said' }),
  conflict: z.boolean().meta({ description: 'Output that a meter counted and records state as well' }),
})
const grade = z.object({ id: z.string(), name: localName, colour: z.string(), from: z.string() })
const forecast = z.object({
  model: z.string(),
  modelName: localName,
  remaining: z.number(),
  months: z.array(z.object({ month: z.string(), tonnes: z.number() })),
  trials: z.array(z.object({ after: z.string(), until: z.string(), error: z.number() })),
  greatestError: z.number().meta({ description: 'Of the trials; the half-width of the band' }),
  rootMeanSquareError: z.number(),
})

const targetView = z.object({
  id: identifier,
  account: identifier,
  name: localName,
  year: z.int(),
  of: z.enum(controlled),
  basis: z.string().nullable(),
  method: z.string().nullable(),
  limit: z.string(),
  unit: z.string(),
  /** What an intensity is per; null for a target of the total. */
  per: z.string().nullable(),
  baseYear: z.int().nullable(),
  baseValue: decimalOrNull,
  deducts: z.array(z.string()),
  document: z.string(),
  confidence: z.enum(confidences),
  months: z.array(monthFigure),
  output: z.array(monthFigure).nullable(),
  status: z
    .object({
      through: z.string(),
      toDate: decimalOrNull,
      missing: z.array(z.string()),
      left: decimalOrNull,
      pace: z
        .object({ usualShare: z.number(), basis: z.string(), allowed: z.string(), ratio: z.number() })
        .nullable(),
      forecast: z
        .object({
          expected: z.number(),
          low: z.number(),
          high: z.number(),
          tonnes: forecast,
          output: forecast.nullable(),
        })
        .nullable(),
      refusal: z.object({ reason: z.string(), months: z.array(z.string()) }).nullable(),
      grade: grade.nullable(),
      gradeAtLow: grade.nullable(),
      gradeAtHigh: grade.nullable(),
      changeAgainstBase: z.number().nullable(),
    })
    .nullable(),
})
export type TargetView = z.output<typeof targetView>

const yearShape = { year: z.int(), expected: z.number(), low: z.number(), high: z.number() }
const yearOrNull = z.int().nullable()
const curveView = z.object({
  id: identifier,
  name: localName,
  of: z.enum(controlled),
  until: z.int(),
  curve: z
    .object({
      from: z.object({ ...yearShape, basis: z.enum(['accounts', 'forecast']) }),
      years: z.array(
        z.object({
          ...yearShape,
          growthPercent: z.string(),
          growthDocument: z.string(),
          projects: z.array(z.object({ project: identifier, name: localName, tonnes: z.number() })),
        }),
      ),
      peak: z.object({ expected: yearOrNull, low: yearOrNull, high: yearOrNull }),
    })
    .nullable(),
})
export type CurveView = z.output<typeof curveView>

export const targetsView = z.object({
  park: localName,
  warnings: z.object({ document: z.string(), grades: z.array(grade) }),
  targets: z.array(targetView),
  peak: z.object({ year: z.int(), tonnes: decimalOrNull, document: z.string() }).nullable(),
  curves: z.array(curveView),
})
export type TargetsView = z.output<typeof targetsView>

const figureOf = ({ month, tonnes, complete, why, conflict }: MonthFigure): z.output<typeof monthFigure> => ({
  month,
  tonnes: textOrNull(tonnes),
  complete,
  why: why ?? null,
  conflict: conflict === true,
})
const forecastOf = ({ model, backtest, remaining, months }: Forecast): z.output<typeof forecast> => ({
  model,
  modelName: forecastModels[model],
  remaining,
  months: [...months],
  trials: [...backtest.trials],
  greatestError: backtest.greatestError,
  rootMeanSquareError: backtest.rootMeanSquareError,
})

/** tce or tCO2, and of an intensity what it is per. */
export function unitsOf({ of, intensity }: TargetLine['target']): {
  readonly unit: string
  readonly per: string | null
} {
  const unit = of === 'energy' ? 'tce' : 'tCO2'
  if (intensity === undefined) return { unit, per: null }
  const per = intensity.per === 'product' ? intensity.unit : '10⁴CNY'
  return { unit: `${unit}/${per}`, per }
}

function targetViewOf({ target, months, output, status }: TargetLine, name: LocalName): TargetView {
  const { id, account, year, of, basis, method, limit, baseYear, baseValue, deducts, document, confidence } =
    target
  const found = status?.forecast
  return {
    id,
    account,
    name,
    year,
    of,
    basis: of === 'energy' ? basis : null,
    method: of === 'carbon' ? method : null,
    limit,
    ...unitsOf(target),
    baseYear: baseYear ?? null,
    baseValue: baseValue ?? null,
    deducts: [...deducts],
    document,
    confidence,
    months: months.map(figureOf),
    output: output?.map(figureOf) ?? null,
    status:
      status === undefined
        ? null
        : {
            through: status.through,
            toDate: textOrNull(status.toDate),
            missing: [...status.missing],
            left: textOrNull(status.left),
            pace: status.pace === undefined ? null : { ...status.pace, allowed: textOf(status.pace.allowed) },
            forecast:
              found === undefined || 'reason' in found
                ? null
                : {
                    expected: found.expected,
                    low: found.low,
                    high: found.high,
                    tonnes: forecastOf(found.tonnes),
                    output: found.output === undefined ? null : forecastOf(found.output),
                  },
            refusal:
              found !== undefined && 'reason' in found
                ? { reason: found.reason, months: [...(found.months ?? [])] }
                : null,
            grade: status.grade ?? null,
            gradeAtLow: status.gradeAtLow ?? null,
            gradeAtHigh: status.gradeAtHigh ?? null,
            changeAgainstBase: status.changeAgainstBase ?? null,
          },
  }
}

/** The report for programs and pages; `nameOf` names accounts. */
export function targetsViewOf(
  { file, lines, curves }: TargetReport,
  park: LocalName,
  nameOf: (account: string) => LocalName,
): TargetsView {
  const projects = new Map(file.projects.map((project) => [project.id, project.name]))
  return {
    park,
    warnings: { document: file.warnings.document, grades: [...file.warnings.grades] },
    targets: lines.map((line) => targetViewOf(line, nameOf(line.target.account))),
    peak:
      file.peak === undefined
        ? null
        : { year: file.peak.year, tonnes: file.peak.tonnes ?? null, document: file.peak.document },
    curves: curves.map(({ scenario: { id, name, of, until }, curve }) => ({
      id,
      name,
      of,
      until,
      curve:
        curve === undefined
          ? null
          : {
              from: {
                year: curve.from.year,
                expected: curve.from.tonnes,
                low: curve.from.low,
                high: curve.from.high,
                basis: curve.from.basis,
              },
              years: curve.years.map((each) => ({
                ...each,
                projects: each.projects.map(({ project, tonnes }) => ({
                  project,
                  name: projects.get(project) ?? { zh: project, en: project },
                  tonnes,
                })),
              })),
              peak: {
                expected: curve.peak.expected ?? null,
                low: curve.peak.low ?? null,
                high: curve.peak.high ?? null,
              },
            },
    })),
  }
}
