import { useMemo, useState, type ReactNode } from 'react'
import { Segmented, Skeleton } from 'antd'
import type { z } from 'zod'
import { meterCurve, meterEnergy, type MeterEnergy, type MeterIntervals } from '#dashboards/api/shapes.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { brokenLine, brokenPoints } from '#dashboards/web/src/chart-looks.ts'
import { dayAfter } from '#dashboards/web/src/days.ts'
import { useSpeech, type Speech } from '#dashboards/web/src/language.tsx'
import { useFiveSeconds } from '#dashboards/web/src/live.ts'
import { minuteText, secondText, valueText } from '#dashboards/web/src/numbers.ts'
import { missingColour } from '#dashboards/web/src/palette.ts'
import { Chart, type ChartOption } from './chart.tsx'
import { NotRead } from './not-read.tsx'
import { Nothing } from './nothing.tsx'

/** Stretches that can be shown: the last hour and the chosen day as they were read, longer ones by the hour. */
const ranges = ['hour', 'day', 'week', 'month'] as const
type Range = (typeof ranges)[number]
/** Days of the longer ones, the chosen day being the last. */
const DAYS = { week: 7, month: 31 } as const

const HEIGHT_PX = 260
const HOUR_REFRESH_MS = 10_000
const DAY_REFRESH_MS = 60_000

const grid = { left: 8, right: 16, top: 30, bottom: 4, outerBoundsMode: 'same' } as const

type Curve = z.output<typeof meterCurve>

function curveOption(curve: Curve, { locale }: Speech, timeZone: string): ChartOption {
  return {
    animation: false,
    grid,
    tooltip: {
      trigger: 'axis',
      valueFormatter: (value) =>
        typeof value === 'number' ? `${valueText(value, locale)} ${curve.unit}` : '—',
      axisPointer: { label: { formatter: ({ value }) => secondText(Number(value), locale, timeZone) } },
    },
    xAxis: {
      type: 'time',
      min: curve.fromMs,
      max: curve.toMs,
      axisLabel: {
        formatter: (atMs: number) => minuteText(atMs, locale, timeZone),
        hideOverlap: true,
      },
      axisTick: { show: false },
    },
    yAxis: {
      type: 'value',
      name: curve.unit,
      nameTextStyle: { align: 'right' },
    },
    series: [
      {
        ...brokenLine,
        name: curve.unit,
        data: brokenPoints(
          curve.points.map(({ value }) => value),
          (value, index) => [curve.points[index]?.atMs ?? 0, value],
        ),
        lineStyle: { width: 1.4 },
      },
    ],
  }
}

/** `2026-06-02T13:00+08:00` → `06-02 13:00`. */
const hourName = (name: string): string => name.slice(5, 16).replace('T', ' ')

/** Bars of the hours: whole ones, ones of which a part is missing in a paler tone, and pale columns where nothing is known. */
function hoursOption(energy: MeterEnergy, { t, locale }: Speech): ChartOption {
  const { parts, unit } = energy
  const tipOf = (value: unknown): string =>
    typeof value === 'number' ? `${valueText(value, locale)} ${unit}` : '—'
  const bars = (name: string, color: string, isWhole: boolean) => ({
    type: 'bar' as const,
    name,
    stack: 'energy',
    color,
    barCategoryGap: '10%',
    tooltip: { valueFormatter: tipOf },
    data: parts.map(({ total, complete, pending }) =>
      total !== null && (complete && pending === 0) === isWhole ? Number(total) : null,
    ),
  })
  return {
    animation: false,
    grid,
    legend: { top: 0, left: 60, itemWidth: 10, itemHeight: 10 },
    tooltip: { trigger: 'axis' },
    xAxis: {
      type: 'category',
      data: parts.map(({ name }) => hourName(name)),
      axisLabel: {
        interval: 23,
        formatter: (name: string) => name.slice(0, 5),
        hideOverlap: true,
      },
      axisTick: { show: false },
    },
    yAxis: [
      {
        type: 'value',
        name: `${unit}/h`,
        nameTextStyle: { align: 'right' },
      },
      { type: 'value', show: false, min: 0, max: 1 },
    ],
    series: [
      bars(t('trend.whole'), '#2f7fd6', true),
      bars(t('trend.part'), '#a9cbef', false),
      {
        type: 'bar',
        name: t('slot.missing'),
        stack: 'missing',
        yAxisIndex: 1,
        barGap: '-100%',
        color: missingColour,
        tooltip: {
          valueFormatter: (value: unknown) => (typeof value === 'number' ? t('slot.missing') : '—'),
        },
        data: parts.map(({ total, expected, pending }) =>
          total === null && expected > 0 && pending < expected ? 1 : null,
        ),
      },
    ],
  }
}

interface MeterTrendProps {
  readonly meter: string
  /** False for a meter of which only the register is read. */
  readonly hasPower: boolean
  readonly day: string
  /** The chosen day's bounds, as soon as they are known. */
  readonly bounds: Pick<MeterIntervals, 'fromMs' | 'toMs'> | undefined
}

/** How a meter ran: power or flow of an hour or a day, energy by the hour of a week or a month. */
export function MeterTrend({ meter, hasPower, day, bounds }: MeterTrendProps): ReactNode {
  const speech = useSpeech()
  const { t } = speech
  const { nowMs, timeZone } = useFiveSeconds()
  const [chosen, setChosen] = useState<Range>('day')
  const offered = ranges.filter((range) => hasPower || range === 'week' || range === 'month')
  const range = offered.includes(chosen) ? chosen : 'week'

  const curvePath =
    range === 'hour'
      ? `api/meters/${meter}/curve`
      : range === 'day' && bounds !== undefined
        ? `api/meters/${meter}/curve?from=${bounds.fromMs}&to=${bounds.toMs}`
        : undefined
  const energyPath =
    range === 'week' || range === 'month'
      ? `api/meters/${meter}/energy?by=hour&from=${dayAfter(day, 1 - DAYS[range])}&to=${day}`
      : undefined
  const refresh = Math.floor(nowMs / (range === 'hour' ? HOUR_REFRESH_MS : DAY_REFRESH_MS))
  const curve = useAnswer(meterCurve, curvePath, refresh)
  const energy = useAnswer(meterEnergy, energyPath, refresh)
  const option = useMemo(() => {
    if (curve.data !== undefined) return curveOption(curve.data, speech, timeZone)
    return energy.data === undefined ? undefined : hoursOption(energy.data, speech)
  }, [curve.data, energy.data, speech, timeZone])
  const isEmpty =
    curve.data?.points.every(({ value }) => value === null) ??
    energy.data?.parts.every(({ total }) => total === null) ??
    false

  return (
    <section className="panel" data-testid="trend">
      <div className="panel-head">
        <h2>{t('trend.title')}</h2>
        <Segmented
          aria-label={t('choice.range')}
          size="small"
          value={range}
          onChange={setChosen}
          options={offered.map((value) => ({ value, label: t(`trend.${value}`) }))}
        />
      </div>
      <NotRead why={curve.failure ?? energy.failure} inPanel />
      {option === undefined ? (
        !curve.failed && !energy.failed && <Skeleton active />
      ) : isEmpty ? (
        <Nothing text={t('trend.empty')} />
      ) : (
        <Chart key={range} option={option} label={t('trend.label')} height={HEIGHT_PX} />
      )}
      <p className="panel-note">{t('trend.note')}</p>
    </section>
  )
}
