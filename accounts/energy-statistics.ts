import type { Period } from '#contract/grid.ts'
import type { LocalName } from '#contract/identity.ts'
import type { Meter, Park } from '#contract/park.ts'
import type { BalanceFigure } from './balance-figure.ts'
import { sumFigures } from './balance-figure.ts'
import { figureOf, itemCoals } from './balance-parts.ts'
import { accountOf } from './balance-flows.ts'
import type { CoalCoefficient } from './coal-coefficient.ts'
import { heatingValuesOf } from './balance-records.ts'
import type { BalanceGround } from './balance.ts'
import { quotient, type Decimal } from './decimal.ts'
import { meterItems } from './meter-items.ts'
import { comparedPeriods, piecesOf, type ReportPeriod } from './report-period.ts'
import { bySources } from './source-coals.ts'
import { atOnce, eachInSteps, type Steps } from './steps.ts'

/** A level of the park and one energy item: what it used, and what it used before. */
export interface StatisticsLine {
  /** Ids from the enterprise (or the park, for its own) down. */
  readonly path: readonly string[]
  readonly name: LocalName
  readonly level: 'account' | 'process' | 'equipment'
  readonly item: string
  readonly meters: readonly string[]
  readonly now: BalanceFigure
  /** By which its standard coal follows, each once. */
  readonly coefficients: readonly CoalCoefficient[]
  readonly previous: BalanceFigure
  readonly yearBefore: BalanceFigure
  /** Share of change to both; undefined where one is not known or incomplete. */
  readonly change: { readonly previous: Decimal | undefined; readonly yearBefore: Decimal | undefined }
}

interface Level {
  readonly path: readonly string[]
  readonly name: LocalName
  readonly level: StatisticsLine['level']
}

/** Accounts, processes and equipment of a park, from the top down. */
function levelsOf({ description }: Park): Level[] {
  return [
    { path: [description.id], name: description.name, level: 'account' as const },
    ...description.enterprises.flatMap((enterprise) => [
      { path: [enterprise.id], name: enterprise.name, level: 'account' as const },
      ...enterprise.processes.flatMap((process) => [
        { path: [enterprise.id, process.id], name: process.name, level: 'process' as const },
        ...process.equipment.map((equipment) => ({
          path: [enterprise.id, process.id, equipment.id],
          name: equipment.name,
          level: 'equipment' as const,
        })),
      ]),
    ]),
  ]
}

/** The meters at or under every place of the tree, by its path: gone through once, not for each place. */
function metersByPlace({ description, meters }: Park): ReadonlyMap<string, readonly Meter[]> {
  const found = new Map<string, Meter[]>()
  for (const meter of meters.values()) {
    const place = meter.enterprise === undefined ? [description.id] : meter.path.slice(1)
    for (const depth of place.keys()) {
      const key = place.slice(0, depth + 1).join('/')
      const own = found.get(key)
      if (own === undefined) found.set(key, [meter])
      else own.push(meter)
    }
  }
  return found
}

/**
 * The meters that say what a level used: of an account what it got, at its boundary; below, the final and conversion
 * meters at or under it; where there is none, its submeters. Nothing is counted by two meters of one flow.
 */
function metersOf(
  park: Park,
  placed: ReadonlyMap<string, readonly Meter[]>,
  { path, level }: Level,
): Meter[] {
  const account = path[0] ?? ''
  const within = placed.get(path.join('/')) ?? []
  if (level === 'account') {
    return within.filter(
      (meter) =>
        accountOf(park, meter) === account && meter.role === 'boundary' && !meter.register.includes('Export'),
    )
  }
  const using = within.filter(({ role }) => role === 'terminal' || role === 'conversion-input')
  return using.length > 0 ? using : within.filter(({ role }) => role === 'submeter')
}

/** Meters of a step, for some milliseconds. */
const METERS_AT_ONCE = 20

/**
 * Energy of every level and item of a park in a period, beside the period before and that of the year before, with pauses
 * for other work.
 */
export function* energyStatisticsSteps(
  ground: BalanceGround,
  period: ReportPeriod,
  account: string | undefined,
): Steps<StatisticsLine[]> {
  const { park, plan, items, library, records } = ground
  const { timeZone } = park.description
  const itemOf = meterItems(park, plan, items)
  const heatingValues = heatingValuesOf(records, plan, library)
  const ofItem = itemCoals({ plan, library, items, heatingValues })
  const cuts = heatingValues.flatMap(({ from, to }) => [from, to])
  /** Coefficients of the meters of a period; those of the periods before are asked for with their own report. */
  const coefficients = new Map<string, Map<string, CoalCoefficient>>()
  const used = (of: ReportPeriod): ((meter: Meter) => BalanceFigure) => {
    const pieces = piecesOf(of, timeZone, cuts)
    const measured = ground.measured(pieces satisfies readonly Period[])
    const { coalOf, sourceOf } = bySources({ park, plan, items, records, pieces, measured, coalOf: ofItem })
    const figureOfMeter = (meter: Meter): BalanceFigure => {
      const found = itemOf(meter, meter.register)
      if (typeof found === 'string') return sumFigures([])
      const source = sourceOf(meter, found.item)
      return sumFigures(
        measured(meter, meter.register).flatMap((energy, index) => {
          const piece = pieces[index]
          if (piece === undefined || energy.expected === 0) return []
          const coal = coalOf(accountOf(park, meter), found.item, piece.from, source)
          if (of === period) {
            const its = coefficients.get(meter.id) ?? new Map<string, CoalCoefficient>()
            for (const each of coal.coefficients) its.set(`${each.code} ${each.basis}`, each)
            coefficients.set(meter.id, its)
          }
          const incomplete = energy.missing + energy.sum.partial > 0
          return [figureOf(energy.energy?.times(found.perUnit), coal, incomplete)]
        }),
      )
    }
    const known = new Map<string, BalanceFigure>()
    // Each meter stands in the sums of its account, its process and its equipment.
    return (meter) => {
      const figure = known.get(meter.id) ?? figureOfMeter(meter)
      known.set(meter.id, figure)
      return figure
    }
  }
  const compared = comparedPeriods(period, timeZone)
  const [now, previous, yearBefore] = [used(period), used(compared.previous), used(compared.yearBefore)]
  const placed = metersByPlace(park)
  const levels = levelsOf(park)
    .filter(({ path }) => account === undefined || path[0] === account)
    .map((level) => ({ ...level, meters: metersOf(park, placed, level) }))
  const all = new Set(levels.flatMap(({ meters }) => meters))
  yield* eachInSteps(all, METERS_AT_ONCE, (meter) => [now, previous, yearBefore].map((of) => of(meter)))
  return levels.flatMap(({ meters: its, ...level }) => {
    const byItem = Map.groupBy(its, (meter) => {
      const found = itemOf(meter, meter.register)
      return typeof found === 'string' ? '' : found.item
    })
    return [...byItem].flatMap(([item, meters]): StatisticsLine[] => {
      if (item === '') return []
      const sum = (of: (meter: Meter) => BalanceFigure): BalanceFigure => sumFigures(meters.map(of))
      const figures = { now: sum(now), previous: sum(previous), yearBefore: sum(yearBefore) }
      return [
        {
          ...level,
          item,
          meters: meters.map(({ id }) => id),
          coefficients: [...new Map(meters.flatMap(({ id }) => [...(coefficients.get(id) ?? [])])).values()],
          ...figures,
          change: {
            previous: changeOf(figures.now, figures.previous),
            yearBefore: changeOf(figures.now, figures.yearBefore),
          },
        },
      ]
    })
  })
}

/** The same at once. */
export function energyStatistics(...given: Parameters<typeof energyStatisticsSteps>): StatisticsLine[] {
  return atOnce(energyStatisticsSteps(...given))
}

/** (now − before) / before of the amounts; of an incomplete one nothing is said. */
function changeOf(now: BalanceFigure, before: BalanceFigure): Decimal | undefined {
  if (now.amount === undefined || before.amount === undefined || before.amount.eq(0)) return undefined
  return now.incomplete || before.incomplete
    ? undefined
    : quotient(now.amount.minus(before.amount), before.amount)
}
