import { quantityOf } from '#contract/quantities.ts'
import { makeCalendar, type Calendar } from './calendar.ts'
import { DaySums } from './day-sums.ts'
import type { FlowOf, Leaf } from './flow-kinds.ts'
import {
  loadCurve,
  type Corner,
  type Envelope,
  type LoadCurve,
  type PlantTime,
  type Ripple,
} from './load-curve.ts'
import { GJ_PER_KWH } from './media.ts'
import { machineBounds, machineEnvelope } from './machines.ts'
import { replayCurve } from './replay.ts'
import { plantTime, type Scenario } from './scenario.ts'
import { seededStream, type Stream } from './seeded.ts'
import { clearSkyShare, daylight, equationOfTime, sunHeightSine } from './sun.ts'
import { makeWeather, type Weather } from './weather.ts'

/** What each kind of load and source looks like over a day, and the bounds that it keeps for ever. */

interface LoadShape {
  readonly envelope: Envelope
  /** The envelope never leaves [least, most]. */
  readonly least: number
  readonly most: number
}

/** A load or source as a curve; the flow never leaves [least, most]. */
export interface BoundedCurve {
  readonly curve: LoadCurve
  readonly least: number
  readonly most: number
}

/** What the loads of a plant have in common. */
export interface Surroundings {
  readonly scenario: Scenario
  readonly time: PlantTime
  readonly weather: Weather
  readonly calendar: Calendar
  readonly daySums: DaySums
}

/** The surroundings of a scenario; its curves go on with `daySums`. */
export function surroundingsOf(scenario: Scenario, daySums = new DaySums()): Surroundings {
  return {
    scenario,
    time: plantTime(scenario),
    weather: makeWeather(scenario.weather, scenario.seed),
    calendar: makeCalendar(scenario),
    daySums,
  }
}

type DayProfile = FlowOf<'shift'>['workDay']

/** Corners of one day at most; tells the random numbers of one day's corners from those of the next. */
const CORNERS_PER_DAY_MAX = 1_441

const varied = (value: number, variation: number, random: number): number =>
  value * (1 + variation * (2 * random - 1))

const sharesOf = (...profiles: readonly DayProfile[]): number[] =>
  profiles.flatMap((profile) => profile.map(([, share]) => share))

function shiftShape(load: FlowOf<'shift' | 'chp'>, name: string, around: Surroundings): LoadShape {
  const random = seededStream(around.scenario.seed, `${name}/corner`)
  const { peak, variation } = load
  const envelope: Envelope = (day) =>
    (around.calendar.restsOn(day, load.restDays) ? load.restDay : load.workDay).map(
      ([minute, share], index): Corner => ({
        minute,
        value: varied(peak * share, variation, random(day * CORNERS_PER_DAY_MAX + index)),
      }),
    )
  const shares = sharesOf(load.workDay, load.restDay)
  return {
    envelope,
    least: peak * Math.min(...shares) * (1 - variation),
    most: peak * Math.max(...shares) * (1 + variation),
  }
}

function continuousShape(load: FlowOf<'continuous'>, name: string, around: Surroundings): LoadShape {
  const random = seededStream(around.scenario.seed, `${name}/corner`)
  const { mean, daySwing, peakHour, variation } = load
  const envelope: Envelope = (day) =>
    Array.from({ length: 24 }, (_, hour): Corner => {
      const swing = 1 + daySwing * Math.cos((2 * Math.PI * (hour - peakHour)) / 24)
      return {
        minute: hour * 60,
        value: varied(mean * swing, variation, random(day * CORNERS_PER_DAY_MAX + hour)),
      }
    })
  return {
    envelope,
    least: mean * (1 - daySwing) * (1 - variation),
    most: mean * (1 + daySwing) * (1 + variation),
  }
}

const CLIMATE_STEP_MINUTES = 30

/** Share of a profile at a minute; it goes on to its first corner at midnight. */
function shareAt(profile: DayProfile, minute: number): number {
  const index = profile.findLastIndex(([corner]) => corner <= minute)
  const [from, share] = profile[index] ?? [0, 0]
  const [to, next] = profile[index + 1] ?? [1_440, profile[0]?.[1] ?? share]
  return share + ((next - share) * (minute - from)) / (to - from)
}

function climateShape(load: FlowOf<'climate'>, name: string, around: Surroundings): LoadShape {
  const { weather, calendar, scenario } = around
  const random = seededStream(scenario.seed, `${name}/corner`)
  const demand = (celsius: number): number =>
    load.base +
    (load.above === undefined ? 0 : Math.max(0, celsius - load.above.temperature) * load.above.perDegree) +
    (load.below === undefined ? 0 : Math.max(0, load.below.temperature - celsius) * load.below.perDegree)
  const steps = Array.from({ length: 1_440 / CLIMATE_STEP_MINUTES }, (_, step) => step * CLIMATE_STEP_MINUTES)
  const minutesOf = (profile: DayProfile): number[] =>
    [...new Set([...steps, ...profile.map(([minute]) => minute)])].toSorted((a, b) => a - b)
  const days = [load.workDay, load.restDay].map((profile) => ({ profile, minutes: minutesOf(profile) }))
  const envelope: Envelope = (day) => {
    const kind = days[calendar.restsOn(day, load.restDays) ? 1 : 0]
    if (kind === undefined) return []
    return kind.minutes.map((minute, index): Corner => {
      const wanted = shareAt(kind.profile, minute) * demand(weather.temperature(day, minute))
      return { minute, value: varied(wanted, load.variation, random(day * CORNERS_PER_DAY_MAX + index)) }
    })
  }
  const shares = sharesOf(load.workDay, load.restDay)
  const most = Math.max(demand(weather.least), demand(weather.most), load.base)
  return {
    envelope,
    least: load.base * Math.min(...shares) * (1 - load.variation),
    most: most * Math.max(...shares) * (1 + load.variation),
  }
}

const SUN_STEP_MINUTES = 10
const CLOUD_STEP_MINUTES = 20

/**
 * Cover between 0 (clear) and 1, straight between random values 20 minutes apart, on days of their own: some clear, some
 * with clouds that come and go, some overcast from morning to evening.
 */
export function cloudCover(random: Stream, days: Stream, day: number, minute: number): number {
  const place = (day * 1_440 + minute) / CLOUD_STEP_MINUTES
  const before = Math.floor(place)
  const share = place - before
  // More days are bright than dull.
  const dullness = days(day) ** 2
  const least = Math.max(0, 2 * dullness - 1)
  const most = Math.min(1, 2 * dullness)
  return least + (most - least) * (random(before) * (1 - share) + random(before + 1) * share)
}

/**
 * Minutes by which the sun is ahead of the clock on a day: four for each degree east of the clock's own meridian, and the
 * equation of time.
 */
export function sunAheadMinutes({ longitude }: Scenario, { offsetMs }: PlantTime, day: number): number {
  return (longitude === undefined ? 0 : 4 * longitude - offsetMs / 60_000) + equationOfTime(day)
}

function photovoltaicShape(
  source: FlowOf<'photovoltaic'>,
  name: string,
  { scenario, time }: Surroundings,
): LoadShape {
  // One sky over the park; each roof has clouds of its own within it.
  const clouds = seededStream(scenario.seed, `${name}/cloud`)
  const days = seededStream(scenario.seed, 'sky')
  const envelope: Envelope = (day) => {
    const ahead = sunAheadMinutes(scenario, time, day)
    return Array.from({ length: 1_440 / SUN_STEP_MINUTES }, (_, index): Corner => {
      const minute = index * SUN_STEP_MINUTES
      const sun = clearSkyShare(sunHeightSine(scenario.latitude, day, minute + ahead))
      const cover = sun === 0 ? 0 : source.cloudiness * cloudCover(clouds, days, day, minute)
      return { minute, value: source.peak * sun * (1 - cover) }
    })
  }
  return { envelope, least: 0, most: source.peak }
}

/** Minutes that outdoor lamps take to come on and go out, one after the other. */
const LAMPS_MINUTES = 10

/** Straight from 0 at `from` to 1 when the lamps are all on. */
const risen = (minute: number, from: number): number =>
  Math.min(1, Math.max(0, (minute - from) / LAMPS_MINUTES))

function lightingShape(load: FlowOf<'lighting'>, { scenario, time }: Surroundings): LoadShape {
  const { power, dimmed } = load
  /** 1 within the hours of dimming, which may go over midnight. */
  const dimmingAt = (minute: number, from: number, to: number): number => {
    const [begun, ended] = [risen(minute, from), risen(minute, to)]
    return from <= to ? begun - ended : Math.max(begun, 1 - ended)
  }
  const turns = dimmed === undefined ? [] : [dimmed.from, dimmed.to]
  const envelope: Envelope = (day) => {
    const ahead = sunAheadMinutes(scenario, time, day)
    const [rise, set] = daylight(scenario.latitude, day).map((minute) => minute - ahead)
    const [dawn, dusk] = [(rise ?? 0) - LAMPS_MINUTES, set ?? 0]
    const corners = [dawn, dusk, ...turns].flatMap((minute) => [minute, minute + LAMPS_MINUTES])
    const minutes = [...new Set([0, ...corners.filter((minute) => minute > 0 && minute < 1_440)])]
    return minutes
      .toSorted((a, b) => a - b)
      .map((minute): Corner => {
        const lit = 1 - risen(minute, dawn) + risen(minute, dusk)
        const less = dimmed === undefined ? 0 : dimmingAt(minute, dimmed.from, dimmed.to) * (1 - dimmed.share)
        return { minute, value: power * lit * (1 - less) }
      })
  }
  return { envelope, least: 0, most: power }
}

function rippled(load: { readonly ripple: FlowOf<'shift'>['ripple'] }, random: Stream): Ripple[] {
  return load.ripple.map(({ share, periodMinutes }, index) => ({
    share,
    periodHours: periodMinutes / 60,
    phase: 2 * Math.PI * random(index),
  }))
}

function shapeOf(leaf: Exclude<Leaf, { kind: 'replay' }>, name: string, around: Surroundings): LoadShape {
  switch (leaf.kind) {
    case 'shift':
    case 'chp':
      return shiftShape(leaf, name, around)
    case 'continuous':
      return continuousShape(leaf, name, around)
    case 'climate':
      return climateShape(leaf, name, around)
    case 'lighting':
      return lightingShape(leaf, around)
    case 'machines':
      return {
        envelope: machineEnvelope(leaf, around.calendar, around.scenario.seed, name),
        ...machineBounds(leaf),
      }
    case 'photovoltaic':
      break
  }
  return photovoltaicShape(leaf, name, around)
}

/** The curve of a load or source under its name, which makes it differ from others of its kind. */
export function leafCurve(leaf: Leaf, name: string, around: Surroundings): BoundedCurve {
  const { scenario, time } = around
  if (leaf.kind === 'replay') {
    const series = scenario.series.get(name)
    if (series === undefined) throw new RangeError(`the series of "${name}" was not read`)
    const startsAtMs =
      leaf.startsAt === undefined ? undefined : Temporal.Instant.from(leaf.startsAt).epochMilliseconds
    // Flows of heat and cold are in kW, their registers in GJ.
    const scale = leaf.scale * (quantityOf(leaf.quantity).unit === 'GJ' ? 1 / GJ_PER_KWH : 1)
    return replayCurve(series, { startsAtMs, scale, outside: leaf.outside }, time)
  }
  const { envelope, least, most } = shapeOf(leaf, name, around)
  const ripples = 'ripple' in leaf ? rippled(leaf, seededStream(scenario.seed, `${name}/ripple`)) : []
  const swing = ripples.reduce((sum, { share }) => sum + share, 0)
  return {
    curve: loadCurve(envelope, ripples, time, around.daySums.of(name)),
    least: least * (1 - swing),
    most: most * (1 + swing),
  }
}
