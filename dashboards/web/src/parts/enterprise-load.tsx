import { useMemo, useState, type ReactNode } from 'react'
import { Segmented, Skeleton } from 'antd'
import { enterpriseLoad, type EnterpriseLoad } from '#dashboards/api/enterprise-shapes.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { brokenLine, brokenPoints } from '#dashboards/web/src/chart-looks.ts'
import { dayAfter } from '#dashboards/web/src/days.ts'
import { useSpeech, type Speech } from '#dashboards/web/src/language.tsx'
import { useMinute } from '#dashboards/web/src/live.ts'
import { minuteText, rateUnit, valueText } from '#dashboards/web/src/numbers.ts'
import { Chart, type ChartOption } from './chart.tsx'
import { DayChoice } from './day-choice.tsx'
import { Nothing } from './nothing.tsx'
import { NotRead } from './not-read.tsx'

const HEIGHT_PX = 280
const SLOT_MS = 15 * 60_000
/** A slot is there some two minutes after its end. */
const REFRESH_MS = 60_000
const comparisons = ['yesterday', 'week', 'other', 'none'] as const
type Comparison = (typeof comparisons)[number]
/** The slots of a day at their places from its beginning, null where nothing is known. */
function valuesOf({ fromMs, toMs, slots }: EnterpriseLoad): (number | null)[] {
  const bySlot = new Map(slots.map(({ slotMs, perHour }) => [slotMs, perHour]))
  return Array.from({ length: Math.round((toMs - fromMs) / SLOT_MS) }, (_, index) => {
    const value = bySlot.get(fromMs + index * SLOT_MS) ?? null
    return value === null ? null : Number(value)
  })
}

interface Days {
  readonly day: EnterpriseLoad
  readonly other: EnterpriseLoad | undefined
  readonly contractKw: number | undefined
}

function optionOf({ day, other, contractKw }: Days, { t, locale }: Speech, timeZone: string): ChartOption {
  const unit = rateUnit(day.unit)
  const line = (name: string, data: (number | null)[], dashed: boolean, colour: string | undefined) => ({
    ...brokenLine,
    name,
    data: brokenPoints(data, (value) => value),
    step: 'end' as const,
    ...(colour === undefined ? {} : { color: colour }),
    lineStyle: { width: dashed ? 1.2 : 2, type: dashed ? ('dashed' as const) : ('solid' as const) },
    ...(dashed ? {} : { areaStyle: { opacity: 0.08 } }),
  })
  const values = valuesOf(day)
  return {
    animation: false,
    grid: { left: 8, right: 16, top: 40, bottom: 4, outerBoundsMode: 'same' },
    legend: { top: 0, left: 0, right: 48, itemWidth: 18, itemHeight: 3, icon: 'rect' },
    tooltip: {
      trigger: 'axis',
      valueFormatter: (value) => (typeof value === 'number' ? `${valueText(value, locale)} ${unit}` : '—'),
    },
    xAxis: {
      type: 'category',
      data: values.map((_, index) => minuteText(day.fromMs + index * SLOT_MS, locale, timeZone)),
      axisLabel: { interval: 15 },
      axisTick: { show: false },
    },
    yAxis: {
      type: 'value',
      name: unit,
      nameTextStyle: { align: 'right' },
    },
    series: [
      line(day.day, values, false, undefined),
      ...(other === undefined ? [] : [line(other.day, valuesOf(other), true, '#8c8fa3')]),
      ...(contractKw === undefined
        ? []
        : [
            line(
              t('enterprise.contract'),
              values.map(() => contractKw),
              true,
              '#c0392b',
            ),
          ]),
    ],
  }
}

interface EnterpriseLoadPanelProps {
  readonly enterprise: string
  readonly carrier: string
  readonly today: string
  /** Contracted maximum demand, where the accounting plan has one and electricity is shown. */
  readonly contractKw: number | undefined
}

/** The load of a day by 15 minutes, beside that of another day. */
export function EnterpriseLoadPanel(props: EnterpriseLoadPanelProps): ReactNode {
  const { enterprise, carrier, today, contractKw } = props
  const speech = useSpeech()
  const { t } = speech
  const { nowMs, timeZone } = useMinute()
  const [chosen, setChosen] = useState<string>()
  const [comparison, setComparison] = useState<Comparison>('yesterday')
  const [otherDay, setOtherDay] = useState<string>()
  const day = chosen ?? today
  const against = {
    yesterday: dayAfter(day, -1),
    week: dayAfter(day, -7),
    other: otherDay ?? dayAfter(day, -1),
    none: undefined,
  }[comparison]
  const pathOf = (of: string): string => `api/enterprises/${enterprise}/load?day=${of}&carrier=${carrier}`
  const refresh = Math.floor(nowMs / REFRESH_MS)
  const load = useAnswer(enterpriseLoad, pathOf(day), refresh)
  const other = useAnswer(enterpriseLoad, against === undefined ? undefined : pathOf(against), 0)
  const option = useMemo(
    () =>
      load.data === undefined
        ? undefined
        : optionOf({ day: load.data, other: other.data, contractKw }, speech, timeZone),
    [load.data, other.data, contractKw, speech, timeZone],
  )
  const known = [load.data, other.data].some((each) => each?.slots.some(({ perHour }) => perHour !== null))
  return (
    <section className="panel" data-testid="enterprise-load">
      <div className="panel-head">
        <h2>
          {t('enterprise.load')} <small>{t('enterprise.loadNote')}</small>
        </h2>
        <span className="panel-choices">
          <DayChoice day={day} last={today} onChange={setChosen} />
          <Segmented
            aria-label={t('choice.comparison')}
            size="small"
            value={comparison}
            onChange={setComparison}
            options={comparisons.map((value) => ({ value, label: t(`compare.${value}`) }))}
          />
          {comparison === 'other' && <DayChoice day={against ?? day} last={today} onChange={setOtherDay} />}
        </span>
      </div>
      <NotRead why={load.failure ?? other.failure} inPanel />
      {option === undefined ? (
        !load.failed && <Skeleton active />
      ) : load.data?.meters.length === 0 ? (
        <Nothing text={t('enterprise.noMeter')} />
      ) : known ? (
        <Chart option={option} label={t('enterprise.load')} height={HEIGHT_PX} />
      ) : (
        <Nothing text={t('trend.empty')} />
      )}
    </section>
  )
}
