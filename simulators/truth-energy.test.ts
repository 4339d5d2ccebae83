import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { add, equal, sum, toNumber } from '#contract/amount.ts'
import { DAY_MS } from '#contract/duration.ts'
import { SLOT_MS, slotsBetween } from '#contract/grid.ts'
import { readParkFile } from '#firmware-config/park-file.ts'
import { demoParkPath } from './demo.test-support.ts'
import { makePlant } from './plant.ts'
import { demoScenarioPath, readScenario } from './scenario.ts'
import { truthCsv } from './truth-csv.ts'
import { truthOf } from './truth-energy.ts'
import { truthNodes, truthRows, TRUTH_ROWS_MAX } from './truth-http.ts'

const park = readParkFile(demoParkPath)
const scenario = readScenario(demoScenarioPath).value
const plant = makePlant(scenario, park)
const truth = truthOf(scenario, park, plant)
const startMs = Temporal.Instant.from(scenario.registersFrom).epochMilliseconds

const node = fc.constantFrom(...truth.nodes.map(({ id }) => id))
const instant = fc.integer({ min: startMs, max: startMs + 400 * DAY_MS })

describe('The truth', () => {
  it('over a period is exactly the sum over its parts', () => {
    fc.assert(
      fc.property(node, fc.array(instant, { minLength: 3, maxLength: 8 }), (id, instants) => {
        const ends = instants.toSorted((a, b) => a - b)
        const parts = ends
          .slice(1)
          .map((toMs, index) => truth.energyOf(id, { fromMs: ends[index] ?? 0, toMs }))
        const whole = truth.energyOf(id, { fromMs: ends[0] ?? 0, toMs: ends.at(-1) ?? 0 })
        const total = sum(parts)
        expect(total !== undefined && equal(total, whole)).toBe(true)
      }),
    )
  })

  it('is never below zero', () => {
    fc.assert(
      fc.property(node, instant, fc.integer({ min: 0, max: DAY_MS }), (id, fromMs, spanMs) => {
        expect(truth.energyOf(id, { fromMs, toMs: fromMs + spanMs }).count).toBeGreaterThanOrEqual(0)
      }),
    )
  })

  it('knows every meter, every flow and what every enterprise bought', () => {
    const ids = new Set(truth.nodes.map(({ id }) => id))
    for (const id of [...park.meters.keys(), ...Object.keys(scenario.flows)]) expect(ids).toContain(id)
    expect(truth.nodes).toContainEqual({ id: 'steel:electricity', kind: 'enterprise', unit: 'kWh' })
    const period = { fromMs: startMs + DAY_MS, toMs: startMs + 2 * DAY_MS }
    expect(truth.energyOf('steel:electricity', period)).toEqual(truth.energyOf('steel-incoming', period))
    expect(() => truth.energyOf('no-such', period)).toThrow(RangeError)
  })

  it('stands in a table whose columns add up', () => {
    const period = { fromMs: startMs + DAY_MS, toMs: startMs + 2 * DAY_MS }
    const [head = [], ...rows] = truthCsv(truth, period)
      .trimEnd()
      .split('\n')
      .map((line) => line.split(','))
    expect(rows).toHaveLength([...slotsBetween(period.fromMs, period.toMs)].length)
    expect(rows[1]?.[0]).toBe(new Date(period.fromMs + SLOT_MS).toISOString())
    for (const [index, { id }] of truth.nodes.entries()) {
      expect(head[index + 1]).toContain(id)
      const column = rows.map((cells) => Math.round(Number(cells[index + 1]) * 1e6))
      expect(column.reduce((a, b) => a + b, 0)).toBe(truth.energyOf(id, period).count)
    }
  })
})

describe('The truth over HTTP', () => {
  const from = '2026-03-02T00:00:00+08:00'
  const fromMs = Date.parse(from)

  it('lists the nodes', () => {
    expect(truthNodes(truth).nodes).toContainEqual({ id: 'park-pv', kind: 'meter', unit: 'kWh' })
  })

  it('answers rows of the step, the last one shorter, whose sum is the whole', () => {
    const query = { from, to: String(fromMs + 2.5 * 3_600_000), step: '3600000' }
    const { rows, unit } = truthRows(truth, 'food-boiler-gas', query)
    expect(unit).toBe('m³')
    expect(rows.map((row) => [row.fromMs - fromMs, row.toMs - fromMs])).toEqual([
      [0, 3_600_000],
      [3_600_000, 7_200_000],
      [7_200_000, 9_000_000],
    ])
    const total = rows.reduce((sum, { energy }) => sum + Math.round(Number(energy) * 1e6), 0)
    expect(total).toBe(truth.energyOf('food-boiler-gas', { fromMs, toMs: fromMs + 9_000_000 }).count)
    expect(truthRows(truth, 'park-pv', { from, to: '2026-03-02T01:00:00+08:00' }).rows).toHaveLength(4)
  })

  it('refuses what it cannot answer', () => {
    const ask = (id: string, query: object) => () => truthRows(truth, id, query)
    const code = (code: string) => expect.objectContaining({ code })
    expect(ask('nobody', { from, to: from })).toThrow(code('not-simulated'))
    expect(ask('park-pv', { from, to: from })).toThrow(code('request-invalid'))
    expect(ask('park-pv', { from })).toThrow(code('request-invalid'))
    const far = String(fromMs + (TRUTH_ROWS_MAX + 1) * SLOT_MS)
    expect(ask('park-pv', { from, to: far })).toThrow(code('request-invalid'))
  })

  it('agrees with the plant', () => {
    const period = { fromMs, toMs: fromMs + DAY_MS }
    const exact = plant.energyAt('computing-it', period.toMs) - plant.energyAt('computing-it', period.fromMs)
    const counted = truth.energyOf('computing-it', period)
    expect(toNumber(add(counted, { count: 0, resolution: '1' }))).toBeCloseTo(exact, 5)
  })
})
