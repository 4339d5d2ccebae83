import { memo, useCallback, useMemo, useState, type ReactNode } from 'react'
import { Link } from 'wouter'
import { carriers } from '#contract/carriers.ts'
import { balanceRoles } from '#contract/park.ts'
import type { LiveMeter, MeterFacts, Overview, ParkTree } from '#dashboards/api/shapes.ts'
import { useSpeech, type Speech } from '#dashboards/web/src/language.tsx'
import { dayOf } from '#dashboards/web/src/days.ts'
import { useMinute } from '#dashboards/web/src/live.ts'
import { valueText } from '#dashboards/web/src/numbers.ts'
import { carrierColours } from '#dashboards/web/src/palette.ts'
import { energyTrace, meterTrace, powerTrace } from '#dashboards/web/src/trace-paths.ts'
import { AgeCell, QualityCell, StateCell, ValueCell } from './live-cells.tsx'
import { Nothing } from './nothing.tsx'
import { roundEnergyText } from './tiles.tsx'
import { Traced } from './traced.tsx'

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

/** A row with its place: how deep it stands, and below which groups. */
interface PlacedRow {
  readonly row: Row
  readonly depth: number
  readonly below: readonly string[]
}

function placed(rows: readonly Row[], below: readonly string[] = []): PlacedRow[] {
  return rows.flatMap((row) => [
    { row, depth: below.length, below },
    ...(row.kind === 'group' ? placed(row.children, [...below, row.key]) : []),
  ])
}

interface MeterTableProps {
  readonly park: ParkTree
  readonly overview: Overview
  readonly onOpen: (meter: string) => void
}

function MeterName({ facts, onOpen }: { facts: MeterFacts; onOpen: (meter: string) => void }): ReactNode {
  const { nameOf } = useSpeech()
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
      <Traced href={powerTrace(enterprise, 'in')}>
        <strong className="number">{valueText(power.value, locale)}</strong>{' '}
        <span className="unit">{power.unit}</span>
      </Traced>
    </span>
  )
}

function TodayCell({
  energy,
  traceOf,
}: {
  energy: LiveMeter['today'] | undefined
  traceOf: (today: string) => string
}): ReactNode {
  const { t, locale } = useSpeech()
  const { nowMs, timeZone } = useMinute()
  if (energy === undefined) return null
  const { total, unit, complete, known, partial, expected, pending } = energy
  const incomplete = t('total.incomplete', { known: known - partial, expected: expected - pending })
  return (
    <span className={complete ? 'value' : 'value is-partial'} title={complete ? undefined : incomplete}>
      <Traced href={total === null ? undefined : traceOf(dayOf(nowMs, timeZone))}>
        <span className="number">{roundEnergyText(total, locale)}</span> <span className="unit">{unit}</span>
      </Traced>
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

/** Room on the left for each level, and for the arrow of a group. */
const INDENT_PX = 18
const indent = (depth: number): { paddingLeft: number } => ({ paddingLeft: 8 + depth * INDENT_PX })

interface GroupLineProps {
  readonly row: GroupRow
  readonly depth: number
  readonly overview: Overview
  readonly live: ReadonlyMap<string, LiveMeter>
  readonly open: boolean
  readonly onTurn: (key: string) => void
}

function GroupLine({ row, depth, overview, live, open, onTurn }: GroupLineProps): ReactNode {
  const { t } = useSpeech()
  const today = overview.energy.find(
    ({ enterprise, carrier, flow }) =>
      row.enterprise !== undefined &&
      enterprise === row.enterprise &&
      carrier === 'electricity' &&
      flow === 'in',
  )
  return (
    <tr className="is-group">
      <th scope="rowgroup" style={indent(depth)}>
        <button type="button" className="group-name" aria-expanded={open} onClick={() => onTurn(row.key)}>
          {row.name}
        </button>
        {row.enterprise !== undefined && (
          <Link className="group-link" href={`/enterprises/${row.enterprise}`}>
            {t('meters.enterprise')}
          </Link>
        )}
      </th>
      <td className="is-right">
        <TotalPower overview={overview} enterprise={row.enterprise} />
      </td>
      <td className="from-md" />
      <td className="from-lg" />
      <td className="is-right from-md">
        <TodayCell
          energy={today}
          traceOf={(day) =>
            energyTrace({
              scope: row.enterprise ?? '',
              carrier: 'electricity',
              flow: 'in',
              from: day,
              to: day,
            })
          }
        />
      </td>
      <td className="from-sm">
        <GroupState row={row} live={live} />
      </td>
    </tr>
  )
}

interface MeterLineProps {
  readonly facts: MeterFacts
  readonly depth: number
  readonly live: LiveMeter | undefined
  readonly onOpen: (meter: string) => void
}

/** Drawn again when its meter changed; what grows older is drawn by its own cells. */
const MeterLine = memo(function MeterLine({ facts, depth, live, onOpen }: MeterLineProps): ReactNode {
  return (
    <tr className="is-meter">
      <th scope="row" style={indent(depth)}>
        <MeterName facts={facts} onOpen={onOpen} />
      </th>
      <td className="is-right">
        <span data-testid={`value-${facts.id}`}>
          <ValueCell live={live} />
        </span>
        <span className="narrow-only">
          {live?.state === 'ok' ? <AgeCell live={live} /> : <StateCell live={live} />}
        </span>
      </td>
      <td className="is-right from-md">
        <span data-testid={`age-${facts.id}`}>
          <AgeCell live={live} />
        </span>
      </td>
      <td className="from-lg">
        <QualityCell live={live} />
      </td>
      <td className="is-right from-md">
        <TodayCell energy={live?.today} traceOf={(day) => meterTrace(facts.id, day)} />
      </td>
      <td className="from-sm">
        <span data-testid={`state-${facts.id}`}>
          <StateCell live={live} />
        </span>
      </td>
    </tr>
  )
})

/** All meters at their places in the park: value, age, quality, energy of the day and state. */
export function MeterTable({ park, overview, onOpen }: MeterTableProps): ReactNode {
  const speech = useSpeech()
  const { t } = speech
  const rows = useMemo(() => placed(rowsOf(park, speech)), [park, speech])
  const live = useMemo(() => new Map(overview.meters.map((meter) => [meter.meter, meter])), [overview.meters])
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set())
  const turn = useCallback(
    (key: string) =>
      setClosed((before) => {
        const after = new Set(before)
        if (!after.delete(key)) after.add(key)
        return after
      }),
    [],
  )

  return (
    <section className="panel meters" data-testid="meters">
      <h2>{t('meters.title')}</h2>
      {rows.length === 0 ? (
        <Nothing text={t('meters.empty')} />
      ) : (
        <table className="lines">
          <thead>
            <tr>
              <th scope="col">{t('column.meter')}</th>
              <th scope="col" className="is-right">
                {t('column.value')}
              </th>
              <th scope="col" className="is-right from-md">
                {t('column.age')}
              </th>
              <th scope="col" className="from-lg">
                {t('column.quality')}
              </th>
              <th scope="col" className="is-right from-md">
                {t('column.today')}
              </th>
              <th scope="col" className="from-sm">
                {t('column.state')}
              </th>
            </tr>
          </thead>
          <tbody>
            {rows
              .filter(({ below }) => !below.some((key) => closed.has(key)))
              .map(({ row, depth }) =>
                row.kind === 'group' ? (
                  <GroupLine
                    key={row.key}
                    row={row}
                    depth={depth}
                    overview={overview}
                    live={live}
                    open={!closed.has(row.key)}
                    onTurn={turn}
                  />
                ) : (
                  <MeterLine
                    key={row.key}
                    facts={row.facts}
                    depth={depth}
                    live={live.get(row.facts.id)}
                    onOpen={onOpen}
                  />
                ),
              )}
          </tbody>
        </table>
      )}
    </section>
  )
}
