import type { Corner, Envelope, Ripple } from './load-curve.ts'
import type { ContinuousLoad, PhotovoltaicSource, Scenario, ShiftLoad } from './scenario.ts'
import { seededStream, type Stream } from './seeded.ts'
import { sunHeightSine } from './sun.ts'

/** What each kind of load looks like over a day, and the bounds that it keeps for ever. */
export interface LoadShape {
  readonly envelope: Envelope
  readonly ripples: readonly Ripple[]
  /** The flow never leaves [least, most]. */
  readonly least: number
  readonly most: number
}

type Variable = ShiftLoad | ContinuousLoad

/** Corners of one day at most; tells the random numbers of one day's corners from those of the next. */
const CORNERS_PER_DAY_MAX = 1_441

/** 1970-01-01 was a Thursday; 0 is Sunday. */
const isRestDay = (day: number): boolean => [0, 6].includes((day + 4) % 7)

const varied = (value: number, variation: number, random: number): number =>
  value * (1 + variation * (2 * random - 1))

function ripplesOf(load: Variable, random: Stream): Ripple[] {
  return load.ripple.map(({ share, periodMinutes }, index) => ({
    share,
    periodHours: periodMinutes / 60,
    phase: 2 * Math.PI * random(index),
  }))
}

/** Least and most of values between two bounds, with variation and ripple upon them. */
function bounds(load: Variable, lowest: number, highest: number): Pick<LoadShape, 'least' | 'most'> {
  const ripple = load.ripple.reduce((sum, { share }) => sum + share, 0)
  return {
    least: lowest * (1 - load.variation) * (1 - ripple),
    most: highest * (1 + load.variation) * (1 + ripple),
  }
}

function shiftShape(load: ShiftLoad, seed: number, name: string): LoadShape {
  const random = seededStream(seed, `${name}/corner`)
  const envelope: Envelope = (day) =>
    (isRestDay(day) ? load.restDay : load.workDay).map(([minute, share], index): Corner => ({
      minute,
      value: varied(load.peak * share, load.variation, random(day * CORNERS_PER_DAY_MAX + index)),
    }))
  const shares = [...load.workDay, ...load.restDay].map(([, share]) => share)
  return {
    envelope,
    ripples: ripplesOf(load, seededStream(seed, `${name}/ripple`)),
    ...bounds(load, load.peak * Math.min(...shares), load.peak * Math.max(...shares)),
  }
}

function continuousShape(load: ContinuousLoad, seed: number, name: string): LoadShape {
  const random = seededStream(seed, `${name}/corner`)
  const envelope: Envelope = (day) =>
    Array.from({ length: 24 }, (_, hour): Corner => {
      const swing = 1 + load.daySwing * Math.cos((2 * Math.PI * (hour - load.peakHour)) / 24)
      return {
        minute: hour * 60,
        value: varied(load.mean * swing, load.variation, random(day * CORNERS_PER_DAY_MAX + hour)),
      }
    })
  return {
    envelope,
    ripples: ripplesOf(load, seededStream(seed, `${name}/ripple`)),
    ...bounds(load, load.mean * (1 - load.daySwing), load.mean * (1 + load.daySwing)),
  }
}

const SUN_STEP_MINUTES = 5
const CLOUD_STEP_MINUTES = 20

/** Cover between 0 (clear) and 1, straight between random values 20 minutes apart, on days that are dull or bright. */
function cloudCover(random: Stream, days: Stream, day: number, minute: number): number {
  const place = (day * 1_440 + minute) / CLOUD_STEP_MINUTES
  const before = Math.floor(place)
  const share = place - before
  return days(day) * (random(before) * (1 - share) + random(before + 1) * share)
}

function photovoltaicShape(source: PhotovoltaicSource, scenario: Scenario, name: string): LoadShape {
  const clouds = seededStream(scenario.seed, `${name}/cloud`)
  const days = seededStream(scenario.seed, `${name}/day`)
  const envelope: Envelope = (day) =>
    Array.from({ length: 1_440 / SUN_STEP_MINUTES }, (_, index): Corner => {
      const minute = index * SUN_STEP_MINUTES
      const height = Math.max(0, sunHeightSine(scenario.latitude, day, minute))
      const cover = source.cloudiness * cloudCover(clouds, days, day, minute)
      return { minute, value: source.peak * height * (1 - cover) }
    })
  return { envelope, ripples: [], least: 0, most: source.peak }
}

/** The shape of a load or source under its name, which makes it differ from others of its kind. */
export function loadShape(
  load: ShiftLoad | ContinuousLoad | PhotovoltaicSource,
  name: string,
  scenario: Scenario,
): LoadShape {
  if (load.kind === 'shift') return shiftShape(load, scenario.seed, name)
  if (load.kind === 'continuous') return continuousShape(load, scenario.seed, name)
  return photovoltaicShape(load, scenario, name)
}
