import type { ReactNode } from 'react'
import { Table, type TableColumnsType } from 'antd'
import { Link } from 'wouter'
import { badCauses } from '#contract/reading.ts'
import type { FleetGateway } from '#dashboards/api/fleet-shapes.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { useFiveSeconds } from '#dashboards/web/src/live.ts'
import { meterNames } from '#dashboards/web/src/meter-names.ts'
import { momentText, percentColumnText, spanText } from '#dashboards/web/src/numbers.ts'
import { usePark } from '#dashboards/web/src/park-context.tsx'
import { useSession } from '#dashboards/web/src/session.tsx'
import { ConfigurationPush } from './configuration-push.tsx'
import { ConfigurationCell } from './fleet-cells.tsx'
import { Verbatim } from './verbatim.tsx'
import { Age } from './age.tsx'

type Line = FleetGateway['lines'][number]
type Bus = FleetGateway['buses'][number]

function Facts({ gateway }: { gateway: FleetGateway }): ReactNode {
  const { t, locale } = useSpeech()
  const { nowMs, timeZone } = useFiveSeconds()
  const { journal, clock, epoch, saidMs, configuration, software } = gateway
  const megabytes = (bytes: number): string =>
    `${(bytes / 1_048_576).toLocaleString(locale, { maximumFractionDigits: 1 })} MiB`
  const lines: [string, ReactNode][] = [
    [t('drawer.id'), <Verbatim key="id">{gateway.gateway}</Verbatim>],
    [t('reader.said'), saidMs === null ? t('gateway.never') : <Age key="said" atMs={saidMs} />],
    [t('fleet.epoch'), epoch === null ? '—' : <Verbatim key="epoch">{epoch.slice(0, 8)}…</Verbatim>],
  ]
  if (software !== null) {
    const { version, runtime, platform } = software
    lines.push([
      t('fleet.software'),
      <Verbatim key="software">{`${version} · Node ${runtime} · ${platform}`}</Verbatim>,
    ])
  }
  if (journal !== null) {
    lines.push([t('fleet.journalRows'), journal.rows.toLocaleString(locale)])
    if (journal.oldestMs !== undefined) lines.push([t('fleet.oldest'), spanText(nowMs - journal.oldestMs, t)])
    if (journal.usedBytes !== undefined && journal.quotaBytes !== undefined) {
      lines.push([t('fleet.disk'), `${megabytes(journal.usedBytes)} / ${megabytes(journal.quotaBytes)}`])
    }
    if (journal.held !== undefined) lines.push([t('fleet.held'), journal.held.toLocaleString(locale)])
    if (journal.unwritten !== undefined)
      lines.push([t('fleet.unwritten'), journal.unwritten.toLocaleString(locale)])
    if (journal.lost !== undefined) lines.push([t('fleet.lost'), journal.lost.toLocaleString(locale)])
  }
  if (clock !== null) {
    lines.push([t('fleet.jumps'), clock.jumps.toLocaleString(locale)])
    if (clock.lastJump !== undefined) {
      lines.push([
        t('fleet.lastJump'),
        `${momentText(clock.lastJump.atMs, locale, timeZone)} (${(clock.lastJump.byMs / 1_000).toLocaleString(locale)} s)`,
      ])
    }
  }
  if (configuration?.needsRestart !== undefined) {
    lines.push([t('configuration.needsRestart'), configuration.needsRestart.join(', ')])
  }
  return (
    <dl className="facts">
      {lines.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className="number">{value}</dd>
        </div>
      ))}
    </dl>
  )
}

interface FleetGatewayDetailProps {
  readonly gateway: FleetGateway
  readonly publishes: boolean
  /** Called when something was published. */
  readonly onChange: () => void
}

/** One gateway opened: journal and clock, lines, meters with what became of their polls, and its configuration. */
export function FleetGatewayDetail({ gateway, publishes, onChange }: FleetGatewayDetailProps): ReactNode {
  const { t, locale, nameOf } = useSpeech()
  const { park, overview } = usePark()
  const { may } = useSession()
  const names = meterNames(park)
  const lineOf = new Map(gateway.lines.map((line) => [line.meter, line]))
  const stateOf = new Map(overview.meters.map(({ meter, state }) => [meter, state]))
  const share = (part: number, whole: number): string =>
    whole === 0 ? '—' : percentColumnText(part / whole, locale)
  const busColumns: TableColumnsType<Bus> = [
    { title: t('reader.bus'), key: 'bus', render: (_, { bus }) => <Verbatim>{bus}</Verbatim> },
    {
      title: t('reader.lineUse'),
      key: 'use',
      align: 'right',
      render: (_, { busyMs, observedMs }) => <span className="number">{share(busyMs, observedMs)}</span>,
    },
    {
      title: t('fleet.requests'),
      key: 'requests',
      align: 'right',
      render: (_, { requests }) => <span className="number">{requests.toLocaleString(locale)}</span>,
    },
    {
      title: t('reader.unanswered'),
      key: 'unanswered',
      align: 'right',
      render: (_, { unanswered, requests }) => (
        <span className="number">
          {unanswered.toLocaleString(locale)} ({share(unanswered, requests)})
        </span>
      ),
    },
  ]
  const done = ({ slots }: Line): number =>
    slots === undefined ? 0 : slots.read + slots.failed + slots.missed + slots.held
  const slotColumn = (
    key: 'read' | 'failed' | 'missed' | 'held',
  ): TableColumnsType<{ id: string }>[number] => ({
    title: t(`reader.${key}`),
    key,
    align: 'right',
    render: (_, { id }) => {
      const line = lineOf.get(id)
      return (
        <span className="number">{line?.slots === undefined ? '—' : share(line.slots[key], done(line))}</span>
      )
    },
  })
  const meterColumns: TableColumnsType<{ id: string }> = [
    {
      title: t('column.meter'),
      key: 'meter',
      render: (_, { id }) => (
        <Link href={`/meters/${id}`}>{nameOf(names.get(id) ?? { zh: id, en: id })}</Link>
      ),
    },
    {
      title: t('reader.bus'),
      key: 'bus',
      render: (_, { id }) => <Verbatim>{lineOf.get(id)?.bus ?? '—'}</Verbatim>,
    },
    {
      title: t('reader.state'),
      key: 'state',
      render: (_, { id }) => {
        const state = stateOf.get(id)
        const cause = lineOf.get(id)?.cause
        if (state === undefined) return '—'
        return (
          <span
            className={`state is-${state}`}
            title={cause === undefined ? undefined : nameOf(badCauses[cause])}
          >
            {t(`state.${state}`)}
          </span>
        )
      },
    },
    {
      title: t('fleet.lastGood'),
      key: 'good',
      align: 'right',
      render: (_, { id }) => {
        const goodMs = lineOf.get(id)?.lastGoodMs
        return <span className="number">{goodMs === undefined ? '—' : <Age atMs={goodMs} />}</span>
      },
    },
    slotColumn('read'),
    slotColumn('failed'),
    slotColumn('missed'),
    slotColumn('held'),
  ]
  return (
    <>
      <Facts gateway={gateway} />
      <section>
        <h3>{t('fleet.configuration')}</h3>
        <p>
          <ConfigurationCell gateway={gateway} />
        </p>
        {gateway.configuration?.failed !== undefined && (
          <pre className="configuration-error">{gateway.configuration.failed.error}</pre>
        )}
        {may('manage') && publishes && <ConfigurationPush gateway={gateway.gateway} onDone={onChange} />}
      </section>
      <section data-testid="fleet-buses">
        <h3>
          {t('fleet.buses')} <small>{t('reader.since')}</small>
        </h3>
        <Table<Bus>
          columns={busColumns}
          dataSource={gateway.buses}
          rowKey="bus"
          size="small"
          pagination={false}
          scroll={{ x: true }}
        />
      </section>
      <section data-testid="fleet-meters">
        <h3>
          {t('meters.title')} <small>{t('reader.since')}</small>
        </h3>
        <Table<{ id: string }>
          columns={meterColumns}
          dataSource={gateway.meterIds.map((id) => ({ id }))}
          rowKey="id"
          size="small"
          scroll={{ x: true }}
          pagination={{ pageSize: 50, hideOnSinglePage: true }}
        />
      </section>
    </>
  )
}
