import { DAY_MS, HOUR_MS } from '#contract/duration.ts'
import type { QuantityName } from '#contract/quantities.ts'
import { dayOfInstant, instantOf } from './load-curve.ts'
import { cloudCover, sunAheadMinutes, type Surroundings } from './load-kinds.ts'
import { seededStream } from './seeded.ts'
import { clearSkyShare, sunHeightSine } from './sun.ts'

/** What sensors of the weather show: the temperature by which the loads live, and an air, a sky and a wind beside it. */
export interface Environment {
  readonly temperatureC: number
  readonly humidityPercent: number
  /** On a level surface, W/m². */
  readonly irradiance: number
  /** m/s. */
  readonly windSpeed: number
}

/** By how much the dew point lies below the mean of a day, K: from damp days to dry ones. An assumption of this model. */
const DEW_BELOW_MEAN_K = [2, 14] as const
/** The sun overhead in a clear sky, W/m², and the share of it that the thickest cloud takes. An assumption. */
const CLEAR_SKY = { irradiance: 1_000, cloudShare: 0.75 }
/** A breeze that differs from hour to hour, m/s. An assumption. */
const WIND = [0.3, 7] as const

/**
 * Saturation vapour pressure over water in hPa, for °C: Magnus' formula with the coefficients of the WMO Guide to
 * Instruments and Methods of Observation (WMO-No. 8), annex 4.B.
 */
export const saturationPressure = (celsius: number): number =>
  6.112 * Math.exp((17.62 * celsius) / (243.12 + celsius))

/** Straight between values that belong to whole steps. */
function between(place: number, valueAt: (step: number) => number): number {
  const before = Math.floor(place)
  const share = place - before
  return valueAt(before) * (1 - share) + valueAt(before + 1) * share
}

const spread = ([least, most]: readonly [number, number], share: number): number =>
  least + (most - least) * share

/** The environment of a park at any instant. */
export function environmentOf({ scenario, weather, time }: Surroundings): (atMs: number) => Environment {
  const { seed, latitude, weather: model } = scenario
  const dryness = seededStream(seed, 'sensor/dryness')
  const clouds = seededStream(seed, 'sensor/cloud')
  const days = seededStream(seed, 'sky')
  const wind = seededStream(seed, 'sensor/wind')
  /** The day's wave is half a day away from itself at noon and midnight, so the mean of both is the mean of the day. */
  const meanOf = (day: number): number => (weather.temperature(day, 0) + weather.temperature(day, 720)) / 2
  return (atMs) => {
    const day = dayOfInstant(atMs, time)
    const sinceMidnightMs = atMs - instantOf(day, 0, time)
    const minute = sinceMidnightMs / 60_000
    const temperatureC = weather.temperature(day, minute)
    const dewC = between(
      day + sinceMidnightMs / DAY_MS,
      (each) => meanOf(each) - spread(DEW_BELOW_MEAN_K, dryness(each)) - model.daily / 2,
    )
    const sun = clearSkyShare(sunHeightSine(latitude, day, minute + sunAheadMinutes(scenario, time, day)))
    const cover = CLEAR_SKY.cloudShare * cloudCover(clouds, days, day, minute)
    return {
      temperatureC,
      // Air that is saturated holds no more.
      humidityPercent: Math.min(100, (100 * saturationPressure(dewC)) / saturationPressure(temperatureC)),
      irradiance: CLEAR_SKY.irradiance * sun * (1 - cover),
      windSpeed: between(atMs / HOUR_MS, (hour) => spread(WIND, wind(hour))),
    }
  }
}

const shown: Partial<Record<QuantityName, (of: Environment) => number>> = {
  outdoorTemperature: ({ temperatureC }) => temperatureC,
  relativeHumidity: ({ humidityPercent }) => humidityPercent,
  irradiance: ({ irradiance }) => irradiance,
  windSpeed: ({ windSpeed }) => windSpeed,
}

/** What a sensor of the environment shows; undefined for what it does not measure. */
export function environmentValue(quantity: QuantityName, at: () => Environment): number | undefined {
  return shown[quantity]?.(at())
}
