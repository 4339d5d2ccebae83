import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isQuantityName, quantityOf, type QuantityName } from '#contract/quantities.ts'
import { parkDescription, indexPark } from '#contract/park.ts'
import { loadProfile } from '#firmware-config/profile.ts'
import { faultOrder } from './fault-kinds.ts'
import { timed, type InjectedFault } from './fault-schedule.ts'
import { meterValues, type ValueOf } from './meter-values.ts'
import { makePlant } from './plant.ts'
import { scenarioFile } from './scenario.ts'
import type { ValuesAt } from './served-meter.ts'
import { settingUnder, shownUnder } from './value-faults.ts'

const name = { zh: '表', en: 'meter' }
const park = indexPark(
  parkDescription.parse({
    id: 'p',
    name,
    gateways: [{ id: 'g', name }],
    meters: ['load', 'pv'].map((id) => ({
      id,
      name,
      carrier: 'electricity',
      role: 'boundary',
      gateway: 'g',
      register: 'activeEnergyImport.total',
      ratingPerHour: 1_000,
      installed: '2026-01-01T00:00:00+08:00',
    })),
  }),
)
const scenario = {
  ...scenarioFile.parse({
    park: 'p',
    seed: 3,
    registersFrom: '2026-01-01T00:00:00+08:00',
    utcOffset: '+08:00',
    latitude: 39,
    tariffs: [
      ['00:00', 'valley'],
      ['10:20', 'peak'],
      ['10:40', 'flat'],
    ],
    flows: {
      load: { kind: 'continuous', mean: 100, daySwing: 0.5, ripple: [{ share: 0.2, periodMinutes: 4 }] },
      pv: { kind: 'photovoltaic', peak: 400 },
    },
  }),
  series: new Map(),
}
const plant = makePlant(scenario, park)
const map = loadProfile('eastron-sdm630')
const truthOf =
  (meter: string): ValuesAt =>
  (atMs) =>
    meterValues(plant, meter, atMs)
const load = truthOf('load')

const atMs = Date.parse('2026-03-04T10:00:00+08:00')
const MINUTE = 60_000
const begin = new Date(atMs).toISOString()

function fault(order: object, id = 's1'): InjectedFault {
  return timed(id, faultOrder.parse({ meter: 'load', at: begin, ...order }), 0)
}
const under = (faults: readonly InjectedFault[], valuesAt = load): ValuesAt =>
  shownUnder(faults, { map, valuesAt }, 1)

const quantities = map.registers.map(({ quantity }) => quantity)
const cumulative = quantities.filter((quantity) => quantityOf(quantity).kind === 'cumulative')
const all = (values: ValueOf): Record<string, number | undefined> =>
  Object.fromEntries(quantities.map((quantity) => [quantity, values(quantity)]))
const get = (values: ValueOf, quantity: QuantityName): number => values(quantity) ?? Number.NaN

const orders: object[] = [
  { kind: 'stuck' },
  { kind: 'spike', factor: 10 },
  { kind: 'noise' },
  { kind: 'clock-drift', offsetSeconds: 300 },
  { kind: 'rollover', wrapsAt: 100_000, remaining: 5 },
  { kind: 'reset' },
  { kind: 'replacement', initial: 12 },
  { kind: 'ct-ratio', factor: 2 },
  { kind: 'swapped-ct' },
]

describe('a value fault', () => {
  it.each(orders)('of %o shows the truth before it begins, and never changes the plant', (order) => {
    const before = all(load(atMs + MINUTE))
    const shown = under([fault(order)])
    expect(all(shown(atMs - 1))).toEqual(all(load(atMs - 1)))
    shown(atMs + MINUTE)
    expect(all(load(atMs + MINUTE))).toEqual(before)
  })

  it.each(orders)('of %o is the same whenever it is asked', (order) => {
    const later = all(under([fault(order)])(atMs + 7 * MINUTE))
    const shown = under([fault(order)])
    shown(atMs + MINUTE)
    expect(all(shown(atMs + 7 * MINUTE))).toEqual(later)
  })

  it.each(orders.slice(0, 4))('of %o is over when it has ended', (order) => {
    const shown = under([fault({ ...order, for: '5m' })])
    expect(all(shown(atMs + MINUTE))).not.toEqual(all(load(atMs + MINUTE)))
    expect(all(shown(atMs + 5 * MINUTE))).toEqual(all(load(atMs + 5 * MINUTE)))
  })
})

describe('what a meter shows', () => {
  it('stands still when it is stuck, all of it or what is named', () => {
    expect(all(under([fault({ kind: 'stuck' })])(atMs + MINUTE))).toEqual(all(load(atMs)))
    const one = under([fault({ kind: 'stuck', quantities: ['activePower.total'] })])(atMs + MINUTE)
    expect(one('activePower.total')).toBe(load(atMs)('activePower.total'))
    expect(one('frequency')).toBe(load(atMs + MINUTE)('frequency'))
  })

  it('is multiplied by a spike in as many answers as its share says, and its registers are not', () => {
    const shown = under([fault({ kind: 'spike', factor: 100, share: 0.25 })])
    const asked = Array.from({ length: 2_000 }, (_, index) => atMs + index * 1_000)
    const spikes = asked.filter((each) => get(shown(each), 'frequency') > 1_000)
    expect(spikes.length / asked.length).toBeCloseTo(0.25, 1)
    expect(shown(spikes[0] ?? 0)('activeEnergyImport.total')).toBe(
      load(spikes[0] ?? 0)('activeEnergyImport.total'),
    )
  })

  it('jitters within the share of a noise, each quantity for itself', () => {
    const shown = under([fault({ kind: 'noise', share: 0.02 })])(atMs + MINUTE)
    const truth = load(atMs + MINUTE)
    const off = (quantity: QuantityName): number => get(shown, quantity) / get(truth, quantity) - 1
    expect(Math.abs(off('voltage.l1'))).toBeLessThanOrEqual(0.02)
    expect(off('voltage.l1')).not.toBe(0)
    expect(off('voltage.l1')).not.toBeCloseTo(off('voltage.l2'), 6)
    expect(cumulative.map((quantity) => shown(quantity))).toEqual(cumulative.map((each) => truth(each)))
  })

  it('takes its demand from another window when its clock is wrong', () => {
    const shown = under([fault({ kind: 'clock-drift', offsetSeconds: 60, secondsPerDay: 86_400 })])
    // A minute ahead, and after another minute a second minute.
    expect(shown(atMs + MINUTE)('activeDemand.total')).toBe(load(atMs + 3 * MINUTE)('activeDemand.total'))
    expect(shown(atMs + MINUTE)('activePower.total')).toBe(load(atMs + MINUTE)('activePower.total'))
  })

  it('counts on from zero after a rollover, and by as much as has flowed', () => {
    const shown = under([fault({ kind: 'rollover', wrapsAt: 100_000, remaining: 3 })])
    expect(shown(atMs)('activeEnergyImport.total')).toBe(99_997)
    const flowed = (to: number): number =>
      get(load(to), 'activeEnergyImport.total') - get(load(atMs), 'activeEnergyImport.total')
    const hourLater = atMs + 60 * MINUTE
    expect(flowed(hourLater)).toBeGreaterThan(3)
    expect(shown(hourLater)('activeEnergyImport.total')).toBeCloseTo(flowed(hourLater) - 3, 6)
  })

  it('is set by a reset and a replacement, and counts on exactly', () => {
    const reset = under([fault({ kind: 'reset', to: 7, quantities: ['activeEnergyImport.total'] })])
    const replaced = under([fault({ kind: 'replacement', initial: 12.5 })])
    expect(reset(atMs)('activeEnergyImport.total')).toBe(7)
    expect(reset(atMs)('reactiveEnergyImport.total')).toBe(load(atMs)('reactiveEnergyImport.total'))
    for (const quantity of cumulative) expect(replaced(atMs)(quantity)).toBe(12.5)
    const flowed =
      get(load(atMs + MINUTE), 'activeEnergyImport.total') - get(load(atMs), 'activeEnergyImport.total')
    expect(replaced(atMs + MINUTE)('activeEnergyImport.total')).toBeCloseTo(12.5 + flowed, 6)
    expect(replaced(atMs + MINUTE)('voltage.l1')).toBe(load(atMs + MINUTE)('voltage.l1'))
  })

  it('advances times the factor while a transformer ratio is wrong, and keeps that when it is right again', () => {
    const shown = under([fault({ kind: 'ct-ratio', factor: 3, for: '10m' })])
    const register: QuantityName = 'activeEnergyImport.total'
    const during = atMs + 5 * MINUTE
    expect(shown(during)('activePower.total')).toBe(3 * get(load(during), 'activePower.total'))
    expect(shown(during)('current.l1')).toBe(3 * get(load(during), 'current.l1'))
    expect(shown(during)('voltage.l1')).toBe(load(during)('voltage.l1'))
    expect(get(shown(during), register) - get(load(atMs), register)).toBeCloseTo(
      3 * (get(load(during), register) - get(load(atMs), register)),
      6,
    )
    const after = atMs + 30 * MINUTE
    expect(shown(after)('activePower.total')).toBe(load(after)('activePower.total'))
    expect(get(shown(after), register) - get(load(after), register)).toBeCloseTo(
      2 * (get(load(atMs + 10 * MINUTE), register) - get(load(atMs), register)),
      6,
    )
  })

  it('turns its power round with swapped transformers: the import register stands, the export register advances', () => {
    const shown = under([fault({ kind: 'swapped-ct', for: '10m' })])
    const during = atMs + 5 * MINUTE
    expect(shown(during)('activePower.total')).toBeCloseTo(-get(load(during), 'activePower.total'), 9)
    expect(shown(during)('current.l1')).toBe(load(during)('current.l1'))
    expect(shown(during)('activeEnergyImport.total')).toBe(load(atMs)('activeEnergyImport.total'))
    const flowed = (to: number): number =>
      get(load(to), 'activeEnergyImport.total') - get(load(atMs), 'activeEnergyImport.total')
    expect(shown(during)('activeEnergyExport.total')).toBeCloseTo(flowed(during), 6)
    const after = atMs + 20 * MINUTE
    expect(shown(after)('activeEnergyExport.total')).toBeCloseTo(flowed(atMs + 10 * MINUTE), 6)
    expect(shown(after)('activeEnergyImport.total')).toBeCloseTo(
      get(load(after), 'activeEnergyImport.total') - flowed(atMs + 10 * MINUTE),
      6,
    )
  })

  it('loses about two thirds of its power with one transformer of three turned round', () => {
    const shown = under([fault({ kind: 'swapped-ct', phases: ['l2'] })])(atMs + MINUTE)
    const truth = load(atMs + MINUTE)
    const expected = get(truth, 'activePower.total') - 2 * get(truth, 'activePower.l2')
    expect(shown('activePower.total')).toBeCloseTo(expected, 9)
    expect(shown('activePower.l2')).toBe(-get(truth, 'activePower.l2'))
    expect(shown('activePower.l1')).toBe(truth('activePower.l1'))
  })

  it.each([{ phases: ['l1', 'l2', 'l3'] }, { phases: ['l2'] }, { phases: ['l1', 'l3'] }])(
    'counts with transformers turned on %o so that registers by phase and by tariff agree with their totals',
    (order) => {
      const shown = under([fault({ kind: 'swapped-ct', ...order, for: '1h' })])
      const during = atMs + 50 * MINUTE
      const advance = (quantity: QuantityName): number =>
        get(shown(during), quantity) - get(load(atMs), quantity)
      const sum = (family: 'activeEnergyImport' | 'activeEnergyExport', places: readonly string[]): number =>
        places.reduce((total, place) => {
          const name = `${family}.${place}`
          return total + (isQuantityName(name) ? advance(name) : Number.NaN)
        }, 0)
      const net = advance('activeEnergyImport.total') - advance('activeEnergyExport.total')
      expect(Math.abs(net)).toBeGreaterThan(1)
      const byPhase = ['l1', 'l2', 'l3']
      expect(sum('activeEnergyImport', byPhase) - sum('activeEnergyExport', byPhase)).toBeCloseTo(net, 6)
      const flowed = (place: 'peak' | 'flat' | 'valley'): number =>
        get(load(during), `activeEnergyImport.${place}`) - get(load(atMs), `activeEnergyImport.${place}`)
      const counted = (place: 'peak' | 'flat' | 'valley'): number =>
        advance(`activeEnergyImport.${place}`) - advance(`activeEnergyExport.${place}`)
      const all = flowed('peak') + flowed('flat') + flowed('valley')
      for (const place of ['peak', 'flat', 'valley'] as const) {
        expect(flowed(place)).toBeGreaterThan(1)
        expect(counted(place)).toBeCloseTo((net * flowed(place)) / all, 6)
      }
      const reactive = advance('reactiveEnergyImport.total') - advance('reactiveEnergyExport.total')
      expect(Math.sign(reactive)).toBe(Math.sign(net))
      expect(advance('reactiveEnergyQ1.total')).toBeCloseTo(Math.max(0, reactive), 6)
      expect(advance('reactiveEnergyQ3.total')).toBeCloseTo(Math.max(0, -reactive), 6)
    },
  )

  it('turns the angle of a phase whose transformer is turned by half a turn', () => {
    const shown = under([fault({ kind: 'swapped-ct', phases: ['l2'] })])(atMs + MINUTE)
    const truth = load(atMs + MINUTE)
    expect(shown('phaseAngle.l1')).toBe(truth('phaseAngle.l1'))
    expect(shown('phaseAngle.l2')).toBeCloseTo(get(truth, 'phaseAngle.l2') - 180, 9)
    const angle = (get(shown, 'phaseAngle.total') * Math.PI) / 180
    expect(Math.cos(angle)).toBeCloseTo(get(shown, 'powerFactor.total'), 9)
  })

  it('has a setting of its own: the ratio while other transformers are in, and its number once it was replaced', () => {
    const minute = (at: number): number => atMs + at * MINUTE
    const faults = [
      fault({ kind: 'ct-ratio', factor: 2, for: '10m' }),
      fault({ kind: 'ct-ratio', factor: 5, register: 'kept' }, 's2'),
      fault({ kind: 'replacement', at: new Date(minute(20)).toISOString() }, 's3'),
    ]
    expect(settingUnder(faults, minute(-1))).toEqual({ currentRatio: 1, replaced: 0 })
    expect(settingUnder(faults, minute(1))).toEqual({ currentRatio: 0.5, replaced: 0 })
    expect(settingUnder(faults, minute(30))).toEqual({ currentRatio: 1, replaced: 1 })
  })

  it('imports with swapped transformers what a source delivers', () => {
    const noonMs = Date.parse('2026-06-04T12:00:00+08:00')
    const shown = under([fault({ kind: 'swapped-ct', at: new Date(noonMs).toISOString() })], truthOf('pv'))
    const flowed =
      get(truthOf('pv')(noonMs + MINUTE), 'activeEnergyExport.total') -
      get(truthOf('pv')(noonMs), 'activeEnergyExport.total')
    expect(flowed).toBeGreaterThan(0.1)
    expect(shown(noonMs + MINUTE)('activeEnergyImport.total')).toBeCloseTo(flowed, 6)
  })

  it('never counts backwards under a wrong ratio and swapped transformers, whenever they come and go', () => {
    const minutes = fc.integer({ min: 0, max: 120 })
    fc.assert(
      fc.property(minutes, minutes, minutes, minutes, (from, length, otherFrom, otherLength) => {
        const shown = under(
          [
            fault({ kind: 'ct-ratio', factor: 0.2, at: `+${from}m`, for: `${length}m` }),
            fault({ kind: 'swapped-ct', at: `+${otherFrom}m`, for: `${otherLength}m` }, 's2'),
          ].map((each) => ({ ...each, beginMs: each.beginMs + atMs, endMs: each.endMs + atMs })),
        )
        let before = cumulative.map(() => 0)
        for (let minute = 0; minute < 260; minute += 13) {
          const values = shown(atMs + minute * MINUTE)
          const now = cumulative.map((quantity) => get(values, quantity))
          for (const [index, value] of now.entries())
            expect(value).toBeGreaterThanOrEqual((before[index] ?? 0) - 1e-6)
          before = now
        }
      }),
      { numRuns: 30 },
    )
  })

  it('lies where its registers can show it, however large a spike is', () => {
    const small = loadProfile('sungrow-sg')
    const spike = fault({ kind: 'spike', factor: 1e6 })
    const shown = shownUnder([spike], { map: small, valuesAt: truthOf('pv') }, 1)(atMs)
    expect(shown('voltage.l1')).toBe(6_553.5)
  })
})
