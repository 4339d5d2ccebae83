import { decimal, quotient, type Decimal } from '../decimal.ts'
import type { Confidence } from '../factor.ts'
import type { PeriodTotal } from '#accounts/performance/specific.ts'

/**
 * What a product took and emitted from gate to gate in a period: flows of its processes, each with the share of the
 * process that the product is given. Attribution as Annex III of (EU) 2023/1773 has it:
 * direct = DirEm + heat imported − heat exported + waste gas − electricity produced; indirect = electricity × factor.
 * These formulas were not read in print, so every output says that they are unverified.
 */

export const flowKinds = [
  'fuel',
  'process',
  'heat-imported',
  'heat-exported',
  'waste-gas',
  'electricity-produced',
  'electricity',
] as const
export type FlowKind = (typeof flowKinds)[number]

/** A flow of a process: what was measured, what it emits, and by which factor. */
export interface FootprintFlow {
  readonly kind: FlowKind
  readonly process: string
  readonly meter: string
  readonly item: string
  /** What is made and emits as it is made: no input of the process. */
  readonly isMade?: true
  /** In `unit`; undefined where nothing is known. */
  readonly amount: Decimal | undefined
  readonly unit: string
  /** tCO2 of one unit; undefined where no factor is known. */
  readonly tCo2PerUnit: Decimal | undefined
  /** Why no factor is known, where that can be said. */
  readonly why?: string | undefined
  readonly factor:
    | { readonly code: string; readonly document: string; readonly confidence: Confidence | 'own' }
    | undefined
  /** The factor is a default of a guideline, not measured or of a supplier. */
  readonly isDefault: boolean
  readonly slots: { readonly expected: number; readonly missing: number }
  /** Share of the flow that belongs to the product, 0 to 1; undefined where the process cannot be shared out. */
  readonly share: Decimal | undefined
}

/** A bought product that goes into this one, with what its maker says of it. */
export interface Precursor {
  readonly name: string
  readonly tonnes: Decimal
  readonly directPerTonne: Decimal
  readonly indirectPerTonne: Decimal
  readonly document: string
  readonly confidence: Confidence
}

/** An amount, or what hinders it. */
export type Known =
  | { readonly state: 'known'; readonly value: Decimal }
  | { readonly state: 'not-available'; readonly why: readonly string[] }

export interface ProductFootprint {
  readonly flows: readonly FootprintFlow[]
  readonly precursors: readonly Precursor[]
  readonly output: PeriodTotal
  /** tCO2 by kind of flow, for this product. */
  readonly byKind: Readonly<Record<Exclude<FlowKind, 'electricity'>, Known>>
  readonly direct: Known
  readonly indirect: Known
  readonly electricityMwh: Known
  /** tCO2 per unit of output, precursors included. */
  readonly specificDirect: Known
  readonly specificIndirect: Known
  readonly mwhPerUnit: Known
  /** Share of direct and indirect emissions that rest on default factors. */
  readonly shareOfDefaults: Decimal | undefined
  /** Share of the slots of all flows that are missing. */
  readonly missingShare: number
}

const ZERO = decimal('0')
const THOUSANDTH = decimal('0.001')
const known = (value: Decimal): Known => ({ state: 'known', value })

/** The product's share of a flow, in the flow's unit, or why there is none. */
function amountOf({ amount, share, meter, process }: FootprintFlow): Known {
  if (amount === undefined)
    return { state: 'not-available', why: [`${meter}: nothing is known of the period`] }
  if (share === undefined) return { state: 'not-available', why: [`${process}: cannot be shared out`] }
  return known(amount.times(share))
}

/** tCO2 of the product's share of a flow, or why there is none. */
function emissionsOf(flow: FootprintFlow): Known {
  const amount = amountOf(flow)
  if (amount.state !== 'known') return amount
  return flow.tCo2PerUnit === undefined
    ? { state: 'not-available', why: [`${flow.meter}: ${flow.why ?? 'no factor is known'}`] }
    : known(amount.value.times(flow.tCo2PerUnit))
}

function sumOf(parts: readonly Known[]): Known {
  const why = parts.flatMap((part) => (part.state === 'known' ? [] : part.why))
  if (why.length > 0) return { state: 'not-available', why }
  return known(parts.reduce((sum, part) => (part.state === 'known' ? sum.plus(part.value) : sum), ZERO))
}

const negative = (part: Known): Known => (part.state === 'known' ? known(part.value.times(-1)) : part)

/** Why a part of the production is no production of the period. */
export const NOT_COVERED = 'production records do not cover all of the period'

/** Why an output that is not complete is none that anything can be divided by. */
export function unknownOutput({ total, why }: PeriodTotal): string {
  return why ?? (total === undefined ? 'no production is known of the period' : NOT_COVERED)
}

function perOutput(part: Known, output: PeriodTotal): Known {
  if (output.total === undefined || output.total.lte(0))
    return { state: 'not-available', why: [output.why ?? 'no production is known of the period'] }
  // A part of the output under the whole of the emissions would be too much for each tonne.
  if (!output.complete) return { state: 'not-available', why: [output.why ?? NOT_COVERED] }
  return part.state === 'known' ? known(quotient(part.value, output.total)) : part
}

/** Kinds of flow that the account has and no flow of the product can show, each with its reasons. */
export type Uncovered = Readonly<Partial<Record<FlowKind, readonly string[]>>>

/**
 * The footprint of a product in a period. A kind of which nothing is in `flows` is nothing only where it is not among
 * the uncovered ones. Precursors of which nobody has said whether there are any leave the specific figures unknown.
 */
export function productFootprint(
  flows: readonly FootprintFlow[],
  output: PeriodTotal,
  precursors: readonly Precursor[] | 'not-stated' = [],
  uncovered: Uncovered = {},
): ProductFootprint {
  const lacking = (kind: FlowKind): Known[] =>
    (uncovered[kind] ?? []).map((why) => ({ state: 'not-available', why: [why] }))
  const of = (kind: FlowKind): Known =>
    sumOf([...flows.filter((flow) => flow.kind === kind).map(emissionsOf), ...lacking(kind)])
  const byKind = {
    fuel: of('fuel'),
    process: of('process'),
    'heat-imported': of('heat-imported'),
    'heat-exported': of('heat-exported'),
    'waste-gas': of('waste-gas'),
    'electricity-produced': of('electricity-produced'),
  }
  const direct = sumOf([
    byKind.fuel,
    byKind.process,
    byKind['heat-imported'],
    negative(byKind['heat-exported']),
    byKind['waste-gas'],
    negative(byKind['electricity-produced']),
  ])
  const indirect = of('electricity')
  const electricityMwh = sumOf([
    ...flows
      .filter(({ kind }) => kind === 'electricity')
      .map(amountOf)
      .map((part) => (part.state === 'known' ? known(part.value.times(THOUSANDTH)) : part)),
    ...lacking('electricity'),
  ])
  const bought = (key: 'directPerTonne' | 'indirectPerTonne'): Known =>
    precursors === 'not-stated'
      ? { state: 'not-available', why: ['the plan does not state the precursors of this good'] }
      : known(precursors.reduce((sum, each) => sum.plus(each.tonnes.times(each[key])), ZERO))
  const emitted = flows.map((flow) => ({ flow, emissions: emissionsOf(flow) }))
  const total = emitted.reduce(
    (sum, { emissions }) => (emissions.state === 'known' ? sum.plus(emissions.value.abs()) : sum),
    ZERO,
  )
  const byDefault = emitted.reduce(
    (sum, { flow, emissions }) =>
      flow.isDefault && emissions.state === 'known' ? sum.plus(emissions.value.abs()) : sum,
    ZERO,
  )
  const slots = flows.reduce((sum, { slots }) => sum + slots.expected, 0)
  return {
    flows,
    precursors: precursors === 'not-stated' ? [] : precursors,
    output,
    byKind,
    direct,
    indirect,
    electricityMwh,
    specificDirect: perOutput(sumOf([direct, bought('directPerTonne')]), output),
    specificIndirect: perOutput(sumOf([indirect, bought('indirectPerTonne')]), output),
    mwhPerUnit: perOutput(electricityMwh, output),
    shareOfDefaults: total.gt(0) ? quotient(byDefault, total) : undefined,
    missingShare: slots === 0 ? 1 : flows.reduce((sum, { slots }) => sum + slots.missing, 0) / slots,
  }
}
