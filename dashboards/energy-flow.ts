import type { AccountingPlan } from '#accounts/accounting-plan.ts'
import { signInDifference } from '#accounts/balance-closure.ts'
import { insideRows } from '#accounts/balance-flows.ts'
import type { BalancePart } from '#accounts/balance-parts.ts'
import type { BalanceRows } from '#accounts/balance-row.ts'
import { decimal, textOf, type Decimal } from '#accounts/decimal.ts'
import type { EnergyItems } from '#accounts/energy-item.ts'
import type { LocalName } from '#contract/identity.ts'
import type { Park } from '#contract/park.ts'
import { conversionsIn, type Conversion } from './flow-conversions.ts'
import { levelled, type FlowLink, type FlowNode, type PlacedNode } from './flow-levels.ts'

/**
 * Where energy comes from, what it is turned into and who uses it, in tonnes of standard coal (calorific): the ground of a
 * Sankey. Made of the parts of the balance table, so that what it shows are that table's numbers.
 */

/** A line of the statistics: `accounts/energy-statistics.ts`, as far as it matters here. */
export interface UsedEnergy {
  readonly path: readonly string[]
  readonly name: LocalName
  readonly level: 'account' | 'process' | 'equipment'
  readonly item: string
  readonly meters: readonly string[]
  /** Undefined where nothing is known, or where the item has no coefficient. */
  readonly tce: Decimal | undefined
}

export interface EnergyFlow {
  readonly nodes: readonly PlacedNode[]
  readonly links: readonly FlowLink[]
  /** A part is missing: what flows here is what is known. */
  readonly incomplete: boolean
}

export interface FlowGround {
  readonly park: Park
  readonly plan: Pick<AccountingPlan, 'accounts'>
  readonly rows: BalanceRows
  readonly items: EnergyItems
  /** Of the balance of the whole park and all its accounts. */
  readonly parts: readonly BalancePart[]
  /** Of the statistics: what the processes used. */
  readonly lines: readonly UsedEnergy[]
}

const REST: LocalName = { zh: '未分表计量与其余损耗', en: 'Unmetered and other losses' }
const LOSS: LocalName = { zh: '转换与输配损失', en: 'Conversion and distribution losses' }

const ZERO = decimal('0')
const sumOf = (each: Iterable<Decimal>): Decimal => [...each].reduce((sum, one) => sum.plus(one), ZERO)
const tceOf = ({ figure }: BalancePart): Decimal | undefined =>
  figure.amount === undefined ? undefined : figure.coal.calorific

/** Nodes by their ids, and links that are more than nothing. */
class Drawing {
  readonly nodes = new Map<string, FlowNode>()
  readonly links: FlowLink[] = []

  link(from: FlowNode, to: FlowNode, tce: Decimal): void {
    if (tce.lte(0)) return
    for (const node of [from, to]) this.nodes.set(node.id, node)
    // The one place where tonnes become a number.
    this.links.push({ from: from.id, to: to.id, tce: Number(textOf(tce)) })
  }
}

const lossNode: FlowNode = { id: 'loss', name: LOSS, kind: 'loss' }
const restNode: FlowNode = { id: 'rest', name: REST, kind: 'rest' }

/** Names of what is drawn. */
function namesOf({ park, plan, rows, items }: FlowGround) {
  const { description } = park
  const accounts = new Map([description, ...description.enterprises].map(({ id, name }) => [id, name]))
  const nameOfItem = (item: string): LocalName => items[item]?.name ?? { zh: item, en: item }
  const bare = (text: string): string => text.replace(/\s*[（(]-[)）]$/, '')
  const atRow = (kind: 'source' | 'out', row: string, item: string): FlowNode => {
    const { zh, en } = rows.row(row).name
    const of = nameOfItem(item)
    const name = { zh: `${of.zh} · ${bare(zh)}`, en: `${of.en} · ${bare(en)}` }
    return { id: `${kind} ${row} ${item}`, name, kind, item }
  }
  return {
    atRow,
    item: (item: string): FlowNode => ({ id: `item ${item}`, name: nameOfItem(item), kind: 'item', item }),
    account: (id: string): FlowNode => ({
      id: `account ${id}`,
      name: accounts.get(id) ?? { zh: id, en: id },
      kind: 'account',
    }),
    conversion: ({ account, id }: Pick<Conversion, 'account' | 'id'>): FlowNode => {
      const found = plan.accounts
        .find((each) => each.account === account)
        ?.conversions.find((each) => each.id === id)
      const name = found?.name ?? { zh: id, en: id }
      return { id: `conversion ${account} ${id}`, name, kind: 'conversion' }
    },
  }
}

/**
 * Items come from where the table's supply rows say, go through the conversions of the plan, whose losses are what went in
 * and did not come out, and then to accounts: to each what was available to it, supply + transformation of its own table.
 * Accounts pass on to their processes and to losses; what is left of it is their rest. Nothing is ever less than nothing.
 * @param accounts those that the viewer sees; undefined: the whole park, where what went from one to another cancels
 */
export function energyFlow(ground: FlowGround, accounts?: ReadonlySet<string>): EnergyFlow {
  const { rows, items } = ground
  const parts = ground.parts.filter(
    ({ account, item }) => items[item]?.media === false && (accounts?.has(account) ?? true),
  )
  const lines = ground.lines.filter(({ path }) => accounts?.has(path[0] ?? '') ?? true)
  const { drawn: conversions, left: undrawn } = conversionsIn(parts, tceOf)
  const nodeOf = namesOf(ground)
  const drawing = new Drawing()

  const ofSection = (part: BalancePart, section: string): boolean => rows.sectionOf(part.row) === section
  const supply = parts.filter((part) => ofSection(part, 'supply'))
  const shownSupply = accounts === undefined ? supply.filter(({ row }) => !insideRows.includes(row)) : supply
  for (const [item, its] of Map.groupBy(shownSupply, (part) => part.item)) {
    const byRow = [...Map.groupBy(its, ({ row }) => row)].map(([row, of]) => ({
      row,
      tce: sumOf(of.flatMap((part) => tceOf(part) ?? [])),
      isOut: signInDifference(rows, row) === -1,
    }))
    const comes = byRow.filter(({ tce, isOut }) => !isOut && tce.gt(0))
    const isMade = conversions.some(({ outputs }) => outputs.has(item))
    // What comes from one place alone is its own source.
    if (comes.length > 1 || (comes.length === 1 && isMade)) {
      for (const { row, tce } of comes)
        drawing.link(nodeOf.atRow('source', row, item), nodeOf.item(item), tce)
    }
    for (const { row, tce, isOut } of byRow) {
      if (isOut) drawing.link(nodeOf.item(item), nodeOf.atRow('out', row, item), tce)
    }
  }
  for (const conversion of conversions) {
    const node = nodeOf.conversion(conversion)
    for (const [item, tce] of conversion.inputs) drawing.link(nodeOf.item(item), node, tce)
    for (const [item, tce] of conversion.outputs) drawing.link(node, nodeOf.item(item), tce)
    drawing.link(node, lossNode, conversion.lost)
  }

  const known = lines.flatMap((line) => (line.tce === undefined ? [] : [{ ...line, tce: line.tce }]))
  for (const account of new Set(parts.map((part) => part.account))) {
    const node = nodeOf.account(account)
    const own = conversions.filter((each) => each.account === account)
    const got = Map.groupBy(
      supply.filter((part) => part.account === account),
      ({ item }) => item,
    )
    let left = ZERO
    for (const item of new Set([...got.keys(), ...own.flatMap(({ outputs }) => [...outputs.keys()])])) {
      const available = sumOf([
        ...(got.get(item) ?? []).map((part) => (tceOf(part) ?? ZERO).times(signInDifference(rows, part.row))),
        ...own.flatMap(({ outputs }) => outputs.get(item) ?? []),
        ...own.flatMap(({ inputs }) => inputs.get(item)?.times(-1) ?? []),
      ])
      if (available.lte(0)) continue
      drawing.link(nodeOf.item(item), node, available)
      left = left.plus(available)
    }
    if (left.lte(0)) continue
    const lost = sumOf(
      parts
        .filter((part) => part.account === account && ofSection(part, 'losses'))
        .flatMap((part) => tceOf(part) ?? []),
    )
    drawing.link(node, lossNode, lost)
    left = left.minus(lost.gt(0) ? lost : ZERO)
    const inside = Map.groupBy(
      known.filter(({ level, path }) => level === 'process' && path[0] === account),
      ({ path }) => path[1] ?? '',
    )
    for (const [process, used] of inside) {
      // What was turned into something else is used where that is used.
      const turned = own.flatMap(({ inputParts }) =>
        inputParts.filter(({ meter }) => used.some(({ meters }) => meters.includes(meter))),
      )
      const tce = sumOf(used.map((line) => line.tce)).minus(sumOf(turned.map((part) => part.tce)))
      if (tce.lte(0)) continue
      const name = used[0]?.name ?? { zh: process, en: process }
      drawing.link(node, { id: `process ${account} ${process}`, name, kind: 'process' }, tce)
      left = left.minus(tce)
    }
    if (inside.size > 0) drawing.link(node, restNode, left)
  }
  return {
    nodes: levelled([...drawing.nodes.values()], drawing.links),
    links: drawing.links,
    incomplete:
      undrawn > 0 ||
      parts.some((part) => tceOf(part) === undefined) ||
      lines.some(({ tce }) => tce === undefined),
  }
}
