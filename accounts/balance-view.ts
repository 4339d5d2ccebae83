import { z } from 'zod'
import { identifier, localName } from '#contract/identity.ts'
import type { BalanceClosure } from './balance-closure.ts'
import type { UnplacedMeter } from './balance-flows.ts'
import { isEmpty, type BalanceFigure } from './balance-figure.ts'
import type { BalancePart } from './balance-parts.ts'
import type { ComparedRecord } from './balance-records.ts'
import type { BalanceTable } from './balance-table.ts'
import { coalAbsences } from './coal-coefficient.ts'
import { comprehensiveConsumption } from './comprehensive.ts'
import { textOf, textOrNull } from './decimal.ts'
import type { EnergyItems } from './energy-item.ts'
import type { ReportHead } from './balance-report.ts'

/** The balance table as JSON, for the API and for files: exact decimal texts, null where nothing is known. */
const decimalOrNull = z.string().nullable()
export const figureView = z.object({
  amount: decimalOrNull.meta({ description: 'In the unit of the item' }),
  calorific: decimalOrNull.meta({ description: 'tce' }),
  equal: decimalOrNull.meta({ description: 'tce' }),
  absent: z.partialRecord(z.enum(['calorific', 'equal']), z.enum(coalAbsences)),
  incomplete: z.boolean().meta({ description: 'A part of it is missing: this is what is known' }),
})
const partView = figureView.extend({
  account: identifier,
  meter: identifier.nullable(),
  quantity: z.string().nullable(),
  share: z.string().nullable(),
  reason: z.string(),
  by: z.string().nullable(),
  slots: z.object({ expected: z.int(), known: z.int(), missing: z.int(), partial: z.int() }).nullable(),
  record: z.int().nullable(),
  document: z.string().nullable().meta({ description: 'What the record rests on' }),
  apportioned: z.boolean().meta({ description: 'The share by days of a record of a longer time' }),
  coefficients: z.array(z.string()),
})
const cellView = figureView.extend({ parts: z.array(partView), sumOf: z.array(z.string()) })

export const periodView = z.object({ name: z.string(), from: z.iso.date(), to: z.iso.date() })
export const coefficientView = z.object({
  code: z.string(),
  basis: z.enum(['calorific', 'equal']),
  edition: z.string(),
  unit: z.string(),
  value: z.string(),
  rule: z.string(),
  confidence: z.string(),
  document: z.string(),
})

export const closureView = z.object({
  difference: z.string(),
  allowed: z.number().nullable(),
  verdict: z.string(),
  unknown: z.array(z.string()),
})

export const balanceView = z.object({
  park: localName,
  account: localName,
  period: periodView,
  planRevision: z.string(),
  items: z.array(
    z.object({
      id: z.string(),
      name: localName,
      unit: z.string(),
      form: z
        .object({ unit: z.string(), factor: z.string() })
        .meta({ description: 'Value in forms = value × factor' }),
      media: z.boolean(),
    }),
  ),
  rows: z.array(
    z.object({
      id: z.string(),
      name: localName,
      level: z.int(),
      sign: z.enum(['+', '-']).meta({ description: 'With which it is added to the row above it' }),
      ofWhich: z.boolean(),
      park: z.boolean().meta({ description: 'A row that the statutory form does not have' }),
      cells: z.record(z.string(), cellView),
      total: figureView.omit({ amount: true }),
    }),
  ),
  closures: z.record(z.string(), closureView),
  coefficients: z.array(coefficientView),
  comprehensive: z
    .object({
      energy: figureView.omit({ amount: true }),
      media: z.array(figureView.extend({ item: z.string() })),
      total: figureView.omit({ amount: true }),
    })
    .meta({
      description:
        'Comprehensive energy consumption (GB/T 2589): energy, and energy media got from outside by their equal value',
    }),
  unplaced: z.array(z.object({ meter: identifier, reason: z.string() })),
  compared: z.array(
    z.object({ record: z.int(), account: identifier, item: z.string(), row: z.string(), amount: z.string() }),
  ),
})
export type BalanceView = z.output<typeof balanceView>

export function closureViewsOf(
  closures: ReadonlyMap<string, BalanceClosure>,
): Record<string, z.output<typeof closureView>> {
  return Object.fromEntries(
    [...closures].map(([item, { difference, allowed, verdict, unknown }]) => [
      item,
      { difference: textOf(difference), allowed: allowed ?? null, verdict, unknown: [...unknown] },
    ]),
  )
}

export const figureViewOf = ({
  amount,
  coal,
  absent,
  incomplete,
}: BalanceFigure): z.output<typeof figureView> => ({
  amount: textOrNull(amount),
  calorific: textOrNull(coal.calorific),
  equal: textOrNull(coal.equal),
  absent,
  incomplete,
})

function withoutAmount(figure: BalanceFigure): Omit<z.output<typeof figureView>, 'amount'> {
  const { amount: _, ...coal } = figureViewOf(figure)
  return coal
}

function partViewOf({ account, origin, figure, coefficients }: BalancePart): z.output<typeof partView> {
  const common = {
    ...figureViewOf(figure),
    account,
    coefficients: coefficients.map(({ code, basis }) => `${code} ${basis}`),
  }
  return origin.kind === 'meter'
    ? {
        ...common,
        meter: origin.meter.id,
        quantity: origin.quantity,
        share: origin.share,
        reason: origin.reason,
        by: origin.by ?? null,
        slots: origin.slots,
        record: null,
        document: null,
        apportioned: false,
      }
    : {
        ...common,
        meter: null,
        quantity: null,
        share: null,
        reason: 'record',
        by: null,
        slots: null,
        record: origin.record ?? null,
        document: origin.document,
        apportioned: origin.apportioned,
      }
}

/** A table with everything that it rests on, in the rows of the form: one in which nothing is has no cells. */
export function balanceViewOf(
  head: ReportHead,
  given: {
    readonly table: BalanceTable
    readonly unplaced: readonly UnplacedMeter[]
    readonly compared: readonly ComparedRecord[]
  },
  items: EnergyItems,
): BalanceView {
  const { table, unplaced, compared } = given
  const comprehensive = comprehensiveConsumption(table, items)
  return {
    park: head.park,
    account: head.whose,
    period: { name: head.period.name, from: head.period.from, to: head.period.to },
    planRevision: head.planRevision,
    items: table.items.flatMap((id) => {
      const item = items[id]
      if (item === undefined) return []
      const { name, unit, form, media } = item
      return [{ id, name, unit, form, media }]
    }),
    rows: table.lines.map(({ row, level, cells, total }) => {
      const full = [...cells].filter(([, { figure }]) => !isEmpty(figure))
      const sum = withoutAmount(total)
      return {
        id: row.id,
        name: row.name,
        level,
        sign: row.sign,
        ofWhich: row.ofWhich,
        park: row.park,
        cells: Object.fromEntries(
          full.map(([item, { figure, parts, sumOf }]) => [
            item,
            { ...figureViewOf(figure), parts: parts.map(partViewOf), sumOf: [...sumOf] },
          ]),
        ),
        total: sum,
      }
    }),
    closures: closureViewsOf(table.closures),
    coefficients: [...table.coefficients],
    comprehensive: {
      energy: withoutAmount(comprehensive.energy),
      media: comprehensive.media.map(({ item, figure }) => ({ item, ...figureViewOf(figure) })),
      total: withoutAmount(comprehensive.total),
    },
    unplaced: [...unplaced],
    compared: compared.map(({ amount, ...rest }) => ({ ...rest, amount: textOf(amount) })),
  }
}
