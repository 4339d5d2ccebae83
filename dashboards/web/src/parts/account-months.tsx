import { memo, useMemo, type ReactNode } from 'react'
import type { Statement } from '#dashboards/api/account-shapes.ts'
import { useSpeech, type Speech } from '#dashboards/web/src/language.tsx'
import { tonnesText } from '#dashboards/web/src/numbers.ts'
import { scopeColours } from '#dashboards/web/src/palette.ts'
import { Chart, type ChartOption } from './chart.tsx'

const HEIGHT_PX = 240
const shownScopes = ['1', '2'] as const

/** Bars by month and scope; the running month is pale, because it is not posted yet. */
function optionOf({ months }: Statement, { t, locale }: Speech): ChartOption {
  return {
    animation: false,
    grid: { left: 8, right: 8, top: 36, bottom: 4, outerBoundsMode: 'same' },
    legend: { top: 0, left: 0, itemWidth: 10, itemHeight: 10 },
    tooltip: { trigger: 'axis' },
    xAxis: {
      type: 'category',
      data: months.map(({ month }) => month),
      axisTick: { show: false },
    },
    yAxis: {
      type: 'value',
      name: t('unit.tCo2'),
      nameTextStyle: { align: 'right' },
    },
    series: shownScopes.map((scope) => ({
      type: 'bar' as const,
      name: t(`account.scope${scope}`),
      stack: 'month',
      color: scopeColours[scope],
      barMaxWidth: 46,
      tooltip: {
        valueFormatter: (value: unknown) =>
          typeof value === 'number' ? `${tonnesText(String(value), locale)} ${t('unit.tCo2')}` : '—',
      },
      data: months.map(({ byScope, state }) => {
        const tonnes = byScope[scope]
        const opacity = state === 'provisional' ? 0.4 : 1
        return { value: tonnes === undefined ? null : Number(tonnes), itemStyle: { opacity } }
      }),
    })),
  }
}

function Months({ statement }: { statement: Statement }): ReactNode {
  const speech = useSpeech()
  const option = useMemo(() => optionOf(statement, speech), [statement, speech])
  return (
    <section className="panel">
      <h2>{speech.t('account.byMonth')}</h2>
      <Chart option={option} label={speech.t('account.byMonth')} height={HEIGHT_PX} />
      <p className="panel-note">{speech.t('account.provisionalNote')}</p>
    </section>
  )
}

/** The statement by month; not drawn again by the clock. */
export const AccountMonths = memo(Months)
