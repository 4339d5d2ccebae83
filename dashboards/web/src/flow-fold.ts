import type { DayView } from '#dashboards/api/day-shapes.ts'

/** An energy flow that can be read: of many users the largest are shown, the others together. Pure. */

type Flow = DayView['flow']
type Node = Flow['nodes'][number]

/** Of these there may be more than a picture holds. */
type Many = 'account' | 'process'

/** A node as it is drawn, or one that stands for several. */
export type DrawnNode =
  | (Node & { readonly count?: undefined })
  | { readonly id: string; readonly kind: 'others'; readonly of: Many; readonly count: number }

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
 * At most so many accounts and processes: the smallest beyond that are one node each, whose flows are the sums of
 * theirs. What flows out of an account that is not drawn is not drawn either.
 */
export function foldFlow({ nodes, links }: Pick<Flow, 'nodes' | 'links'>, limits: FlowLimits): DrawnFlow {
  const accounts = tooMany({ nodes, links }, 'account', limits.accounts)
  const ofDrawn = links.filter(({ from }) => !accounts.has(from))
  const reached = new Set(ofDrawn.flatMap(({ from, to }) => [from, to]))
  const drawn = nodes.filter(({ id }) => reached.has(id))
  const processes = tooMany({ nodes: drawn, links: ofDrawn }, 'process', limits.processes)
  const nameOf = (id: string): string =>
    accounts.has(id) ? 'others account' : processes.has(id) ? 'others process' : id
  const kept = drawn.filter(({ id }) => nameOf(id) === id)
  const others = (of: Many, { size }: Set<string>): DrawnNode[] =>
    size === 0 ? [] : [{ id: `others ${of}`, kind: 'others', of, count: size }]
  const all = [...kept, ...others('account', accounts), ...others('process', processes)]
  const level = (kinds: readonly string[]): number =>
    all.filter((node) => kinds.includes(node.kind === 'others' ? node.of : node.kind)).length
  return {
    nodes: all,
    links: merged(ofDrawn, nameOf),
    rows: Math.max(level(['item']), level(['account']), level(['process', 'rest'])),
  }
}
