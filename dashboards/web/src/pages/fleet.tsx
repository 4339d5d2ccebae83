import { useState, type ReactNode } from 'react'
import { Drawer, Table, type TableColumnsType } from 'antd'
import { fleet, type FleetGateway } from '#dashboards/api/fleet-shapes.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { useFiveSeconds } from '#dashboards/web/src/live.ts'
import { percentColumnText } from '#dashboards/web/src/numbers.ts'
import {
  BacklogCell,
  ClockCell,
  ConfigurationCell,
  SoftwareCell,
} from '#dashboards/web/src/parts/fleet-cells.tsx'
import { FleetGatewayDetail } from '#dashboards/web/src/parts/fleet-gateway.tsx'
import { Loading } from '#dashboards/web/src/parts/loading.tsx'
import { PageHead } from '#dashboards/web/src/parts/page-head.tsx'
import { NotRead } from '#dashboards/web/src/parts/not-read.tsx'
import { Age } from '#dashboards/web/src/parts/age.tsx'
import { Parts } from '#dashboards/web/src/parts/boundary.tsx'

const REFRESH_MS = 5_000

/** The worst of the lines: what all of them together hide. */
function busiest({ buses }: FleetGateway): number | undefined {
  const shares = buses.flatMap(({ observedMs, busyMs }) => (observedMs === 0 ? [] : busyMs / observedMs))
  return shares.length === 0 ? undefined : Math.max(...shares)
}

function unansweredShare({ buses }: FleetGateway): number | undefined {
  const requests = buses.reduce((total, bus) => total + bus.requests, 0)
  if (requests === 0) return undefined
  return buses.reduce((total, bus) => total + bus.unanswered, 0) / requests
}

/** All gateways: on line, clock, backlog, lines and configuration; each opens to its meters. */
export function FleetPage(): ReactNode {
  const { t, locale, nameOf } = useSpeech()
  const { nowMs } = useFiveSeconds()
  const [changes, setChanges] = useState(0)
  const [opened, setOpened] = useState<string>()
  const answer = useAnswer(fleet, 'api/fleet', `${Math.floor(nowMs / REFRESH_MS)} ${changes}`)
  const open = answer.data?.gateways.find(({ gateway }) => gateway === opened)
  const share = (value: number | undefined): string =>
    value === undefined ? '—' : percentColumnText(value, locale)

  const columns: TableColumnsType<FleetGateway> = [
    {
      title: t('fleet.gateway'),
      key: 'name',
      render: (_, { gateway, name }) => (
        <button type="button" className="link" onClick={() => setOpened(gateway)}>
          {nameOf(name)}
        </button>
      ),
    },
    {
      title: t('fleet.state'),
      key: 'state',
      render: (_, { state, why, silentAfterSeconds }) => (
        <span title={why === null ? undefined : t(`silence.${why}`, { seconds: silentAfterSeconds })}>
          <span className={`badge is-${state}`}>{t(`gateway.${state}`)}</span>
        </span>
      ),
    },
    {
      title: t('gateway.heard'),
      key: 'heard',
      align: 'right',
      render: (_, { heardMs }) => (
        <span className="number">{heardMs === null ? t('gateway.never') : <Age atMs={heardMs} />}</span>
      ),
    },
    {
      title: t('gateway.meters'),
      key: 'meters',
      align: 'right',
      render: (_, { metersOk, meters }) => (
        <span className={metersOk < meters ? 'number is-trouble' : 'number'}>
          {metersOk}/{meters}
        </span>
      ),
    },
    { title: t('fleet.clock'), key: 'clock', render: (_, gateway) => <ClockCell gateway={gateway} /> },
    { title: t('fleet.backlog'), key: 'backlog', render: (_, gateway) => <BacklogCell gateway={gateway} /> },
    {
      title: t('fleet.lineUse'),
      key: 'line',
      align: 'right',
      render: (_, gateway) => <span className="number">{share(busiest(gateway))}</span>,
    },
    {
      title: t('fleet.unanswered'),
      key: 'unanswered',
      align: 'right',
      render: (_, gateway) => <span className="number">{share(unansweredShare(gateway))}</span>,
    },
    {
      title: t('fleet.software'),
      key: 'software',
      render: (_, gateway) => <SoftwareCell gateway={gateway} serverVersion={answer.data?.version ?? ''} />,
    },
    {
      title: t('fleet.configuration'),
      key: 'configuration',
      render: (_, gateway) => <ConfigurationCell gateway={gateway} />,
    },
  ]
  return (
    <div className="stack" data-testid="fleet-page">
      <Parts>
        <PageHead title={t('page.fleet')} help={t('fleet.help')} />
        <NotRead why={answer.failure} />
        {answer.data === undefined ? (
          !answer.failed && <Loading text={t('loading')} />
        ) : (
          <section className="panel">
            <Table<FleetGateway>
              columns={columns}
              dataSource={answer.data.gateways.toSorted(
                (a, b) => Number(a.state === 'online') - Number(b.state === 'online'),
              )}
              rowKey="gateway"
              size="small"
              scroll={{ x: true }}
              pagination={{ pageSize: 50, hideOnSinglePage: true }}
            />
            <p className="panel-note">{t('fleet.note')}</p>
          </section>
        )}
        <Drawer
          open={open !== undefined}
          onClose={() => setOpened(undefined)}
          size="min(900px, 100vw)"
          title={open === undefined ? '' : nameOf(open.name)}
          className="meter-drawer"
        >
          {open !== undefined && (
            <FleetGatewayDetail
              gateway={open}
              publishes={answer.data?.publishes ?? false}
              onChange={() => setChanges((count) => count + 1)}
            />
          )}
        </Drawer>
      </Parts>
    </div>
  )
}
