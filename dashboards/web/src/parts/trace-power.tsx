import type { ReactNode } from 'react'
import { Table, type TableColumnsType } from 'antd'
import { Link } from 'wouter'
import { powerParts, type PowerParts } from '#dashboards/api/trace-shapes.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { dayOf } from '#dashboards/web/src/days.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { useTimeZone } from '#dashboards/web/src/live.ts'
import { meterNames } from '#dashboards/web/src/meter-names.ts'
import { secondText, valueText } from '#dashboards/web/src/numbers.ts'
import { useParkTree } from '#dashboards/web/src/park-context.tsx'
import { WHOLE_PARK } from '#dashboards/web/src/trace-paths.ts'
import { Loading } from './loading.tsx'
import { Notice } from './notice.tsx'
import { TraceHead } from './trace-head.tsx'
import { Verbatim } from './verbatim.tsx'
import { NotRead } from './not-read.tsx'

/** What powers are added in. */
const UNIT = 'kW'

type Part = PowerParts['meters'][number]

function Parts({ data }: { data: PowerParts }): ReactNode {
  const { t, locale, nameOf } = useSpeech()
  const timeZone = useTimeZone()
  const park = useParkTree()
  const names = meterNames(park)
  const gateways = new Map(park.gateways.map(({ id, name }) => [id, name]))
  const moment = (atMs: number): ReactNode => (
    <span className="number">{`${dayOf(atMs, timeZone)} ${secondText(atMs, locale, timeZone)}`}</span>
  )
  const columns: TableColumnsType<Part> = [
    {
      title: t('column.meter'),
      key: 'meter',
      render: (_, { meter }) => (
        <>
          <Link href={`/meters/${meter}`}>{nameOf(names.get(meter) ?? { zh: meter, en: meter })}</Link>{' '}
          <Verbatim className="role">{meter}</Verbatim>
        </>
      ),
    },
    {
      title: t('trace.power'),
      key: 'power',
      align: 'right',
      render: (_, { power }) =>
        power === null ? (
          <span className="slot-missing">{t('trace.noReading')}</span>
        ) : (
          <span className={power.fresh ? 'value' : 'value is-stale'}>
            <strong className="number">{valueText(power.value, locale)}</strong>{' '}
            <span className="unit">{power.unit}</span>
            {!power.fresh && <span className="is-incomplete"> {t('trace.notCounted')}</span>}
          </span>
        ),
    },
    {
      title: t('trace.readAt'),
      key: 'at',
      render: (_, { power }) => (power === null ? '—' : moment(power.atMs)),
    },
    {
      title: t('column.quality'),
      key: 'quality',
      render: (_, { power }) =>
        power === null ? (
          '—'
        ) : (
          <span className={`quality is-${power.quality}`}>{t(`quality.${power.quality}`)}</span>
        ),
    },
    {
      title: t('gateway.one'),
      key: 'gateway',
      render: (_, { gateway }) => {
        const name = gateway === null ? undefined : gateways.get(gateway)
        return (
          <>
            {name === undefined ? '' : nameOf(name)} <Verbatim className="role">{gateway ?? '—'}</Verbatim>
          </>
        )
      },
    },
    {
      title: t('trace.epoch'),
      key: 'epoch',
      render: (_, { batch }) => <code className="trace-epoch">{batch?.epoch ?? '—'}</code>,
    },
    {
      title: t('trace.sequence'),
      key: 'seq',
      align: 'right',
      render: (_, { batch }) => <span className="number">{batch?.seq ?? '—'}</span>,
    },
    {
      title: t('trace.committed'),
      key: 'committed',
      render: (_, { batch }) => (batch === null ? t('trace.noBatch') : moment(batch.committedAtMs)),
    },
  ]
  return (
    <Table<Part>
      columns={columns}
      dataSource={data.meters}
      rowKey="meter"
      size="small"
      pagination={false}
      scroll={{ x: 'max-content' }}
    />
  )
}

function Total({ scope, flow }: { scope: string; flow: PowerParts['flow'] }): ReactNode {
  const { t, locale, nameOf } = useSpeech()
  const timeZone = useTimeZone()
  const park = useParkTree()
  const whose = scope === WHOLE_PARK ? '' : `?enterprise=${scope}`
  const { data, failed, failure } = useAnswer(powerParts, `api/power/${flow}${whose}`, 0)
  const name = park.enterprises.find(({ id }) => id === scope)?.name ?? park.name
  return (
    <>
      <TraceHead title={`${nameOf(name)} · ${t('trace.power')} · ${t(`flow.${flow}`)}`} step="registers" />
      <NotRead why={failure} />
      {data === undefined ? (
        !failed && <Loading text={t('loading')} />
      ) : (
        <section className="panel" data-testid="trace-power">
          <h2>{t('account.formula')}</h2>
          <p className="trace-formula">{t('trace.sumOfReadings')}</p>
          <p className="trace-sum">
            <span className="number">{data.total === null ? '—' : valueText(data.total, locale)}</span>{' '}
            <span className="unit">{UNIT}</span>{' '}
            <small className="unit">
              {`${dayOf(data.atMs, timeZone)} ${secondText(data.atMs, locale, timeZone)}`}
            </small>
          </p>
          <Parts data={data} />
          <p className="panel-note">{t('trace.powerNote')}</p>
        </section>
      )}
    </>
  )
}

/** A power now: the newest readings that it is the sum of, with the batches that they came in. */
export function TracePower({ scope, flow }: { scope: string; flow: string }): ReactNode {
  const { t } = useSpeech()
  const found = powerParts.shape.flow.safeParse(flow).data
  if (found === undefined) return <Notice tone="warning">{t('trace.unknown')}</Notice>
  return <Total scope={scope} flow={found} />
}
