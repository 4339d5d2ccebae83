import type { ReactNode } from 'react'
import { Table, type TableColumnsType } from 'antd'
import { Link } from 'wouter'
import { carrierNames, carriers, type Carrier } from '#contract/carriers.ts'
import { flow as flowShape, type Flow } from '#dashboards/api/shapes.ts'
import { energyParts, type EnergyParts } from '#dashboards/api/trace-shapes.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { dayOf } from '#dashboards/web/src/days.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { useMinute } from '#dashboards/web/src/live.ts'
import { meterNames } from '#dashboards/web/src/meter-names.ts'
import { useParkTree } from '#dashboards/web/src/park-context.tsx'
import { meterTrace, WHOLE_PARK } from '#dashboards/web/src/trace-paths.ts'
import { Loading } from './loading.tsx'
import { Notice } from './notice.tsx'
import { Completeness, energyText } from './tiles.tsx'
import { TraceHead } from './trace-head.tsx'
import { Verbatim } from './verbatim.tsx'
import { NotRead } from './not-read.tsx'

interface TraceEnergyProps {
  readonly scope: string
  readonly carrier: string
  readonly flow: string
  readonly from: string
  readonly to: string
}

type Part = EnergyParts['meters'][number]

function Parts({ data, last }: { data: EnergyParts; last: string }): ReactNode {
  const { t, nameOf } = useSpeech()
  const names = meterNames(useParkTree())
  const columns: TableColumnsType<Part> = [
    {
      title: t('column.meter'),
      key: 'meter',
      render: (_, { meter }) => (
        <>
          <Link href={meterTrace(meter, last)} data-testid={`part-${meter}`}>
            {nameOf(names.get(meter) ?? { zh: meter, en: meter })}
          </Link>{' '}
          <Verbatim className="role">{meter}</Verbatim>
        </>
      ),
    },
    {
      title: t('slot.energy'),
      key: 'energy',
      align: 'right',
      render: (_, { total }) => (
        <>
          <span className="number">{energyText(total.total)}</span> <span className="unit">{total.unit}</span>
        </>
      ),
    },
    {
      title: t('enterprise.complete'),
      key: 'complete',
      render: (_, { total }) => <Completeness energy={total} />,
    },
  ]
  return (
    <Table<Part>
      columns={columns}
      dataSource={data.meters}
      rowKey={({ meter, total }) => `${meter} ${total.unit}`}
      size="small"
      pagination={false}
      scroll={{ x: true }}
    />
  )
}

type Named = Omit<TraceEnergyProps, 'carrier' | 'flow'> & { readonly carrier: Carrier; readonly flow: Flow }

/** A total of energy with the meters that it is the sum of. */
export function EnergyTotalPanel({ scope, carrier, flow, from, to }: Named): ReactNode {
  const { t } = useSpeech()
  const { nowMs, timeZone } = useMinute()
  const today = dayOf(nowMs, timeZone)
  const [enterprise = '', node] = scope.split('~')
  const whose = `${scope === WHOLE_PARK ? '' : `&enterprise=${enterprise}`}${node === undefined ? '' : `&node=${node}`}`
  const { data, failure } = useAnswer(
    energyParts,
    `api/energy/${carrier}/${flow}?from=${from}&to=${to}${whose}`,
    0,
  )
  if (failure !== undefined && data === undefined) return <NotRead why={failure} />
  if (data === undefined) return <Loading text={t('loading')} />
  return (
    <section className="panel">
      <h2>{t('account.formula')}</h2>
      <p className="trace-formula">{t('trace.sumOfMeters')}</p>
      {data.totals.map((total) => (
        <p key={total.unit} className="trace-sum">
          <span className="number">{energyText(total.total)}</span>
          {'\u00A0'}
          <span className="unit">{total.unit}</span> <Completeness energy={total} />
        </p>
      ))}
      <Parts data={data} last={to < today ? to : today} />
      <p className="panel-note">{t('trace.noFactor')}</p>
    </section>
  )
}

function Total(named: Named): ReactNode {
  const { t, nameOf } = useSpeech()
  const park = useParkTree()
  const { scope, carrier, flow, from, to } = named
  const [enterprise = '', node] = scope.split('~')
  const processes = park.enterprises.flatMap((each) => (each.id === enterprise ? each.processes : []))
  const nodes = processes.flatMap((process) => [process, ...process.equipment])
  const found =
    node === undefined
      ? [park, ...park.enterprises].find(({ id }) => id === enterprise)
      : nodes.find(({ id }) => id === node)
  const name = scope === park.id ? t('enterprise.services') : nameOf(found?.name ?? park.name)
  const days = from === to ? from : `${from} – ${to}`
  return (
    <>
      <TraceHead
        title={`${name} · ${nameOf(carriers[carrier])} · ${t(`flow.${flow}`)} · ${days}`}
        step="formula"
      />
      <EnergyTotalPanel {...named} />
    </>
  )
}

/** A total of energy: the meters that it is the sum of. */
export function TraceEnergy({ carrier, flow, ...rest }: TraceEnergyProps): ReactNode {
  const { t } = useSpeech()
  const [ofCarrier, ofFlow] = [carrierNames.find((each) => each === carrier), flowShape.safeParse(flow).data]
  if (ofCarrier === undefined || ofFlow === undefined)
    return <Notice tone="warning">{t('trace.unknown')}</Notice>
  return <Total {...rest} carrier={ofCarrier} flow={ofFlow} />
}
