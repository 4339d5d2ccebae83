import { z } from 'zod'
import { decimalText } from '#contract/decimal-text.ts'
import { identifier, localName } from '#contract/identity.ts'

/**
 * no-source: no source of the plan counts it. passed-on: what is above was deducted as passed on, and who received it has
 * no source. rest: more than the sources behind the meter measure, beyond their accuracy classes. not-in-table: a meter
 * that the table has no row for, in the unit of its register.
 */
export const unsourcedReasons = ['no-source', 'passed-on', 'rest', 'not-in-table'] as const
export type UnsourcedReason = (typeof unsourcedReasons)[number]

/** Energy without an emission source, as statements name it. */
export const unsourcedView = z.object({
  account: identifier,
  item: z.string().nullable(),
  name: localName.meta({ description: 'Of the energy item' }),
  meter: z.object({ id: identifier, name: localName }).nullable(),
  record: z.int().nullable().meta({ description: 'A record, where no meter measures it' }),
  amount: decimalText.nullable().meta({ description: 'null: nothing is known' }),
  unit: z.string(),
  incomplete: z.boolean().meta({ description: 'A part of it is missing' }),
  from: z.iso.date(),
  to: z.iso.date().meta({ description: 'The day after the last one' }),
  why: z.enum(unsourcedReasons),
})
export type UnsourcedView = z.output<typeof unsourcedView>
