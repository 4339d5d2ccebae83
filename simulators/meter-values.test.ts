import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DAY_MS, HOUR_MS } from '#contract/duration.ts'
import { quantities, type QuantityName } from '#contract/quantities.ts'
import { indexPark, parkDescription } from '#contract/park.ts'
import { readParkFile } from '#firmware-config/park-file.ts'
import { profileIds } from '#firmware-config/profile-library.ts'
import { loadProfile } from '#firmware-config/profile.ts'
import { electricalState } from './electrical.ts'
import { environmentValue } from './environment.ts'
import { THIRDS, tanPhiOf } from './flow-node.ts'
import { conditionsOf, mediumValue } from './media.ts'
import { meterValues } from './meter-values.ts'
import { makePlant } from './plant.ts'
import { readScenarioFor } from './scenario-check.ts'
import { demoScenarioPath, scenarioFile } from './scenario.ts'

const park = readParkFile(
  fileURLToPath(new URL('../firmware-config/examples/demo-park/park.yaml', import.meta.url)),
)
const scenario = readScenarioFor(park, demoScenarioPath)
const plant = makePlant(scenario, park)
const startMs = Date.parse(scenario.registersFrom)
const electric = [...park.meters.values()].filter(({ carrier }) => carrier === 'electricity')
const anElectricMeter = fc.constantFrom(...electric.map(({ id }) => id))
const anInstant = fc.integer({ min: startMs + HOUR_MS, max: startMs + 400 * DAY_MS })

const reader = (meter: string, atMs: number) => {
  const values = meterValues(plant, meter, atMs)
  return (quantity: QuantityName): number => {
    const value = values(quantity)
    if (value === undefined) throw new Error(`${meter} shows no ${quantity}`)
    return value
  }
}

const near = (a: number, b: number): void => {
  expect(Math.abs(a - b)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(a), Math.abs(b)))
}

describe('what an electricity meter shows', () => {
  it('agrees with itself: phases with totals, S² with P² and Q², λ with P/S, I with S/U, THD with λ', () => {
    fc.assert(
      fc.property(anElectricMeter, anInstant, (meter, atMs) => {
        const read = reader(meter, atMs)
        for (const place of ['l1', 'l2', 'l3', 'total'] as const) {
          const p = read(`activePower.${place}`)
          const q = read(`reactivePower.${place}`)
          const s = read(`apparentPower.${place}`)
          near(s * s, p * p + q * q)
          near(p, s * read(`powerFactor.${place}`))
          near(Math.cos((read(`phaseAngle.${place}`) * Math.PI) / 180) * s, p)
        }
        for (const phase of ['l1', 'l2', 'l3'] as const) {
          near(read(`voltage.${phase}`) * read(`current.${phase}`), read(`apparentPower.${phase}`) * 1_000)
          const thd = read(`currentThd.${phase}`) / 100
          // Harmonics are a part of what is not active: λ ≤ 1 / √(1 + THD²).
          expect(Math.abs(read(`powerFactor.${phase}`))).toBeLessThanOrEqual(
            1 / Math.sqrt(1 + thd * thd) + 1e-9,
          )
        }
        for (const family of ['activePower', 'reactivePower'] as const) {
          near(read(`${family}.l1`) + read(`${family}.l2`) + read(`${family}.l3`), read(`${family}.total`))
        }
        near((read('voltage.l1') + read('voltage.l2') + read('voltage.l3')) / 3, read('voltage.average'))
        expect(read('voltageLineToLine.l12') / read('voltage.average')).toBeCloseTo(Math.sqrt(3), 1)
        expect(read('frequency')).toBeCloseTo(50, 1)
      }),
    )
  })

  it('counts apparent energy by phase as its apparent power says', () => {
    fc.assert(
      fc.property(anInstant, (atMs) => {
        const [now, later] = [reader('steel-compressors', atMs), reader('steel-compressors', atMs + HOUR_MS)]
        for (const phase of ['l1', 'l2', 'l3'] as const) {
          const apparent = later(`apparentEnergy.${phase}`) - now(`apparentEnergy.${phase}`)
          const active = later(`activeEnergyImport.${phase}`) - now(`activeEnergyImport.${phase}`)
          // Its motors have one power factor all the time.
          expect(apparent / active).toBeCloseTo(1 / now(`powerFactor.${phase}`), 6)
        }
        // A mixed load: the mean of its apparent power, at the middle of each second.
        for (const place of ['l2', 'total'] as const) {
          const counted = (at: number) => reader('steel-incoming', at)(`apparentEnergy.${place}`)
          const seconds = Array.from({ length: 3_600 }, (_, second) => atMs + second * 1_000 + 500)
          const powers = seconds.map((at) => reader('steel-incoming', at)(`apparentPower.${place}`))
          const mean = powers.reduce((sum, power) => sum + power, 0) / powers.length
          expect(Math.abs((counted(atMs + HOUR_MS) - counted(atMs)) / mean - 1)).toBeLessThan(0.004)
        }
      }),
      { numRuns: 10 },
    )
  })

  it('is all that any profile has a register for', () => {
    const atMs = startMs + 30 * DAY_MS
    const missing = profileIds().flatMap((id) => {
      const { carrier, registers } = loadProfile(id)
      const shows = (quantity: QuantityName): number | undefined => {
        if (carrier === 'electricity') return meterValues(plant, 'steel-incoming', atMs)(quantity)
        if (carrier === 'environment') return environmentValue(quantity, () => plant.environmentAt(atMs))
        return mediumValue(quantity, { carrier, flow: 1, ...conditionsOf(carrier, scenario) }, () => 1)
      }
      return registers.flatMap(({ quantity }) =>
        Number.isFinite(shows(quantity)) ? [] : [`${id} ${quantity}`],
      )
    })
    expect(missing).toEqual([])
  })

  it('has registers whose parts add up and which its demand is the rise of', () => {
    fc.assert(
      fc.property(anElectricMeter, anInstant, (meter, atMs) => {
        const read = reader(meter, atMs)
        const before = reader(meter, atMs - HOUR_MS / 4)
        for (const family of [
          'activeEnergyImport',
          'activeEnergyExport',
          'activeEnergySum',
          'reactiveEnergyImport',
        ] as const) {
          near(read(`${family}.l1`) + read(`${family}.l2`) + read(`${family}.l3`), read(`${family}.total`))
        }
        near(
          read('activeEnergySum.total'),
          read('activeEnergyImport.total') + read('activeEnergyExport.total'),
        )
        near(read('reactiveEnergyQ1.total'), read('reactiveEnergyImport.total'))
        const rise = read('activeEnergySum.total') - before('activeEnergySum.total')
        near(Math.abs(read('activeDemand.total')), rise * 4)
        // Apparent energy is never less than what was active of it.
        const apparent = read('apparentEnergy.total') - before('apparentEnergy.total')
        expect(apparent).toBeGreaterThanOrEqual(rise * 0.98)
        near(read('apparentDemand.total'), apparent * 4)
      }),
      { numRuns: 25 },
    )
  })

  it('is undefined for what no plant models', () => {
    const values = meterValues(plant, 'steel-incoming', startMs)
    expect(values('steamMass')).toBeUndefined()
    expect(values('outdoorTemperature')).toBeUndefined()
  })
})

describe('harmonics', () => {
  const curve = { at: () => 100, integralAt: () => 0 }
  const state = (cosPhi: number, currentThd: number) =>
    electricalState(
      [{ curve, weight: 1, tanPhi: tanPhiOf(cosPhi), phaseShares: THIRDS, currentThd }],
      230,
      startMs,
    ).phases[0]

  it('are those of the load, as far as its power factor leaves room for them', () => {
    expect(state(0.9, 12).currentThdPercent).toBeCloseTo(12, 9)
    expect(state(1, 12).currentThdPercent).toBe(0)
    // λ = 1 / √(1 + THD²)
    expect(state(0.98, 60).currentThdPercent).toBeCloseTo(100 * Math.sqrt(1 / 0.98 ** 2 - 1), 9)
  })
})

describe('what meters of pipes show', () => {
  const media = [
    ['gas', 'naturalGas', 'gasVolumeStandard', 'gasFlowStandard', 1],
    ['steam', 'steam', 'steamMass', 'steamFlow', 1],
    ['heat', 'heat', 'heatEnergy', 'heatPower', 0.0036],
    ['cold', 'cooling', 'coolingEnergy', 'coolingPower', 0.0036],
    ['water', 'water', 'waterVolume', 'waterFlow', 1],
    ['air', 'compressedAir', 'airVolumeStandard', 'airFlowStandard', 1],
    ['coal', 'solidFuel', 'solidFuelMass', 'solidFuelFlow', 1],
    ['oil', 'liquidFuel', 'liquidFuelVolume', 'liquidFuelFlow', 1],
  ] as const
  const pipes = indexPark(
    parkDescription.parse({
      id: 'pipes',
      name: { zh: '管', en: 'pipes' },
      gateways: [{ id: 'g', name: { zh: '网', en: 'g' } }],
      meters: media.map(([id, carrier, register]) => ({
        id,
        name: { zh: id, en: id },
        carrier,
        register,
        role: 'terminal',
        gateway: 'g',
        ratingPerHour: 1_000,
        installed: '2026-01-01T00:00:00+08:00',
      })),
    }),
  )
  const piped = makePlant(
    {
      ...scenarioFile.parse({
        park: 'pipes',
        seed: 1,
        registersFrom: '2026-01-01T00:00:00+08:00',
        utcOffset: '+08:00',
        latitude: 39,
        heat: { supply: 95, return: 65 },
        flows: Object.fromEntries(media.map(([id]) => [id, { kind: 'continuous', mean: 100 }])),
      }),
      series: new Map(),
    },
    pipes,
  )
  const hourMs = Date.parse('2026-01-01T01:00:00+08:00')

  it.each(media)('%s: its register rises by its flow', (meter, _carrier, register, flow, perHour) => {
    const read = meterValues(piped, meter, hourMs)
    expect(read(flow)).toBeCloseTo(100, 9)
    expect(read(register)).toBeCloseTo(100 * perHour, 9)
    expect(piped.energyAt(meter, hourMs)).toBe(read(register))
  })

  it('heat: its water carries its power between two temperatures', () => {
    const read = meterValues(piped, 'heat', hourMs)
    expect([read('supplyTemperature'), read('returnTemperature')]).toEqual([95, 65])
    const flow = read('heatFlow') ?? 0
    // 4.1868 kJ/(kg·K), 1000 kg/m³.
    expect((flow * 1_000 * 4.1868 * 30) / 3_600).toBeCloseTo(100, 9)
    expect(read('heatVolume')).toBeCloseTo(flow, 9)
  })

  it('gas: a standard cubic metre takes less room under pressure', () => {
    const read = meterValues(piped, 'gas', hourMs)
    expect(read('gasFlowActual')).toBeCloseTo(100 * (101.325 / 120) * (291.15 / 293.15), 9)
  })

  it('all quantities of a medium are shown by its own meters only', () => {
    for (const [meter, carrier] of media) {
      const values = meterValues(piped, meter, hourMs)
      const foreign = quantities.filter((each) => each.carrier !== carrier && each.carrier !== 'heat')
      expect(foreign.filter(({ name }) => values(name) !== undefined)).toEqual([])
    }
  })
})
