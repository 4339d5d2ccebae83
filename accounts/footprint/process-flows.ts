import type { Carrier } from '#contract/carriers.ts'
import { Fault } from '#contract/fault.ts'
import type { Period } from '#contract/grid.ts'
import type { Meter, Park } from '#contract/park.ts'
import { quantityOf } from '#contract/quantities.ts'
import type { Books } from '#store/port.ts'
import type { AccountingPlan, EmissionSource } from '../accounting-plan.ts'
import { decimal, quotient, type Decimal } from '../decimal.ts'
import { fuelCombustionTonnes } from '../emissions.ts'
import type { FactorLibrary } from '../factor-library.ts'
import { measuredEnergy, type MeasuredEnergy } from '../measured-energy.ts'
import type { LiveRecord } from '../recorded-activity.ts'
import { factorValue, sourceFactors } from '../source-factors.ts'
import type { FlowKind, FootprintFlow } from './footprint.ts'

type Account = AccountingPlan['accounts'][number]

/** What the flows of a process are made from. */
export interface FlowSources {
  readonly park: Park
  readonly account: Account
  readonly library: FactorLibrary
  readonly books: Pick<Books, 'sumsOver'>
  /** Records in force: values that were measured of a fuel stand in the place of those of its set. */
  readonly records: readonly LiveRecord[]
  readonly period: Period
  /** First day of the period, and the day after its last. */
  readonly from: string
  readonly to: string
  /** Calendar year of the period, for the electricity factor. */
  readonly year: number
  readonly nowMs: number
}

/** Meters of a process that measure what it uses: none that stands behind another one of them. */
export function processMeters(park: Park, account: string, process: string): Meter[] {
  const within = [...park.meters.values()].filter(
    ({ path, role }) =>
      path[1] === account &&
      path[2] === process &&
      (role === 'terminal' || role === 'submeter' || role === 'boundary'),
  )
  const ids = new Set(within.map(({ id }) => id))
  return within.filter(({ upstream, carrier }) => {
    const above = upstream === undefined ? undefined : park.meters.get(upstream)
    return above === undefined || !ids.has(above.id) || above.carrier !== carrier
  })
}

type Factor = Pick<FootprintFlow, 'tCo2PerUnit' | 'factor' | 'isDefault' | 'why'>
const NO_FACTOR: Factor = { tCo2PerUnit: undefined, factor: undefined, isDefault: false }
const THOUSANDTH = decimal('0.001')

/** Undefined for a factor that is not there; other faults pass. */
export function ifThere<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof Fault && (error.code === 'factor-missing' || error.code === 'factor-ambiguous'))
      return undefined
    throw error
  }
}

/** tCO2 per kWh of the account's grid electricity. */
function electricityFactor({ account, library, year }: FlowSources): Factor {
  const wish = { region: account.electricityRegion, series: account.electricitySeries, year }
  const chosen = ifThere(() =>
    library.electricity(
      account.electricityVintage === undefined ? wish : { ...wish, vintage: account.electricityVintage },
    ),
  )
  if (chosen === undefined) return NO_FACTOR
  const { code, document, confidence, value } = chosen.factor
  return {
    tCo2PerUnit: decimal(value).times(THOUSANDTH),
    factor: { code, document, confidence },
    isDefault: true,
  }
}

/** Meters from one up to the source of its flow. */
export function upstreamOf(park: Park, meter: Meter): string[] {
  const ids: string[] = []
  for (let at: Meter | undefined = meter; at !== undefined && !ids.includes(at.id);) {
    ids.push(at.id)
    at = at.upstream === undefined ? undefined : park.meters.get(at.upstream)
  }
  return ids
}

/** True where the flow of a source is measured on, behind its own meters, down to processes or conversions. */
export function isMeasuredOn(park: Park, account: Account, source: EmissionSource): boolean {
  const own = new Set(source.measured.map(({ meter }) => meter))
  const inProcesses =
    park.description.enterprises
      .find(({ id }) => id === account.account)
      ?.processes.flatMap(({ id }) => processMeters(park, account.account, id)) ?? []
  const converted = account.conversions.flatMap(({ inputs }) =>
    inputs.flatMap(({ meter }) => park.meters.get(meter) ?? []),
  )
  return [...inProcesses, ...converted].some((meter) => upstreamOf(park, meter).some((id) => own.has(id)))
}

type FuelSource = Extract<EmissionSource, { kind: 'fuel' }>
const isFuel = (source: EmissionSource): source is FuelSource => source.kind === 'fuel'

/** The fuel source that a meter's flow belongs to: one whose meters stand at or above it; natural gas knows itself. */
function fuelSourceOf({ park, account }: FlowSources, meter: Meter): FuelSource | undefined {
  const above = upstreamOf(park, meter)
  const fuels = account.sources.filter(isFuel)
  return (
    fuels.find(({ measured }) => measured.some((term) => above.includes(term.meter))) ??
    (meter.carrier === 'naturalGas' ? fuels.find(({ fuel }) => fuel.startsWith('naturalGas')) : undefined)
  )
}

/** tCO2 per unit of what a meter of fuel measures, by the account's set of defaults. */
function fuelFactor(sources: FlowSources, meter: Meter): Factor {
  if (meter.register === 'gasVolumeActual')
    return { ...NO_FACTOR, why: 'its volume is not reduced to standard conditions' }
  const source = fuelSourceOf(sources, meter)
  const fuel = source?.fuel ?? (meter.carrier === 'naturalGas' ? 'naturalGas' : undefined)
  if (fuel === undefined) return { ...NO_FACTOR, why: 'no source of the plan says which fuel it is' }
  return factorOfFuel(sources, fuel, source, quantityOf(meter.register).unit)
}

/** tCO2 per unit of a fuel; oxidation by the equipment of its source where its set has it so. */
export function factorOfFuel(
  sources: FlowSources,
  fuel: string,
  source: FuelSource | undefined,
  unit: string,
): Factor {
  const { account, library } = sources
  const set = source?.fuelSet ?? account.fuelSet
  const row = ifThere(() => library.fuel(set, fuel))
  const equipment = source?.equipment
  const oxidation =
    equipment === undefined ? row?.oxidation : ifThere(() => library.oxidation(set, equipment))?.value
  const perUnit = row === undefined ? undefined : unitsIn.get(`${unit} ${row.per}`)
  if (row === undefined || oxidation === undefined) return { ...NO_FACTOR, why: `set ${set} has no ${fuel}` }
  if (perUnit === undefined) return { ...NO_FACTOR, why: `is in ${unit}, and ${fuel} is by ${row.per}` }
  const measured = source && measuredFuelFactor(sources, source, row.code)
  if (measured !== undefined) return { ...measured, tCo2PerUnit: measured.tCo2PerUnit?.times(perUnit) }
  const tonnes = fuelCombustionTonnes(decimal('1'), {
    ncv: decimal(row.ncv),
    carbon: decimal(row.carbon),
    oxidation: decimal(oxidation),
  })
  return {
    tCo2PerUnit: tonnes.times(perUnit),
    factor: { code: row.code, document: `set ${row.set}`, confidence: row.confidence },
    isDefault: true,
  }
}

/**
 * tCO2 per unit of its row of a fuel whose own values were measured for days of the period, as the postings of its source
 * have it: their mean by the days, with the default for the days that none speaks of. Undefined where none does.
 */
function measuredFuelFactor(
  { account, library, records, period, from, to, year }: FlowSources,
  source: FuelSource,
  code: string,
): Factor | undefined {
  const own = records.filter(
    ({ record }) =>
      record.kind === 'fuel-property' && record.account === account.account && record.source === source.id,
  )
  try {
    const used = sourceFactors(source, account, { ...period, name: from, from, to, year }, library, own)
    if (used.records.length === 0) return undefined
    const [ncv, carbon, oxidation] = (['ncv', 'carbon', 'oxidation'] as const).map((what) =>
      factorValue(used.factors, what),
    )
    if (ncv === undefined || carbon === undefined || oxidation === undefined) return undefined
    const isMeasured = ['ncv', 'carbon'].every((what) =>
      used.factors.some((factor) => factor.what === what && factor.confidence === 'own'),
    )
    const standard = used.factors.find(({ confidence }) => confidence !== 'own')
    return {
      tCo2PerUnit: fuelCombustionTonnes(decimal('1'), { ncv, carbon, oxidation }),
      factor: {
        code,
        document: [...new Set(used.factors.map(({ document }) => document))].join('; '),
        confidence: isMeasured ? 'own' : (standard?.confidence ?? 'own'),
      },
      isDefault: !isMeasured,
    }
  } catch (error) {
    if (error instanceof Fault && error.code === 'record-refused') return { ...NO_FACTOR, why: error.message }
    throw error
  }
}

/** What a unit of a register is in the unit of a factor. */
const unitsIn: ReadonlyMap<string, Decimal> = new Map([
  ['t t', decimal('1')],
  ['m³ 10⁴m³', decimal('0.0001')],
  ['10⁴m³ 10⁴m³', decimal('1')],
])

/** A gap of one meter alone would change the ratio of two. The slot under way is lacking in all of them. */
const lacksSlots = ({ missing, sum, toMs }: MeasuredEnergy, nowMs: number): boolean =>
  missing - (toMs > nowMs ? 1 : 0) > 0 || sum.partial > 0

/**
 * tCO2 per unit of heat or steam of an own boiler: emissions of its fuel over what it gave in the period. A conversion of
 * several products has no such factor: it would need an allocation of its own.
 */
function ownHeatFactor(
  sources: FlowSources,
  meter: Meter,
  measure: (id: string) => MeasuredEnergy | undefined,
): Factor {
  const above = upstreamOf(sources.park, meter)
  const conversion = sources.account.conversions.find(({ outputs }) =>
    outputs.some((each) => above.includes(each.meter)),
  )
  if (conversion === undefined) return { ...NO_FACTOR, why: 'no conversion of the plan makes this heat' }
  const [output, other] = conversion.outputs
  const made = output === undefined ? undefined : measure(output.meter)
  const given = made?.energy
  if (other !== undefined) return { ...NO_FACTOR, why: `${conversion.id} gives more than one product` }
  if (given === undefined || given.lte(0))
    return { ...NO_FACTOR, why: `${conversion.id}: nothing is known of what it gave` }
  const lacking = [made, ...conversion.inputs.map((input) => measure(input.meter))].find(
    (each) => each !== undefined && lacksSlots(each, sources.nowMs),
  )
  if (lacking !== undefined)
    return { ...NO_FACTOR, why: `${conversion.id}: ${lacking.meter.id} lacks slots of the period` }
  let emitted = decimal('0')
  let factor: Factor | undefined
  for (const { meter: id, share } of conversion.inputs) {
    const input = measure(id)
    const isBurnt = input !== undefined && burnable.has(input.meter.carrier)
    const of = isBurnt ? fuelFactor(sources, input.meter) : NO_FACTOR
    if (input?.energy === undefined || of.tCo2PerUnit === undefined)
      return { ...NO_FACTOR, why: `${conversion.id}: ${id} has no known emissions` }
    emitted = emitted.plus(input.energy.times(share).times(of.tCo2PerUnit))
    factor ??= of
  }
  return { ...(factor ?? NO_FACTOR), tCo2PerUnit: quotient(emitted, given) }
}

const burnable = new Set<Carrier>(['naturalGas', 'solidFuel', 'liquidFuel'])

const kindOf: ReadonlyMap<Carrier, FlowKind> = new Map([
  ['electricity', 'electricity'],
  ['naturalGas', 'fuel'],
  ['solidFuel', 'fuel'],
  ['liquidFuel', 'fuel'],
  ['steam', 'heat-imported'],
  ['heat', 'heat-imported'],
])

/** The flows of a process in a period of whole days, with a share of them. Water, air and cold emit nothing of their own. */
export function processFlows(
  sources: FlowSources,
  process: string,
  share: Decimal | undefined,
): FootprintFlow[] {
  const { park, account, books, period, nowMs } = sources
  const measure = (id: string): MeasuredEnergy | undefined => {
    const meter = park.meters.get(id)
    return meter === undefined ? undefined : measuredEnergy(books, meter, period, nowMs)
  }
  return processMeters(park, account.account, process).flatMap((meter): FootprintFlow[] => {
    const { carrier } = meter
    const kind = kindOf.get(carrier)
    if (kind === undefined) return []
    const { energy, unit, expected, missing } = measuredEnergy(books, meter, period, nowMs)
    const factor =
      kind === 'electricity'
        ? electricityFactor(sources)
        : kind === 'fuel'
          ? fuelFactor(sources, meter)
          : ownHeatFactor(sources, meter, measure)
    return [
      {
        kind,
        process,
        meter: meter.id,
        item: carrier,
        amount: energy,
        unit,
        ...factor,
        slots: { expected, missing },
        share,
      },
    ]
  })
}
