import { closureOf, type BalanceClosure } from './balance-closure.ts'
import {
  addFigures,
  coalOnly,
  isEmpty,
  negateFigure,
  NO_FIGURE,
  sumFigures,
  type BalanceFigure,
} from './balance-figure.ts'
import { insideRows } from './balance-flows.ts'
import type { BalancePart } from './balance-parts.ts'
import type { BalanceRow, BalanceRows } from './balance-row.ts'
import type { CoalCoefficient } from './coal-coefficient.ts'
import type { EnergyItems } from './energy-item.ts'

/** A cell: its sum, the parts that stand in its own row, and the rows whose cells it is the sum of. */
export interface BalanceCell {
  readonly figure: BalanceFigure
  readonly parts: readonly BalancePart[]
  readonly sumOf: readonly string[]
}

export interface BalanceLine {
  readonly row: BalanceRow
  readonly level: number
  readonly cells: ReadonlyMap<string, BalanceCell>
  /** All energy items in standard coal, media not among them. */
  readonly total: BalanceFigure
}

export interface BalanceTable {
  /** Energy items that occur, in the order of energy-items.yaml. */
  readonly items: readonly string[]
  readonly lines: readonly BalanceLine[]
  readonly closures: ReadonlyMap<string, BalanceClosure>
  readonly coefficients: readonly CoalCoefficient[]
}

const EMPTY: BalanceCell = { figure: NO_FIGURE, parts: [], sumOf: [] }

/** The parts of one account's table; of the park's where none is named, without what only went from one to another. */
export function partsInScope(parts: readonly BalancePart[], account: string | undefined): BalancePart[] {
  return parts.filter((part) =>
    account === undefined ? !insideRows.includes(part.row) : part.account === account,
  )
}

/**
 * The energy balance table of parts, in whatever order they come. Sums are exact; the difference is what is left, and is
 * never forced to zero: difference = supply + transformation − losses − terminal.
 */
export function balanceTable(
  parts: readonly BalancePart[],
  rows: BalanceRows,
  items: EnergyItems,
): BalanceTable {
  const byItem = Map.groupBy(parts, ({ item }) => item)
  const occurring = Object.keys(items).filter((item) => byItem.has(item))
  const columns = new Map(
    occurring.map((item) => [
      item,
      columnOf(
        Map.groupBy(byItem.get(item) ?? [], ({ row }) => row),
        rows,
      ),
    ]),
  )
  const energy = occurring.filter((item) => items[item]?.media !== true)
  const lines = rows.inOrder.map((row): BalanceLine => {
    const cells = new Map(occurring.map((item) => [item, columns.get(item)?.get(row.id) ?? EMPTY]))
    const total = sumFigures(energy.map((item) => coalOnly(cells.get(item)?.figure ?? NO_FIGURE)))
    return { row, level: rows.levelOf(row.id), cells, total }
  })
  return {
    items: occurring,
    lines: lines.map((line) =>
      line.row.id === 'consumption' ? { ...line, total: totalConsumption(lines) } : line,
    ),
    closures: new Map(
      occurring.flatMap((item) => {
        const closure = closureOf(byItem.get(item) ?? [], rows)
        return closure === undefined ? [] : [[item, closure] as const]
      }),
    ),
    coefficients: [
      ...new Map(
        parts.flatMap(({ coefficients }) => coefficients.map((each) => [`${each.code} ${each.basis}`, each])),
      ).values(),
    ].toSorted((a, b) => `${a.code} ${a.basis}`.localeCompare(`${b.code} ${b.basis}`)),
  }
}

/** The cells of one item, by row. */
function columnOf(
  parts: ReadonlyMap<string, readonly BalancePart[]>,
  rows: BalanceRows,
): Map<string, BalanceCell> {
  const cells = new Map<string, BalanceCell>()
  const cell = (id: string): BalanceCell => {
    const own = parts.get(id) ?? []
    const children = rows
      .childrenOf(id)
      .map((row) => ({ row, below: cell(row.id) }))
      .filter(({ below }) => !isEmpty(below.figure))
    const figure = sumFigures([
      ...own.map((part) => part.figure),
      ...children.map(({ row, below }) => (row.sign === '-' ? negateFigure(below.figure) : below.figure)),
    ])
    const made = { figure, parts: own, sumOf: children.map(({ row }) => `${row.sign}${row.id}`) }
    cells.set(id, made)
    return made
  }
  const [supply, transformation, losses, terminal] = ['supply', 'transformation', 'losses', 'terminal'].map(
    (id) => cell(id).figure,
  )
  const used = addFigures(losses ?? NO_FIGURE, terminal ?? NO_FIGURE)
  cells.set('difference', {
    figure: sumFigures([supply ?? NO_FIGURE, transformation ?? NO_FIGURE, negateFigure(used)]),
    parts: [],
    sumOf: ['+supply', '+transformation', '-losses', '-terminal'],
  })
  const inputs = [...parts.values()]
    .flat()
    .filter(
      ({ row, origin }) =>
        rows.sectionOf(row) === 'transformation' && origin.kind === 'meter' && origin.share.startsWith('-'),
    )
  cells.set('consumption', {
    figure: addFigures(used, negateFigure(sumFigures(inputs.map(({ figure }) => figure)))),
    parts: inputs,
    sumOf: ['+terminal', '+losses'],
  })
  return cells
}

/**
 * Of all energy together: final consumption and losses, and what transformation took more than it gave; with its whole
 * input, what came out of it and was used would count twice.
 */
function totalConsumption(lines: readonly BalanceLine[]): BalanceFigure {
  const of = (id: string): BalanceFigure => lines.find(({ row }) => row.id === id)?.total ?? NO_FIGURE
  return sumFigures([of('terminal'), of('losses'), negateFigure(of('transformation'))])
}
