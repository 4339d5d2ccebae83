import type { LocalName } from '#contract/identity.ts'
import { aboutLines, type ReportHead } from './balance-report.ts'
import type { BalanceFigure } from './balance-figure.ts'
import type { BalanceRows } from './balance-row.ts'
import { decimal, quotient } from './decimal.ts'
import type { EnergyForm, EnergyFormLine, FormCheck } from './energy-form.ts'
import type { EnergyItems } from './energy-item.ts'
import {
  amountCell,
  formUnitText,
  MARKED_NOTE,
  numberCell,
  traced,
  type ReportCell,
  type ReportSheet,
  type Say,
} from './report-sheet.ts'

const checks: Readonly<Record<FormCheck['check'], LocalName>> = {
  'uses-within-consumption': {
    zh: '用作原材料 ≤ 工业生产消费，运输工具消费 ≤ 非工业生产消费，各项均不为负',
    en: 'Raw material within production, vehicles within other use, none below zero',
  },
  'stock-and-purchase': {
    zh: '期初库存 + 购进 ≈ 消费 + 期末库存 + 外供（差值）',
    en: 'Stock and purchase meet use, within 5 %',
  },
  'comprehensive-consumption': {
    zh: '综合能源消费量 = 工业生产消费 − 加工转换产出 − 回收利用（吨标准煤，当量）',
    en: 'Comprehensive energy consumption (tce, calorific)',
  },
}
const results: Readonly<Record<FormCheck['result'], LocalName>> = {
  passed: { zh: '通过', en: 'passed' },
  failed: { zh: '不通过', en: 'failed' },
  incomplete: { zh: '数据不全', en: 'incomplete' },
}

const DECIMALS = 2
const COEFFICIENT_DECIMALS = 4
/** Rows of the balance table. */
const PURCHASE = 'inflow+received-inside+imports'
const CONSUMPTION = 'consumption'

/** Forms 205-1 and 205-2 as sheets, with their checks. */
export function energyFormSheets(
  head: ReportHead,
  { lines, checks: found }: EnergyForm,
  { items, rows }: { readonly items: EnergyItems; readonly rows: BalanceRows },
  say: Say,
): ReportSheet[] {
  const about = aboutLines(head, say)
  const formed = lines.flatMap((line) => {
    const item = items[line.item]
    return item === undefined ? [] : [{ line, item }]
  })
  const firstCells = ({ item }: (typeof formed)[number]): ReportCell[] => [
    say(item.name),
    formUnitText(item.form.unit, say),
    item.code,
  ]
  const amount = ({ item }: (typeof formed)[number], figure: BalanceFigure): ReportCell =>
    amountCell(figure, decimal(item.form.factor), DECIMALS, say)
  // tce per unit of the item is tce per form unit where that is divided by the form's factor.
  const coefficient = ({ line, item }: (typeof formed)[number]): ReportCell =>
    numberCell(
      line.coefficient && quotient(line.coefficient, decimal(item.form.factor)),
      COEFFICIENT_DECIMALS,
    )
  const year = head.period.from.slice(0, 4)
  const open = (
    cell: ReportCell,
    { line }: (typeof formed)[number],
    row: string,
    period?: string,
  ): ReportCell => traced(cell, { row, item: line.item, ...(period === undefined ? {} : { period }) })
  // Each column with the rows of the balance table in which what it counts stands, or a part of which it is.
  const columns: readonly (readonly [LocalName, (line: EnergyFormLine) => BalanceFigure, string, string?])[] =
    [
      [
        { zh: '年初库存量', en: 'Stock at the begin of the year' },
        (line) => line.yearStock,
        'stock-begin',
        year,
      ],
      [{ zh: '购进量', en: 'Purchased' }, (line) => line.purchased, PURCHASE],
      [{ zh: '消费量合计', en: 'Consumed' }, (line) => line.consumed, CONSUMPTION],
      [{ zh: '工业生产消费', en: 'for production' }, (line) => line.production, CONSUMPTION],
      [{ zh: '其中：用于原材料', en: 'of which as raw material' }, (line) => line.feedstock, 'feedstock'],
      [{ zh: '非工业生产消费', en: 'not for production' }, (line) => line.nonProduction, CONSUMPTION],
      [{ zh: '合计中：运输工具消费', en: 'of the total: vehicles' }, (line) => line.transport, CONSUMPTION],
      [{ zh: '期末库存量', en: 'Stock at the end' }, (line) => line.stockEnd, 'stock-end'],
    ]
  const inputRows = rows.childrenOf('transformation').filter(({ id }) => id !== 'recovered-energy')
  const firstHeads = [
    { zh: '能源名称', en: 'Energy item' },
    { zh: '计量单位', en: 'Unit' },
    { zh: '代码', en: 'Code' },
  ].map(say)
  const coefficientHead = say({ zh: '采用折标系数（tce/单位）', en: 'Coefficient (tce/unit)' })
  return [
    {
      name: '205-1',
      title: say({
        zh: '能源购进、消费与库存（205-1）',
        en: 'Purchase, consumption and stock of energy (205-1)',
      }),
      about,
      head: [
        ...firstHeads,
        ...columns.map(([name]) => say(name)),
        say({ zh: '购进金额（千元）', en: 'Paid (1,000 yuan)' }),
        coefficientHead,
      ],
      rows: formed.map((each) => [
        ...firstCells(each),
        ...columns.map(([, of, row, period]) => open(amount(each, of(each.line)), each, row, period)),
        open(numberCell(each.line.thousandYuan, DECIMALS), each, PURCHASE),
        open(coefficient(each), each, CONSUMPTION),
      ]),
      notes: [
        say(MARKED_NOTE),
        ...found.map(({ check, item, result, value }) => {
          const of = item === undefined ? '' : `${say(items[item]?.name ?? { zh: item, en: item })}: `
          return `${of}${say(checks[check])}: ${say(results[result])} (${numberCell(value, DECIMALS)?.number ?? '–'})`
        }),
      ],
    },
    {
      name: '205-2',
      title: say({
        zh: '能源加工转换与回收利用（205-2）',
        en: 'Transformation and recovery of energy (205-2)',
      }),
      about,
      head: [
        ...firstHeads,
        say({ zh: '工业生产消费量', en: 'Consumed for production' }),
        ...inputRows.map(({ name }) => say({ zh: `投入：${name.zh}`, en: `into ${name.en}` })),
        say({ zh: '加工转换产出', en: 'Output' }),
        say({ zh: '回收利用', en: 'Recovered' }),
        coefficientHead,
      ],
      rows: formed.map((each) => [
        ...firstCells(each),
        open(amount(each, each.line.production), each, CONSUMPTION),
        ...inputRows.map(({ id }) => {
          const input = each.line.inputs.get(id)
          return input && open(amount(each, input), each, id)
        }),
        open(amount(each, each.line.output), each, 'transformation'),
        open(amount(each, each.line.recovered), each, 'recovered-energy'),
        open(coefficient(each), each, CONSUMPTION),
      ]),
      notes: [say(MARKED_NOTE)],
    },
  ]
}
