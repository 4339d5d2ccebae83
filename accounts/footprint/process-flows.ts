import { Fault } from '#contract/fault.ts'
import type { Period } from '#contract/grid.ts'
import type { Meter, Park } from '#contract/park.ts'
import type { Books } from '#store/port.ts'
import type { AccountingPlan } from '../accounting-plan.ts'
import { decimal, quotient, type Decimal } from '../decimal.ts'
import { fuelCombustionTonnes } from '../emissions.ts'
import type { FactorLibrary } from '../factor-library.ts'
import { measuredEnergy, type MeasuredEnergy } from '../measured-energy.ts'
import type { FootprintFlow } from './footprint.ts'

type Account = AccountingPlan['accounts'][number]

/** What the flows of a process are made from. */
export interface FlowSources {
  readonly park: Park
  readonly account: Account
  readonly library: FactorLibrary
  readonly books: Pick<Books, 'daySums' | 'monthSums'>
  readonly period: Period
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

type Factor = Pick<FootprintFlow, 'tCo2PerUnit' | 'factor' | 'isDefault'>
const NO_FACTOR: Factor = { tCo2PerUnit: undefined, factor: undefined, isDefault: false }
const THOUSANDTH = decimal('0.001')
const TEN_THOUSANDTH = decimal('0.0001')

/** Undefined for a factor that is not there; other faults pass. */
function ifThere<T>(read: () => T): T | undefined {
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

/** tCO2 per m³ of natural gas by the account's set of defaults. */
function gasFactor({ account, library }: FlowSources): Factor {
  const source = account.sources.find((each) => each.kind === 'fuel' && each.fuel.startsWith('naturalGas'))
  const fuel = source?.kind === 'fuel' ? source.fuel : 'naturalGas'
  const set = (source?.kind === 'fuel' ? source.fuelSet : undefined) ?? account.fuelSet
  const row = ifThere(() => library.fuel(set, fuel))
  if (row?.oxidation === undefined || row.per !== '10⁴m³') return NO_FACTOR
  const perUnit = fuelCombustionTonnes(decimal('1'), {
    ncv: decimal(row.ncv),
    carbon: decimal(row.carbon),
    oxidation: decimal(row.oxidation),
  })
  return {
    tCo2PerUnit: perUnit.times(TEN_THOUSANDTH),
    factor: { code: row.code, document: `set ${row.set}`, confidence: row.confidence },
    isDefault: true,
  }
}

/** Meters from one up to the source of its flow. */
function upstreamOf(park: Park, meter: Meter): string[] {
  const ids: string[] = []
  for (let at: Meter | undefined = meter; at !== undefined && !ids.includes(at.id);) {
    ids.push(at.id)
    at = at.upstream === undefined ? undefined : park.meters.get(at.upstream)
  }
  return ids
}

/**
 * tCO2 per unit of heat or steam of an own boiler: emissions of its gas over what it gave in the period. A conversion of
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
  const gas = gasFactor(sources)
  if (conversion === undefined || conversion.outputs.length > 1 || gas.tCo2PerUnit === undefined)
    return NO_FACTOR
  let burnt: Decimal | undefined = decimal('0')
  for (const { meter: id, share } of conversion.inputs) {
    const input = measure(id)
    burnt =
      input?.energy === undefined || input.meter.carrier !== 'naturalGas' || burnt === undefined
        ? undefined
        : burnt.plus(input.energy.times(share))
  }
  const given = conversion.outputs[0] === undefined ? undefined : measure(conversion.outputs[0].meter)?.energy
  if (burnt === undefined || given === undefined || given.lte(0)) return NO_FACTOR
  return { ...gas, tCo2PerUnit: quotient(burnt.times(gas.tCo2PerUnit), given) }
}

const kindOf = {
  electricity: 'electricity',
  naturalGas: 'fuel',
  steam: 'heat-imported',
  heat: 'heat-imported',
} as const

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
    if (carrier !== 'electricity' && carrier !== 'naturalGas' && carrier !== 'steam' && carrier !== 'heat')
      return []
    const { energy, unit, expected, missing } = measuredEnergy(books, meter, period, nowMs)
    const factor =
      carrier === 'electricity'
        ? electricityFactor(sources)
        : carrier === 'naturalGas'
          ? gasFactor(sources)
          : ownHeatFactor(sources, meter, measure)
    return [
      {
        kind: kindOf[carrier],
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
