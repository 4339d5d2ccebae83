import type { LocalName } from '#contract/identity.ts'
import type { MeterFacts, ParkTree } from '#dashboards/api/shapes.ts'

/** All meters of the tree, from the park down. */
export function metersOf(park: ParkTree): MeterFacts[] {
  const ofEnterprises = park.enterprises.flatMap(({ meters, processes }) => [
    ...meters,
    ...processes.flatMap(({ meters, equipment }) => [
      ...meters,
      ...equipment.flatMap(({ meters }) => meters),
    ]),
  ])
  return [...park.meters, ...ofEnterprises]
}

export function meterNames(park: ParkTree): ReadonlyMap<string, LocalName> {
  return new Map(metersOf(park).map(({ id, name }) => [id, name]))
}

export function metersById(park: ParkTree): ReadonlyMap<string, MeterFacts> {
  return new Map(metersOf(park).map((meter) => [meter.id, meter]))
}
