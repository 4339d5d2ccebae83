import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DAY_MS, HOUR_MS } from '#contract/duration.ts'
import { readParkFile } from '#firmware-config/park-file.ts'
import { gasPerTonne } from './conversions.ts'
import { amountPerFlowHour } from './media.ts'
import { makePlant } from './plant.ts'
import { readScenarioFor } from './scenario-check.ts'
import { demoScenarioPath } from './scenario.ts'
import { energyBetween } from './truth.ts'

const park = readParkFile(
  fileURLToPath(new URL('../firmware-config/examples/demo-park/park.yaml', import.meta.url)),
)
const scenario = readScenarioFor(park, demoScenarioPath)
const plant = makePlant(scenario, park)
const startMs = Date.parse(scenario.registersFrom)

const meters = [...park.meters.keys()]
const electric = [...park.meters.values()]
  .filter(({ carrier }) => carrier === 'electricity')
  .map(({ id }) => id)
const aMeter = fc.constantFrom(...meters)
const anInstant = fc.integer({ min: startMs, max: startMs + 550 * DAY_MS })

const flowAt = (of: typeof plant, meter: string, atMs: number): number => {
  const state = of.stateAt(meter, atMs)
  return state.carrier === 'electricity' ? state.activeKw : state.flow
}

/** Agreement of sums of floating-point numbers that are added in different orders. */
const near = (a: number, b: number): void => {
  expect(Math.abs(a - b)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(a), Math.abs(b)))
}

describe('the plant of the demonstration park', () => {
  it('has a state and an energy at every meter', () => {
    for (const meter of meters) {
      expect(Number.isFinite(flowAt(plant, meter, startMs))).toBe(true)
      expect(plant.energyAt(meter, startMs)).toBe(0)
    }
  })

  it('is the same park under the same seed, and another under another', () => {
    const twin = makePlant(scenario, park)
    const stranger = makePlant({ ...scenario, seed: scenario.seed + 1 }, park)
    fc.assert(
      fc.property(aMeter, anInstant, (meter, atMs) => {
        expect(twin.stateAt(meter, atMs)).toEqual(plant.stateAt(meter, atMs))
        expect(twin.energyAt(meter, atMs)).toBe(plant.energyAt(meter, atMs))
      }),
      { numRuns: 40 },
    )
    const noon = startMs + 100 * DAY_MS + 12 * HOUR_MS
    expect(flowAt(stranger, 'steel-incoming', noon)).not.toBe(flowAt(plant, 'steel-incoming', noon))
  })

  it('sums up in many small steps what a first question sums up at once', () => {
    const atMs = startMs + 45 * DAY_MS
    const patient = makePlant(scenario, park)
    const shares = [...patient.summing(atMs)]
    expect(shares.length).toBeGreaterThan(60)
    expect(shares).toEqual(shares.toSorted((a, b) => a - b))
    expect(shares.at(-1)).toBe(1)
    const curious = makePlant(scenario, park)
    for (const meter of meters) expect(patient.energyAt(meter, atMs)).toBe(curious.energyAt(meter, atMs))
  })

  it('never lets a register fall', () => {
    fc.assert(
      fc.property(aMeter, anInstant, fc.integer({ min: 1, max: 2 * DAY_MS }), (meter, atMs, span) => {
        expect(plant.energyAt(meter, atMs + span)).toBeGreaterThanOrEqual(plant.energyAt(meter, atMs))
        expect(plant.energyAt(meter, atMs + 1)).toBeGreaterThanOrEqual(plant.energyAt(meter, atMs))
      }),
      { numRuns: 300 },
    )
  })

  it('has the energy that quadrature of its power gives', () => {
    fc.assert(
      fc.property(aMeter, anInstant, fc.integer({ min: 60_000, max: HOUR_MS }), (meter, fromMs, span) => {
        const steps = 4_000
        let [sum, jumps] = [0, 0]
        let last = flowAt(plant, meter, fromMs)
        for (let index = 0; index <= steps; index += 1) {
          const flow = flowAt(plant, meter, fromMs + (Math.min(index + 0.5, steps) * span) / steps)
          // Machines that are switched: where in its step it happened is not seen here, and half of it may be missed.
          if (Math.abs(flow - last) > 0.01 * Math.abs(flow)) jumps += Math.abs(flow - last) / 2
          if (index < steps) sum += flow
          last = flow
        }
        const perFlowHour = amountPerFlowHour(park.meters.get(meter)?.carrier ?? 'electricity')
        const numeric = Math.abs((sum / steps) * (span / HOUR_MS)) * perFlowHour
        const exact = energyBetween(plant, meter, fromMs, fromMs + span)
        const unseen = (jumps / steps) * (span / HOUR_MS) * perFlowHour
        expect(Math.abs(exact - numeric)).toBeLessThan(1e-5 * Math.max(1, exact) + unseen)
      }),
      { numRuns: 12 },
    )
  })

  it('closes: every parent is what it feeds and its losses, in power, reactive power and energy', () => {
    const parents = Object.entries(scenario.flows).flatMap(([name, flow]) =>
      (flow.kind === 'sum' || flow.kind === 'transformer') &&
      park.meters.has(name) &&
      flow.of.every((part) => park.meters.has(part))
        ? [{ name, flow }]
        : [],
    )
    expect(parents.map(({ name }) => name)).toContain('park-incoming')
    const reactive = (meter: string, atMs: number): number => {
      const state = plant.stateAt(meter, atMs)
      return state.carrier === 'electricity' ? state.reactiveKvar : 0
    }
    const signed = (part: string): number => (plant.boundsOf(part).most > 0 ? 1 : -1)
    fc.assert(
      fc.property(anInstant, (atMs) => {
        for (const { name, flow } of parents) {
          const loss = plant.lossAt(name, atMs)
          const fed = flow.of.reduce((sum, part) => sum + flowAt(plant, part, atMs), 0)
          near(flowAt(plant, name, atMs), fed + loss.flow)
          const fedEnergy = flow.of.reduce((sum, part) => sum + signed(part) * plant.energyAt(part, atMs), 0)
          near(plant.energyAt(name, atMs), fedEnergy + loss.amount)
          const fedReactive = flow.of.reduce((sum, part) => sum + reactive(part, atMs), 0)
          near(reactive(name, atMs), fedReactive * (flow.kind === 'sum' ? 1 + flow.lossShare : 1))
        }
      }),
      { numRuns: 30 },
    )
  })

  it('makes steam from gas by the boiler’s efficiency', () => {
    const boiler = scenario.flows['food-boiler-gas']
    if (boiler?.kind !== 'boiler') throw new Error('no boiler')
    expect(gasPerTonne(boiler)).toBeCloseTo(2_690 / (0.92 * 38.931), 9)
    fc.assert(
      fc.property(anInstant, (atMs) => {
        near(
          flowAt(plant, 'food-boiler-gas', atMs),
          flowAt(plant, 'food-boiler-steam', atMs) * gasPerTonne(boiler),
        )
      }),
    )
  })

  it('is electrically coherent at every meter and instant', () => {
    fc.assert(
      fc.property(fc.constantFrom(...electric), anInstant, (meter, atMs) => {
        const state = plant.stateAt(meter, atMs)
        if (state.carrier !== 'electricity') throw new Error(`${meter} is electric`)
        let active = 0
        for (const phase of state.phases) {
          active += phase.activeKw
          near(phase.apparentKva ** 2, phase.activeKw ** 2 + phase.reactiveKvar ** 2)
          near(phase.currentA * phase.voltageV, phase.apparentKva * 1_000)
          near(
            phase.activeKw * 1_000,
            phase.voltageV * phase.currentA * phase.powerFactor * (phase.apparentKva === 0 ? 0 : 1),
          )
        }
        near(state.activeKw, active)
        near(state.apparentKva ** 2, state.activeKw ** 2 + state.reactiveKvar ** 2)
        near(state.activeKw, state.apparentKva * state.powerFactor)
        expect(Math.abs(state.frequencyHz - 50)).toBeLessThan(0.03)
      }),
    )
  })

  it('splits the registers over the phases without a rest', () => {
    fc.assert(
      fc.property(fc.constantFrom(...electric), anInstant, (meter, atMs) => {
        const { importKwh, importByPhaseKwh } = plant.electricalEnergyAt(meter, atMs)
        const [l1, l2, l3] = importByPhaseKwh
        expect(Math.abs(l1 + l2 + l3 - importKwh)).toBeLessThanOrEqual(1e-9 * Math.max(1, importKwh))
      }),
    )
  })

  it('stays within the ratings of its meters and the bounds it names', () => {
    fc.assert(
      fc.property(aMeter, anInstant, (meter, atMs) => {
        const { least, most } = plant.boundsOf(meter)
        const flow = flowAt(plant, meter, atMs)
        expect(flow).toBeGreaterThanOrEqual(least - 1e-9)
        expect(flow).toBeLessThanOrEqual(most + 1e-9)
        const { carrier = 'electricity', ratingPerHour = 0 } = park.meters.get(meter) ?? {}
        expect(Math.abs(flow) * amountPerFlowHour(carrier)).toBeLessThanOrEqual(ratingPerHour)
      }),
      { numRuns: 500 },
    )
  })

  it('has sun by day only, and more in June than in December', () => {
    const at = (text: string): number => flowAt(plant, 'park-pv', Date.parse(text))
    expect(at('2026-06-21T00:30:00+08:00')).toBeCloseTo(0, 12)
    expect(at('2026-06-21T12:00:00+08:00')).toBeLessThan(0)
    const month = (text: string): number =>
      energyBetween(plant, 'park-pv', Date.parse(text), Date.parse(text) + 30 * DAY_MS)
    expect(month('2026-06-01T00:00:00+08:00')).toBeGreaterThan(1.3 * month('2026-12-01T00:00:00+08:00'))
  })

  it('lights its roads while the sun is down, whatever the season, and dims them late at night', () => {
    const at = (text: string): number => flowAt(plant, 'services-street-lighting', Date.parse(text))
    for (const day of ['2026-06-21T18:30', '2026-06-21T05:30', '2026-12-21T16:30', '2026-12-21T08:00'])
      expect(at(`${day}:00+08:00`)).toBe(0)
    for (const night of ['2026-06-21T20:30', '2026-12-21T17:15', '2026-12-21T06:30'])
      expect(at(`${night}:00+08:00`)).toBe(38)
    expect(at('2026-12-21T02:00:00+08:00')).toBeCloseTo(38 * 0.55, 9)
    expect(at('2026-12-21T23:30:00+08:00')).toBeCloseTo(38 * 0.55, 9)
  })

  it('works in shifts: the drawing line rests at night, at weekends and around the Spring Festival', () => {
    const day = (date: string, from: string, to: string): number =>
      energyBetween(
        plant,
        'steel-drawing-line',
        Date.parse(`${date}T${from}+08:00`),
        Date.parse(`${date}T${to}+08:00`),
      )
    const shift = (date: string): number => day(date, '07:00:00', '13:00:00')
    expect(day('2026-03-06', '00:00:00', '05:30:00')).toBeCloseTo(5.5 * 14, 1)
    for (const rest of ['2026-03-07', '2026-03-08', '2026-02-17']) {
      expect(shift(rest)).toBeLessThan(6 * 15)
    }
    for (const work of ['2026-03-06', '2026-03-09']) expect(shift(work)).toBeGreaterThan(6 * 300)
  })

  it('knows only its own meters', () => {
    expect(() => plant.stateAt('nobody', startMs)).toThrow(RangeError)
    expect(() => plant.energyAt('nobody', startMs)).toThrow(RangeError)
    expect(() => plant.electricalEnergyAt('food-boiler-gas', startMs)).toThrow(RangeError)
  })
})
