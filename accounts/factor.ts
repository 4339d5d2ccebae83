import { z } from 'zod'
import { positiveDecimalText } from '#contract/decimal-text.ts'
import { localName } from '#contract/identity.ts'

/**
 * The shapes of accounts/factors/*.yaml. A factor is never one number: it belongs to an edition, a basis, a region, a
 * year and a series, and says where its value was seen. A row is never changed: a new value is a new row.
 */

/**
 * How far a value can be trusted. verified: read in the publication or a page that prints it. secondary: read in another
 * document or program that reproduces the standard. unverified: not seen in print; conflict: sources disagree. A
 * statement that rests on the last two says so.
 */
export const confidences = ['verified', 'secondary', 'unverified', 'conflict'] as const
export type Confidence = (typeof confidences)[number]
const confidence = z.enum(confidences)

/** True for factors that a statement must not use without saying so. */
export function isDoubtful({ confidence }: { readonly confidence: Confidence | 'own' }): boolean {
  return confidence === 'unverified' || confidence === 'conflict'
}

const factorCode = z.string().regex(/^[\w.-]+(?:\/[\w.-]+)+$/, 'words joined by "/", e.g. "S1/diesel"')
const subject = z
  .string()
  .regex(/^[a-zA-Z][\w.]*$/, 'the English name of the energy, in camel case, e.g. "naturalGas.oilField"')
const isoDate = z.iso.date()
const validity = z
  .strictObject({ from: isoDate.optional(), to: isoDate.optional() })
  .refine(({ from, to }) => from === undefined || to === undefined || from < to, '"from" before "to"')
  .meta({ description: 'First day, and first day no more; an end that is not given is open' })
const note = z.string().min(1).optional()

/**
 * calorific 当量: the heat in it. equal 等价: the primary energy that was spent to make it, which is another number for
 * electricity, heat and energy media, and is never put in the place of the first.
 */
export const bases = ['calorific', 'equal'] as const
export type Basis = (typeof bases)[number]

export const coalUnits = ['kgce/kg', 'kgce/t', 'kgce/m³', 'kgce/MJ', 'kgce/kWh'] as const
export type CoalUnit = (typeof coalUnits)[number]

const edition = z.strictObject({
  name: localName,
  valid: validity.optional(),
  clauses: z.partialRecord(z.enum(bases), z.string().min(1)),
  source: z.string().min(1),
  inherits: z
    .strictObject({
      edition: z.string().min(1),
      bases: z.array(z.enum(bases)).min(1),
      except: z.array(subject).default([]).meta({ description: 'Subjects that this edition no longer has' }),
    })
    .optional()
    .meta({
      description:
        'An older edition whose rows hold here where this one has none of its own; they are shown as unverified',
    }),
})

const standardCoalRow = z.strictObject({
  code: factorCode,
  edition: z.string().min(1),
  subject,
  name: localName,
  basis: z.enum(bases),
  unit: z.enum(coalUnits),
  value: positiveDecimalText,
  confidence,
  valid: validity.optional().meta({ description: 'Where it differs from that of the edition' }),
  supersedes: factorCode.optional(),
  source: z.string().min(1).optional().meta({ description: 'Where it differs from that of the edition' }),
  note,
})

export const standardCoalFile = z.strictObject({
  editions: z.record(z.string(), edition),
  rows: z.array(standardCoalRow).min(1),
})
export type StandardCoalRow = z.output<typeof standardCoalRow>

/** A coefficient of an edition; `inheritedFrom` names the older edition whose row it is. */
export type StandardCoalFactor = StandardCoalRow & { readonly inheritedFrom?: string }

/** t, or 10⁴ m³ of standard gas: as the guidelines tabulate. */
export const fuelUnits = ['t', '10⁴m³'] as const

const share = positiveDecimalText.refine((text) => text === '1' || text.startsWith('0.'), 'at most 1')

const fuelRow = z.strictObject({
  code: factorCode,
  set: z.string().min(1),
  fuel: subject,
  name: localName,
  per: z.enum(fuelUnits),
  ncv: positiveDecimalText.meta({ description: 'Net calorific value, GJ per unit' }),
  carbon: positiveDecimalText.meta({ description: 'Carbon content, tC/GJ' }),
  oxidation: share
    .optional()
    .meta({ description: 'Carbon oxidation rate; by equipment where it is not given' }),
  confidence,
  supersedes: factorCode.optional(),
  note,
})

const oxidationRow = z.strictObject({
  set: z.string().min(1),
  equipment: z.string().min(1),
  name: localName,
  value: share,
  confidence,
})

export const fuelFile = z.strictObject({
  sets: z.record(z.string(), z.strictObject({ name: localName, source: z.string().min(1) })),
  oxidation: z.array(oxidationRow),
  rows: z.array(fuelRow).min(1),
})
export type FuelFactor = z.output<typeof fuelRow>
export type OxidationFactor = z.output<typeof oxidationRow>

/** Different things under like names: none may stand in for another. */
export const electricitySeries = [
  'average',
  'without-traded-non-fossil',
  'fossil',
  'trading-scheme',
  'average-old-series',
  'footprint',
] as const
export type ElectricitySeries = (typeof electricitySeries)[number]

const region = z.strictObject({ name: localName, level: z.enum(['country', 'grid-region', 'province']) })

const electricityRow = z
  .strictObject({
    code: factorCode,
    region: z.string().min(1),
    series: z.enum(electricitySeries),
    year: z.int().min(1990).max(2100),
    unit: z.enum(['kgCO2/kWh', 'kgCO2e/kWh']),
    value: positiveDecimalText,
    document: z.string().min(1),
    confidence,
    supersedes: factorCode
      .optional()
      .meta({ description: 'The row that this correction takes the place of' }),
    note,
  })
  .refine(
    ({ series, unit }) => (series === 'footprint') === (unit === 'kgCO2e/kWh'),
    'a footprint is in kgCO2e/kWh, all other series are in kgCO2/kWh',
  )

export const electricityFile = z.strictObject({
  regions: z.record(z.string(), region),
  rows: z.array(electricityRow).min(1),
})
export type ElectricityFactor = z.output<typeof electricityRow>

const heatRow = z.strictObject({
  code: factorCode,
  subject,
  name: localName,
  unit: z.literal('tCO2/GJ'),
  value: positiveDecimalText,
  document: z.string().min(1),
  source: z.string().min(1),
  confidence,
  valid: validity.optional(),
  supersedes: factorCode.optional(),
  note,
})

export const heatFile = z.strictObject({ rows: z.array(heatRow).min(1) })
export type HeatFactor = z.output<typeof heatRow>

/** Emission of an activity that is no burning of fuel. Biomass and scope 3 never count as process emissions. */
const processRow = z.strictObject({
  code: factorCode,
  kind: z.enum(['process', 'biomass', 'scope3']),
  name: localName,
  per: z.string().min(1).meta({ description: 'Unit of the activity; the value is in tCO2 per unit' }),
  value: positiveDecimalText,
  document: z.string().min(1),
  source: z.string().min(1),
  confidence,
  valid: validity.optional(),
  supersedes: factorCode.optional().meta({
    description: 'The row before it: a source that names the older one takes this from its first day',
  }),
  note,
})

export const processFile = z.strictObject({ rows: z.array(processRow).min(1) })
export type ProcessFactor = z.output<typeof processRow>

/** All factor files of an installation, parsed. */
export const factorFiles = z.strictObject({
  standardCoal: standardCoalFile,
  fuels: fuelFile,
  electricity: electricityFile,
  heat: heatFile,
  process: processFile,
})
export type FactorFiles = Readonly<z.output<typeof factorFiles>>
