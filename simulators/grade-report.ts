import { sum, toDecimal, toNumber, type Amount } from '#contract/amount.ts'
import type { Period } from '#contract/grid.ts'
import { intervalMethods } from '#contract/interval.ts'
import { findingCauses, isClean, type Finding, type MeterGrade } from './grade.ts'

/** A grade for people, and for programs. */

/** Findings printed; the JSON has all. */
const FINDINGS_PRINTED_MAX = 50

type UnitOf = (meter: string) => string

const at = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z')
const digits = (value: Amount | null): string => (value === null ? '–' : toNumber(value).toFixed(3))

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((cells) => cells[column]?.length ?? 0)),
  )
  return rows
    .map((cells) =>
      cells
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function meterRow(grade: MeterGrade, unitOf: UnitOf): string[] {
  const count = (cause: Finding['cause']): string =>
    String(grade.findings.filter((finding) => finding.cause === cause).length)
  const methods = intervalMethods.map((method) => {
    const of = grade.methods.get(method)
    return of === undefined ? '' : `${of.slots} (±${(toNumber(of.absolute) / of.slots).toFixed(3)})`
  })
  return [
    grade.meter,
    unitOf(grade.meter),
    String(grade.slots),
    digits(grade.truth),
    digits(grade.platform),
    ...methods,
    ...findingCauses.map(count),
  ]
}

function findingLine({ meter, cause, fromMs, toMs, truth, platform, reasons }: Finding): string {
  const why = reasons.length === 0 ? 'NO REASON' : reasons.join(', ')
  return `${cause} ${meter} ${at(fromMs)} … ${at(toMs)}: truth ${digits(truth)}, platform ${digits(platform)}: ${why}`
}

/**
 * The grade as a table, a row a meter: energy, slots by method with their mean distance from the truth, findings by
 * cause; then the findings, those without a reason first.
 */
export function gradeReport(grades: readonly MeterGrade[], period: Period, unitOf: UnitOf): string {
  const head = ['meter', 'unit', 'slots', 'truth', 'platform', ...intervalMethods, ...findingCauses]
  const findings = grades
    .flatMap((grade) => grade.findings)
    .toSorted((a, b) => a.reasons.length - b.reasons.length)
  const more = findings.length - FINDINGS_PRINTED_MAX
  const totals = Map.groupBy(grades, ({ meter }) => unitOf(meter))
  return [
    `${at(period.fromMs)} … ${at(period.toMs)}`,
    table([head, ...grades.map((grade) => meterRow(grade, unitOf))]),
    ...[...totals].map(([unit, of]) => {
      const truth = sum(of.map((grade) => grade.truth)) ?? null
      const platform = sum(of.map((grade) => grade.platform)) ?? null
      return `all meters in ${unit}: truth ${digits(truth)}, platform ${digits(platform)}`
    }),
    ...findings.slice(0, FINDINGS_PRINTED_MAX).map(findingLine),
    ...(more > 0 ? [`… and ${more} more`] : []),
    isClean(grades)
      ? 'Nothing is lost or invented without a visible reason.'
      : 'Something is lost or invented without a visible reason.',
  ].join('\n')
}

const jsonAmount = (value: Amount | null): string | null => (value === null ? null : toDecimal(value))

/** The grade as one JSON document; energies are exact decimal texts. `more` stands beside the meters. */
export function gradeJson(
  grades: readonly MeterGrade[],
  period: Period,
  unitOf: UnitOf,
  more: object = {},
): string {
  return JSON.stringify({
    period,
    clean: isClean(grades),
    ...more,
    meters: grades.map(({ methods, findings, differences, truth, platform, ...grade }) => ({
      ...grade,
      unit: unitOf(grade.meter),
      truth: jsonAmount(truth),
      platform: jsonAmount(platform),
      methods: Object.fromEntries(
        [...methods].map(([method, { slots, net, absolute }]) => [
          method,
          { slots, net: jsonAmount(net), absolute: jsonAmount(absolute) },
        ]),
      ),
      differences: differences.map(({ difference, ...each }) => ({
        ...each,
        difference: jsonAmount(difference),
      })),
      findings: findings.map(({ meter: _meter, ...finding }) => ({
        ...finding,
        truth: jsonAmount(finding.truth),
        platform: jsonAmount(finding.platform),
      })),
    })),
  })
}
