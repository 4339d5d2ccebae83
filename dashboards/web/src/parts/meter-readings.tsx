import type { ReactNode } from 'react'
import { Table, type TableColumnsType } from 'antd'
import { badCauses } from '#contract/reading.ts'
import type { MeterDetail } from '#dashboards/api/shapes.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { usePresent } from '#dashboards/web/src/live.ts'
import { ageText, exactText, valueText } from '#dashboards/web/src/numbers.ts'

type ReadingLine = MeterDetail['readings'][number]

/** The newest reading of every quantity, registers and momentary values, each with its quality and age. */
export function MeterReadings({ detail }: { detail: MeterDetail }): ReactNode {
  const { t, locale, nameOf } = useSpeech()
  const { nowMs, live } = usePresent()
  const isOld = (line: ReadingLine): boolean => !live || nowMs - line.atMs > detail.live.limitMs
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
          <span className={isOld(line) ? 'value is-stale' : 'value'}>
            <span className="number">
              {line.exact === null ? valueText(line.value, locale) : exactText(line.exact)}
            </span>{' '}
            <span className="unit">{line.unit === '1' ? '' : line.unit}</span>
          </span>
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
      render: (_, { atMs }) => <span className="age number">{ageText(nowMs - atMs, t)}</span>,
    },
  ]
  return (
    <Table<ReadingLine>
      columns={columns}
      dataSource={detail.readings}
      rowKey="quantity"
      size="small"
      pagination={false}
      locale={{ emptyText: t('drawer.noReadings') }}
    />
  )
}
