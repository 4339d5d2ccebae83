import { memo, useMemo, type ReactNode } from 'react'
import { Table, type TableColumnsType } from 'antd'
import type { BalanceView } from '#accounts/balance-view.ts'
import {
  decimalsOf,
  formUnitText,
  shownOf,
  shownText,
  type BalanceItem,
  type BalanceRow,
  type Measure,
  type Shown,
} from '#dashboards/web/src/balance-figures.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'

/** A cell that is to be opened: a row and an item, or the row's total. */
export interface OpenCell {
  readonly row: string
  readonly item: string
}

/** The column of all energy items together. */
export const TOTAL = 'total'

interface BalanceGridProps {
  readonly view: BalanceView
  readonly measure: Measure
  /** Rows of the form in which nothing is, too. */
  readonly allRows: boolean
  readonly open: (cell: OpenCell) => void
}

interface Column {
  readonly id: string
  readonly item: BalanceItem | undefined
  readonly decimals: number
  readonly shownIn: (row: BalanceRow) => Shown
}

/** Columns with the decimals that their greatest value asks for. */
function columnsOf({ items, rows }: BalanceView, measure: Measure): Column[] {
  const column = (id: string, item: BalanceItem | undefined, shownIn: Column['shownIn']): Column => {
    const values = rows.flatMap((row) => {
      const shown = shownIn(row)
      return shown !== undefined && 'value' in shown ? [shown.value] : []
    })
    return { id, item, shownIn, decimals: decimalsOf(values) }
  }
  const ofItems = items
    .filter(({ media }) => measure === 'physical' || !media)
    .map((item) =>
      column(item.id, item, ({ cells }) => {
        const cell = cells[item.id]
        return cell === undefined ? undefined : shownOf(cell, measure, item)
      }),
    )
  if (measure === 'physical') return ofItems
  return [
    ...ofItems,
    column(TOTAL, undefined, ({ cells, total }) =>
      Object.keys(cells).length === 0 ? undefined : shownOf(total, measure, undefined),
    ),
  ]
}

const isSection = ({ level }: BalanceRow): boolean => level === 1

function Grid({ view, measure, allRows, open }: BalanceGridProps): ReactNode {
  const speech = useSpeech()
  const { t, nameOf } = speech
  const columns = useMemo(() => columnsOf(view, measure), [view, measure])
  const rows = view.rows.filter((row) => allRows || isSection(row) || Object.keys(row.cells).length > 0)
  const head = (name: string, unit: string): ReactNode => (
    <>
      {name}
      <br />
      <span className="unit">{unit}</span>
    </>
  )
  const cell = (row: BalanceRow, { id, item, decimals, shownIn }: Column): ReactNode => {
    const shown = shownIn(row)
    if (shown === undefined) return null
    const verdict = row.id === 'difference' ? view.closures[id]?.verdict : undefined
    const tone = 'why' in shown || shown.incomplete || verdict === 'beyond' ? 'is-incomplete' : ''
    return (
      <button
        type="button"
        className={`link number ${tone}`}
        data-testid={`cell-${row.id}-${id}`}
        aria-label={t('balance.openCell', {
          row: nameOf(row.name),
          item: item === undefined ? t('balance.total') : nameOf(item.name),
          value: shownText(shown, decimals, speech),
        })}
        onClick={() => open({ row: row.id, item: id })}
      >
        {shownText(shown, decimals, speech)}
      </button>
    )
  }
  const table: TableColumnsType<BalanceRow> = [
    {
      title: t('balance.row'),
      key: 'row',
      fixed: 'start',
      width: 'min(250px, 44vw)',
      className: 'balance-row',
      render: (_, row) => (
        <span className="balance-name" style={{ paddingInlineStart: `${row.level - 1}em` }}>
          {nameOf(row.name)}
          {row.park && <span className="role"> {t('balance.parkRow')}</span>}
        </span>
      ),
    },
    ...columns.map((column) => ({
      title: head(
        column.item === undefined ? t('balance.total') : nameOf(column.item.name),
        measure === 'physical' ? formUnitText(column.item?.form.unit ?? '', speech) : t('unit.tce'),
      ),
      key: column.id,
      align: 'right' as const,
      className: column.id === TOTAL ? 'is-total' : '',
      render: (_: unknown, row: BalanceRow) => cell(row, column),
    })),
  ]
  return (
    <Table<BalanceRow>
      className="balance-grid"
      columns={table}
      dataSource={rows}
      rowKey="id"
      size="small"
      bordered
      pagination={false}
      scroll={{ x: 'max-content' }}
      rowClassName={(row) => (isSection(row) ? 'is-section' : '')}
    />
  )
}

/** The table in the order of the form: rows with their signs, a column for each energy item, each cell to be opened. */
export const BalanceGrid = memo(Grid)
