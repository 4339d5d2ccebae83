import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeWeather, weatherModel } from './weather.ts'

const model = weatherModel.parse({ mean: 13, seasonal: 15, daily: 4, spells: 3 })
const weather = makeWeather(model, 5)
const day = (date: string): number => Date.parse(date) / 86_400_000
const aDay = fc.integer({ min: 20_000, max: 22_000 })

describe('the weather', () => {
  it('keeps its bounds, and goes on over midnight without a jump', () => {
    fc.assert(
      fc.property(aDay, fc.integer({ min: 0, max: 1_439 }), (on, minute) => {
        const celsius = weather.temperature(on, minute)
        expect(celsius).toBeGreaterThanOrEqual(weather.least)
        expect(celsius).toBeLessThanOrEqual(weather.most)
        expect(weather.temperature(on, 1_440)).toBeCloseTo(weather.temperature(on + 1, 0), 9)
      }),
    )
  })

  it('is warm in July, cold in January, and warmer in the afternoon than before dawn', () => {
    const mean = (from: string): number =>
      Array.from({ length: 31 }, (_, index) => weather.temperature(day(from) + index, 540)).reduce(
        (a, b) => a + b,
      ) / 31
    expect(mean('2026-07-01') - mean('2026-01-01')).toBeGreaterThan(24)
    fc.assert(
      fc.property(aDay, (on) => {
        expect(weather.temperature(on, 900)).toBeGreaterThan(weather.temperature(on, 180) + 2 * 4 - 2 * 3 - 1)
      }),
    )
  })

  it('differs from day to day and from seed to seed', () => {
    const other = makeWeather(model, 6)
    const year = Array.from({ length: 365 }, (_, index) => 20_454 + index)
    const differing = year.filter(
      (on) => Math.abs(other.temperature(on, 0) - weather.temperature(on, 0)) > 0.5,
    )
    expect(differing.length).toBeGreaterThan(200)
    const steps = year.map((on) => weather.temperature(on + 1, 0) - weather.temperature(on, 0))
    expect(Math.max(...steps.map(Math.abs))).toBeGreaterThan(2)
  })
})
