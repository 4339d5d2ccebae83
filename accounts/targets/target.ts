import { z } from 'zod'
import { decimalText, positiveDecimalText } from '#contract/decimal-text.ts'
import { identifier, localName } from '#contract/identity.ts'
import { bases, confidences } from '../factor.ts'

/**
 * The shape of targets.yaml: dual control of total and intensity, for energy and for carbon (国办发〔2024〕39号), the
 * thresholds of its warnings, and the scenarios of a park's way to its peak.
 */

const document = z.string().min(1).max(500)
const year = z.int().min(2000).max(2100)

/** What an intensity is per: 10⁴ yuan of output value or value added at a price basis, or a product. */
const denominator = z.discriminatedUnion('per', [
  z.strictObject({
    per: z.literal('output-value'),
    measure: z.enum(['gross-output', 'value-added']),
    prices: z.string().min(1).max(40).meta({ description: 'Price basis of the records, e.g. "2020"' }),
  }),
  z.strictObject({ per: z.literal('product'), product: identifier, unit: z.string().min(1).max(20) }),
])

/** energy: tce. carbon: tCO2. */
export const controlled = ['energy', 'carbon'] as const

const target = z.strictObject({
  id: identifier,
  account: identifier.meta({ description: 'An enterprise; the park: all of it' }),
  year,
  of: z.enum(controlled),
  basis: z.enum(bases).default('calorific').meta({ description: 'Of energy: calorific or equal value' }),
  method: z
    .enum(['location', 'market'])
    .default('location')
    .meta({ description: 'Of carbon: electricity by the average factor, or by certificates and contracts' }),
  limit: positiveDecimalText.meta({ description: 'tce or tCO2; for an intensity, a unit of it' }),
  intensity: denominator.optional().meta({ description: 'Not given: the target is of the total' }),
  baseYear: year.optional(),
  baseValue: positiveDecimalText.optional(),
  deducts: z
    .array(z.enum(['feedstock', 'new-renewable']))
    .default([])
    .meta({ description: 'Rules of deductions.yaml that this target follows' }),
  document,
  confidence: z.enum(confidences),
})
export type Target = z.output<typeof target>

const warningGrade = z.strictObject({
  id: identifier,
  name: localName,
  colour: z.enum(['green', 'yellow', 'orange', 'red']),
  from: decimalText.meta({ description: 'Holds from this forecast / limit on' }),
})

/** A planned project that changes the park's tonnes from a month on. */
const project = z.strictObject({
  id: identifier,
  name: localName,
  account: identifier,
  from: z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'a month, e.g. "2027-03"'),
  of: z.enum(controlled),
  change: z.discriminatedUnion('by', [
    z.strictObject({ by: z.literal('tonnes'), perYear: decimalText }),
    z.strictObject({ by: z.literal('percent'), percent: decimalText }),
  ]),
  document,
})
export type Project = z.output<typeof project>

/** How the rest grows, in percent a year: as expected, and the band that the expectation lies in. */
const growth = z
  .strictObject({ percent: decimalText, low: decimalText, high: decimalText, document })
  .refine(
    ({ percent, low, high }) => Number(low) <= Number(percent) && Number(percent) <= Number(high),
    '"low" ≤ "percent" ≤ "high"',
  )

const scenario = z.strictObject({
  id: identifier,
  name: localName,
  of: z.enum(controlled),
  until: year,
  growth: z
    .array(z.strictObject({ from: year, rate: growth }))
    .min(1)
    .meta({ description: 'Each holds until the next one begins' }),
  projects: z.array(identifier).default([]),
})
export type Scenario = z.output<typeof scenario>

export const targetFile = z.strictObject({
  park: identifier,
  targets: z.array(target).default([]),
  warnings: z.strictObject({ document, grades: z.array(warningGrade).min(1) }),
  peak: z.strictObject({ year, tonnes: positiveDecimalText.optional(), document }).optional(),
  projects: z.array(project).default([]),
  scenarios: z.array(scenario).default([]),
})
export type TargetFile = z.output<typeof targetFile>
export type WarningGrade = TargetFile['warnings']['grades'][number]

/** The shape of deductions.yaml: what a control target leaves out, and by which document. */
export const deductionFile = z.strictObject({
  rules: z.record(
    z.enum(['feedstock', 'new-renewable']),
    z.strictObject({
      name: localName,
      rule: localName,
      of: z.array(z.enum(controlled)),
      document,
      source: z.string().min(1),
      confidence: z.enum(confidences),
    }),
  ),
})
export type DeductionRules = z.output<typeof deductionFile>['rules']
