import { carrierNames, type Carrier } from '#contract/carriers.ts'
import type { Period } from '#contract/grid.ts'
import type { Meter, Park } from '#contract/park.ts'
import { quantityOf } from '#contract/quantities.ts'
import { expectedCount, energyOfMeters, energyTotalOf, type SlotEnergy } from './energy.ts'
import { countIn, energyByPart, wholeOf, youngSlots } from './energy-sums.ts'
import type { EnergyTotal, Flow } from './api/shapes.ts'
import { flowOf, metersOfTotal } from './overview.ts'
import type { BooksView } from './sources.ts'

/** What an enterprise, or the park for its own, uses: over all, by carrier, and by workshop and equipment. */

/** An enterprise's id; undefined is what the park uses for itself. */
export type Scope = string | undefined

/** What hangs on the park itself and feeds no enterprise: its own use, at the meters where it comes in. */
function ownMetersOfPark(park: Park): Meter[] {
  const all = [...park.meters.values()]
  const passedOn = new Set(
    all.flatMap(({ enterprise, upstream }) => (enterprise === undefined ? [] : (upstream ?? []))),
  )
  const own = all.filter(
    (meter) =>
      meter.enterprise === undefined &&
      !passedOn.has(meter.id) &&
      (meter.role === 'terminal' || flowOf(meter) === 'in'),
  )
  const ids = new Set(own.map(({ id }) => id))
  return own.filter(({ upstream }) => upstream === undefined || !ids.has(upstream))
}

/** The meters whose sum is what a scope takes in, sells or produces of a carrier. */
export function metersOfScope(park: Park, scope: Scope, carrier: Carrier, flow: Flow = 'in'): Meter[] {
  if (scope !== undefined) return metersOfTotal(park, scope, carrier, flow)
  if (flow === 'in') return ownMetersOfPark(park).filter((meter) => meter.carrier === carrier)
  return [...park.meters.values()].filter(
    (meter) => meter.enterprise === undefined && meter.carrier === carrier && flowOf(meter) === flow,
  )
}

/** What meters add up to over a period of whole days; one total for each unit, because units are not added. */
export function totalsOf(
  books: BooksView,
  meters: readonly Meter[],
  { period, timeZone, nowMs }: { readonly period: Period; readonly timeZone: string; readonly nowMs: number },
): EnergyTotal[] {
  const energyOf = (meter: Meter): SlotEnergy => {
    const { sum } = wholeOf(
      period,
      energyByPart(books, meter, meter.register, { part: 'month', period, timeZone }),
    )
    const young = youngSlots(books, meter, meter.register, nowMs)
    const pending = countIn(young.pending, period)
    const expected = Math.max(expectedCount(meter, period, nowMs), sum.known + pending)
    return {
      amount: sum.energy,
      unit: quantityOf(meter.register).unit,
      simulated: sum.simulated > 0,
      expected,
      known: sum.known,
      partial: sum.partial - countIn(young.growing, period),
      missing: expected - sum.known - pending,
      pending,
    }
  }
  const byUnit = Map.groupBy(meters, (meter) => quantityOf(meter.register).unit)
  return [...byUnit].map(([unit, of]) => energyTotalOf(energyOfMeters(unit, of.map(energyOf))))
}

/** What enters a part of the tree: its meters that are fed from outside of it, without second meters of the same flow and counters of products. */
export function metersInto(meters: readonly Meter[]): Meter[] {
  const ids = new Set(meters.map(({ id }) => id))
  return meters.filter(
    ({ role, upstream, register }) =>
      role !== 'check' &&
      role !== 'product-count' &&
      role !== 'production' &&
      role !== 'conversion-output' &&
      !register.startsWith('activeEnergyExport.') &&
      (upstream === undefined || !ids.has(upstream)),
  )
}

/** A workshop, an equipment of it, or the park's own as a whole. */
export interface TreeNode {
  readonly id: string
  readonly parent: string | undefined
  readonly name: { readonly zh: string; readonly en: string }
  readonly meters: readonly Meter[]
}

/** Workshops and their equipment, each with all meters at or below it. */
export function nodesOf(park: Park, enterprise: string): TreeNode[] {
  const found = park.description.enterprises.find(({ id }) => id === enterprise)
  const meterOf = ({ id }: { readonly id: string }): readonly Meter[] => {
    const meter = park.meters.get(id)
    return meter === undefined ? [] : [meter]
  }
  return (found?.processes ?? []).flatMap((process) => {
    const equipment = process.equipment.map((each) => ({
      id: each.id,
      parent: process.id,
      name: each.name,
      meters: each.meters.flatMap(meterOf),
    }))
    const meters = [...process.meters.flatMap(meterOf), ...equipment.flatMap(({ meters }) => meters)]
    return [{ id: process.id, parent: undefined, name: process.name, meters }, ...equipment]
  })
}

/** Carriers in the order of the catalogue. */
export function carriersOf(meters: readonly Meter[]): Carrier[] {
  const found = new Set(meters.map(({ carrier }) => carrier))
  return carrierNames.filter((carrier) => found.has(carrier))
}
