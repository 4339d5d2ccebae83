import { z } from 'zod'
import { decimalText } from '#contract/decimal-text.ts'
import { identifier, localName } from '#contract/identity.ts'
import { csvField } from '../csv-text.ts'
import { textOf, textOrNull } from '../decimal.ts'
import { isDoubtful, confidences } from '../factor.ts'
import type { Allocation } from './allocation.ts'
import { flowKinds, NOT_COVERED, type Known, type ProductFootprint } from './footprint.ts'

/**
 * The shapes in which a product's figures are handed on. Numbers are decimal texts, not rounded; null where a figure is
 * not available, with the reasons beside it. What was not read in print is listed under `unverified`.
 */

const figure = decimalText.nullable()
const known = z.strictObject({ value: figure, unit: z.string(), notAvailable: z.array(z.string()) })
const factorUse = z.strictObject({
  code: z.string(),
  document: z.string(),
  confidence: z.enum([...confidences, 'own']),
})

const good = z.strictObject({
  product: identifier,
  name: localName,
  cnCode: z.string().nullable().meta({ description: 'Combined Nomenclature code' }),
})
const days = z.strictObject({ from: z.iso.date(), to: z.iso.date() }).meta({
  description: 'First day, and first day no more',
})

const flow = z.strictObject({
  kind: z.enum(flowKinds),
  process: identifier,
  meter: identifier,
  item: z.string(),
  amount: figure,
  unit: z.string(),
  share: figure,
  factor: factorUse.nullable(),
  tCo2PerUnit: figure,
  isDefault: z.boolean(),
  why: z.string().nullable().meta({ description: 'Why there is no factor' }),
  slots: z.strictObject({ expected: z.int(), missing: z.int() }),
})

const allocation = z.strictObject({
  process: identifier,
  by: z.enum(['only-product', 'output-mass', 'given-share', 'not-available']),
  share: figure,
  document: z.string().nullable(),
  why: z.string().nullable(),
})

/** What an importer’s CBAM declarant asks the maker of a good for, per tonne of it. */
export const cbamCommunication = z.strictObject({
  format: z.literal('tanbiao-cbam-communication-1'),
  installation: z.strictObject({ account: identifier, name: localName, country: z.literal('CN') }),
  reportingPeriod: days,
  good,
  activityLevel: known,
  attributedEmissions: z.strictObject({
    direct: known,
    indirect: known,
    parts: z.strictObject({
      fuel: known,
      process: known,
      heatImported: known,
      heatExported: known,
      wasteGas: known,
      electricityProduced: known,
    }),
  }),
  specificEmbeddedEmissions: z.strictObject({ direct: known, indirect: known }),
  electricity: z.strictObject({
    consumed: known,
    perUnit: known,
    factors: z.array(z.strictObject({ tCo2PerMwh: decimalText, source: factorUse })),
  }),
  shareOfDefaultValues: figure,
  missingShareOfMeasurements: z.number().min(0).max(1),
  precursors: z.array(
    z.strictObject({
      name: z.string(),
      tonnes: decimalText,
      direct: decimalText,
      indirect: decimalText,
      document: z.string(),
      confidence: z.enum(confidences),
    }),
  ),
  carbonPricePaid: z.null().meta({ description: 'Not known to this system' }),
  allocation: z.array(allocation),
  flows: z.array(flow),
  unverified: z.array(z.string()),
})
export type CbamCommunication = z.output<typeof cbamCommunication>

/** Who, what and when. */
export interface ProductFacts {
  readonly account: { readonly id: string; readonly name: z.output<typeof localName> }
  readonly product: {
    readonly id: string
    readonly name: z.output<typeof localName>
    readonly unit: string
    readonly cnCode?: string | undefined
  }
  readonly from: string
  readonly to: string
  readonly allocations: readonly { readonly process: string; readonly allocation: Allocation }[]
}

const figureOf = (part: Known, unit: string): z.output<typeof known> =>
  part.state === 'known'
    ? { value: textOf(part.value), unit, notAvailable: [] }
    : { value: null, unit, notAvailable: [...new Set(part.why)] }

const OWN_FORMULAS =
  'CBAM: attribution and specific embedded emissions by Annex III of (EU) 2023/1773, formulas not read in print; 归因公式未经原文核实'

/** Documents of factors that a statement must not use without saying so. */
function doubtful(footprint: ProductFootprint): string[] {
  const codes = new Set<string>()
  for (const { factor } of footprint.flows) {
    if (factor !== undefined && isDoubtful(factor)) codes.add(`${factor.code}: ${factor.confidence}`)
  }
  return [...codes]
}

/** The allocations as they are handed on. */
export function allocationsOf({ allocations }: ProductFacts): z.output<typeof allocation>[] {
  return allocations.map(({ process, allocation }) => ({
    process,
    by: allocation.by,
    share: allocation.by === 'not-available' ? null : textOf(allocation.share),
    document: allocation.by === 'given-share' ? allocation.document : null,
    why: allocation.by === 'not-available' ? allocation.why : null,
  }))
}

/** The flows as they are handed on, one row each. */
export function flowsOf({ flows }: ProductFootprint): z.output<typeof flow>[] {
  return flows.map(({ amount, share, tCo2PerUnit, factor, why, slots, isMade: _isMade, ...others }) => ({
    ...others,
    amount: textOrNull(amount),
    share: textOrNull(share),
    factor: factor === undefined ? null : { ...factor },
    why: why ?? null,
    tCo2PerUnit: textOrNull(tCo2PerUnit),
    slots: { ...slots },
  }))
}

/** The communication of one product and period. */
export function cbamCommunicationOf(facts: ProductFacts, footprint: ProductFootprint): CbamCommunication {
  const { account, product, from, to } = facts
  const { byKind, output } = footprint
  const perUnit = `tCO2/${product.unit}`
  const factors = new Map(
    footprint.flows.flatMap(({ kind, tCo2PerUnit, factor }) =>
      kind === 'electricity' && tCo2PerUnit !== undefined && factor !== undefined
        ? [[factor.code, { tCo2PerMwh: textOf(tCo2PerUnit.times(1_000)), source: { ...factor } }] as const]
        : [],
    ),
  )
  return {
    format: 'tanbiao-cbam-communication-1',
    installation: { account: account.id, name: account.name, country: 'CN' },
    reportingPeriod: { from, to },
    good: { product: product.id, name: product.name, cnCode: product.cnCode ?? null },
    activityLevel: {
      value: textOrNull(output.total),
      unit: output.unit,
      notAvailable: output.complete ? [] : [output.why ?? NOT_COVERED],
    },
    attributedEmissions: {
      direct: figureOf(footprint.direct, 'tCO2'),
      indirect: figureOf(footprint.indirect, 'tCO2'),
      parts: {
        fuel: figureOf(byKind.fuel, 'tCO2'),
        process: figureOf(byKind.process, 'tCO2'),
        heatImported: figureOf(byKind['heat-imported'], 'tCO2'),
        heatExported: figureOf(byKind['heat-exported'], 'tCO2'),
        wasteGas: figureOf(byKind['waste-gas'], 'tCO2'),
        electricityProduced: figureOf(byKind['electricity-produced'], 'tCO2'),
      },
    },
    specificEmbeddedEmissions: {
      direct: figureOf(footprint.specificDirect, perUnit),
      indirect: figureOf(footprint.specificIndirect, perUnit),
    },
    electricity: {
      consumed: figureOf(footprint.electricityMwh, 'MWh'),
      perUnit: figureOf(footprint.mwhPerUnit, `MWh/${product.unit}`),
      factors: [...factors.values()],
    },
    shareOfDefaultValues: textOrNull(footprint.shareOfDefaults),
    missingShareOfMeasurements: footprint.missingShare,
    precursors: footprint.precursors.map(
      ({ name, tonnes, directPerTonne, indirectPerTonne, document, confidence }) => ({
        name,
        tonnes: textOf(tonnes),
        direct: textOf(directPerTonne),
        indirect: textOf(indirectPerTonne),
        document,
        confidence,
      }),
    ),
    carbonPricePaid: null,
    allocation: allocationsOf(facts),
    flows: flowsOf(footprint),
    unverified: [OWN_FORMULAS, ...doubtful(footprint)],
  }
}

/** Flows as CSV (RFC 4180), one a line, with the product and period in front. */
export function flowsCsv(communication: CbamCommunication): string {
  const { good, reportingPeriod, flows } = communication
  const head = [
    'product',
    'from',
    'to',
    'kind',
    'process',
    'meter',
    'item',
    'amount',
    'unit',
    'share',
    'tCO2_per_unit',
    'factor',
    'factor_document',
    'confidence',
    'default',
    'slots_expected',
    'slots_missing',
  ]
  const rows = flows.map((each) => [
    good.product,
    reportingPeriod.from,
    reportingPeriod.to,
    each.kind,
    each.process,
    each.meter,
    each.item,
    each.amount ?? '',
    each.unit,
    each.share ?? '',
    each.tCo2PerUnit ?? '',
    each.factor?.code ?? '',
    each.factor?.document ?? '',
    each.factor?.confidence ?? '',
    String(each.isDefault),
    String(each.slots.expected),
    String(each.slots.missing),
  ])
  return [head, ...rows]
    .map((row) => row.map(csvField).join(','))
    .join('\r\n')
    .concat('\r\n')
}
