import { z } from 'zod'
import { join } from '#contract/energy-sum.ts'
import { localName } from '#contract/identity.ts'
import { intervalMethods, type IntervalMethod } from '#contract/interval.ts'
import type { Meter } from '#contract/park.ts'
import type { QuantityName } from '#contract/quantities.ts'
import type { BalanceClosure } from './balance-closure.ts'
import type { BalancePart } from './balance-parts.ts'
import type { MeasuredEnergy, MeasuredPieces } from './measured-energy.ts'
import type { UnsourcedEnergy } from './unsourced.ts'

/** The shape of accounts/quality-rule.yaml: what a grade of data asks for. */
const share = z.number().min(0).max(1)
const gradeRule = z.strictObject({
  grade: z.string().min(1),
  completeness: share.meta({ description: 'Known slots of those expected' }),
  measured: share.meta({ description: 'Slots measured or interpolated, of those known' }),
  classed: share.meta({ description: 'Meters whose accuracy class is known' }),
  calibrated: share.meta({ description: 'Meters within their calibration' }),
  beyond: z.int().min(0).meta({ description: 'Items whose balance is further off than the classes allow' }),
})
export const qualityRuleFile = z.strictObject({
  source: localName,
  grades: z.array(gradeRule).min(1),
  last: z.string().min(1),
})
export type QualityRule = z.output<typeof qualityRuleFile>

/** valid: within its calibration on the last day. overdue: no more. unknown: nobody has said. */
export type CalibrationState = 'valid' | 'overdue' | 'unknown'

export interface MeterQuality {
  readonly meter: Meter
  readonly quantity: QuantityName
  readonly expected: number
  readonly known: number
  readonly missing: number
  readonly undecided: number
  readonly accuracyPercent: number | undefined
  readonly calibration: CalibrationState
}

export const conditionNames = ['completeness', 'measured', 'classed', 'calibrated', 'beyond'] as const
export type ConditionName = (typeof conditionNames)[number]

/** A condition of a grade that does not hold, as it is printed: "92.9 % < 99.0 %". */
export interface FailedCondition {
  readonly name: ConditionName
  readonly found: string
}

/** What may be thought of the data of an account and a period, and the rule by which it is graded. */
export interface QualityStatement {
  readonly meters: readonly MeterQuality[]
  /** Undefined where no slot is expected. */
  readonly completeness: number | undefined
  /** Known slots by how they came about. */
  readonly methods: Readonly<Partial<Record<IntervalMethod, number>>>
  readonly measured: number | undefined
  /** Undefined where no meter takes part. */
  readonly classed: number | undefined
  readonly calibrated: number | undefined
  readonly beyond: readonly string[]
  /** How the balance of each item closes. */
  readonly closures: ReadonlyMap<string, BalanceClosure>
  /** Energy of the table that no emission source counts; its check is passed where there is none. */
  readonly unsourced: readonly UnsourcedEnergy[]
  readonly grade: string
  /** What keeps it from each better grade. */
  readonly failed: readonly { readonly grade: string; readonly conditions: readonly FailedCondition[] }[]
}

/**
 * The statement of one table's meters.
 * @param day last day of the period, by which calibrations are judged
 * @param unsourced energy without an emission source
 */
export function qualityStatement(
  parts: readonly BalancePart[],
  closures: ReadonlyMap<string, BalanceClosure>,
  measured: MeasuredPieces,
  day: string,
  rule: QualityRule,
  unsourced: readonly UnsourcedEnergy[] = [],
): QualityStatement {
  const used = new Map(
    parts.flatMap(({ origin }) =>
      origin.kind === 'meter'
        ? [
            [
              `${origin.meter.id} ${origin.quantity}`,
              { meter: origin.meter, quantity: origin.quantity },
            ] as const,
          ]
        : [],
    ),
  )
  const each = [...used.values()].map(({ meter, quantity }) => ({
    meter,
    quantity,
    pieces: measured(meter, quantity),
  }))
  const meters = each.map(({ pieces, ...of }) => meterQuality(of, pieces, day))
  const total = (of: (meter: MeterQuality) => number): number => meters.reduce((sum, one) => sum + of(one), 0)
  const [expected, known] = [total((one) => one.expected), total((one) => one.known)]
  const sum = join(each.flatMap(({ pieces }) => pieces.map((piece) => withoutEnergy(piece.sum))))
  const methods: Partial<Record<IntervalMethod, number>> = {}
  for (const method of intervalMethods) {
    const slots = sum.methods[method]?.slots
    if (slots !== undefined) methods[method] = slots
  }
  const found = {
    meters,
    completeness: expected === 0 ? undefined : known / expected,
    methods,
    measured: known === 0 ? undefined : ((methods.measured ?? 0) + (methods.interpolated ?? 0)) / known,
    classed: shareOf(meters, ({ accuracyPercent }) => accuracyPercent !== undefined),
    calibrated: shareOf(meters, ({ calibration }) => calibration === 'valid'),
    beyond: [...closures].filter(([, { verdict }]) => verdict === 'beyond').map(([item]) => item),
  }
  return { ...found, closures, unsourced, ...graded(found, rule) }
}

const shareOf = (
  meters: readonly MeterQuality[],
  holds: (meter: MeterQuality) => boolean,
): number | undefined =>
  meters.length === 0 ? undefined : meters.filter((meter) => holds(meter)).length / meters.length

/** Slots of different carriers are counted together, their energies never. */
function withoutEnergy(sum: MeasuredEnergy['sum']): MeasuredEnergy['sum'] {
  const none = { count: 0, resolution: '1' }
  const methods = Object.fromEntries(
    Object.entries(sum.methods).map(([method, { slots }]) => [method, { slots, energy: none }]),
  )
  return { ...sum, energy: undefined, methods }
}

function meterQuality(
  { meter, quantity }: Pick<MeterQuality, 'meter' | 'quantity'>,
  pieces: readonly MeasuredEnergy[],
  day: string,
): MeterQuality {
  const total = (of: (piece: MeasuredEnergy) => number): number =>
    pieces.reduce((sum, one) => sum + of(one), 0)
  const { calibration, accuracyPercent } = meter
  return {
    meter,
    quantity,
    expected: total(({ expected }) => expected),
    known: total(({ sum }) => sum.known),
    missing: total(({ missing }) => missing),
    undecided: total(({ sum }) => sum.undecided),
    accuracyPercent,
    calibration:
      calibration === undefined
        ? 'unknown'
        : calibration.on <= day && day <= calibration.due
          ? 'valid'
          : 'overdue',
  }
}

const shareNames = ['completeness', 'measured', 'classed', 'calibrated'] as const

function graded(
  found: Pick<QualityStatement, 'completeness' | 'measured' | 'classed' | 'calibrated' | 'beyond'>,
  { grades, last }: QualityRule,
): Pick<QualityStatement, 'grade' | 'failed'> {
  const failed: { grade: string; conditions: FailedCondition[] }[] = []
  for (const each of grades) {
    const { grade, beyond } = each
    const conditions = shareNames.flatMap((name): FailedCondition[] => {
      const [value, least] = [found[name], each[name]]
      return value !== undefined && value >= least
        ? []
        : [{ name, found: `${percent(value)} < ${percent(least)}` }]
    })
    if (found.beyond.length > beyond)
      conditions.push({ name: 'beyond', found: `${found.beyond.length} > ${beyond}` })
    if (conditions.length === 0) return { grade, failed }
    failed.push({ grade, conditions })
  }
  return { grade: last, failed }
}

/** Downwards, so that 89.96 % does not read as the 90 % that it is not. */
export const percent = (value: number | undefined): string =>
  value === undefined ? '–' : `${(Math.floor(value * 1000) / 10).toFixed(1)} %`
