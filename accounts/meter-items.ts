import { Fault } from '#contract/fault.ts'
import type { Meter, Park } from '#contract/park.ts'
import { quantityOf, type QuantityName } from '#contract/quantities.ts'
import type { AccountingPlan, SteamState } from './accounting-plan.ts'
import { decimal, type Decimal } from './decimal.ts'
import { steamHeatGj } from './emissions.ts'
import { steamEnthalpy } from './steam-enthalpy.ts'
import type { EnergyItems } from './energy-item.ts'

/** The energy item that a meter measures, and what a unit of its register is in the unit of that item. */
export interface MeterItem {
  readonly item: string
  readonly perUnit: Decimal
}

/**
 * no-item: the plan does not say which of several it is. actual-volume: gas that was not reduced to standard conditions.
 * no-enthalpy: steam by weight of which the plan does not say what heat is in it.
 */
export type NoItem = 'no-item' | 'actual-volume' | 'no-enthalpy'

const ONE = decimal('1')
/** A cubic metre of cold water, as the annexes take it. */
const WATER_T = decimal('1')

/** Which energy item meters measure: as the plan names it, as the meter above does, or the only one of its carrier. */
export function meterItems(
  park: Park,
  plan: AccountingPlan,
  items: EnergyItems,
): (meter: Meter, quantity: QuantityName) => MeterItem | NoItem {
  const media = new Map(
    plan.media.flatMap(({ item, meters }) => meters.map((meter) => [meter, item] as const)),
  )
  const named = new Map(
    plan.accounts.flatMap(({ sources }) =>
      sources.flatMap(({ item, measured }) =>
        item === undefined ? [] : measured.map(({ meter }) => [meter, item] as const),
      ),
    ),
  )
  const byCarrier = Map.groupBy(
    Object.entries(items).flatMap(([id, { carriers }]) => carriers.map((carrier) => ({ id, carrier }))),
    ({ carrier }) => carrier,
  )
  const steam = new Map(
    plan.steam.flatMap(({ meters, state }) => meters.map((meter) => [meter, state] as const)),
  )

  function itemOf(meter: Meter, depth = 0): string | undefined {
    const medium = media.get(meter.id)
    if (medium !== undefined) return medium
    const given = named.get(meter.id)
    if (given !== undefined && items[given]?.carriers.includes(meter.carrier) === true) return given
    const [only, other] = byCarrier.get(meter.carrier) ?? []
    if (only !== undefined && other === undefined) return only.id
    const above = meter.upstream === undefined ? undefined : park.meters.get(meter.upstream)
    return above === undefined || above.carrier !== meter.carrier || depth > park.meters.size
      ? undefined
      : itemOf(above, depth + 1)
  }

  return (meter, quantity) => {
    const item = itemOf(meter)
    const described = item === undefined ? undefined : items[item]
    if (item === undefined || described === undefined) return 'no-item'
    if (quantity === 'gasVolumeActual') return 'actual-volume'
    const { unit } = quantityOf(quantity)
    if (unit === described.unit) return { item, perUnit: ONE }
    const tonnes = unit === 'm³' && described.unit === 't' && meter.carrier === 'water' ? WATER_T : undefined
    if (tonnes !== undefined) return { item, perUnit: tonnes }
    const enthalpy = meter.carrier === 'steam' && unit === 't' ? enthalpyOf(steam.get(meter.id)) : undefined
    if (described.unit === 'GJ' && enthalpy !== undefined)
      return { item, perUnit: steamHeatGj(ONE, enthalpy) }
    return unit === 't' ? 'no-enthalpy' : 'no-item'
  }
}

/** kJ/kg of steam of a state, as postings have it; undefined where there is none that steam can be in. */
function enthalpyOf(state: SteamState | undefined): Decimal | undefined {
  if (state === undefined) return undefined
  if ('enthalpyKjPerKg' in state) return decimal(state.enthalpyKjPerKg)
  const { pressureKpa, temperatureCelsius } = state
  try {
    return steamEnthalpy(
      Number(pressureKpa),
      temperatureCelsius === undefined ? undefined : Number(temperatureCelsius),
    )
  } catch (error) {
    if (error instanceof Fault && error.code === 'steam-state-invalid') return undefined
    throw error
  }
}
