import { decimal, textOf, type Decimal } from '#accounts/decimal.ts'
import type { LocalName } from '#contract/identity.ts'
import type { Park } from '#contract/park.ts'

/** Where the day's energy comes from and who uses it, in tonnes of standard coal (calorific): the ground of a Sankey. */

/** A line of the statistics: `accounts/energy-statistics.ts`, as far as it matters here. */
export interface UsedEnergy {
  readonly path: readonly string[]
  readonly name: LocalName
  readonly level: 'account' | 'process' | 'equipment'
  readonly item: string
  /** Undefined where nothing is known, or where the item has no coefficient. */
  readonly tce: Decimal | undefined
}

/** To be drawn: the one place where tonnes become a number. */
export interface FlowLink {
  readonly from: string
  readonly to: string
  readonly tce: number
}

export interface EnergyFlow {
  readonly nodes: readonly {
    readonly id: string
    readonly name: LocalName
    readonly kind: 'item' | 'account' | 'process' | 'rest'
  }[]
  readonly links: readonly FlowLink[]
  /** A part is missing: what flows here is what is known. */
  readonly incomplete: boolean
}

const REST: LocalName = { zh: '未分表计量与损耗', en: 'Unmetered and losses' }

const ZERO = decimal('0')
const sumOf = (parts: readonly { readonly tce: Decimal }[]): Decimal =>
  parts.reduce((sum, { tce }) => sum.plus(tce), ZERO)
const drawn = (tce: Decimal): number => Number(textOf(tce))

/**
 * Items flow to accounts by their boundary meters, accounts to their processes by the meters there; what an account got
 * beyond its processes is its rest, and never less than nothing. The park's own boundary measures the enterprises'
 * flows again: its own account gets what is left.
 */
export function energyFlow(
  park: Park,
  lines: readonly UsedEnergy[],
  nameOfItem: (item: string) => LocalName,
): EnergyFlow {
  const own = park.description.id
  const known = lines.flatMap((line) => (line.tce === undefined ? [] : [{ ...line, tce: line.tce }]))
  const atBoundary = known.filter(({ level }) => level === 'account')
  const ofEnterprises = Map.groupBy(
    atBoundary.filter(({ path }) => path[0] !== own),
    ({ item }) => item,
  )
  const got = atBoundary.flatMap(({ path, item, tce }) => {
    const account = path[0] ?? own
    const others = account === own ? (ofEnterprises.get(item) ?? []) : []
    const left = tce.minus(sumOf(others))
    return left.gt(0) ? [{ account, item, tce: left }] : []
  })
  const nodes = new Map<string, EnergyFlow['nodes'][number]>()
  const links: FlowLink[] = []
  for (const { account, item, tce } of got) {
    const name = atBoundary.find(({ path }) => path[0] === account)?.name ?? { zh: account, en: account }
    nodes.set(`item ${item}`, { id: `item ${item}`, name: nameOfItem(item), kind: 'item' })
    nodes.set(`account ${account}`, { id: `account ${account}`, name, kind: 'account' })
    links.push({ from: `item ${item}`, to: `account ${account}`, tce: drawn(tce) })
  }
  for (const [account, parts] of Map.groupBy(got, (each) => each.account)) {
    const inside = Map.groupBy(
      known.filter(({ level, path }) => level === 'process' && path[0] === account),
      ({ path }) => path[1] ?? '',
    )
    let left = sumOf(parts)
    for (const [process, used] of inside) {
      const tce = sumOf(used)
      if (tce.lte(0)) continue
      const id = `process ${account} ${process}`
      nodes.set(id, { id, name: used[0]?.name ?? { zh: process, en: process }, kind: 'process' })
      links.push({ from: `account ${account}`, to: id, tce: drawn(tce) })
      left = left.minus(tce)
    }
    if (inside.size === 0 || left.lte(0)) continue
    nodes.set('rest', { id: 'rest', name: REST, kind: 'rest' })
    links.push({ from: `account ${account}`, to: 'rest', tce: drawn(left) })
  }
  return {
    nodes: [...nodes.values()],
    links,
    incomplete: lines.some(({ tce }) => tce === undefined),
  }
}
