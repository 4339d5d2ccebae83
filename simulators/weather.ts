import { z } from 'zod'
import { seededStream } from './seeded.ts'

/**
 * Outdoor temperature: the mean of the year, the wave of the seasons, the wave of the day, and spells of weather that
 * differ from day to day. A model with the parameters of its scenario, not the record of any place.
 */

export const weatherModel = z
  .strictObject({
    mean: z.number().default(13).meta({ description: 'Of the year, °C' }),
    seasonal: z.number().min(0).default(15).meta({ description: 'Summer above, winter below the mean, K' }),
    daily: z.number().min(0).default(4.5).meta({ description: 'Afternoon above, night below the day, K' }),
    spells: z.number().min(0).default(4).meta({ description: 'Days differ by up to this, K' }),
    coldestDay: z.int().min(1).max(366).default(18).meta({ description: 'Day of the year' }),
    warmestHour: z.number().min(0).max(24).default(15),
  })
  .prefault({})
  .meta({ description: 'Outdoor temperature' })

export type WeatherModel = z.output<typeof weatherModel>

export interface Weather {
  /** °C at a minute of a local day. */
  temperature(day: number, minute: number): number
  readonly least: number
  readonly most: number
}

const DAYS_OF_YEAR = 365.2425
const TURN = 2 * Math.PI

/** The weather of a seed. */
export function makeWeather(model: WeatherModel, seed: number): Weather {
  const { mean, seasonal, daily, spells, coldestDay, warmestHour } = model
  const random = seededStream(seed, 'weather')
  const spell = (day: number): number => spells * (2 * random(day) - 1)
  const reach = seasonal + daily + spells
  return {
    temperature: (day, minute) => {
      const passed = minute / 1_440
      const ofYear = (day + passed - (coldestDay - 1)) / DAYS_OF_YEAR
      return (
        mean -
        seasonal * Math.cos(TURN * ofYear) +
        daily * Math.cos((TURN * (minute / 60 - warmestHour)) / 24) +
        spell(day) * (1 - passed) +
        spell(day + 1) * passed
      )
    },
    least: mean - reach,
    most: mean + reach,
  }
}
