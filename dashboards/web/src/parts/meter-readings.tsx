import type { ReactNode } from 'react'
import { Table, type TableColumnsType } from 'antd'
import { badCauses } from '#contract/reading.ts'
import type { MeterDetail } from '#dashboards/api/shapes.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { usePresent } from '#dashboards/web/src/live.ts'
import { exactText, valueText } from '#dashboards/web/src/numbers.ts'
import { Age } from './age.tsx'

type ReadingLine = MeterDetail['readings'][number]

interface ReadingValueProps {
  readonly line: ReadingLine
  readonly value: number
  readonly limitMs: number
}

function ReadingValue({ line, value, limitMs }: ReadingValueProps): ReactNode {
  const { locale } = useSpeech()
  const { nowMs, live } = usePresent()
  const isOld = !live || nowMs - line.atMs > limitMs
  return (
    <span className={isOld ? 'value is-stale' : 'value'}>
      <span className="number">{line.exact === null ? valueText(value, locale) : exactText(line.exact)}</span>{' '}
      <span className="unit">{line.unit === '1' ? '' : line.unit}</span>
    </span>
  )
}

/** The newest reading of every quantity, registers and momentary values, each with its quality and age. */
export function MeterReadings({ detail }: { detail: MeterDetail }): ReactNode {
  const { t, nameOf } = useSpeech()
  const { limitMs } = detail.live
  const columns: TableColumnsType<ReadingLine> = [
    { title: t('column.quantity'), key: 'quantity', render: (_, { label }) => nameOf(label) },
    {
      title: t('column.reading'),
      key: 'value',
      align: 'right',
      render: (_, line) =>
        line.value === null ? (
          <span className="slot-missing">{line.cause === null ? '—' : nameOf(badCauses[line.cause])}</span>
        ) : (
          <ReadingValue line={line} value={line.value} limitMs={limitMs} />
        ),
    },
    {
      title: t('column.quality'),
      key: 'quality',
      render: (_, { quality }) => <span className={`quality is-${quality}`}>{t(`quality.${quality}`)}</span>,
    },
    {
      title: t('column.age'),
      key: 'age',
      align: 'right',
      render: (_, { atMs }) => (
        <span className="age number">
          <Age atMs={atMs} />
        </span>
      ),
    },
  ]
  return (
    <>
      <Table<ReadingLine>
        columns={columns}
        dataSource={detail.readings}
        rowKey="quantity"
        size="small"
        pagination={false}
        locale={{ emptyText: t('drawer.noReadings') }}
      />
      {detail.facts.register.quantity.startsWith('activeEnergyExport.') && (
        <p className="panel-note">{t('drawer.signNote')}</p>
      )}
    </>
  )
}
