import { Fault } from '#contract/fault.ts'
import { quantityOf } from '#contract/quantities.ts'
import type { EmissionSource } from '../accounting-plan.ts'
import { decimal, type Decimal } from '../decimal.ts'
import type { EnergyItems } from '../energy-item.ts'
import { measuredEnergy } from '../measured-energy.ts'
import { registerUnitFactor } from '../record-unit.ts'
import { recordedActivity } from '../recorded-activity.ts'
import type { FootprintFlow } from './footprint.ts'
import { factorOfFuel, ifThere, isMeasuredOn, type FlowSources } from './process-flows.ts'

/** Flows of a process that no meter of its own shows: sources that are recorded, metered before it, or weighed as they emit. */

const NO_SLOTS = { expected: 0, missing: 0 }

/** What the meters of a source measured, in a unit, with its slots; undefined where a part of it is not known. */
function measuredAmount(
  { park, books, period, nowMs }: FlowSources,
  { measured }: Pick<EmissionSource, 'measured'>,
  unit: string,
): Pick<FootprintFlow, 'amount' | 'slots'> {
  let amount: Decimal | undefined = decimal('0')
  const slots = { expected: 0, missing: 0 }
  for (const { meter: id, quantity, share } of measured) {
    const meter = park.meters.get(id)
    // A volume at working conditions is none at standard ones.
    const isActual = (quantity ?? meter?.register) === 'gasVolumeActual'
    const factor = isActual
      ? undefined
      : meter && registerUnitFactor(quantityOf(quantity ?? meter.register).unit, unit)
    const found = meter && measuredEnergy(books, meter, period, nowMs, quantity ?? meter.register)
    slots.expected += found?.expected ?? 0
    slots.missing += found?.missing ?? 0
    amount =
      factor === undefined || found?.energy === undefined
        ? undefined
        : amount?.plus(found.energy.times(factor).times(decimal(share)))
  }
  return { amount, slots }
}

/**
 * Process emissions that the plan's own meters measure: what is weighed emits as it is made, and stands in no balance of
 * the process. What is recorded beside that is added.
 */
function measuredProcessFlow(
  sources: FlowSources,
  source: Extract<EmissionSource, { kind: 'process' }>,
  recorded: Decimal | undefined,
  from: string,
): Pick<FootprintFlow, 'amount' | 'slots' | 'isMade'> {
  const isMade = source.measured.every(({ meter }) => sources.park.meters.get(meter)?.carrier === 'product')
  const { amount, slots } = measuredAmount(sources, source, processFactor(sources, source.factor, from).unit)
  return {
    slots,
    amount: recorded === undefined ? amount : amount?.plus(recorded),
    ...(isMade ? { isMade: true } : {}),
  }
}

/**
 * A fuel that is metered at the boundary, and of which the plan says that all of it goes into the process. What is
 * recorded beside that is added.
 */
function measuredFuelFlow(
  sources: FlowSources,
  source: Extract<EmissionSource, { kind: 'fuel' }>,
  recorded: Decimal | undefined,
  unit: string,
): Pick<FootprintFlow, 'amount' | 'slots'> {
  const { amount, slots } = measuredAmount(sources, source, unit)
  return { slots, amount: recorded === undefined ? amount : amount?.plus(recorded) }
}

/** Fuels and process emissions of a process, of the days of the period; unknown where nothing states them. */
export function recordedFlows(
  sources: FlowSources & { readonly items: EnergyItems },
  process: string,
  share: Decimal | undefined,
): FootprintFlow[] {
  const { account, items, from, to, records } = sources
  return account.sources.flatMap((source): FootprintFlow[] => {
    if (source.process !== process) return []
    if (source.kind !== 'process' && source.kind !== 'fuel') return []
    const isMeasured = source.measured.length > 0
    // Then the meters that measure it on are flows of the process already.
    if (source.kind === 'fuel' && isMeasured && isMeasuredOn(sources.park, account, source)) return []
    const days = { month: { from, to }, records, items, sources: account.sources }
    const factor =
      source.kind === 'fuel'
        ? fuelRow(sources, source.fuel, source.fuelSet)
        : processFactor(sources, source.factor, from)
    const { unit } = factor
    // What other sources have of the same stock, by meters, is not known here.
    const found = ifCountable(() => recordedActivity(source, unit, days))
    const parts = found === undefined || found.metered.length > 0 ? [] : found.records
    const amount =
      parts.length === 0
        ? undefined
        : parts.reduce((sum, part) => sum.plus(decimal(part.amount)), decimal('0'))
    const common = {
      process,
      meter: source.id,
      item: source.item ?? source.id,
      ...(!isMeasured
        ? { amount, slots: NO_SLOTS }
        : source.kind === 'process'
          ? measuredProcessFlow(sources, source, amount, from)
          : measuredFuelFlow(sources, source, amount, unit)),
      share,
    }
    return source.kind === 'fuel'
      ? [{ ...common, kind: 'fuel', unit, ...factorOfFuel(sources, source.fuel, source, unit) }]
      : [{ ...common, kind: 'process', ...processFactor(sources, source.factor, from) }]
  })
}

/** The unit that records of a fuel are counted in. */
function fuelRow({ account, library }: FlowSources, fuel: string, set: string | undefined): { unit: string } {
  const row = ifThere(() => library.fuel(set ?? account.fuelSet, fuel))
  return { unit: row?.per === '10⁴m³' ? 'm³' : 't' }
}

/** Undefined for records that cannot be counted: then the amount is not known. */
function ifCountable<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof Fault && error.code === 'record-refused') return undefined
    throw error
  }
}

/** tCO2 per unit of an activity: of the factor files, or of the plan's own. */
function processFactor(
  { account, library }: FlowSources,
  code: string,
  day: string,
): Pick<FootprintFlow, 'unit' | 'tCo2PerUnit' | 'factor' | 'isDefault'> {
  const row = ifThere(() => library.process(code, day))
  const own = account.ownFactors.find((each) => each.code === code)
  if (row !== undefined) {
    const { per, value, document, confidence } = row
    return { unit: per, tCo2PerUnit: decimal(value), factor: { code, document, confidence }, isDefault: true }
  }
  if (own === undefined) return { unit: '', tCo2PerUnit: undefined, factor: undefined, isDefault: false }
  const { per, value, document } = own
  const factor = { code, document, confidence: 'own' } as const
  return { unit: per, tCo2PerUnit: decimal(value), factor, isDefault: false }
}
