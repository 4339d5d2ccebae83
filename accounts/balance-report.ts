import type { LocalName } from '#contract/identity.ts'
import type { BalanceClosure } from './balance-closure.ts'
import type { FlowReason, UnplacedMeter } from './balance-flows.ts'
import { isEmpty } from './balance-figure.ts'
import type { BalancePart } from './balance-parts.ts'
import type { BalanceLine, BalanceTable } from './balance-table.ts'
import type { CoalCoefficient } from './coal-coefficient.ts'
import { isDoubtful } from './factor.ts'
import { decimal } from './decimal.ts'
import type { EnergyItem, EnergyItems } from './energy-item.ts'
import {
  amountCell,
  bracketed,
  coalCell,
  formUnitText,
  MARKED_NOTE,
  numberCell,
  traced,
  type ReportCell,
  type ReportSheet,
  type Say,
} from './report-sheet.ts'

/** What every sheet of a report says of itself. */
export interface ReportHead {
  readonly park: LocalName
  /** The account's name; the park's for its own table. */
  readonly whose: LocalName
  readonly period: { readonly name: string; readonly from: string; readonly to: string }
  readonly planRevision: string
}

const DECIMALS = 2
/** The column of all energy items together. */
const TOTAL = 'total'

const verdicts: Readonly<Record<BalanceClosure['verdict'], LocalName>> = {
  closes: { zh: '在允许范围内', en: 'within what is allowed' },
  beyond: { zh: '超出允许范围', en: 'beyond what is allowed' },
  'cannot-be-judged': { zh: '无法判定', en: 'cannot be judged' },
  incomplete: { zh: '数据不全', en: 'incomplete' },
}
const reasons: Readonly<Record<FlowReason, LocalName>> = {
  role: { zh: '计量表用途', en: 'role of the meter' },
  conversion: { zh: '加工转换', en: 'conversion' },
  assigned: { zh: '方案认定', en: 'assigned by the plan' },
  sold: { zh: '外供', en: 'sold' },
  'use-by-boundary': { zh: '无内部计量，按购入计', en: 'no meter inside: bought is used' },
}
const unplacedReasons: Readonly<Record<UnplacedMeter['reason'], LocalName>> = {
  'no-item': { zh: '能源品种未指定', en: 'its energy item is not stated' },
  'actual-volume': { zh: '工况体积，不能折算', en: 'actual volume, not at standard conditions' },
  'no-enthalpy': { zh: '方案未给出蒸汽焓值', en: 'the plan states no enthalpy of its steam' },
  'media-made-inside': { zh: '自产耗能工质，不重复计入', en: 'medium made inside, not counted again' },
  'conversion-not-in-plan': { zh: '方案中无此加工转换', en: 'its conversion is not in the plan' },
}
const bases: Readonly<Record<CoalCoefficient['basis'], LocalName>> = {
  calorific: { zh: '当量值', en: 'calorific' },
  equal: { zh: '等价值', en: 'equal' },
}
const confidences: Readonly<Record<CoalCoefficient['confidence'], LocalName>> = {
  verified: { zh: '已核实', en: 'verified' },
  secondary: { zh: '转引', en: 'secondary source' },
  unverified: { zh: '未核实', en: 'unverified' },
  conflict: { zh: '来源不一致', en: 'sources disagree' },
  own: { zh: '自有数据', en: 'own data' },
}

export function aboutLines({ park, whose, period, planRevision }: ReportHead, say: Say): string[] {
  const last = Temporal.PlainDate.from(period.to).subtract({ days: 1 }).toString()
  return [
    say({
      zh: `${park.zh} · ${whose.zh}　${period.from} 至 ${last}（${period.name}）`,
      en: `${park.en} · ${whose.en}, ${period.from} to ${last} (${period.name})`,
    }),
    say({ zh: `核算方案版本：${planRevision}`, en: `Accounting plan: ${planRevision}` }),
  ]
}

const filled = (table: BalanceTable): readonly BalanceLine[] =>
  table.lines.filter(({ cells }) => [...cells.values()].some(({ figure }) => !isEmpty(figure)))
const indented = ({ row, level }: BalanceLine, say: Say): string => '　'.repeat(level - 1) + say(row.name)

/** Coefficients in a report's notes: value, edition, source, and whether it may be trusted. */
export function coefficientNotes(coefficients: readonly CoalCoefficient[], say: Say): string[] {
  return coefficients.map((each) => {
    const mark = isDoubtful(each) ? '! ' : ''
    return `${mark}${each.code}${bracketed(say(bases[each.basis]), say)} = ${each.value.slice(0, 12)} ${each.unit}; ${say(confidences[each.confidence])}; ${each.document}`
  })
}

/** The table in the units of the forms. */
function physicalSheet(head: ReportHead, table: BalanceTable, items: EnergyItems, say: Say): ReportSheet {
  const columns = table.items.flatMap((id): [string, EnergyItem][] => {
    const item = items[id]
    return item === undefined ? [] : [[id, item]]
  })
  return {
    name: say({ zh: '实物量', en: 'Physical' }),
    title: say({ zh: '能源平衡表（实物量）', en: 'Energy balance table, physical quantities' }),
    about: aboutLines(head, say),
    head: [
      say({ zh: '项目', en: 'Row' }),
      ...columns.map(([, { name, form }]) => say(name) + bracketed(formUnitText(form.unit, say), say)),
    ],
    rows: filled(table).map((line) => [
      indented(line, say),
      ...columns.map(([id, { form }]) => {
        const cell = line.cells.get(id)
        if (cell === undefined) return undefined
        const amount = amountCell(cell.figure, decimal(form.factor), DECIMALS, say)
        return traced(amount, { row: line.row.id, item: id })
      }),
    ]),
    notes: [say(MARKED_NOTE), ...closureLines(table.closures, items, say)],
  }
}

/** Each item's difference, and what its meters allow. */
export function closureLines(
  closures: ReadonlyMap<string, BalanceClosure>,
  items: EnergyItems,
  say: Say,
): string[] {
  return [...closures].flatMap(([id, { difference, allowed, verdict, unknown }]) => {
    const item = items[id]
    if (item === undefined) return []
    const [found] = [numberCell(difference, DECIMALS)?.number ?? '']
    const limit =
      allowed === undefined
        ? '–'
        : `±${numberCell(decimal(allowed.toFixed(6).replace(/\.?0+$/, '')), DECIMALS)?.number}`
    const without =
      unknown.length === 0
        ? ''
        : `; ${say({ zh: '无准确度等级', en: 'no accuracy class' })}: ${unknown.join(', ')}`
    return `${say(item.name)}${say({ zh: '平衡差额', en: ', difference' })} ${found} ${item.unit}, 2u ${limit}: ${say(verdicts[verdict])}${without}`
  })
}

/** The table in tonnes of standard coal; where equal and calorific value differ, both. */
function coalSheet(head: ReportHead, table: BalanceTable, items: EnergyItems, say: Say): ReportSheet {
  const energy = table.items.filter((id) => items[id]?.media !== true)
  const hasTwo = (id: string): boolean => id === 'electricity' || id === 'heat'
  const [calorific, equal] = [say({ zh: '当量值', en: 'calorific' }), say({ zh: '等价值', en: 'equal' })]
  const heads = energy.flatMap((id) => {
    const name = say(items[id]?.name ?? { zh: id, en: id })
    return hasTwo(id) ? [name + bracketed(calorific, say), name + bracketed(equal, say)] : [name]
  })
  const total = say({ zh: '合计', en: 'Total' })
  const cellsOf = (line: BalanceLine): ReportCell[] =>
    energy.flatMap((id) => {
      const figure = line.cells.get(id)?.figure
      if (figure === undefined) return hasTwo(id) ? [undefined, undefined] : [undefined]
      const coal = (basis: 'calorific' | 'equal'): ReportCell =>
        traced(coalCell(figure, basis, DECIMALS, say), { row: line.row.id, item: id })
      return hasTwo(id) ? [coal('calorific'), coal('equal')] : [coal('calorific')]
    })
  return {
    name: say({ zh: '标准量', en: 'Standard coal' }),
    title: say({ zh: '能源平衡表（标准量，吨标准煤）', en: 'Energy balance table, tonnes of standard coal' }),
    about: aboutLines(head, say),
    head: [
      say({ zh: '项目', en: 'Row' }),
      ...heads,
      total + bracketed(calorific, say),
      total + bracketed(equal, say),
    ],
    rows: filled(table).map((line) => [
      indented(line, say),
      ...cellsOf(line),
      ...(['calorific', 'equal'] as const).map((basis) =>
        traced(coalCell(line.total, basis, DECIMALS, say), { row: line.row.id, item: TOTAL }),
      ),
    ]),
    notes: [
      say(MARKED_NOTE),
      say({
        zh: '合计不含耗能工质；含耗能工质的综合能耗见“综合能耗”表。',
        en: 'Energy media are not in the total; with them it is the comprehensive energy consumption, on a sheet of its own.',
      }),
      say({ zh: '折标系数（! 为须注明的系数）：', en: 'Coefficients (! must be stated as doubtful):' }),
      ...coefficientNotes(table.coefficients, say),
    ],
  }
}

/** What every cell is made of. */
function partsSheet(
  head: ReportHead,
  parts: readonly BalancePart[],
  table: BalanceTable,
  items: EnergyItems,
  say: Say,
): ReportSheet {
  const rows = table.lines.flatMap(({ row }) =>
    parts
      .filter((part) => part.row === row.id)
      .map((part): ReportCell[] => {
        const { origin, figure } = part
        const item = items[part.item]
        const isMeter = origin.kind === 'meter'
        return [
          say(row.name),
          part.account,
          item === undefined ? part.item : say(item.name),
          isMeter
            ? origin.meter.id
            : say({ zh: `记录 ${origin.record ?? '缺'}`, en: `record ${origin.record ?? 'missing'}` }),
          isMeter ? origin.share : '',
          isMeter
            ? say(reasons[origin.reason]) + (origin.by === undefined ? '' : `: ${origin.by}`)
            : origin.document,
          amountCell(figure, decimal('1'), DECIMALS, say),
          item?.unit,
          isMeter ? `${origin.slots.known}/${origin.slots.expected}` : '',
          coalCell(figure, 'calorific', DECIMALS, say),
          coalCell(figure, 'equal', DECIMALS, say),
        ]
      }),
  )
  return {
    name: say({ zh: '构成', en: 'Parts' }),
    title: say({ zh: '能源平衡表各单元格的构成', en: 'What the cells of the table are made of' }),
    about: aboutLines(head, say),
    head: [
      { zh: '项目', en: 'Row' },
      { zh: '核算单元', en: 'Account' },
      { zh: '能源品种', en: 'Energy item' },
      { zh: '计量表或记录', en: 'Meter or record' },
      { zh: '份额', en: 'Share' },
      { zh: '依据', en: 'Because of' },
      { zh: '数量', en: 'Amount' },
      { zh: '单位', en: 'Unit' },
      { zh: '已知/应有时段', en: 'Slots known/expected' },
      { zh: '当量值 tce', en: 'calorific, tce' },
      { zh: '等价值 tce', en: 'equal, tce' },
    ].map(say),
    rows,
    notes: [say(MARKED_NOTE)],
  }
}

/** The energy balance table as sheets: physical, standard coal, and what it is made of. */
export function balanceSheets(
  head: ReportHead,
  {
    table,
    parts,
    unplaced,
  }: {
    readonly table: BalanceTable
    readonly parts: readonly BalancePart[]
    readonly unplaced: readonly UnplacedMeter[]
  },
  items: EnergyItems,
  say: Say,
): ReportSheet[] {
  const composed = partsSheet(head, parts, table, items, say)
  const left = unplaced.map(({ meter, reason }) => `${meter}: ${say(unplacedReasons[reason])}`)
  const notes = left.length === 0 ? [] : [say({ zh: '未列入的计量表：', en: 'Meters in no row:' }), ...left]
  return [
    physicalSheet(head, table, items, say),
    coalSheet(head, table, items, say),
    { ...composed, notes: [...composed.notes, ...notes] },
  ]
}
