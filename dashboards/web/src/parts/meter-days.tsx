import { useState, type ReactNode } from 'react'
import { Table, type TableColumnsType } from 'antd'
import { DAY_MS } from '#contract/duration.ts'
import { meterEnergy, meterIntervals, type MeterEnergy } from '#dashboards/api/shapes.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { percentText } from '#dashboards/web/src/numbers.ts'
import { intervalsPath } from '#dashboards/web/src/register-paths.ts'
import { SlotTable } from './slot-table.tsx'
import { energyText } from './tiles.tsx'
import { NotRead } from './not-read.tsx'

type Part = MeterEnergy['parts'][number]

interface MeterDaysProps {
  readonly meter: string
  readonly quantity: string
  /** First and last day, both included. */
  readonly from: string
  readonly to: string
}

/** The slots of a day, down to the registers. */
function Day({ meter, quantity, day }: { meter: string; quantity: string; day: string }): ReactNode {
  const { t } = useSpeech()
  const { data, failure } = useAnswer(meterIntervals, intervalsPath(meter, day, quantity), 0)
  if (failure !== undefined && data === undefined) return <NotRead why={failure} />
  if (data === undefined) return <p>{t('loading')}</p>
  return <SlotTable day={data} quantity={quantity} />
}

/** Longest period that is listed by days; a longer one by months, each to be opened. */
const DAYS_LISTED = 31

function lastDayOf(month: string): string {
  const [year = 0, of = 1] = month.split('-').map(Number)
  return `${month}-${String(new Date(Date.UTC(year, of, 0)).getUTCDate()).padStart(2, '0')}`
}

/** What a meter measured in a period, by month or day, each opened down to its slots and registers. */
export function MeterDays({ meter, quantity, from, to }: MeterDaysProps): ReactNode {
  const { t, locale } = useSpeech()
  const [opened, setOpened] = useState<readonly string[]>([])
  const by = Date.parse(to) - Date.parse(from) < DAYS_LISTED * DAY_MS ? 'day' : 'month'
  const path = `api/meters/${meter}/energy?by=${by}&from=${from}&to=${to}&quantity=${quantity}`
  const { data, failure } = useAnswer(meterEnergy, path, 0)
  if (failure !== undefined && data === undefined) return <NotRead why={failure} />
  const columns: TableColumnsType<Part> = [
    { title: t('trace.day'), key: 'name', render: (_, { name }) => <span className="number">{name}</span> },
    {
      title: `${t('slot.energy')} ${data?.unit ?? ''}`,
      key: 'total',
      align: 'right',
      render: (_, { total }) => <span className="number">{energyText(total)}</span>,
    },
    {
      title: t('balance.slots'),
      key: 'slots',
      align: 'right',
      render: (_, { known, expected }) => (
        <span className={known < expected ? 'number is-incomplete' : 'number'}>
          {known} / {expected}
        </span>
      ),
    },
    {
      title: t('slot.method'),
      key: 'methods',
      render: (_, { methods, known }) =>
        methods
          .map(({ method, slots }) => `${t(`method.${method}`)} ${percentText(slots / known, locale)}`)
          .join(' · '),
    },
  ]
  return (
    <div className="stack">
      <Table<Part>
        columns={columns}
        dataSource={data?.parts ?? []}
        rowKey="name"
        size="small"
        pagination={false}
        loading={data === undefined}
        scroll={{ x: 'max-content' }}
        expandable={{
          expandedRowKeys: opened,
          onExpand: (isOpen, { name }) => setOpened(isOpen ? [name] : []),
          expandedRowRender: ({ name }) =>
            by === 'day' ? (
              <Day meter={meter} quantity={quantity} day={name} />
            ) : (
              <MeterDays meter={meter} quantity={quantity} from={`${name}-01`} to={lastDayOf(name)} />
            ),
        }}
      />
    </div>
  )
}
