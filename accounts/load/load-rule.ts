import { z } from 'zod'
import { positiveDecimalText } from '#contract/decimal-text.ts'
import { confidences } from '../factor.ts'

/** The shape of accounts/load/load-rule.yaml: what it takes to say what a load is like. */
export const loadRuleFile = z.strictObject({
  document: z.string().min(1),
  confidence: z.enum(confidences),
  completeness: positiveDecimalText
    .refine((text) => text === '1' || text.startsWith('0.'), 'at most 1')
    .meta({ description: 'Slots measured in full, of those of the period that are over, at least' }),
  slots: z.int().min(1).meta({ description: 'Slots measured in full, at least' }),
})
export type LoadRule = z.output<typeof loadRuleFile>
