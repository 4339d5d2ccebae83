import { createContext, useContext } from 'react'
import type { MeterFacts, Overview, ParkTree } from '#dashboards/api/shapes.ts'

/** The park that the viewer sees, and its newest live view: what every page stands on. */
export interface ParkData {
  readonly park: ParkTree
  readonly overview: Overview
}

const ParkContext = createContext<ParkData | undefined>(undefined)
export const ParkProvider = ParkContext.Provider

export function usePark(): ParkData {
  const data = useContext(ParkContext)
  if (data === undefined) throw new Error('usePark outside of the shell')
  return data
}

/** Every meter of the park by its id. */
export function metersOf(park: ParkTree): ReadonlyMap<string, MeterFacts> {
  const all = [
    ...park.meters,
    ...park.enterprises.flatMap(({ meters, processes }) => [
      ...meters,
      ...processes.flatMap((process) => [
        ...process.meters,
        ...process.equipment.flatMap((equipment) => equipment.meters),
      ]),
    ]),
  ]
  return new Map(all.map((meter) => [meter.id, meter]))
}
