import type { ReactNode } from 'react'
import { Table, type TableColumnsType } from 'antd'
import { Link } from 'wouter'
import { carriers } from '#contract/carriers.ts'
import type { EnterpriseMonth } from '#dashboards/api/enterprise-shapes.ts'
import type { ParkTree } from '#dashboards/api/shapes.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { percentColumnText } from '#dashboards/web/src/numbers.ts'
import { carrierColours } from '#dashboards/web/src/palette.ts'
import { meterNames } from '#dashboards/web/src/meter-names.ts'
import { daysOf } from '#dashboards/web/src/days.ts'
import { energyTrace, nodeScope } from '#dashboards/web/src/trace-paths.ts'
import { Completeness, roundEnergyText } from './tiles.tsx'
import { Nothing } from './nothing.tsx'

type CarrierLine = EnterpriseMonth['carriers'][number]

/** What was taken in, sold and produced of each carrier in a month, and the meters that say so. */
export function EnterpriseCarriers({ data, park }: { data: EnterpriseMonth; park: ParkTree }): ReactNode {
  const { t, locale, nameOf } = useSpeech()
  const names = meterNames(park)
  const columns: TableColumnsType<CarrierLine> = [
    {
      title: t('enterprise.carrier'),
      key: 'carrier',
      render: (_, { carrier, flow }) => (
        <span className="meter-name">
          <span className="carrier-dot" style={{ background: carrierColours[carrier] }} />
          {nameOf(carriers[carrier])} <span className="role">{t(`flow.${flow}`)}</span>
        </span>
      ),
    },
    {
      title: t('enterprise.energy'),
      key: 'energy',
      align: 'right',
      render: (_, { total, unit, carrier, flow }) => (
        <Link
          href={energyTrace({ scope: data.enterprise, carrier, flow, ...daysOf(data.month) })}
          className="value traced"
          title={t('trace.open')}
        >
          <span className="number">{roundEnergyText(total, locale)}</span>{' '}
          <span className="unit">{unit}</span>
        </Link>
      ),
    },
    {
      title: t('enterprise.complete'),
      key: 'complete',
      render: (_, line) => <Completeness energy={line} />,
    },
    {
      title: t('enterprise.meters'),
      key: 'meters',
      render: (_, { meters }) =>
        meters.map((meter) => (
          <span key={meter}>
            <Link href={`/meters/${meter}`}>{nameOf(names.get(meter) ?? { zh: meter, en: meter })}</Link>{' '}
          </span>
        )),
    },
  ]
  return (
    <section className="panel" data-testid="enterprise-carriers">
      <h2>
        {t('enterprise.carriers')} <small>{data.month}</small>
      </h2>
      <Table<CarrierLine>
        columns={columns}
        dataSource={data.carriers}
        rowKey={({ carrier, flow, unit }) => `${carrier} ${flow} ${unit}`}
        size="small"
        scroll={{ x: true }}
        pagination={false}
        locale={{ emptyText: <Nothing text={t('enterprise.noMeter')} /> }}
      />
    </section>
  )
}

interface NodeLine {
  readonly key: string
  readonly id: string
  readonly name: string
  readonly isEquipment: boolean
  readonly energy: EnterpriseMonth['nodes'][number]['energies'][number] | undefined
}

/** What entered each workshop and equipment in a month, with its share of what the enterprise took in of the carrier. */
export function EnterpriseNodes({ data }: { data: EnterpriseMonth }): ReactNode {
  const { t, locale, nameOf } = useSpeech()
  const lines = data.nodes.flatMap(({ id, parent, name, energies }): NodeLine[] => {
    const line = { id, name: nameOf(name), isEquipment: parent !== null }
    if (energies.length === 0) return [{ ...line, key: id, energy: undefined }]
    return energies.map((energy) => ({ ...line, key: `${id} ${energy.carrier} ${energy.unit}`, energy }))
  })
  const shareOf = ({ carrier, unit, total }: NonNullable<NodeLine['energy']>): string => {
    const whole = data.carriers.find(
      (each) => each.carrier === carrier && each.flow === 'in' && each.unit === unit,
    )?.total
    if (total === null || whole === null || whole === undefined || Number(whole) <= 0) return '—'
    return percentColumnText(Number(total) / Number(whole), locale)
  }
  const columns: TableColumnsType<NodeLine> = [
    {
      title: t('enterprise.node'),
      key: 'name',
      render: (_, { name, isEquipment }) => (
        <span className={isEquipment ? 'node-equipment' : 'node-workshop'}>{name}</span>
      ),
    },
    {
      title: t('enterprise.carrier'),
      key: 'carrier',
      render: (_, { energy }) => (energy === undefined ? '—' : nameOf(carriers[energy.carrier])),
    },
    {
      title: t('enterprise.energy'),
      key: 'energy',
      align: 'right',
      render: (_, { id, energy }) =>
        energy === undefined ? (
          t('enterprise.unmetered')
        ) : (
          <Link
            href={energyTrace({
              scope: nodeScope(data.enterprise, id),
              carrier: energy.carrier,
              flow: 'in',
              ...daysOf(data.month),
            })}
            className={energy.complete ? 'value traced' : 'value traced is-partial'}
            title={t('trace.open')}
          >
            <span className="number">{roundEnergyText(energy.total, locale)}</span>{' '}
            <span className="unit">{energy.unit}</span>
          </Link>
        ),
    },
    {
      title: t('enterprise.share'),
      key: 'share',
      align: 'right',
      render: (_, { energy }) => (
        <span className="number">{energy === undefined ? '—' : shareOf(energy)}</span>
      ),
    },
  ]
  return (
    <section className="panel" data-testid="enterprise-nodes">
      <h2>
        {t('enterprise.nodes')} <small>{data.month}</small>
      </h2>
      <Table<NodeLine>
        columns={columns}
        dataSource={lines}
        rowKey="key"
        size="small"
        scroll={{ x: true }}
        pagination={false}
        locale={{ emptyText: <Nothing text={t('enterprise.noNodes')} /> }}
      />
      <p className="panel-note">{t('enterprise.nodesNote')}</p>
    </section>
  )
}
