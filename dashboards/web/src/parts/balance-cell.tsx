import type { ReactNode } from 'react'
import { Alert, Button, Descriptions, Table, type TableColumnsType } from 'antd'
import { Link } from 'wouter'
import type { BalanceView } from '#accounts/balance-view.ts'
import {
  leafParts,
  shownOf,
  shownText,
  type BalanceCell,
  type BalanceItem,
  type LeafPart,
  type BalanceRow,
} from '#dashboards/web/src/balance-figures.ts'
import { dayOf } from '#dashboards/web/src/days.ts'
import { useSpeech, type Speech, type TextKey } from '#dashboards/web/src/language.tsx'
import { useMinute } from '#dashboards/web/src/live.ts'
import { exactText } from '#dashboards/web/src/numbers.ts'
import { metersById } from '#dashboards/web/src/meter-names.ts'
import { useParkTree } from '#dashboards/web/src/park-context.tsx'
import { meterTrace } from '#dashboards/web/src/trace-paths.ts'
import { TOTAL, type OpenCell } from './balance-grid.tsx'
import { Closure } from './balance-notes.tsx'
import { CoefficientTable } from './coefficient-table.tsx'
import { MeterDays } from './meter-days.tsx'
import { Verbatim } from './verbatim.tsx'

const DECIMALS = 3

const reasonKeys: Readonly<Record<string, TextKey>> = {
  role: 'balance.reason.role',
  conversion: 'balance.reason.conversion',
  assigned: 'balance.reason.assigned',
  sold: 'balance.reason.sold',
  'use-by-boundary': 'balance.reason.use-by-boundary',
  record: 'balance.reason.record',
}

/** The three values of a cell, exact; or the sum of a row in standard coal. */
function Values({
  cell,
  item,
}: {
  cell: Omit<BalanceCell, 'parts' | 'sumOf'>
  item: BalanceItem
}): ReactNode {
  const speech = useSpeech()
  const { t } = speech
  const coal = (measure: 'calorific' | 'equal'): ReactNode => (
    <>
      <span className="number">{shownText(shownOf(cell, measure, item), DECIMALS, speech)}</span>{' '}
      <span className="unit">{t('unit.tce')}</span>
    </>
  )
  return (
    <Descriptions size="small" column={1} bordered>
      <Descriptions.Item label={t('balance.physical')}>
        <span className="number">
          {cell.amount === null
            ? cell.incomplete
              ? t('balance.missing')
              : '—'
            : `${exactText(cell.amount)}${cell.incomplete ? '*' : ''}`}
        </span>{' '}
        <span className="unit">{item.unit}</span>
      </Descriptions.Item>
      {!item.media && (
        <>
          <Descriptions.Item label={t('balance.calorific')}>{coal('calorific')}</Descriptions.Item>
          <Descriptions.Item label={t('balance.equal')}>{coal('equal')}</Descriptions.Item>
        </>
      )}
    </Descriptions>
  )
}

/** A cell that this one is a sum of. */
interface Term {
  readonly key: string
  readonly sign: string
  readonly name: string
  readonly text: string
  readonly cell: OpenCell
}

function Terms({ terms, open }: { terms: readonly Term[]; open: (cell: OpenCell) => void }): ReactNode {
  const { t } = useSpeech()
  if (terms.length === 0) return null
  return (
    <section>
      <h3>{t('balance.sumOf')}</h3>
      <ul className="terms">
        {terms.map(({ key, sign, name, text, cell }) => (
          <li key={key}>
            <span className="number">{sign}</span>
            <Button type="link" size="small" onClick={() => open(cell)}>
              {name}
            </Button>
            <span className="number">{text}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}

interface PartsProps {
  readonly parts: readonly LeafPart[]
  readonly item: BalanceItem
  readonly view: BalanceView
}

function Parts({ parts, item, view }: PartsProps): ReactNode {
  const speech = useSpeech()
  const { t, nameOf } = speech
  const park = useParkTree()
  const { nowMs, timeZone } = useMinute()
  const meters = metersById(park)
  const today = dayOf(nowMs, timeZone)
  const lastDay = new Date(Date.parse(view.period.to) - 24 * 3_600_000).toISOString().slice(0, 10)
  const rowNames = new Map(view.rows.map(({ id, name }) => [id, name]))
  // A cell with parts of its own needs no row named.
  const isSum = new Set(parts.map(({ row }) => row)).size > 1
  const columns: TableColumnsType<LeafPart> = [
    ...(isSum
      ? [
          {
            title: t('balance.row'),
            key: 'row',
            render: (_: unknown, { row }: LeafPart) =>
              `${row.slice(0, 1)} ${nameOf(rowNames.get(row.slice(1)) ?? { zh: row, en: row })}`,
          },
        ]
      : []),
    {
      title: t('balance.part'),
      key: 'part',
      render: (_, { part: { meter, record, document, apportioned } }) => {
        if (meter === null)
          return (
            <>
              {record === null ? t('balance.noRecord') : t('account.record', { record })} ·{' '}
              <Verbatim>{document}</Verbatim>
              {apportioned && ` · ${t('balance.apportioned')}`}
            </>
          )
        const facts = meters.get(meter)
        return (
          <>
            <Link
              href={meterTrace(meter, lastDay < today ? lastDay : today)}
              className="link"
              data-testid={`part-${meter}`}
            >
              {facts === undefined ? meter : nameOf(facts.name)}
            </Link>{' '}
            <Verbatim className="role">{meter}</Verbatim>
          </>
        )
      },
    },
    {
      title: t('balance.because'),
      key: 'reason',
      render: (_, { part: { reason, by } }) => {
        const key = reasonKeys[reason]
        return `${key === undefined ? reason : t(key)}${by === null ? '' : ` · ${by}`}`
      },
    },
    {
      title: t('balance.share'),
      key: 'share',
      align: 'right',
      render: (_, { part: { share } }) => (
        <span className="number">{share === null ? '' : `× ${share}`}</span>
      ),
    },
    {
      title: `${t('balance.amount')} ${item.unit}`,
      key: 'amount',
      align: 'right',
      render: (_, { part: { amount, incomplete } }) => (
        <span className={incomplete ? 'number is-incomplete' : 'number'}>
          {amount === null ? t('balance.missing') : `${exactText(amount)}${incomplete ? '*' : ''}`}
        </span>
      ),
    },
    {
      title: t('balance.slots'),
      key: 'slots',
      align: 'right',
      render: (_, { part: { slots } }) =>
        slots === null ? (
          ''
        ) : (
          <span className={slots.known < slots.expected ? 'number is-incomplete' : 'number'}>
            {slots.known} / {slots.expected}
          </span>
        ),
    },
  ]
  return (
    <section>
      <h3>{t('balance.parts')}</h3>
      <Table<LeafPart>
        data-testid="balance-parts"
        columns={columns}
        dataSource={[...parts]}
        rowKey={({ row, part: { meter, record, quantity, by, share } }) =>
          [row, meter, record, quantity, by, share].join(' ')
        }
        size="small"
        pagination={false}
        scroll={{ x: true }}
        expandable={{
          rowExpandable: ({ part: { meter } }) => meter !== null && meters.has(meter),
          expandedRowRender: ({ part: { meter, quantity } }) =>
            meter !== null &&
            quantity !== null && (
              <MeterDays meter={meter} quantity={quantity} from={view.period.from} to={lastDay} />
            ),
        }}
      />
    </section>
  )
}

function Coefficients({ view, parts }: { view: BalanceView; parts: readonly LeafPart[] }): ReactNode {
  const { t } = useSpeech()
  const used = new Set(parts.flatMap(({ part }) => part.coefficients))
  const coefficients = view.coefficients.filter(({ code, basis }) => used.has(`${code} ${basis}`))
  if (coefficients.length === 0) return null
  return (
    <section>
      <h3>{t('balance.coefficients')}</h3>
      <CoefficientTable coefficients={coefficients} />
    </section>
  )
}

interface OfItemProps {
  readonly row: BalanceRow
  readonly item: BalanceItem
  readonly view: BalanceView
  readonly open: (cell: OpenCell) => void
}

function OfItem({ row, item, view, open }: OfItemProps): ReactNode {
  const speech = useSpeech()
  const { t, nameOf } = speech
  const cell = row.cells[item.id]
  if (cell === undefined) return null
  const terms = cell.sumOf.flatMap((term): Term[] => {
    const [sign, id] = [term.slice(0, 1), term.slice(1)]
    const of = view.rows.find((each) => each.id === id)
    const figure = of?.cells[item.id]
    if (of === undefined || figure === undefined) return []
    const text = figure.amount === null ? t('balance.missing') : `${exactText(figure.amount)} ${item.unit}`
    return [{ key: id, sign, name: nameOf(of.name), text, cell: { row: id, item: item.id } }]
  })
  const parts = leafParts(view, row.id, item.id)
  const closure = row.id === 'difference' ? view.closures[item.id] : undefined
  return (
    <div className="stack balance-drawer">
      {cell.incomplete && <Alert type="warning" showIcon title={t('balance.incomplete')} />}
      <Values cell={cell} item={item} />
      {closure !== undefined && <Closure closure={closure} unit={item.unit} />}
      <Terms terms={terms} open={open} />
      {parts.length > 0 && <Parts parts={parts} item={item} view={view} />}
      <Coefficients view={view} parts={parts} />
    </div>
  )
}

/** A row's total is the sum of its energy items in standard coal. */
function OfTotal({
  row,
  view,
  open,
}: {
  row: BalanceRow
  view: BalanceView
  open: (cell: OpenCell) => void
}): ReactNode {
  const speech = useSpeech()
  const { t, nameOf } = speech
  const terms = view.items.flatMap((item): Term[] => {
    const cell = row.cells[item.id]
    if (cell === undefined || item.media) return []
    const [calorific, equal] = (['calorific', 'equal'] as const).map((measure) =>
      shownText(shownOf(cell, measure, item), DECIMALS, speech),
    )
    const text = t('balance.bothValues', { calorific: calorific ?? '', equal: equal ?? '' })
    return [{ key: item.id, sign: '+', name: nameOf(item.name), text, cell: { row: row.id, item: item.id } }]
  })
  return (
    <div className="stack balance-drawer">
      {row.id === 'consumption' && <Alert type="info" showIcon title={t('balance.consumptionNote')} />}
      <Terms terms={terms} open={open} />
      {view.items
        .filter((item) => !item.media)
        .map((item) => ({ item, parts: leafParts(view, row.id, item.id) }))
        .filter(({ parts }) => parts.length > 0)
        .map(({ item, parts }) => (
          <section key={item.id}>
            <h3>{nameOf(item.name)}</h3>
            <Parts parts={parts} item={item} view={view} />
          </section>
        ))}
    </div>
  )
}

/** Several rows of one item together. */
function OfRows({
  rows,
  item,
  view,
  open,
}: Omit<OfItemProps, 'row'> & { rows: readonly BalanceRow[] }): ReactNode {
  const { t, nameOf } = useSpeech()
  const terms = rows.flatMap((row): Term[] => {
    const figure = row.cells[item.id]
    if (figure === undefined) return []
    const text = figure.amount === null ? t('balance.missing') : `${exactText(figure.amount)} ${item.unit}`
    return [{ key: row.id, sign: '+', name: nameOf(row.name), text, cell: { row: row.id, item: item.id } }]
  })
  const parts = rows.flatMap((row) => leafParts(view, row.id, item.id))
  return (
    <div className="stack balance-drawer">
      <Terms terms={terms} open={open} />
      {parts.length > 0 && <Parts parts={parts} item={item} view={view} />}
      <Coefficients view={view} parts={parts} />
    </div>
  )
}

/** The rows that a name joins with "+", as far as something stands in them. */
function rowsOf(view: BalanceView, { row, item }: OpenCell): BalanceRow[] {
  const joined = row.split('+')
  const found = view.rows.filter(({ id }) => joined.includes(id))
  return joined.length === 1 ? found : found.filter(({ cells }) => cells[item] !== undefined)
}

interface BalanceCellProps {
  readonly view: BalanceView
  readonly opened: OpenCell
  readonly open: (cell: OpenCell) => void
}

/** What a cell is called; undefined where the table has no such row or item. */
export function balanceCellTitle(
  view: BalanceView,
  opened: OpenCell,
  { t, nameOf }: Pick<Speech, 't' | 'nameOf'>,
): string | undefined {
  const rows = rowsOf(view, opened)
  const item = view.items.find(({ id }) => id === opened.item)
  if (rows.length === 0 || (item === undefined && opened.item !== TOTAL)) return undefined
  return `${rows.map(({ name }) => nameOf(name)).join(' + ')} · ${item === undefined ? t('balance.total') : nameOf(item.name)}`
}

/** What a cell of the balance table is made of: cells that it sums, meters down to their registers, and records. */
export function BalanceCell({ view, opened, open }: BalanceCellProps): ReactNode {
  const [row, ...others] = rowsOf(view, opened)
  const item = view.items.find(({ id }) => id === opened.item)
  if (row === undefined) return null
  if (opened.item === TOTAL) return <OfTotal row={row} view={view} open={open} />
  if (item === undefined) return null
  return others.length === 0 ? (
    <OfItem row={row} item={item} view={view} open={open} />
  ) : (
    <OfRows rows={[row, ...others]} item={item} view={view} open={open} />
  )
}
