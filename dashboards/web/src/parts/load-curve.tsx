import { useMemo, useState, type ReactNode } from 'react'
import { dayLoad, type DayLoad } from '#dashboards/api/day-shapes.ts'
import { loadCurve, type LoadCurve, type ParkTree } from '#dashboards/api/shapes.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { brokenLine, brokenPoints, legendRoomPx } from '#dashboards/web/src/chart-looks.ts'
import { dayAfter, dayOf } from '#dashboards/web/src/days.ts'
import { useSpeech, type Speech } from '#dashboards/web/src/language.tsx'
import { useFiveSeconds, useMinute } from '#dashboards/web/src/live.ts'
import { useLook, type Look } from '#dashboards/web/src/look.tsx'
import { useNarrow } from '#dashboards/web/src/narrow.ts'
import { minuteText, secondText, valueText } from '#dashboards/web/src/numbers.ts'
import { coloursApart, enterpriseColour, restColour } from '#dashboards/web/src/palette.ts'
import { Chart, type ChartOption } from './chart.tsx'
import { NotRead } from './not-read.tsx'
import { Nothing } from './nothing.tsx'

/** The curve of the hour is asked for again at the pace of its points. */
const REFRESH_MS = 10_000
const HEIGHT_PX = 264
const SLOT_MS = 15 * 60_000
/** Lines beside that of the park: the eye tells no more of them apart, and there are no more colours. */
const ENTERPRISES_MAX = 7
const ranges = ['day', 'hour'] as const
type Range = (typeof ranges)[number]

type Values = readonly (number | null)[]
interface Series {
  readonly enterprise: string | null
  readonly values: Values
}

const total = (values: Values): number => values.reduce<number>((sum, value) => sum + (value ?? 0), 0)
const isKnown = (series: readonly Series[]): boolean =>
  series.some(({ values }) => values.some((value) => value !== null))

/** The park, and the largest of its enterprises in the order of the park. */
function drawnOf<S extends Series>(series: readonly S[]): S[] {
  const enterprises = series.filter(({ enterprise }) => enterprise !== null)
  const largest = new Set(
    enterprises.toSorted((a, b) => total(b.values) - total(a.values)).slice(0, ENTERPRISES_MAX),
  )
  return series.filter((each) => each.enterprise === null || largest.has(each))
}

/** What a legend has for itself: on a phone, and elsewhere at the least. */
const LEGEND_PX = { narrow: 270, wide: 860 } as const

interface Drawing {
  readonly park: ParkTree
  readonly look: Look
  readonly timeZone: string
  readonly isNarrow: boolean
}

/** What both ranges have in common; `placeOf` gives the place of a value on the first axis. */
function commonOf(
  unit: string,
  series: readonly Series[],
  { park, look, isNarrow }: Drawing,
  { t, locale, nameOf }: Speech,
  placeOf: (value: number | null, index: number) => (number | null) | [number, number | null],
) {
  const names = new Map(park.enterprises.map(({ id, name }) => [id, nameOf(name)]))
  const drawn = drawnOf(series)
  const colours = coloursApart(
    park.enterprises,
    drawn.flatMap(({ enterprise }) => (enterprise === null ? [] : [enterprise])),
    look,
  )
  return {
    animation: false,
    grid: {
      left: 8,
      right: 16,
      top: legendRoomPx(
        [...drawn.map(({ enterprise }) => names.get(enterprise ?? '') ?? t('load.total')), t('load.before')],
        isNarrow ? LEGEND_PX.narrow : LEGEND_PX.wide,
      ),
      bottom: 4,
      outerBoundsMode: 'same' as const,
    },
    legend: {
      type: 'plain' as const,
      top: 0,
      left: 0,
      right: 48,
      itemWidth: 16,
      itemHeight: 3,
      icon: 'rect',
    },
    yAxis: { type: 'value' as const, name: unit, nameTextStyle: { align: 'right' as const } },
    tooltip: {
      trigger: 'axis' as const,
      valueFormatter: (value: unknown) =>
        typeof value === 'number' ? `${valueText(value, locale)} ${unit}` : '—',
    },
    series: drawn.map(({ enterprise, values }) => ({
      ...brokenLine,
      name: enterprise === null ? t('load.total') : (names.get(enterprise) ?? enterprise),
      color:
        (enterprise === null ? undefined : colours.get(enterprise)) ?? enterpriseColour([], undefined, look),
      data: brokenPoints(values, placeOf),
      lineStyle: { width: enterprise === null ? 2.2 : 1.4 },
      ...(enterprise === null ? { areaStyle: { opacity: 0.06 } } : {}),
    })),
  }
}

function hourOption(load: LoadCurve, drawing: Drawing, speech: Speech): ChartOption {
  const { locale } = speech
  const { timeZone } = drawing
  const common = commonOf(load.unit, load.series, drawing, speech, (value, index) => [
    load.atMs[index] ?? 0,
    value,
  ])
  return {
    ...common,
    tooltip: {
      ...common.tooltip,
      axisPointer: { label: { formatter: ({ value }) => secondText(Number(value), locale, timeZone) } },
    },
    xAxis: {
      type: 'time',
      axisLabel: { formatter: (atMs: number) => minuteText(atMs, locale, timeZone), hideOverlap: true },
      axisTick: { show: false },
    },
  }
}

function dayOption(
  today: DayLoad,
  before: DayLoad | undefined,
  drawing: Drawing,
  speech: Speech,
): ChartOption {
  const { t, locale } = speech
  const { timeZone } = drawing
  const common = commonOf(today.unit, today.series, drawing, speech, (value) => value)
  const ofBefore = before?.series.find(({ enterprise }) => enterprise === null)
  const slots = today.series[0]?.values.length ?? 0
  return {
    ...common,
    xAxis: {
      type: 'category',
      boundaryGap: false,
      data: Array.from({ length: slots }, (_, index) =>
        minuteText(today.fromMs + index * SLOT_MS, locale, timeZone),
      ),
      axisLabel: { interval: 11 },
      axisTick: { show: false },
    },
    series: [
      ...common.series,
      ...(ofBefore === undefined
        ? []
        : [
            {
              ...brokenLine,
              name: t('load.before'),
              color: restColour,
              data: brokenPoints(ofBefore.values, (value) => value),
              lineStyle: { width: 1.2, type: 'dashed' as const },
            },
          ]),
    ],
  }
}

interface LoadCurvePanelProps {
  readonly park: ParkTree
  readonly height?: number
  /** On a wall there is nothing to press. */
  readonly onWall?: boolean
}

/** The load of the day beside that of yesterday, or the last hour as it was read. */
export function LoadCurvePanel({ park, height = HEIGHT_PX, onWall = false }: LoadCurvePanelProps): ReactNode {
  const speech = useSpeech()
  const { t } = speech
  const { look } = useLook()
  const { nowMs, live, timeZone } = useFiveSeconds()
  const isNarrow = useNarrow()
  const minute = useMinute()
  const [chosen, setChosen] = useState<Range>()
  const date = dayOf(minute.nowMs, timeZone)
  const turn = live ? Math.floor(minute.nowMs / 60_000) : 'broken'
  const today = useAnswer(dayLoad, chosen === 'hour' ? undefined : `api/load/day?day=${date}`, turn)
  const isEmpty = today.data !== undefined && !isKnown(today.data.series)
  // Of a park whose first quarter of an hour is not over there is the hour alone.
  const isUnread = today.data === undefined && today.failed
  const range = chosen ?? (isEmpty || isUnread ? 'hour' : 'day')
  const before = useAnswer(
    dayLoad,
    range === 'day' ? `api/load/day?day=${dayAfter(date, -1)}` : undefined,
    date,
  )
  const hour = useAnswer(
    loadCurve,
    range === 'hour' ? 'api/load?minutes=60' : undefined,
    live ? Math.floor(nowMs / REFRESH_MS) : 'broken',
  )
  const shown = range === 'day' ? today : hour
  const option = useMemo(() => {
    const drawing = { park, look, timeZone, isNarrow }
    if (range === 'hour') return hour.data === undefined ? undefined : hourOption(hour.data, drawing, speech)
    return today.data === undefined ? undefined : dayOption(today.data, before.data, drawing, speech)
  }, [range, hour.data, today.data, before.data, park, look, timeZone, isNarrow, speech])
  const series = shown.data?.series ?? []
  const others = isKnown(series) ? Math.max(0, series.length - 1 - ENTERPRISES_MAX) : 0
  return (
    <section className="panel load" data-testid="load">
      <div className="panel-head">
        <h2>
          {t('load.title')}{' '}
          <small>
            {t(`load.range.${range}`)}
            {others > 0 && ` · ${t('load.others', { count: others })}`}
          </small>
        </h2>
        {!onWall && (
          <span className="choice is-plain" role="group" aria-label={t('choice.range')}>
            {ranges.map((each) => (
              <button key={each} type="button" aria-pressed={each === range} onClick={() => setChosen(each)}>
                {t(`load.choose.${each}`)}
              </button>
            ))}
          </span>
        )}
      </div>
      {live && <NotRead why={shown.failure} inPanel />}
      {option === undefined ? (
        // What could not be read is not on its way.
        <div className={shown.failed ? undefined : 'skeleton'} style={{ height }} />
      ) : isKnown(series) ? (
        <Chart option={option} label={t('load.label')} height={height} />
      ) : (
        <Nothing text={t(`load.empty.${range}`)} />
      )}
    </section>
  )
}
