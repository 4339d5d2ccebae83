import { z } from 'zod'
import { positiveDecimalText } from '#contract/decimal-text.ts'
import { localName } from '#contract/identity.ts'
import { decimal, quotient, textOf, type Decimal } from './decimal.ts'
import { confidences } from './factor.ts'

/** The shape of accounts/grades/*.yaml: how a city grades carbon accounts, with its thresholds and colours as data. */

const step = z.strictObject({
  upTo: positiveDecimalText.optional().meta({ description: 'Included; the last step has none' }),
  id: z.string().min(1).max(40),
  name: localName,
  colour: z.string().regex(/^#[0-9a-f]{6}$/),
})

const scale = z.strictObject({
  unit: z.string().min(1),
  steps: z
    .array(step)
    .min(2)
    .refine(
      (steps) =>
        steps.every(({ upTo }, index) => {
          const next = steps[index + 1]?.upTo
          return index === steps.length - 1
            ? upTo === undefined
            : upTo !== undefined && (next === undefined || decimal(upTo).lt(decimal(next)))
        }),
      'steps grow, and only the last one is open',
    ),
})

export const gradeRule = z.strictObject({
  id: z.string().min(1),
  name: localName,
  document: z.string().min(1),
  source: z.string().min(1),
  confidence: z.enum(confidences),
  level: scale,
  efficiency: scale.optional(),
})
export type GradeRule = z.output<typeof gradeRule>
type Step = z.output<typeof step>

export interface Graded {
  /** tCO2 per 10⁴ CNY of value added, and its step. */
  readonly level: { readonly value: string; readonly step: Step }
  /** The same over the mean of the industry, where that is known. */
  readonly efficiency: { readonly value: string; readonly step: Step } | undefined
}

function stepOf(steps: readonly Step[], value: Decimal): Step {
  const found = steps.find(({ upTo }) => upTo === undefined || value.lte(decimal(upTo)))
  if (found === undefined) throw new RangeError('the last step is open')
  return found
}

const TEN_THOUSAND = decimal('10000')

/**
 * Grades an account of a period. Undefined where it has no value added: then there is no intensity.
 * @param industryMean mean level of the industry, with its source known to the caller
 */
export function gradeOf(
  rule: GradeRule,
  tCo2: Decimal,
  valueAddedCny: Decimal,
  industryMean?: Decimal,
): Graded | undefined {
  if (valueAddedCny.lte(0)) return undefined
  const level = quotient(tCo2.times(TEN_THOUSAND), valueAddedCny)
  const efficiency = industryMean === undefined ? undefined : quotient(level, industryMean)
  return {
    level: { value: textOf(level), step: stepOf(rule.level.steps, level) },
    efficiency:
      efficiency === undefined || rule.efficiency === undefined
        ? undefined
        : { value: textOf(efficiency), step: stepOf(rule.efficiency.steps, efficiency) },
  }
}
