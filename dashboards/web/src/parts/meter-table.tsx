import { useMemo, type ReactNode } from 'react'
import { Empty, Table, type TableColumnsType } from 'antd'
import { carriers } from '#contract/carriers.ts'
import { balanceRoles } from '#contract/park.ts'
import type { LiveMeter, MeterFacts, Overview, ParkTree } from '#dashboards/api/shapes.ts'
import { useSpeech, type Speech } from '#dashboards/web/src/language.tsx'
import { valueText } from '#dashboards/web/src/numbers.ts'
import { carrierColours } from '#dashboards/web/src/palette.ts'
import { AgeCell, QualityCell, StateCell, ValueCell } from './live-cells.tsx'
import { energyText } from './tiles.tsx'

interface GroupRow {
  readonly key: string
  readonly kind: 'group'
  readonly name: string
  /** Meters anywhere below it. */
  readonly meters: readonly string[]
  /** Set for an enterprise, whose power and energy are totals of its own. */
  readonly enterprise: string | undefined
  readonly children: Row[]
}

interface MeterRow {
  readonly key: string
  readonly kind: 'meter'
  readonly facts: MeterFacts
}

type Row = GroupRow | MeterRow

function metersBelow(rows: readonly Row[]): string[] {
  return rows.flatMap((row) => (row.kind === 'meter' ? [row.facts.id] : row.meters))
}

const meterRows = (meters: readonly MeterFacts[]): Row[] =>
  meters.map((facts) => ({ key: `meter ${facts.id}`, kind: 'meter', facts }))

function groupRow(key: string, name: string, children: Row[], enterprise?: string): Row[] {
  if (children.length === 0) return []
  return [{ key, kind: 'group', name, enterprise, children, meters: metersBelow(children) }]
}

function rowsOf(park: ParkTree, { t, nameOf }: Speech): Row[] {
  return [
    ...groupRow(`park ${park.id}`, t('meters.park'), meterRows(park.meters)),
    ...park.enterprises.flatMap(({ id, name, meters, processes }) => {
      const shops = processes.flatMap((process) => {
        const machines = process.equipment.flatMap((equipment) =>
          groupRow(`equipment ${equipment.id}`, nameOf(equipment.name), meterRows(equipment.meters)),
        )
        return groupRow(`process ${process.id}`, nameOf(process.name), [
          ...meterRows(process.meters),
          ...machines,
        ])
      })
      return groupRow(`enterprise ${id}`, nameOf(name), [...meterRows(meters), ...shops], id)
    }),
  ]
}

function groupKeys(rows: readonly Row[]): string[] {
  return rows.flatMap((row) => (row.kind === 'group' ? [row.key, ...groupKeys(row.children)] : []))
}

interface MeterTableProps {
  readonly park: ParkTree
  readonly overview: Overview
  readonly onOpen: (meter: string) => void
}

function NameCell({ row, onOpen }: { row: Row; onOpen: (meter: string) => void }): ReactNode {
  const { nameOf } = useSpeech()
  if (row.kind === 'group') return <span className="group-name">{row.name}</span>
  const { facts } = row
  return (
    <span className="meter-name">
      <span
        className="carrier-dot"
        style={{ background: carrierColours[facts.carrier] }}
        title={nameOf(carriers[facts.carrier])}
      />
      <button type="button" className="link" onClick={() => onOpen(facts.id)}>
        {nameOf(facts.name)}
      </button>
      <span className="role">{nameOf(balanceRoles[facts.role])}</span>
    </span>
  )
}

/** An enterprise's own totals. */
function TotalPower({
  overview,
  enterprise,
}: {
  overview: Overview
  enterprise: string | undefined
}): ReactNode {
  const { t, locale } = useSpeech()
  const power = overview.power.find((each) => each.enterprise === enterprise && each.flow === 'in')
  if (enterprise === undefined || power === undefined || power.value === null) return null
  const missing = power.expected - power.counted
  return (
    <span className="value live-value" title={missing > 0 ? t('tile.metersMissing', { missing }) : undefined}>
      <strong className="number">{valueText(power.value, locale)}</strong>{' '}
      <span className="unit">{power.unit}</span>
    </span>
  )
}

function TodayCell({ energy }: { energy: LiveMeter['today'] | undefined }): ReactNode {
  const { t } = useSpeech()
  if (energy === undefined) return null
  const { total, unit, complete, known, partial, expected, pending } = energy
  const incomplete = t('total.incomplete', { known: known - partial, expected: expected - pending })
  return (
    <span className={complete ? 'value' : 'value is-partial'} title={complete ? undefined : incomplete}>
      <span className="number">{energyText(total)}</span> <span className="unit">{unit}</span>
    </span>
  )
}

function GroupState({ row, live }: { row: GroupRow; live: ReadonlyMap<string, LiveMeter> }): ReactNode {
  const { t } = useSpeech()
  const count = row.meters.filter((meter) => live.get(meter)?.state !== 'ok').length
  return count === 0 ? (
    <span className="state is-quiet">{t('group.allOk')}</span>
  ) : (
    <span className="state is-trouble">{t('group.trouble', { count })}</span>
  )
}

/** All meters at their places in the park: value, age, quality, energy of the day and state. */
export function MeterTable({ park, overview, onOpen }: MeterTableProps): ReactNode {
  const speech = useSpeech()
  const { t } = speech
  const rows = useMemo(() => rowsOf(park, speech), [park, speech])
  const live = useMemo(() => new Map(overview.meters.map((meter) => [meter.meter, meter])), [overview.meters])
  const keys = useMemo(() => groupKeys(rows), [rows])
  const energyOf = (row: Row): LiveMeter['today'] | undefined =>
    row.kind === 'meter'
      ? live.get(row.facts.id)?.today
      : overview.energy.find(
          ({ enterprise, carrier, flow }) =>
            row.enterprise !== undefined &&
            enterprise === row.enterprise &&
            carrier === 'electricity' &&
            flow === 'in',
        )
  const meterOf = (row: MeterRow): LiveMeter | undefined => live.get(row.facts.id)

  const columns: TableColumnsType<Row> = [
    { title: t('column.meter'), key: 'name', render: (_, row) => <NameCell row={row} onOpen={onOpen} /> },
    {
      title: t('column.value'),
      key: 'value',
      align: 'right',
      width: 150,
      render: (_, row) =>
        row.kind === 'group' ? (
          <TotalPower overview={overview} enterprise={row.enterprise} />
        ) : (
          <>
            <span data-testid={`value-${row.facts.id}`}>
              <ValueCell live={meterOf(row)} />
            </span>
            <span className="narrow-only">
              {meterOf(row)?.state === 'ok' ? (
                <AgeCell live={meterOf(row)} />
              ) : (
                <StateCell live={meterOf(row)} />
              )}
            </span>
          </>
        ),
    },
    {
      title: t('column.age'),
      key: 'age',
      align: 'right',
      width: 120,
      responsive: ['md'],
      render: (_, row) =>
        row.kind === 'group' ? null : (
          <span data-testid={`age-${row.facts.id}`}>
            <AgeCell live={meterOf(row)} />
          </span>
        ),
    },
    {
      title: t('column.quality'),
      key: 'quality',
      width: 90,
      responsive: ['lg'],
      render: (_, row) => (row.kind === 'group' ? null : <QualityCell live={meterOf(row)} />),
    },
    {
      title: t('column.today'),
      key: 'today',
      align: 'right',
      width: 160,
      responsive: ['md'],
      render: (_, row) => <TodayCell energy={energyOf(row)} />,
    },
    {
      title: t('column.state'),
      key: 'state',
      width: 210,
      responsive: ['sm'],
      render: (_, row) =>
        row.kind === 'group' ? (
          <GroupState row={row} live={live} />
        ) : (
          <span data-testid={`state-${row.facts.id}`}>
            <StateCell live={meterOf(row)} />
          </span>
        ),
    },
  ]
  return (
    <section className="panel meters" data-testid="meters">
      <h2>{t('meters.title')}</h2>
      <Table<Row>
        columns={columns}
        dataSource={rows}
        size="small"
        pagination={false}
        expandable={{ defaultExpandedRowKeys: keys, indentSize: 18 }}
        rowClassName={(row) => (row.kind === 'group' ? 'is-group' : 'is-meter')}
        locale={{ emptyText: <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('meters.empty')} /> }}
      />
    </section>
  )
}
