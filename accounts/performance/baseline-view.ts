import { z } from 'zod'
import { usualRules, type Baseline, type BaselineRefusal } from './baseline.ts'
import { isRefusal, type BaselineReport } from './baseline-report.ts'

/** A baseline and what is held against it, as JSON: numbers of a model, not of a statement. */

const coefficient = z.object({
  name: z.string().meta({ description: '"constant", or a driver' }),
  value: z.number(),
  standardError: z.number(),
  p: z.number(),
})

export const baselineView = z.object({
  account: z.string(),
  unit: z.literal('tce'),
  basis: z.enum(['calorific', 'equal']),
  drivers: z.array(z.string()),
  base: z.array(
    z.object({ month: z.string(), energy: z.number(), drivers: z.record(z.string(), z.number()) }),
  ),
  refusal: z
    .object({ reason: z.string(), facts: z.record(z.string(), z.union([z.string(), z.number()])) })
    .nullable()
    .meta({ description: 'Why there is no baseline' }),
  model: z
    .object({
      coefficients: z.array(coefficient),
      rSquared: z.number(),
      p: z.number(),
      cvRmse: z.number().meta({ description: 'Root mean squared error over the mean' }),
      validRange: z.record(z.string(), z.tuple([z.number(), z.number()])),
    })
    .nullable(),
  rules: z.object({
    periodsMin: z.number(),
    modelP: z.number(),
    driverP: z.number(),
    rSquaredMin: z.number(),
    level: z.number(),
  }),
  judged: z.array(
    z.object({
      month: z.string(),
      expected: z.number(),
      band: z.number(),
      actual: z.number(),
      difference: z.number().meta({ description: 'Actual − expected: below zero is saved' }),
      isSignificant: z.boolean(),
      beyondRange: z.array(z.string()),
    }),
  ),
  leftOut: z.array(z.object({ month: z.string(), why: z.array(z.string()) })),
})
export type BaselineView = z.output<typeof baselineView>

export function baselineViewOf(
  account: string,
  basis: BaselineView['basis'],
  { drivers, base, result, judged, leftOut }: BaselineReport,
): BaselineView {
  return {
    account,
    unit: 'tce',
    basis,
    drivers: [...drivers],
    base: base.map(({ name: month, energy, drivers: of }) => ({ month, energy, drivers: { ...of } })),
    refusal: isRefusal(result) ? refusalOf(result) : null,
    model: isRefusal(result) ? null : modelOf(result),
    rules: usualRules,
    judged: judged.map(({ name: month, beyondRange, ...rest }) => ({
      month,
      ...rest,
      beyondRange: [...beyondRange],
    })),
    leftOut: leftOut.map(({ month, why }) => ({ month, why: [...why] })),
  }
}

function refusalOf({ reason, ...facts }: BaselineRefusal): BaselineView['refusal'] {
  return { reason, facts }
}

function modelOf({ drivers, regression, validRange }: Baseline): BaselineView['model'] {
  const { coefficients, rSquared, p, cvRmse } = regression
  return {
    coefficients: coefficients.map((each, index) => ({
      name: index === 0 ? 'constant' : (drivers[index - 1] ?? ''),
      value: each.value,
      standardError: each.standardError,
      p: each.p,
    })),
    rSquared,
    p,
    cvRmse,
    validRange: Object.fromEntries(
      Object.entries(validRange).map(([driver, [least, greatest]]) => [driver, [least, greatest]]),
    ),
  }
}
