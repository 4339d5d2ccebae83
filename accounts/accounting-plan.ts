import { z } from 'zod'
import { decimalText, positiveDecimalText } from '#contract/decimal-text.ts'
import { sourceKinds } from '#contract/entry.ts'
import { identifier, localName } from '#contract/identity.ts'
import { quantityName } from '#contract/quantities.ts'
import { confidences, electricitySeries } from './factor.ts'
import { powerFactorStandards } from './tariff/power-factor.ts'
import { priceRow } from './tariff/price.ts'

/**
 * The shape of accounting.yaml: what a park's accounts are made of, as a data quality control plan names it
 * (数据质量控制计划): boundary, sources, the meters and records of each, and which factors they are multiplied with.
 * The park file says what is measured; this file says what it counts as.
 */

/** A meter's flow with a sign and a share: shares of one flow may be given to several sources. */
export const measuredTerm = z.strictObject({
  meter: identifier,
  quantity: quantityName.optional().meta({ description: 'Where it is not the meter’s register' }),
  share: decimalText.default('1').meta({ description: '"1" adds the flow, "-1" takes it away' }),
})
export type MeasuredTerm = z.output<typeof measuredTerm>

/** Rows of final consumption and of transformation in the balance table: accounts/balance-rows.yaml. */
const balanceRow = z.string().min(1).max(60)

/** Heat in a tonne of steam: its enthalpy, or pressure and temperature from which it follows. */
const steamState = z.union([
  z.strictObject({ enthalpyKjPerKg: positiveDecimalText, document: z.string().min(1) }),
  z.strictObject({
    pressureKpa: positiveDecimalText.meta({ description: 'Absolute' }),
    temperatureCelsius: positiveDecimalText.optional().meta({ description: 'Saturated where not given' }),
    document: z.string().min(1),
  }),
])

const sourceShape = {
  id: identifier,
  name: localName,
  item: z.string().min(1).meta({ description: 'Energy item of energy-items.yaml' }).optional(),
  measured: z.array(measuredTerm).default([]),
  /** Amounts of records of the books that name this source count as well (stocktaking, bills). */
  records: z.boolean().default(false),
  process: identifier.optional().meta({
    description: 'Process of the park file that it belongs to, for the footprints of products',
  }),
  factorUncertainty: z
    .strictObject({ percent: positiveDecimalText, document: z.string().min(1) })
    .optional()
    .meta({
      description:
        'Half-width of the factor’s 95 % interval; without it uncertainty is of the activity alone',
    }),
}

/** Of a source that is sold. */
const receivers = z.array(identifier).min(1).optional().meta({
  description:
    'Accounts of this park that receive it: their boundary meters place it in the balance table, and the source only says what is deducted here',
})

export const emissionSource = z
  .discriminatedUnion('kind', [
    z.strictObject({
      ...sourceShape,
      kind: z.literal('fuel'),
      fuel: z.string().min(1).meta({ description: 'Fuel of fuel-defaults.yaml' }),
      fuelSet: z.string().min(1).optional().meta({ description: 'Where it is not the account’s' }),
      equipment: z.string().min(1).optional().meta({ description: 'Where oxidation depends on it' }),
    }),
    z.strictObject({
      ...sourceShape,
      kind: z.literal('biomass'),
      factor: z.string().min(1).meta({ description: 'Code of a factor in process.yaml, or of an own one' }),
    }),
    z.strictObject({
      ...sourceShape,
      kind: z.literal('process'),
      factor: z.string().min(1).meta({ description: 'Code of a factor in process.yaml, or of an own one' }),
    }),
    z.strictObject({ ...sourceShape, kind: z.literal('electricity-purchased') }),
    z.strictObject({ ...sourceShape, kind: z.literal('electricity-sold'), receivers }),
    z.strictObject({ ...sourceShape, kind: z.literal('heat-purchased'), steam: steamState.optional() }),
    z.strictObject({
      ...sourceShape,
      kind: z.literal('heat-sold'),
      steam: steamState.optional(),
      receivers,
    }),
    z.strictObject({
      ...sourceShape,
      kind: z.literal('scope3'),
      factor: z.string().min(1).meta({ description: 'Code of a factor in process.yaml, or of an own one' }),
    }),
  ])
  .meta({ description: `One of ${sourceKinds.join(', ')}` })

const convertedTerm = measuredTerm.extend({
  row: balanceRow.optional().meta({ description: 'Where it is not the conversion’s: heat of a power plant' }),
})

/** A conversion of energy: what goes in and comes out, and its row in the balance table. */
export const conversion = z.strictObject({
  id: identifier,
  name: localName,
  row: balanceRow,
  inputs: z.array(convertedTerm).min(1),
  outputs: z.array(convertedTerm).min(1),
})

/** A flow that no meter of its own measures, written down for what it is: losses by the transformer's data, a use. */
const assignedFlow = z.strictObject({
  id: identifier,
  name: localName,
  row: balanceRow,
  terms: z.array(measuredTerm).min(1),
  document: z.string().min(1).meta({ description: 'Why it is this much' }),
})

/** A bought good that goes into a product, with what its maker says of it. */
const precursor = z.strictObject({
  name: localName,
  tonnesPerUnit: positiveDecimalText.meta({ description: 'Tonnes of it in a unit of the product' }),
  direct: decimalText.meta({ description: 'Embedded emissions, tCO2/t' }),
  indirect: decimalText,
  document: z.string().min(1),
  confidence: z.enum(confidences),
})

export const product = z.strictObject({
  id: identifier,
  name: localName,
  unit: z.string().min(1).max(20),
  meter: identifier.optional().meta({
    description:
      'The meter that counts it (role product-count): its production is then the sum of that meter’s intervals from the day on which the meter was installed, and no records',
  }),
  cnCode: z.string().optional().meta({ description: 'Combined Nomenclature code, for CBAM' }),
  processes: z.array(identifier).default([]).meta({ description: 'Processes of the park file that make it' }),
  precursors: z.array(precursor).optional().meta({
    description:
      'Precursors of a good of CBAM; [] says that it has none. Without it, specific embedded emissions of a good with a CN code are not available',
  }),
  share: z
    .strictObject({ share: positiveDecimalText, document: z.string().min(1) })
    .optional()
    .meta({
      description:
        'Its share of processes that make other products too, 0 to 1; by output mass where not given',
    }),
})

/** A factor of the account's own, for processes, biomass and scope 3. */
const ownFactor = z.strictObject({
  code: z.string().min(1),
  name: localName,
  per: z
    .string()
    .min(1)
    .meta({ description: 'Unit of the activity, e.g. "t"; the value is in tCO2 per unit' }),
  value: decimalText,
  document: z.string().min(1),
})

export const accountPlan = z.strictObject({
  account: identifier.meta({
    description: 'An enterprise of the park file, or the park for what is its own',
  }),
  sector: balanceRow.meta({ description: 'Row of final consumption that its use belongs to' }),
  industry: z.string().optional(),
  fuelSet: z
    .string()
    .min(1)
    .meta({ description: 'Set of fuel defaults that the industry’s guideline names' }),
  electricityRegion: z.string().min(1).meta({ description: 'Region of electricity.yaml' }),
  residualRegion: z
    .string()
    .min(1)
    .default('china')
    .meta({ description: 'Region whose factor without traded non-fossil power is used by market' }),
  electricitySeries: z.enum(electricitySeries).default('average'),
  electricityVintage: z.int().min(1990).max(2100).optional().meta({
    description: 'Calculate with the factor of this year until the plan says otherwise',
  }),
  certificateYears: z.int().min(0).max(10).default(0).meta({
    description:
      'How many years before that of the consumption the vintage of a certificate may be; 0: of the same year only',
  }),
  ownFactors: z.array(ownFactor).default([]),
  sources: z.array(emissionSource).default([]),
  conversions: z.array(conversion).default([]),
  assigned: z.array(assignedFlow).default([]),
  nonProduction: z.array(identifier).default([]).meta({
    description: 'Processes whose use is not for production: offices, canteen (非工业生产消费)',
  }),
  products: z.array(product).default([]),
  tariff: z.string().min(1).optional().meta({ description: 'Tariff of accounts/tariffs' }),
  demandContractKw: positiveDecimalText.optional().meta({
    description: 'Contracted maximum demand: what a load is held against, and a basic charge by it',
  }),
  transformerKva: positiveDecimalText.optional().meta({
    description: 'Capacity in service, for a basic charge on capacity',
  }),
  powerFactorStandard: z.enum(powerFactorStandards).optional().meta({
    description: 'Standard that its power factor is held to, (83)水电财字第215号',
  }),
  prices: z.array(priceRow).default([]).meta({
    description: 'Its own prices with their documents; without prices no cost is computed',
  }),
  materiality: decimalText.default('0').meta({
    description: 'A posted month is restated where its result changes by more than this share',
  }),
})

/** The equal value of electricity or heat of a year, which no edition of the standard gives. */
const equalOfYear = {
  year: z.int().min(1990).max(2100),
  document: z.string().min(1),
  confidence: z.enum(confidences),
}
const electricityEqual = z.strictObject({ ...equalOfYear, kgcePerKwh: positiveDecimalText })
const heatEqual = z.strictObject({ ...equalOfYear, kgcePerMj: positiveDecimalText })

/** The equal value of an energy medium, from its supplier or a printed annex; before that of any edition. */
const mediumEqual = z.strictObject({
  ...equalOfYear,
  item: z.string().min(1).meta({ description: 'Energy medium of energy-items.yaml' }),
  kgcePerUnit: positiveDecimalText.meta({ description: 'kgce per unit of the item: m³, t or GJ' }),
})

/** Meters of a carrier that measure another medium than the usual one: softened water and not fresh. */
const mediumOfMeters = z.strictObject({
  item: z.string().min(1).meta({ description: 'Energy medium of energy-items.yaml' }),
  meters: z.array(identifier).min(1),
})

/** What a tonne of steam is worth where it is measured in tonnes. */
const steamOfMeters = z.strictObject({ meters: z.array(identifier).min(1), state: steamState })

export const accountingPlan = z.strictObject({
  park: identifier,
  revision: z
    .string()
    .min(1)
    .max(40)
    .meta({ description: 'Version of this plan, e.g. "2026-1"; named in reports' }),
  standardCoal: z.strictObject({
    edition: z.string().min(1),
    electricityEqual: z.array(electricityEqual).default([]),
    heatEqual: z.array(heatEqual).default([]),
    mediaEqual: z.array(mediumEqual).default([]),
    mediaEdition: z.string().min(1).optional().meta({
      description:
        'Edition whose coefficients of energy media are used, where it is another one than that of energy',
    }),
    /** Coefficient subjects for items where the edition has several: item → subject. */
    subjects: z.record(z.string(), z.string()).default({}),
  }),
  steam: z.array(steamOfMeters).default([]),
  media: z.array(mediumOfMeters).default([]),
  accounts: z.array(accountPlan).min(1),
})
export type AccountPlan = z.output<typeof accountPlan>
export type SteamState = z.output<typeof steamState>
export type AccountingPlan = z.output<typeof accountingPlan>
export type EmissionSource = AccountPlan['sources'][number]
