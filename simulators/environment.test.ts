import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DAY_MS, HOUR_MS } from '#contract/duration.ts'
import { environmentOf, environmentValue, saturationPressure } from './environment.ts'
import { dayOfInstant, instantOf } from './load-curve.ts'
import { surroundingsOf } from './load-kinds.ts'
import { demoScenarioPath, plantTime, readScenario } from './scenario.ts'

const scenario = readScenario(demoScenarioPath).value
const time = plantTime(scenario)
const around = surroundingsOf(scenario)
const at = environmentOf(around)
const local = (text: string): number => Date.parse(`${text}+08:00`)
const anInstant = fc.integer({ min: time.startMs, max: time.startMs + 800 * DAY_MS })

describe('the environment', () => {
  it('has the temperature by which the loads live', () => {
    fc.assert(
      fc.property(anInstant, (atMs) => {
        const day = dayOfInstant(atMs, time)
        const minute = (atMs - instantOf(day, 0, time)) / 60_000
        expect(at(atMs).temperatureC).toBe(around.weather.temperature(day, minute))
      }),
    )
  })

  it('keeps within what air, sun and wind can be, and is the same for everybody', () => {
    const twin = environmentOf(surroundingsOf(scenario))
    fc.assert(
      fc.property(anInstant, (atMs) => {
        const { humidityPercent, irradiance, windSpeed } = at(atMs)
        expect(humidityPercent).toBeGreaterThan(5)
        expect(humidityPercent).toBeLessThanOrEqual(100)
        expect(irradiance).toBeGreaterThanOrEqual(0)
        expect(irradiance).toBeLessThanOrEqual(1_000)
        expect(windSpeed).toBeGreaterThan(0)
        expect(windSpeed).toBeLessThan(10)
        expect(twin(atMs)).toEqual(at(atMs))
      }),
    )
  })

  it('has no jumps', () => {
    fc.assert(
      fc.property(anInstant, (atMs) => {
        const [before, after] = [at(atMs), at(atMs + 1_000)]
        expect(Math.abs(after.temperatureC - before.temperatureC)).toBeLessThan(0.01)
        expect(Math.abs(after.humidityPercent - before.humidityPercent)).toBeLessThan(0.1)
        expect(Math.abs(after.windSpeed - before.windSpeed)).toBeLessThan(0.01)
      }),
    )
  })

  it('is driest in the afternoon and dark at night', () => {
    for (const day of ['2026-01-15', '2026-04-15', '2026-07-15', '2026-10-15']) {
      const [night, afternoon] = [at(local(`${day}T03:00:00`)), at(local(`${day}T15:00:00`))]
      expect(afternoon.humidityPercent).toBeLessThan(night.humidityPercent)
      expect(night.irradiance).toBe(0)
      expect(at(local(`${day}T12:00:00`)).irradiance).toBeGreaterThan(0)
    }
  })

  it('has clear days and overcast ones, and in all the sun of such a place', () => {
    const sums = Array.from({ length: 365 }, (_, day) => {
      const midnightMs = local('2026-01-01T00:00:00') + day * DAY_MS
      const quarters = Array.from({ length: 96 }, (_, quarter) => at(midnightMs + (quarter * HOUR_MS) / 4))
      return quarters.reduce((sum, { irradiance }) => sum + irradiance / 4, 0)
    })
    const summer = sums.slice(151, 212).toSorted((a, b) => a - b)
    expect(summer[0]).toBeLessThan((summer.at(-1) ?? 0) * 0.35)
    const yearKwh = sums.reduce((sum, day) => sum + day, 0) / 1_000
    // On the North China plain a level square metre gets some 1,300 to 1,500 kWh a year.
    expect(yearKwh).toBeGreaterThan(1_200)
    expect(yearKwh).toBeLessThan(1_600)
  })

  // Saturation vapour pressure over water as steam tables have it; Magnus' formula keeps within 0.5 % of it.
  it.each([
    [0, 6.11],
    [20, 23.4],
    [30, 42.4],
  ])('saturates at %d °C with %d hPa', (celsius, hpa) => {
    expect(Math.abs(saturationPressure(celsius) / hpa - 1)).toBeLessThan(0.005)
  })

  it('is shown by its own quantities only', () => {
    const now = () => at(time.startMs + 5 * HOUR_MS)
    expect(environmentValue('outdoorTemperature', now)).toBe(now().temperatureC)
    expect(environmentValue('relativeHumidity', now)).toBe(now().humidityPercent)
    expect(environmentValue('irradiance', now)).toBe(now().irradiance)
    expect(environmentValue('windSpeed', now)).toBe(now().windSpeed)
    expect(environmentValue('activePower.total', now)).toBeUndefined()
  })
})
