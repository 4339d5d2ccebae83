import { useMemo, type ReactNode } from 'react'
import { loadCurve, type LoadCurve, type ParkTree } from '#dashboards/api/shapes.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { brokenLine, brokenPoints } from '#dashboards/web/src/chart-looks.ts'
import { useSpeech, type Speech } from '#dashboards/web/src/language.tsx'
import { useFiveSeconds } from '#dashboards/web/src/live.ts'
import { minuteText, secondText, valueText } from '#dashboards/web/src/numbers.ts'
import { Chart, type ChartOption } from './chart.tsx'
import { NotRead } from './not-read.tsx'
import { Nothing } from './nothing.tsx'

/** The curve is asked for again at the pace of its points. */
const REFRESH_MS = 10_000
const HEIGHT_PX = 264

function optionOf(
  load: LoadCurve,
  park: ParkTree,
  { t, locale, nameOf }: Speech,
  timeZone: string,
): ChartOption {
  const names = new Map(park.enterprises.map(({ id, name }) => [id, nameOf(name)]))
  return {
    animation: false,
    grid: { left: 8, right: 16, top: 40, bottom: 4, outerBoundsMode: 'same' },
    legend: { top: 0, left: 0, itemWidth: 16, itemHeight: 3, icon: 'rect' },
    tooltip: {
      trigger: 'axis',
      valueFormatter: (value) =>
        typeof value === 'number' ? `${valueText(value, locale)} ${load.unit}` : '—',
      axisPointer: { label: { formatter: ({ value }) => secondText(Number(value), locale, timeZone) } },
    },
    xAxis: {
      type: 'time',
      axisLabel: {
        formatter: (atMs: number) => minuteText(atMs, locale, timeZone),
        hideOverlap: true,
      },
      axisTick: { show: false },
    },
    yAxis: {
      type: 'value',
      name: load.unit,
      nameTextStyle: { align: 'right' },
    },
    series: load.series.map(({ enterprise, values }) => ({
      ...brokenLine,
      name: enterprise === null ? t('load.park') : (names.get(enterprise) ?? enterprise),
      data: brokenPoints(values, (value, index) => [load.atMs[index] ?? 0, value]),
      lineStyle: { width: enterprise === null ? 2.2 : 1.4 },
      ...(enterprise === null ? { areaStyle: { opacity: 0.06 } } : {}),
    })),
  }
}

export function LoadCurvePanel({ park, height = HEIGHT_PX }: { park: ParkTree; height?: number }): ReactNode {
  const speech = useSpeech()
  const { t } = speech
  const { nowMs, live, timeZone } = useFiveSeconds()
  const load = useAnswer(loadCurve, 'api/load?minutes=60', live ? Math.floor(nowMs / REFRESH_MS) : 'broken')
  const option = useMemo(
    () => (load.data === undefined ? undefined : optionOf(load.data, park, speech, timeZone)),
    [load.data, park, speech, timeZone],
  )
  const empty = load.data?.series.every(({ values }) => values.every((value) => value === null)) ?? true
  return (
    <section className="panel load" data-testid="load">
      <h2>
        {t('load.title')} <small>{t('load.range')}</small>
      </h2>
      {live && <NotRead why={load.failure} inPanel />}
      {option === undefined ? (
        <div className="skeleton" style={{ height }} />
      ) : empty ? (
        <Nothing text={t('load.empty')} />
      ) : (
        <Chart option={option} label={t('load.label')} height={height} />
      )}
    </section>
  )
}
