import { z } from 'zod'
import { decimalText, positiveDecimalText } from './decimal-text.ts'
import { identifier } from './identity.ts'

/**
 * What no meter measures and a person, a file or another system enters: bills, stocks, production, laboratory values,
 * certificates. Kept in the books, append-only: a correction is a new record that names the one it replaces.
 */

/** What every record states beside whose it is and who entered it. */
const common = {
  /** First day of what the record speaks of, in the park's calendar. */
  from: z.iso.date(),
  /** The first day that it no longer speaks of. */
  to: z.iso.date(),
  document: z.string().min(1).max(500).meta({ description: 'What it rests on: bill, form, certificate' }),
  reason: z.string().min(1).max(500).optional(),
  replaces: z.int().min(1).optional().meta({ description: 'Number of the record that this one corrects' }),
}

/** Energy item of accounts/energy-items.yaml. */
const item = z.string().min(1).max(40)
const quantity = decimalText
const unit = z.string().min(1).max(20)

/** What energy was used for, as form 205-1 separates it. Feedstock is deducted from total and intensity control. */
export const energyUses = ['production', 'feedstock', 'non-production', 'transport'] as const

/** Shapes of records by kind, with what stands before them. */
function recordsWith<Head extends z.ZodRawShape>(head: Head) {
  return z.discriminatedUnion('kind', [
    z.strictObject({
      ...head,
      ...common,
      kind: z.literal('energy-purchased'),
      item,
      quantity,
      unit,
      cny: decimalText.optional(),
    }),
    z.strictObject({ ...head, ...common, kind: z.literal('energy-sold'), item, quantity, unit }),
    z.strictObject({
      ...head,
      ...common,
      kind: z.literal('energy-used'),
      item,
      quantity,
      unit,
      use: z.enum(energyUses),
      /** The source of the accounting plan that this use belongs to, where it emits. */
      source: identifier.optional(),
    }),
    z.strictObject({
      ...head,
      ...common,
      kind: z.literal('energy-stock').meta({ description: 'Stock at the end of the last day before `to`' }),
      item,
      quantity,
      unit,
    }),
    z.strictObject({
      ...head,
      ...common,
      kind: z.literal('production'),
      product: identifier,
      quantity,
      unit,
    }),
    z.strictObject({
      ...head,
      ...common,
      kind: z.literal('output-value'),
      measure: z.enum(['gross-output', 'value-added']),
      cny: decimalText,
      prices: z.string().min(1).max(40).meta({ description: 'Price basis, e.g. "current" or "2020"' }),
    }),
    z.strictObject({
      ...head,
      ...common,
      kind: z.literal('degree-days').meta({
        description:
          'Degree days of a weather station, for baselines of a park without a thermometer of its own',
      }),
      heating: decimalText.meta({ description: 'Sum of the days, °C·d' }),
      cooling: decimalText.meta({ description: 'Sum of the days, °C·d' }),
      heatingBase: decimalText.default('18').meta({ description: '°C' }),
      coolingBase: decimalText.default('26').meta({ description: '°C' }),
    }),
    z.strictObject({
      ...head,
      ...common,
      kind: z.literal('process-activity').meta({ description: 'Amount of an activity that emits' }),
      source: identifier,
      quantity,
      unit,
    }),
    z.strictObject({
      ...head,
      ...common,
      kind: z.literal('fuel-property').meta({ description: 'A measured value in the place of a default' }),
      source: identifier,
      property: z.enum(['ncv', 'carbon', 'oxidation']),
      value: positiveDecimalText,
      /** Required where one is entered; records of before are in the units that were documented then. */
      unit: unit.optional().meta({
        description:
          'ncv: GJ/t, MJ/kg, kJ/kg, kcal/kg, or GJ/10⁴m³, MJ/m³, kJ/m³, kcal/m³; carbon: tC/GJ, kgC/GJ, tC/t, tC/10⁴m³; oxidation: 1 or %',
      }),
    }),
    z.strictObject({
      ...head,
      ...common,
      kind: z.literal('supplier-factor').meta({ description: 'Factor of a supplier of heat or electricity' }),
      source: identifier,
      value: decimalText,
      unit,
    }),
    z.strictObject({
      ...head,
      ...common,
      kind: z.literal('green-certificate'),
      certificate: z.string().min(1).max(100),
      kwh: positiveDecimalText,
      vintage: z.string().regex(/^\d{4}(-\d{2})?$/, 'a year or a month, e.g. "2026-03"'),
      cancelledOn: z.iso.date().optional(),
    }),
    z.strictObject({
      ...head,
      ...common,
      kind: z
        .literal('direct-renewable')
        .meta({ description: 'Renewable electricity supplied by contract or own line' }),
      contract: z.string().min(1).max(100),
      kwh: positiveDecimalText,
    }),
    z.strictObject({
      ...head,
      ...common,
      kind: z.literal('withdrawal').meta({ description: 'Takes back the record that it replaces' }),
      replaces: z.int().min(1),
      reason: z.string().min(1).max(500),
    }),
  ])
}

const isInOrder = ({ from, to }: { readonly from: string; readonly to: string }): boolean => from < to
const OUT_OF_ORDER = { message: '"from" before "to"', path: ['to'] }

export const accountingRecord = recordsWith({
  /** The enterprise, or the park for what is its own. */
  account: identifier,
  by: z.string().min(1).max(100).meta({ description: 'Who entered it' }),
}).refine(isInOrder, OUT_OF_ORDER)
export type AccountingRecord = z.output<typeof accountingRecord>

/** The same without whose it is and who entered it, where both are known otherwise. */
export const statedRecord = recordsWith({}).refine(isInOrder, OUT_OF_ORDER)
