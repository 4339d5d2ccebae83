import { createContext, useContext } from 'react'
import type { Overview, ParkTree } from '#dashboards/api/shapes.ts'

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
