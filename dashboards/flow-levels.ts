import type { LocalName } from '#contract/identity.ts'

/** Where the nodes of an energy flow stand from left to right. Pure. */

export const flowKinds = [
  'source',
  'item',
  'conversion',
  'account',
  'process',
  'loss',
  'rest',
  'out',
] as const
export type FlowKind = (typeof flowKinds)[number]

export interface FlowNode {
  readonly id: string
  readonly name: LocalName
  readonly kind: FlowKind
  /** Of sources, items and what leaves. */
  readonly item?: string
}

export interface PlacedNode extends FlowNode {
  /** From the left: 0 is where energy comes from. */
  readonly level: number
}

/** Tonnes of standard coal; of power, in an hour. */
export interface FlowLink {
  readonly from: string
  readonly to: string
  readonly tce: number
}

const before: readonly FlowKind[] = ['source', 'item', 'conversion']

/**
 * Sources, items and conversions stand as far left as what flows into them allows, all accounts beside one another after
 * them, and whatever accounts flow to at the end.
 * @param links without a circle
 */
export function levelled(nodes: readonly FlowNode[], links: readonly FlowLink[]): PlacedNode[] {
  const into = Map.groupBy(links, ({ to }) => to)
  const known = new Map<string, number>()
  const depthOf = (id: string): number => {
    const found = known.get(id) ?? Math.max(0, ...(into.get(id) ?? []).map(({ from }) => depthOf(from) + 1))
    known.set(id, found)
    return found
  }
  const first = nodes.filter(({ kind }) => before.includes(kind))
  const users = Math.max(0, ...first.map(({ id }) => depthOf(id) + 1))
  return nodes.map((node) => ({
    ...node,
    level: before.includes(node.kind) ? depthOf(node.id) : node.kind === 'account' ? users : users + 1,
  }))
}
