import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DAY_MS, HOUR_MS } from '#contract/duration.ts'
import { indexPark, parkDescription } from '#contract/park.ts'
import { findingText, InvalidFile } from '#firmware-config/document.ts'
import { makePlant } from './plant.ts'
import { parseSeries, replayCurve, WEEK_MS, type ReplayOptions, type Series } from './replay.ts'
import { readScenarioFor } from './scenario-check.ts'

const START = Date.parse('2026-03-02T00:00:00+08:00')
const time = { startMs: START, offsetMs: 8 * HOUR_MS }
const rows = (lines: readonly string[]): string => ['time,quantity,value', ...lines, ''].join('\n')
const at = (hours: number): string => new Date(START + hours * HOUR_MS).toISOString()

function fault(text: string): string {
  try {
    parseSeries(text, 'series.csv', 'activePower.total')
  } catch (error) {
    if (error instanceof InvalidFile) return error.findings.map(findingText).join('\n')
    throw error
  }
  return 'none'
}

describe('a series from CSV', () => {
  it('takes the rows of its quantity', () => {
    const text = rows([
      '2026-03-02T00:00:00+08:00,activePower.total,10',
      '2026-03-02T00:00:00+08:00,voltage.l1,231.5',
      '2026-03-01T17:00:00Z,activePower.total,12.5',
    ])
    const series = parseSeries(text, 'series.csv', 'activePower.total')
    expect([...series.times]).toEqual([START, START + HOUR_MS])
    expect([...series.values]).toEqual([10, 12.5])
    expect(parseSeries(`\uFEFF${text.replaceAll('\n', '\r\n')}`, 'series.csv', 'activePower.total')).toEqual(
      series,
    )
  })

  it.each([
    ['another header', 'when,what,value\n', 'series.csv:1: the first line is not "time,quantity,value"'],
    [
      'a local time',
      rows(['2026-03-02T00:00:00,activePower.total,1']),
      'series.csv:2: "2026-03-02T00:00:00" is no instant',
    ],
    [
      'a time twice',
      rows([`${at(0)},activePower.total,1`, `${at(0)},activePower.total,1`]),
      'series.csv:3: ',
    ],
    ['no number', rows([`${at(0)},activePower.total,n/a`]), 'series.csv:2: "n/a" is no number'],
    ['a missing number', rows([`${at(0)},activePower.total,`]), 'series.csv:2: not a row of three columns'],
    [
      'a flow below zero',
      rows([`${at(0)},activePower.total,-3`]),
      'series.csv:2: activePower.total is below zero',
    ],
    [
      'one row',
      rows([`${at(0)},activePower.total,3`]),
      'series.csv:1: fewer than two rows of activePower.total',
    ],
  ])('refuses %s and names its line', (_name, text, expected) => {
    expect(fault(text)).toContain(expected)
  })

  it('refuses a register that falls', () => {
    const text = rows([`${at(0)},activeEnergyImport.total,5`, `${at(1)},activeEnergyImport.total,4`])
    expect(() => parseSeries(text, 's.csv', 'activeEnergyImport.total')).toThrowError(
      /s\.csv:3.*the register falls/,
    )
  })
})

const aSeries: fc.Arbitrary<Series> = fc
  .record({
    kind: fc.constantFrom('cumulative' as const, 'instantaneous' as const),
    steps: fc.array(fc.tuple(fc.integer({ min: 60, max: 40_000 }), fc.integer({ min: 0, max: 900 })), {
      minLength: 20,
      maxLength: 60,
    }),
  })
  .map(({ kind, steps }) => {
    let atMs = START
    let count = 0
    const points = steps.map(([seconds, value]) => {
      atMs += seconds * 1_000
      count += value
      return { atMs, value: kind === 'cumulative' ? count : value }
    })
    const last = points.at(-1)?.atMs ?? atMs
    points.push({
      atMs: Math.max(last + 1_000, START + 8 * DAY_MS),
      value: kind === 'cumulative' ? count + 5 : 5,
    })
    return {
      kind,
      times: Float64Array.from(points, (point) => point.atMs),
      values: Float64Array.from(points, (point) => point.value),
    }
  })

const options: fc.Arbitrary<ReplayOptions> = fc.record({
  startsAtMs: fc.option(fc.integer({ min: START - 9 * DAY_MS, max: START + 9 * DAY_MS }), { nil: undefined }),
  scale: fc.constantFrom(1, 0.25, 3),
  outside: fc.constantFrom('repeat-weekly' as const, 'hold' as const),
})
const anOffset = fc.integer({ min: 0, max: 40 * DAY_MS })

describe('a replayed series', () => {
  it('has registers that are the exact integral of its flow, and bounds that it keeps', () => {
    fc.assert(
      fc.property(
        aSeries,
        options,
        anOffset,
        fc.integer({ min: 1, max: 200 }),
        (series, how, offset, minutes) => {
          const { curve, least, most } = replayCurve(series, how, time)
          const fromMs = START + offset
          const toMs = fromMs + minutes * 60_000
          const flows = Array.from({ length: minutes * 60 }, (_, index) =>
            curve.at(fromMs + index * 1_000 + 500),
          )
          expect(Math.min(...flows)).toBeGreaterThanOrEqual(least - 1e-9)
          expect(Math.max(...flows)).toBeLessThanOrEqual(most + 1e-9)
          // Rows lie at whole seconds before they are moved: in a minute at most one of them is off the middle.
          const numeric = flows.reduce((sum, flow) => sum + flow, 0) / 3_600
          const exact = curve.integralAt(toMs) - curve.integralAt(fromMs)
          expect(Math.abs(exact - numeric)).toBeLessThanOrEqual((most / 3_600) * (minutes + 1) + 1e-6)
          expect(exact).toBeGreaterThanOrEqual(-1e-9)
        },
      ),
    )
  })

  it('has an integral that midpoints confirm to the last digit where its rows are', () => {
    fc.assert(
      fc.property(
        aSeries,
        fc.integer({ min: 0, max: 7 * 24 * 60 }),
        fc.integer({ min: 1, max: 30 }),
        (series, begin, minutes) => {
          const { curve } = replayCurve(
            series,
            { startsAtMs: undefined, scale: 3, outside: 'repeat-weekly' },
            time,
          )
          const fromMs = START + begin * 60_000
          // All rows lie at whole seconds, so that each second is straight.
          let numeric = 0
          for (let second = 0; second < minutes * 60; second += 1)
            numeric += curve.at(fromMs + second * 1_000 + 500) / 3_600
          const exact = curve.integralAt(fromMs + minutes * 60_000) - curve.integralAt(fromMs)
          expect(exact).toBeCloseTo(numeric, 5)
        },
      ),
    )
  })

  it('passes through the rows of a register, scaled and moved', () => {
    const series: Series = {
      kind: 'cumulative',
      times: Float64Array.from([0, 1, 3, 200], (hour) => START + hour * HOUR_MS),
      values: Float64Array.of(1_000, 1_010, 1_010, 2_000),
    }
    const { curve } = replayCurve(series, { startsAtMs: START + DAY_MS, scale: 2, outside: 'hold' }, time)
    const read = (hours: number): number => curve.integralAt(START + hours * HOUR_MS)
    expect(read(25) - read(24)).toBeCloseTo(20, 9)
    expect(read(27) - read(25)).toBeCloseTo(0, 9)
    expect(read(224) - read(27)).toBeCloseTo(1_980, 9)
    expect(curve.at(START + 24.5 * HOUR_MS)).toBeCloseTo(20, 9)
    // Held before the first row and after the last one.
    expect(read(24)).toBeCloseTo(24 * 20, 9)
    expect(curve.at(START + 500 * HOUR_MS)).toBeCloseTo((2 * 990) / 197, 9)
    expect(read(500) - read(400)).toBeCloseTo((100 * 2 * 990) / 197, 6)
  })

  it('is the same in every week where it repeats', () => {
    fc.assert(
      fc.property(aSeries, anOffset, fc.integer({ min: -3, max: 60 }), (series, offset, weeks) => {
        const { curve } = replayCurve(
          series,
          { startsAtMs: undefined, scale: 1, outside: 'repeat-weekly' },
          time,
        )
        const here = START + offset
        expect(curve.at(here + weeks * WEEK_MS)).toBeCloseTo(curve.at(here), 6)
        const day = (fromMs: number): number => curve.integralAt(fromMs + DAY_MS) - curve.integralAt(fromMs)
        if (here + weeks * WEEK_MS > START) expect(day(here + weeks * WEEK_MS)).toBeCloseTo(day(here), 4)
      }),
    )
  })
})

describe('a scenario with a replayed meter', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tanbiao-replay-'))
  })
  afterEach(() => {
    rmSync(folder, { recursive: true })
  })

  const park = indexPark(
    parkDescription.parse({
      id: 'p',
      name: { zh: '园', en: 'p' },
      gateways: [{ id: 'g', name: { zh: '网', en: 'g' } }],
      meters: [
        {
          id: 'feed',
          name: { zh: '表', en: 'feed' },
          carrier: 'electricity',
          role: 'boundary',
          gateway: 'g',
          register: 'activeEnergyImport.total',
          ratingPerHour: 100,
          installed: '2026-01-01T00:00:00+08:00',
        },
      ],
    }),
  )
  const scenario = (replay: string): string => {
    const file = join(folder, 'scenario.yaml')
    writeFileSync(
      file,
      `park: p\nseed: 1\nregistersFrom: 2026-03-02T00:00:00+08:00\nutcOffset: '+08:00'\nlatitude: 39\nflows:\n  feed: { kind: replay, file: week.csv, ${replay} }\n`,
    )
    return file
  }
  const write = (days: number): void => {
    const lines = Array.from(
      { length: days * 24 + 1 },
      (_, hour) => `${at(hour)},activePower.total,${20 + (hour % 24)}`,
    )
    writeFileSync(join(folder, 'week.csv'), rows(lines))
  }

  it('shows the power of its rows and counts it', () => {
    write(7)
    const file = scenario('quantity: activePower.total, scale: 2, outside: repeat-weekly')
    const plant = makePlant(readScenarioFor(park, file), park)
    const state = plant.stateAt('feed', START + 30.5 * HOUR_MS)
    expect(state.carrier === 'electricity' && state.activeKw).toBeCloseTo(2 * 26.5, 9)
    expect(plant.energyAt('feed', START + 2 * HOUR_MS)).toBeCloseTo(2 * (20.5 + 21.5), 9)
  })

  it.each([
    [
      'is too short to be repeated',
      6,
      'quantity: activePower.total, outside: repeat-weekly',
      /outside: the series is shorter/,
    ],
    [
      'may exceed its rating',
      7,
      'quantity: activePower.total, scale: 9, outside: hold',
      /beyond its meter's rating of 100/,
    ],
    ['is of another carrier', 7, 'quantity: steamFlow, outside: hold', /fewer than two rows of steamFlow/],
    ['is no flow', 7, 'quantity: voltage.l1, outside: hold', /fewer than two rows of voltage.l1/],
  ])('is refused where the series %s', (_name, days, replay, message) => {
    write(days)
    expect(() => readScenarioFor(park, scenario(replay))).toThrowError(message)
  })

  it('names a file that is not there', () => {
    expect(() => readScenarioFor(park, scenario('quantity: steamFlow, outside: hold'))).toThrowError(
      /week\.csv cannot be read/,
    )
  })
})
