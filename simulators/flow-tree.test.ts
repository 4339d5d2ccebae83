import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DAY_MS, HOUR_MS } from '#contract/duration.ts'
import { copAt, gasPerKwh, gasPerTonne, pumpingPerCubicMetre } from './conversions.ts'
import type { Flow, FlowOf } from './flow-kinds.ts'
import { amountOfTerms, flowOfTerms, type FlowNode } from './flow-node.ts'
import { apparentMost, flowNodes, LOSS_STEP_MINUTES } from './flow-tree.ts'
import { surroundingsOf } from './load-kinds.ts'
import { scenarioFile, type Scenario } from './scenario.ts'

/** A small works with every kind of flow but the replayed one. */
const works = {
  park: 'works',
  seed: 7,
  registersFrom: '2026-01-01T00:00:00+08:00',
  utcOffset: '+08:00',
  latitude: 39.1,
  longitude: 117.2,
  flows: {
    main: { kind: 'sum', of: ['hall', 'roof', 'engine'], lossShare: 0.01 },
    hall: {
      kind: 'transformer',
      of: ['line', 'air-supply', 'chillers', 'pumps', 'office', 'furnace'],
      rating: 2000,
      noLoadLoss: 2.4,
      loadLoss: 15,
    },
    line: {
      kind: 'machines',
      count: 5,
      power: 60,
      idlePower: 6,
      standby: 8,
      shifts: [
        ['06:00', '13:45'],
        ['22:00', '05:30'],
      ],
      cycleMinutes: 9.5,
      duty: 0.6,
      utilisation: 0.9,
      variation: 0.2,
      ripple: [{ share: 0.05, periodMinutes: 1.7 }],
      cosPhi: 0.82,
    },
    'air-supply': { kind: 'compressor', output: 'air', specificPower: 0.11, idlePower: 9, cosPhi: 0.86 },
    air: {
      kind: 'shift',
      peak: 900,
      workDay: [
        ['00:00', 0.2],
        ['06:00', 0.9],
        ['22:00', 0.2],
      ],
      restDay: [['00:00', 0.15]],
      ripple: [{ share: 0.1, periodMinutes: 4 }],
    },
    chillers: { kind: 'chiller', output: 'cold', cop: 4.6, copPerDegree: 0.1, cosPhi: 0.88 },
    cold: {
      kind: 'climate',
      base: 120,
      above: { temperature: 18, perDegree: 22 },
      workDay: [['00:00', 1]],
      restDay: [['00:00', 0.6]],
    },
    pumps: { kind: 'pump', output: 'water', headMetres: 36, efficiency: 0.7 },
    water: { kind: 'continuous', mean: 240, daySwing: 0.1 },
    office: {
      kind: 'climate',
      base: 5,
      above: { temperature: 25, perDegree: 3 },
      below: { temperature: 8, perDegree: 2 },
      workDay: [
        ['00:00', 0.1],
        ['08:00', 1],
        ['18:00', 0.1],
      ],
      restDay: [['00:00', 0.1]],
      variation: 0.1,
    },
    furnace: { kind: 'continuous', mean: 520, daySwing: 0.05, variation: 0.03, cosPhi: 0.97 },
    roof: { kind: 'photovoltaic', peak: 90 },
    engine: {
      kind: 'chp',
      peak: 120,
      workDay: [
        ['00:00', 0],
        ['08:00', 1],
        ['21:00', 0],
      ],
      restDay: [['00:00', 0]],
      electricEfficiency: 0.38,
      heatEfficiency: 0.45,
      variation: 0.05,
    },
    gas: { kind: 'sum', of: ['engine-gas', 'boiler-gas'] },
    'engine-gas': { kind: 'chp-gas', of: 'engine', heatingValue: 38.931 },
    'engine-heat': { kind: 'chp-heat', of: 'engine' },
    'boiler-gas': {
      kind: 'boiler',
      output: 'steam',
      efficiency: 0.9,
      steamHeat: 2.69,
      heatingValue: 38.931,
    },
    steam: { kind: 'continuous', mean: 1.5, daySwing: 0.2, variation: 0.1 },
  },
} as const

const scenarioOf = (seed: number): Scenario => ({
  ...scenarioFile.parse({ ...works, seed }),
  series: new Map(),
})
const scenario = scenarioOf(works.seed)
const nodes = flowNodes(scenario)
const around = surroundingsOf(scenario)
const { startMs } = around.time

const nodeOf = (name: string, of = nodes): FlowNode => {
  const node = of.get(name)
  if (node === undefined) throw new Error(`no node ${name}`)
  return node
}
const flow = (name: string, atMs: number): number => flowOfTerms(nodeOf(name).terms, atMs)
const amount = (name: string, atMs: number): number => amountOfTerms(nodeOf(name).terms, atMs)
function given(name: string): Flow {
  const found = scenario.flows[name]
  if (found === undefined) throw new Error(`no flow ${name}`)
  return found
}
function of<K extends Flow['kind']>(name: string, kind: K): FlowOf<K> {
  const found = given(name)
  if (!isKind(found, kind)) throw new Error(`${name} is no ${kind}`)
  return found
}
function isKind<K extends Flow['kind']>(found: Flow, kind: K): found is Flow & FlowOf<K> {
  return found.kind === kind
}

const aName = fc.constantFrom(...Object.keys(works.flows))
const anInstant = fc.integer({ min: startMs, max: startMs + 400 * DAY_MS })

const near = (a: number, b: number, relative = 1e-9): void => {
  expect(Math.abs(a - b)).toBeLessThanOrEqual(relative * Math.max(1, Math.abs(a), Math.abs(b)))
}

describe('the flows of a works', () => {
  it('close at every instant and in energy, transformers included', () => {
    fc.assert(
      fc.property(fc.constantFrom('main', 'hall', 'gas'), anInstant, (name, atMs) => {
        const found = given(name)
        if (found.kind !== 'sum' && found.kind !== 'transformer') throw new Error('feeds nothing')
        const { losses } = nodeOf(name)
        const fed = (what: (name: string, atMs: number) => number): number =>
          found.of.reduce((sum, part) => sum + what(part, atMs), 0)
        near(flow(name, atMs), fed(flow) + flowOfTerms(losses, atMs))
        near(amount(name, atMs), fed(amount) + amountOfTerms(losses, atMs))
      }),
    )
  })

  it('have the energy that quadrature of their power gives, across the starts of machines', () => {
    const check = (name: string, fromMs: number, minutes: number): void => {
      // Corners lie at whole milliseconds nowhere: many small steps, each straight or nearly so.
      const steps = minutes * 600
      const width = (minutes * 60_000) / steps
      let sum = 0
      for (let index = 0; index < steps; index += 1) sum += flow(name, fromMs + (index + 0.5) * width)
      const numeric = (sum * width) / HOUR_MS
      const exact = amount(name, fromMs + minutes * 60_000) - amount(name, fromMs)
      expect(Math.abs(numeric - exact)).toBeLessThan(2e-5 * Math.max(1, Math.abs(exact)))
    }
    fc.assert(fc.property(aName, anInstant, fc.integer({ min: 5, max: 60 }), check), { numRuns: 20 })
    check('line', Date.parse('2026-03-06T06:00:00+08:00'), 60)
    check('line', Date.parse('2026-03-06T23:30:00+08:00'), 60)
  })

  it('lose in a transformer what its no-load loss and the square of its load say', () => {
    const { rating, noLoadLoss, loadLoss } = of('hall', 'transformer')
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 400 * 144 }), (mark) => {
        const atMs = startMs + mark * LOSS_STEP_MINUTES * 60_000
        const { terms, losses } = nodeOf('hall')
        const loads = terms.filter((term) => !losses.includes(term))
        const active = flowOfTerms(loads, atMs)
        const reactive = loads.reduce(
          (sum, { curve, weight, tanPhi }) => sum + weight * curve.at(atMs) * tanPhi,
          0,
        )
        const expected = noLoadLoss + loadLoss * ((active ** 2 + reactive ** 2) / rating ** 2)
        near(flowOfTerms(losses, atMs), expected)
        expect(Math.hypot(active, reactive)).toBeLessThanOrEqual(apparentMost(nodeOf('hall')))
      }),
    )
  })

  it('convert one carrier into another with their efficiencies', () => {
    const engine = of('engine', 'chp')
    fc.assert(
      fc.property(anInstant, (atMs) => {
        for (const what of [flow, amount]) {
          const made = -what('engine', atMs)
          near(what('engine-gas', atMs), made * gasPerKwh(of('engine-gas', 'chp-gas'), engine))
          near(what('engine-heat', atMs), (made * 0.45) / 0.38)
          // What the gas holds is electricity, heat, and what goes up the chimney.
          near(what('engine-gas', atMs) * (38.931 / 3.6) * (0.38 + 0.45), made + what('engine-heat', atMs))
          near(what('boiler-gas', atMs), what('steam', atMs) * gasPerTonne(of('boiler-gas', 'boiler')))
          near(what('pumps', atMs), what('water', atMs) * pumpingPerCubicMetre(of('pumps', 'pump')))
        }
        near(flow('air-supply', atMs), flow('air', atMs) * 0.11 + 9)
        near(amount('air-supply', atMs), amount('air', atMs) * 0.11 + (9 * (atMs - startMs)) / HOUR_MS)
      }),
    )
    expect(pumpingPerCubicMetre({ ...of('pumps', 'pump'), headMetres: 36.7098, efficiency: 1 })).toBeCloseTo(
      0.1,
      5,
    )
  })

  it('make cold at the COP of the weather, worse on hot days', () => {
    const chiller = of('chillers', 'chiller')
    const cop = (text: string): number => flow('cold', Date.parse(text)) / flow('chillers', Date.parse(text))
    const july = '2026-07-15T15:00:00+08:00'
    const day = Math.floor((Date.parse(july) + 8 * HOUR_MS) / DAY_MS)
    expect(cop(july)).toBeCloseTo(copAt(chiller, around.weather.temperature(day, 900)), 9)
    expect(cop(july)).toBeLessThan(cop('2026-01-15T15:00:00+08:00'))
    expect(flow('cold', Date.parse(july))).toBeGreaterThan(
      2 * flow('cold', Date.parse('2026-01-15T15:00:00+08:00')),
    )
  })

  it('keep the bounds that they name', () => {
    fc.assert(
      fc.property(aName, anInstant, (name, atMs) => {
        const { least, most } = nodeOf(name)
        const now = flow(name, atMs)
        expect(now).toBeGreaterThanOrEqual(least - 1e-9)
        expect(now).toBeLessThanOrEqual(most + 1e-9)
      }),
      { numRuns: 400 },
    )
  })

  it('are the same in whatever order instants are asked for, and others under another seed', () => {
    const twin = flowNodes(scenarioOf(works.seed))
    const instants = [390, 3, 250, 251, 0, 120].map((day) => startMs + day * DAY_MS + 31_234_567)
    for (const name of Object.keys(works.flows)) {
      const forwards = instants.map((atMs) => amount(name, atMs))
      const backwards = instants.toReversed().map((atMs) => amountOfTerms(nodeOf(name, twin).terms, atMs))
      expect(backwards.toReversed()).toEqual(forwards)
    }
    const stranger = flowNodes(scenarioOf(8))
    const noon = startMs + 98 * DAY_MS + 10 * HOUR_MS
    for (const name of ['line', 'air', 'office', 'furnace', 'roof', 'engine', 'steam', 'chillers']) {
      expect(flowOfTerms(nodeOf(name, stranger).terms, noon)).not.toBe(flow(name, noon))
    }
  })
})
