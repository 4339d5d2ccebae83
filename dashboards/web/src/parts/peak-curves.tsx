import { useMemo, type ReactNode } from 'react'
import { Alert } from 'antd'
import type { CurveView, TargetsView } from '#accounts/targets/target-view.ts'
import { axisLook, bandSeries } from '#dashboards/web/src/chart-looks.ts'
import { useSpeech, type Speech } from '#dashboards/web/src/language.tsx'
import { listText, valueText } from '#dashboards/web/src/numbers.ts'
import { useLook } from '#dashboards/web/src/look.tsx'
import { seriesColoursOn } from '#dashboards/web/src/palette.ts'
import { Chart, type ChartOption } from './chart.tsx'
import { Verbatim } from './verbatim.tsx'

const HEIGHT_PX = 300

type Known = CurveView & { readonly curve: NonNullable<CurveView['curve']> }

const yearsOf = ({ curve }: Known): { year: number; expected: number; low: number; high: number }[] => [
  curve.from,
  ...curve.years,
]

function optionOf(
  curves: readonly Known[],
  { t, locale, nameOf }: Speech,
  colours: readonly string[],
): ChartOption {
  const unit = t(curves[0]?.of === 'energy' ? 'unit.tce' : 'unit.tCo2')
  const years = [...new Set(curves.flatMap((each) => yearsOf(each).map(({ year }) => year)))].toSorted(
    (a, b) => a - b,
  )
  const pointsOf = (each: Known, key: 'expected' | 'low' | 'high'): (number | null)[] => {
    const byYear = new Map(yearsOf(each).map((point) => [point.year, point[key]]))
    return years.map((year) => byYear.get(year) ?? null)
  }
  return {
    animation: false,
    grid: { left: 8, right: 16, top: 36, bottom: 4, outerBoundsMode: 'same' },
    legend: {
      top: 0,
      left: 0,
      itemWidth: 12,
      itemHeight: 8,
      data: curves.map(({ name }) => nameOf(name)),
    },
    tooltip: {
      trigger: 'axis',
      valueFormatter: (value: unknown) =>
        typeof value === 'number' ? `${valueText(value, locale)} ${unit}` : '—',
    },
    xAxis: { type: 'category', data: years.map(String), ...axisLook.x },
    yAxis: { type: 'value', name: unit, scale: true, ...axisLook.y },
    series: curves.flatMap((each, index) => {
      const colour = colours[index % colours.length] ?? '#0e9f9a'
      return [
        ...bandSeries({
          low: pointsOf(each, 'low'),
          high: pointsOf(each, 'high'),
          colour,
          stack: `band-${each.id}`,
        }),
        {
          type: 'line' as const,
          name: nameOf(each.name),
          color: colour,
          symbolSize: 6,
          data: pointsOf(each, 'expected'),
        },
      ]
    }),
  }
}

function CurveFacts({ each, goal }: { each: Known; goal: number | undefined }): ReactNode {
  const { t, nameOf, locale, language } = useSpeech()
  const { from, years, peak } = each.curve
  const yearText = (year: number | null): string =>
    year === null ? t('targets.peakUnseen', { until: each.until }) : String(year)
  const documents = new Set(
    years.map(({ growthPercent, growthDocument }) =>
      t('targets.growthOf', { percent: growthPercent, document: growthDocument }),
    ),
  )
  const projects = years.at(-1)?.projects ?? []
  return (
    <li data-testid={`curve-${each.id}`}>
      <strong>{nameOf(each.name)}</strong>{' '}
      {t('targets.peak', {
        expected: yearText(peak.expected),
        low: yearText(peak.low),
        high: yearText(peak.high),
      })}{' '}
      {goal !== undefined && t('targets.peakGoal', { year: goal })}
      <p className="panel-note">
        {t(from.basis === 'accounts' ? 'targets.fromAccounts' : 'targets.fromForecast', {
          year: from.year,
        })}{' '}
        {t('targets.growth')} <Verbatim>{listText([...documents], language)}</Verbatim>
      </p>
      {projects.length > 0 && (
        <p className="panel-note">
          {t('targets.projects', {
            what: listText(
              projects.map(({ name, tonnes }) => `${nameOf(name)} ${valueText(tonnes, locale)}`),
              language,
            ),
          })}
        </p>
      )}
    </li>
  )
}

/** The park's way to its peak by scenarios: growth and projects carried on, nothing more. */
export function PeakCurves({ view }: { view: TargetsView }): ReactNode {
  const speech = useSpeech()
  const { t, nameOf, language } = speech
  const { curves, peak } = view
  const { look } = useLook()
  const colours = seriesColoursOn[look]
  const known = useMemo(
    () => curves.flatMap((each): Known[] => (each.curve === null ? [] : [{ ...each, curve: each.curve }])),
    [curves],
  )
  const carbon = useMemo(() => known.filter(({ of }) => of === 'carbon'), [known])
  const energy = useMemo(() => known.filter(({ of }) => of === 'energy'), [known])
  const carbonOption = useMemo(() => optionOf(carbon, speech, colours), [carbon, speech, colours])
  const energyOption = useMemo(() => optionOf(energy, speech, colours), [energy, speech, colours])
  const unknown = curves.filter(({ curve }) => curve === null)
  return (
    <section className="panel" data-testid="peak">
      <h2>{t('targets.peakTitle')}</h2>
      {unknown.length > 0 && (
        <Alert
          type="info"
          showIcon
          title={t('targets.noStart', {
            what: listText(
              unknown.map(({ name }) => nameOf(name)),
              language,
            ),
          })}
        />
      )}
      {carbon.length > 0 && <Chart option={carbonOption} label={t('targets.peakTitle')} height={HEIGHT_PX} />}
      {energy.length > 0 && <Chart option={energyOption} label={t('targets.peakTitle')} height={HEIGHT_PX} />}
      <ul className="curves">
        {known.map((each) => (
          <CurveFacts key={each.id} each={each} goal={peak?.year} />
        ))}
      </ul>
      {peak !== null && (
        <p className="panel-note">
          {t('targets.peakDocument')} <Verbatim>{peak.document}</Verbatim>
        </p>
      )}
    </section>
  )
}
