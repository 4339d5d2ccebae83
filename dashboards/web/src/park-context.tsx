import { createContext, useContext, type ReactNode } from 'react'
import type { Overview, ParkTree } from '#dashboards/api/shapes.ts'

/** The park that the viewer sees, and its newest live view: what every page stands on. */
export interface ParkData {
  readonly park: ParkTree
  readonly overview: Overview
}

const ParkContext = createContext<ParkData | undefined>(undefined)
const TreeContext = createContext<ParkTree | undefined>(undefined)

export function ParkProvider({ value, children }: { value: ParkData; children: ReactNode }): ReactNode {
  return (
    <ParkContext value={value}>
      <TreeContext value={value.park}>{children}</TreeContext>
    </ParkContext>
  )
}

export function usePark(): ParkData {
  const data = useContext(ParkContext)
  if (data === undefined) throw new Error('usePark outside of the shell')
  return data
}

/** The park alone: who asks for no more is not drawn again with every live value. */
export function useParkTree(): ParkTree {
  const tree = useContext(TreeContext)
  if (tree === undefined) throw new Error('useParkTree outside of the shell')
  return tree
}
