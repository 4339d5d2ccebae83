import type { FlowView } from '#dashboards/api/day-shapes.ts'

/** An energy flow that can be read: of many users the largest are shown, the others together. Pure. */

type Flow = FlowView
type Node = Flow['nodes'][number]

/** Of these there may be more than a picture holds. */
type Many = 'account' | 'conversion' | 'process'

/** A node as it is drawn, or one that stands for several. */
export type DrawnNode =
  | (Node & { readonly count?: undefined })
  | {
      readonly id: string
      readonly kind: 'others'
      readonly of: Many
      readonly count: number
      readonly level: number
    }

export interface DrawnFlow {
  readonly nodes: readonly DrawnNode[]
  readonly links: Flow['links']
  /** Nodes of the fullest level. */
  readonly rows: number
}

/** Most nodes that are drawn of each kind. */
export interface FlowLimits {
  readonly accounts: number
  readonly processes: number
}

function into(links: Flow['links'], id: string): number {
  return links.reduce((sum, link) => (link.to === id ? sum + link.tce : sum), 0)
}

/** Names of the nodes of a kind that are too many, the smallest ones; one alone is not worth a name of its own. */
function tooMany({ nodes, links }: Pick<Flow, 'nodes' | 'links'>, kind: Many, max: number): Set<string> {
  const ids = nodes.filter((node) => node.kind === kind).map(({ id }) => id)
  if (ids.length <= max) return new Set()
  const largest = ids.toSorted((a, b) => into(links, b) - into(links, a))
  return new Set(largest.slice(Math.max(0, max - 1)))
}

function merged(links: Flow['links'], nameOf: (id: string) => string): Flow['links'] {
  const sums = new Map<string, Flow['links'][number]>()
  for (const { from, to, tce } of links) {
    const link = { from: nameOf(from), to: nameOf(to) }
    const key = JSON.stringify(link)
    sums.set(key, { ...link, tce: (sums.get(key)?.tce ?? 0) + tce })
  }
  return [...sums.values()]
}

/**
 * At most so many accounts, conversions side by side, and processes: the smallest beyond that are one node each, whose
 * flows are the sums of theirs. What flows out of an account that is not drawn is not drawn either.
 */
export function foldFlow({ nodes, links }: Pick<Flow, 'nodes' | 'links'>, limits: FlowLimits): DrawnFlow {
  const accounts = tooMany({ nodes, links }, 'account', limits.accounts)
  const ofDrawn = links.filter(({ from }) => !accounts.has(from))
  const reached = new Set(ofDrawn.flatMap(({ from, to }) => [from, to]))
  const drawn = nodes.filter(({ id }) => reached.has(id))
  const folded = new Map<string, DrawnNode>()
  const fold = (of: Many, level: number, ids: ReadonlySet<string>): void => {
    const node: DrawnNode = { id: `others ${of} ${level}`, kind: 'others', of, count: ids.size, level }
    for (const id of ids) folded.set(id, node)
  }
  // Those of one level alone: of two levels one may be made from what the other makes.
  for (const [level, its] of Map.groupBy(drawn, (node) => node.level)) {
    fold('account', level, new Set(its.map(({ id }) => id).filter((id) => accounts.has(id))))
    fold('conversion', level, tooMany({ nodes: its, links: ofDrawn }, 'conversion', limits.accounts))
    fold('process', level, tooMany({ nodes: its, links: ofDrawn }, 'process', limits.processes))
  }
  const all = [...drawn.filter(({ id }) => !folded.has(id)), ...new Set(folded.values())]
  const byLevel = Map.groupBy(all, ({ level }) => level)
  return {
    nodes: all,
    links: merged(ofDrawn, (id) => folded.get(id)?.id ?? id),
    rows: Math.max(0, ...[...byLevel.values()].map(({ length }) => length)),
  }
}
