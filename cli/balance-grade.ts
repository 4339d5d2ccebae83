import type { AccountingPlan } from '#accounts/accounting-plan.ts'
import { signInDifference } from '#accounts/balance-closure.ts'
import { balanceFlows, type BalanceFlow } from '#accounts/balance-flows.ts'
import { meterParts, type ItemCoals } from '#accounts/balance-parts.ts'
import type { BalanceRows } from '#accounts/balance-row.ts'
import { decimal, ofAmount, type Decimal } from '#accounts/decimal.ts'
import type { EnergyItems } from '#accounts/energy-item.ts'
import { measuredFromBooks, type MeasuredPieces } from '#accounts/measured-energy.ts'
import type { ReportPeriod } from '#accounts/report-period.ts'
import type { Amount } from '#contract/amount.ts'
import { NO_SLOTS } from '#contract/energy-sum.ts'
import { dayOf, type Period } from '#contract/grid.ts'
import type { Park } from '#contract/park.ts'
import { quantityOf } from '#contract/quantities.ts'
import type { DifferenceCause, MeterGrade } from '#simulators/grade.ts'
import type { Books } from '#store/port.ts'
import { causesIn, causesOf, figureCells, roundingOf, type GradedFigure } from './graded-difference.ts'
import { tableLines } from './table.ts'
import { atOnce } from '#accounts/steps.ts'

/**
 * The energy balance table of a simulated park against the truth: every cell that meters fill, and what the table does not
 * close by, account by account and item by item.
 */

/** `row` is one of the balance table's, or `difference`: what is left when all rows are set off against each other. */
export interface GradedCell extends GradedFigure {
  readonly account: string
  readonly item: string
  readonly row: string
}

export interface BalanceGrades {
  readonly graded: readonly GradedCell[]
  /** Cells with a meter that was not graded, which says nothing of them. */
  readonly leftOut: readonly string[]
}

export interface GradedBalanceGround {
  readonly park: Park
  readonly plan: AccountingPlan
  readonly items: EnergyItems
  readonly rows: BalanceRows
  /** Where there are books: in a period of whole days the platform's table is made of their day sums, as its reports are. */
  readonly books: Pick<Books, 'sumsOver'> | undefined
}

/** A cell with the flows that it is the sum of, each with its sign in it. */
interface Cell extends Pick<GradedCell, 'account' | 'item' | 'row'> {
  readonly terms: readonly { readonly flow: BalanceFlow; readonly sign: 1 | -1 }[]
}

type MeterGrades = ReadonlyMap<string, MeterGrade>

const ZERO = decimal('0')
const nameOf = ({ account, item, row }: Cell): string => `${account} ${item} ${row}`

/** The cells that flows fill, and each item's difference. */
function cellsOf(flows: readonly BalanceFlow[], rows: BalanceRows): Cell[] {
  const placed = Map.groupBy(flows, ({ account, item, row }) => `${account} ${item} ${row}`)
  const balanced = Map.groupBy(flows, ({ account, item }) => `${account} ${item}`)
  const cellOf = (of: readonly BalanceFlow[], row?: string): Cell[] => {
    const [first] = of
    if (first === undefined) return []
    const { account, item } = first
    const signOf = (flow: BalanceFlow): 1 | -1 => (row === undefined ? 1 : signInDifference(rows, flow.row))
    return [{ account, item, row: row ?? first.row, terms: of.map((flow) => ({ flow, sign: signOf(flow) })) }]
  }
  return [
    ...[...placed.values()].flatMap((of) => cellOf(of)),
    ...[...balanced.values()].flatMap((of) => cellOf(of, 'difference')),
  ]
}

/** The platform computes amounts; what standard coal they are is the same for platform and truth. */
const noCoal: ItemCoals = () => ({
  perUnit: { calorific: 'no-coefficient', equal: 'no-coefficient' },
  coefficients: [],
})

/** A cell by the platform's own computation from what meters measured. */
function amountOf({ terms }: Cell, pieces: readonly ReportPeriod[], measured: MeasuredPieces): Decimal {
  return terms.reduce(
    (sum, { flow, sign }) =>
      atOnce(meterParts([flow], pieces, measured, noCoal, () => undefined)).reduce(
        (all, { figure }) => all.plus((figure.amount ?? ZERO).times(sign)),
        sum,
      ),
    ZERO,
  )
}

/** What the meters' grades explain of a cell, and what readings round away: a meter that stands in it twice, once. */
function explained({ terms }: Cell, grades: MeterGrades): Pick<GradedFigure, 'causes' | 'rounding'> {
  const net = new Map<string, Decimal>()
  for (const { flow, sign } of terms) {
    const factor = flow.share.times(flow.perUnit).times(sign)
    net.set(flow.meter.id, (net.get(flow.meter.id) ?? ZERO).plus(factor))
  }
  const causes = new Map<DifferenceCause, Decimal>()
  let rounding = ZERO
  for (const [meter, factor] of net) {
    const grade = grades.get(meter)
    if (grade === undefined || factor.eq(0)) continue
    rounding = rounding.plus(roundingOf(grade).times(factor.abs()))
    for (const [cause, amount] of causesOf(grade))
      causes.set(cause, (causes.get(cause) ?? ZERO).plus(amount.times(factor)))
  }
  return { causes, rounding }
}

/** What meters measured in a graded period, by a grade of each. */
function measuredAs(
  grades: MeterGrades,
  period: Period,
  energyOf: (grade: MeterGrade) => Amount,
): MeasuredPieces {
  return (meter, quantity) => {
    const grade = grades.get(meter.id)
    if (grade === undefined) return []
    const { slots: expected, missing } = grade
    const sum = { ...NO_SLOTS, known: expected - missing }
    const energy = ofAmount(energyOf(grade))
    return [{ ...period, meter, quantity, unit: quantityOf(quantity).unit, energy, expected, missing, sum }]
  }
}

function isWholeDays({ fromMs, toMs }: Period, timeZone: string): boolean {
  return dayOf(fromMs, timeZone).fromMs === fromMs && dayOf(toMs, timeZone).fromMs === toMs
}

function inDays(period: Period, timeZone: string): ReportPeriod {
  const day = (atMs: number): string =>
    Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone).toPlainDate().toString()
  const [from, to] = [day(period.fromMs), day(period.toMs)]
  return { ...period, name: `${from}..${to}`, from, to }
}

/** Grades the balance tables of a park's accounts. */
export function gradeBalance(
  { park, plan, items, rows, books }: GradedBalanceGround,
  period: Period,
  grades: MeterGrades,
): BalanceGrades {
  const { timeZone } = park.description
  const pieces = [inDays(period, timeZone)]
  const platform =
    books !== undefined && isWholeDays(period, timeZone)
      ? measuredFromBooks(books, period.toMs)(pieces)
      : measuredAs(grades, period, (grade) => grade.platform)
  const truth = measuredAs(grades, period, (grade) => grade.truth)
  const isGraded = ({ terms }: Cell): boolean =>
    terms.every(({ flow: { meter, quantity } }) => grades.has(meter.id) && quantity === meter.register)
  const cells = cellsOf(balanceFlows(park, plan, items).flows, rows)
  return {
    graded: cells.filter(isGraded).map((cell) => ({
      account: cell.account,
      item: cell.item,
      row: cell.row,
      platform: amountOf(cell, pieces, platform),
      truth: amountOf(cell, pieces, truth),
      ...explained(cell, grades),
    })),
    leftOut: cells.filter((cell) => !isGraded(cell)).map(nameOf),
  }
}

/** The grade of a balance as lines of a table. */
export function balanceGradeLines(
  { graded, leftOut }: BalanceGrades,
  unitOf: (item: string) => string,
): string[] {
  const causes = causesIn(graded)
  const inOrder = graded.toSorted(
    (a, b) => a.account.localeCompare(b.account) || a.item.localeCompare(b.item),
  )
  const rows = inOrder.map((cell) => [
    cell.account,
    cell.item,
    cell.row,
    unitOf(cell.item),
    ...figureCells(cell, causes, 3),
  ])
  const head = ['account', 'item', 'row', 'unit', 'truth', 'platform', ...causes, 'left', 'rounding']
  return [
    ...tableLines([head, ...rows], new Set(head.keys().drop(4))),
    ...leftOut.map((cell) => `not graded: ${cell}, of which not all meters were`),
  ]
}
