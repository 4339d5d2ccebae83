import { useMemo, type ReactNode } from 'react'
import type { TargetView } from '#accounts/targets/target-view.ts'
import { useSpeech, type Speech } from '#dashboards/web/src/language.tsx'
import { valueText } from '#dashboards/web/src/numbers.ts'
import { useLook } from '#dashboards/web/src/look.tsx'
import { seriesColoursOn, targetColours } from '#dashboards/web/src/palette.ts'
import { axisLook, bandSeries } from '#dashboards/web/src/chart-looks.ts'
import { targetTitle, unitText } from '#dashboards/web/src/target-text.ts'
import { Chart, type ChartOption } from './chart.tsx'

const HEIGHT_PX = 210

const monthsOf = (year: number): string[] =>
  Array.from({ length: 12 }, (_, index) => `${year}-${String(index + 1).padStart(2, '0')}`)

type Points = (number | null)[]

interface Curves {
  readonly known: Points
  readonly forecast: Points
  readonly low: Points
  readonly high: Points
}

/** Tonnes summed up over the year: known months, then the forecast with its band, which grows with what is forecast. */
function cumulative({ months, year, status }: TargetView): Curves {
  const names = monthsOf(year)
  const byMonth = new Map(months.map((each) => [each.month, each]))
  const curves: Curves = { known: [], forecast: [], low: [], high: [] }
  const rest = status?.forecast?.tonnes
  const ahead = new Map((rest?.months ?? []).map(({ month, tonnes }) => [month, tonnes]))
  let [sum, added] = [0, 0]
  let isKnown = true
  for (const name of names) {
    const month = byMonth.get(name)
    isKnown &&= month?.complete === true && month.tonnes !== null
    if (isKnown) sum += Number(month?.tonnes)
    curves.known.push(isKnown ? sum : null)
    const isLast = name === status?.through
    const next = ahead.get(name)
    if (rest === undefined || (next === undefined && !isLast)) {
      for (const each of [curves.forecast, curves.low, curves.high]) each.push(null)
      continue
    }
    added += next ?? 0
    const band = Math.abs(added) * rest.greatestError
    curves.forecast.push(sum + added)
    curves.low.push(sum + added - band)
    curves.high.push(sum + added + band)
  }
  return curves
}

/** Tonnes per unit of output of each month in which both are known. */
function intensities({ months, output, year }: TargetView): Points {
  const made = new Map((output ?? []).map((each) => [each.month, each]))
  const tonnes = new Map(months.map((each) => [each.month, each]))
  return monthsOf(year).map((name) => {
    const [month, of] = [tonnes.get(name), made.get(name)]
    const isKnown = month?.complete === true && of?.complete === true && Number(of.tonnes) > 0
    return isKnown ? Number(month.tonnes) / Number(of.tonnes) : null
  })
}

function optionOf(target: TargetView, speech: Speech, ink: string | undefined): ChartOption {
  const { t, locale } = speech
  const { limit, per, year } = target
  const unit = unitText(target.unit, speech)
  const curves = per === null ? cumulative(target) : undefined
  const line = { type: 'line' as const, showSymbol: per !== null, symbolSize: 6, connectNulls: false }
  const known = curves?.known ?? intensities(target)
  const has = (points: Points | undefined): boolean => points?.some((point) => point !== null) === true
  return {
    animation: false,
    grid: { left: 8, right: 12, top: 34, bottom: 4, outerBoundsMode: 'same' },
    legend: {
      top: 0,
      left: 0,
      itemWidth: 12,
      itemHeight: 8,
      data: [
        // What is not drawn is not named.
        ...(has(known) ? [t(per === null ? 'targets.cumulative' : 'targets.monthly')] : []),
        ...(has(curves?.forecast) ? [t('targets.forecastLine')] : []),
        t('targets.limitLine'),
      ],
    },
    tooltip: {
      trigger: 'axis',
      valueFormatter: (value: unknown) =>
        typeof value === 'number' ? `${valueText(value, locale)} ${unit}` : '—',
    },
    xAxis: { type: 'category', data: monthsOf(year).map((month) => month.slice(5)), ...axisLook.x },
    yAxis: { type: 'value', name: unit, ...axisLook.y },
    series: [
      ...(curves === undefined
        ? []
        : bandSeries({ low: curves.low, high: curves.high, colour: targetColours.forecast, stack: 'band' })),
      {
        ...line,
        name: t(per === null ? 'targets.cumulative' : 'targets.monthly'),
        ...(ink === undefined ? {} : { color: ink }),
        data: known,
      },
      ...(curves === undefined
        ? []
        : [
            {
              ...line,
              name: t('targets.forecastLine'),
              color: targetColours.forecast,
              lineStyle: { type: 'dashed' as const },
              data: curves.forecast,
            },
          ]),
      {
        ...line,
        showSymbol: false,
        name: t('targets.limitLine'),
        color: targetColours.limit,
        lineStyle: { width: 1.5 },
        data: monthsOf(year).map(() => Number(limit)),
      },
    ],
  }
}

/** A target's year: summed up with the forecast's band against its limit, or the intensity of each month. */
export function TargetChart({ target }: { target: TargetView }): ReactNode {
  const speech = useSpeech()
  const { look } = useLook()
  const [ink] = seriesColoursOn[look]
  const option = useMemo(() => optionOf(target, speech, ink), [target, speech, ink])
  return <Chart option={option} label={targetTitle(target, speech)} height={HEIGHT_PX} />
}
