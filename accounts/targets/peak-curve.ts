import type { Project, Scenario } from './target.ts'

/** A year's tonnes: known from the accounts, or forecast with a band. */
export interface YearFigure {
  readonly year: number
  readonly tonnes: number
  readonly low: number
  readonly high: number
  readonly basis: 'accounts' | 'forecast'
}

/** A year of a scenario, with what it rests on. */
export interface CurveYear {
  readonly year: number
  readonly expected: number
  readonly low: number
  readonly high: number
  readonly growthPercent: string
  readonly growthDocument: string
  /** Tonnes that each project adds or takes away in this year. */
  readonly projects: readonly { readonly project: string; readonly tonnes: number }[]
}

export interface PeakCurve {
  readonly scenario: Scenario
  /** The year that the curve starts from. */
  readonly from: YearFigure
  readonly years: readonly CurveYear[]
  /** The year of the greatest value, of the expectation and of both ends of the band; undefined: not before the end. */
  readonly peak: {
    readonly expected: number | undefined
    readonly low: number | undefined
    readonly high: number | undefined
  }
}

const MONTHS = 12

/** Share of a year in which a project that starts in a month works. */
function shareOf(from: string, year: number): number {
  const [start = 0, month = 1] = from.split('-').map(Number)
  return year > start ? 1 : year < start ? 0 : (MONTHS - month + 1) / MONTHS
}

/**
 * What a project changes in a year beside what it has changed in the year that the curve starts from: that is in the
 * accounts already.
 */
function changeIn({ from, change }: Project, year: number, start: number, of: number): number {
  const [share, before] = [shareOf(from, year), shareOf(from, start)]
  if (change.by === 'tonnes') return (share - before) * Number(change.perYear)
  const whole = Number(change.percent) / 100
  return (of * (share - before) * whole) / (1 + before * whole)
}

/** The year of the greatest of some values, unless it is the last one: then the peak was not seen. */
function peakOf(years: readonly { readonly year: number; readonly value: number }[]): number | undefined {
  const greatest = years.reduce((best, each) => (each.value > best.value ? each : best))
  return greatest.year === years.at(-1)?.year ? undefined : greatest.year
}

/**
 * A park's curve by a scenario: growth compounds from the last known year on, expected and at both ends of its band;
 * projects are added from their month on, less what of them is in the year that it starts from. Shares of percent are of
 * the year before projects. Nothing in it is more than
 * the scenario's assumptions carried on; each year names them.
 */
export function peakCurve(from: YearFigure, scenario: Scenario, allProjects: readonly Project[]): PeakCurve {
  const projects = allProjects.filter(({ id }) => scenario.projects.includes(id))
  const years: CurveYear[] = []
  let [expected, low, high] = [from.tonnes, from.low, from.high]
  for (let year = from.year + 1; year <= scenario.until; year += 1) {
    const growth = scenario.growth.findLast((each) => each.from <= year) ?? scenario.growth[0]
    if (growth === undefined) break
    const { percent, low: lowPercent, high: highPercent, document } = growth.rate
    expected *= 1 + Number(percent) / 100
    low *= 1 + Number(lowPercent) / 100
    high *= 1 + Number(highPercent) / 100
    const added = (of: number): { project: string; tonnes: number }[] =>
      projects.map((each) => ({ project: each.id, tonnes: changeIn(each, year, from.year, of) }))
    const sum = (of: number): number => added(of).reduce((sum, { tonnes }) => sum + tonnes, of)
    years.push({
      year,
      expected: sum(expected),
      low: sum(low),
      high: sum(high),
      growthPercent: percent,
      growthDocument: document,
      projects: added(expected),
    })
  }
  const of = (key: 'expected' | 'low' | 'high'): number | undefined =>
    peakOf([
      { year: from.year, value: key === 'expected' ? from.tonnes : from[key] },
      ...years.map((each) => ({ year: each.year, value: each[key] })),
    ])
  return { scenario, from, years, peak: { expected: of('expected'), low: of('low'), high: of('high') } }
}
