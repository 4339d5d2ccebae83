import { z } from 'zod'
import { positiveDecimalText } from '#contract/decimal-text.ts'
import { carrierNames } from '#contract/carriers.ts'
import { localName } from '#contract/identity.ts'
import { canonicalUnits } from '#contract/units.ts'
import { confidences } from './factor.ts'

/** The shape of accounts/energy-items.yaml: energy as the statistical forms name it, and energy media beside it. */
const energyItemShape = z.strictObject({
  code: z
    .string()
    .regex(/^\d{2}$/)
    .optional()
    .meta({ description: 'Code of forms 205-1 and 205-2; media have none' }),
  name: localName,
  unit: z.enum(canonicalUnits).meta({ description: 'Unit of account' }),
  form: z.strictObject({
    unit: z.string().min(1),
    factor: positiveDecimalText.meta({ description: 'Value in forms = value × this' }),
  }),
  carriers: z
    .array(z.enum(carrierNames))
    .default([])
    .meta({ description: 'Carriers of the meters that measure it unless their source says otherwise' }),
  carriersNamed: z
    .array(z.enum(carrierNames))
    .default([])
    .meta({ description: 'Carriers of meters that measure it where the plan names them, and only there' }),
  media: z.boolean().default(false).meta({ description: 'An energy medium (耗能工质)' }),
  tonnesPerUnit: positiveDecimalText
    .optional()
    .meta({ description: 'Mass of a unit, where coefficients are by mass and the unit is not' }),
  standardCoal: z.string().min(1).optional().meta({ description: 'Subject in standard-coal.yaml' }),
  confidence: z.enum(confidences),
})
export type EnergyItem = z.output<typeof energyItemShape>

export const energyItemFile = z.strictObject({ items: z.record(z.string(), energyItemShape) })
export type EnergyItems = Readonly<Record<string, EnergyItem>>
