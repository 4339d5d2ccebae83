import { describe, expect, test } from 'vitest'
import type { Amount } from '#contract/amount.ts'
import type { RegisterPoint } from '#contract/interval.ts'
import type { MeterEvent } from '#contract/park.ts'
import { advanceOf, rulesOf, type MeterFacts } from './advance.ts'
import { memoryMeter } from './in-memory.test-support.ts'

const QUANTITY = 'activeEnergyImport.total'
const START_MS = Temporal.Instant.from('2025-03-10T08:00:00Z').epochMilliseconds

const kwh = (count: number, resolution = '0.01'): Amount => ({ count, resolution })
const at = (seconds: number, register: Amount): RegisterPoint => ({
  atMs: START_MS + seconds * 1_000,
  register,
})

function judge(from: RegisterPoint, to: RegisterPoint, facts: Partial<MeterFacts> = {}) {
  const advance = advanceOf(from, to, rulesOf(memoryMeter(facts), QUANTITY))
  return advance.kind === 'undecided' ? advance.reason : { [advance.kind]: advance.total }
}

describe('the rating', () => {
  test('bears half as much again, and no more', () => {
    expect(judge(at(0, kwh(0)), at(3_600, kwh(9_000)))).toEqual({ normal: kwh(9_000) })
    expect(judge(at(0, kwh(0)), at(3_600, kwh(9_001)))).toBe('beyond-rating')
  })

  test('does not judge a register that its meter refreshes once a minute between two polls a second apart', () => {
    expect(judge(at(0, kwh(1_000)), at(1, kwh(1_100)))).toEqual({ normal: kwh(100) })
    expect(judge(at(0, kwh(1_000)), at(1, kwh(1_200)))).toBe('beyond-rating')
  })

  test('does not judge three steps of the coarser resolution, but a fourth', () => {
    const facts = { ratingPerHour: 1 }
    expect(judge(at(0, kwh(10, '10')), at(10, kwh(13, '10')), facts)).toEqual({ normal: kwh(3, '10') })
    expect(judge(at(0, kwh(10, '10')), at(10, kwh(14, '10')), facts)).toBe('beyond-rating')
    expect(judge(at(0, kwh(10, '10')), at(10, kwh(1_300, '0.1')), facts)).toEqual({ normal: kwh(300, '0.1') })
  })

  test('does not judge the steps of a float register near 2²⁰ kWh, 0.125 kWh', () => {
    const facts = { ratingPerHour: 5 }
    expect(judge(at(0, kwh(104_857_600)), at(10, kwh(104_857_613)), facts)).toEqual({ normal: kwh(13) })
    expect(judge(at(0, kwh(0)), at(10, kwh(13)), facts)).toBe('beyond-rating')
  })
})

describe('a register that fell', () => {
  const wrapsAt = kwh(100_000)

  test('is undecided where it is not known to wrap', () => {
    expect(judge(at(0, kwh(99_990)), at(900, kwh(10)))).toBe('register-decreased')
  })

  test('is a rollover where it wraps and the way round is possible', () => {
    expect(judge(at(0, kwh(99_990)), at(900, kwh(10)), { wrapsAt })).toEqual({ rollover: kwh(20) })
    expect(judge(at(0, kwh(99_990)), at(900, kwh(1, '0.1')), { wrapsAt: kwh(1, '1000') })).toEqual({
      rollover: kwh(20),
    })
  })

  test('has decreased where the way round is beyond the rating', () => {
    expect(judge(at(0, kwh(90_000)), at(900, kwh(10)), { wrapsAt })).toBe('register-decreased')
  })

  test('has decreased where the way round is half the register or more, however long it had', () => {
    const month = 30 * 86_400
    expect(judge(at(0, kwh(50_001)), at(month, kwh(0)), { wrapsAt })).toEqual({ rollover: kwh(49_999) })
    expect(judge(at(0, kwh(50_000)), at(month, kwh(0)), { wrapsAt })).toBe('register-decreased')
  })

  test('has decreased where it stood beyond the value at which it is said to wrap', () => {
    expect(judge(at(0, kwh(100_000)), at(900, kwh(1)), { wrapsAt })).toBe('register-decreased')
  })
})

describe('events', () => {
  const event = (seconds: number, final: number, initial: number, quantity = QUANTITY): MeterEvent => ({
    kind: 'replacement',
    at: Temporal.Instant.fromEpochMilliseconds(START_MS + seconds * 1_000).toString(),
    quantity: quantity === QUANTITY ? QUANTITY : 'activeEnergyExport.total',
    final: kwh(final),
    initial: kwh(initial),
  })

  test('between two readings count what was left on the old register and what is on the new one', () => {
    expect(judge(at(0, kwh(5_000)), at(900, kwh(30)), { events: [event(450, 5_010, 10)] })).toEqual({
      event: kwh(30),
    })
  })

  test('may be several, in whatever order they are written down', () => {
    const events = [event(600, 40, 7), event(300, 5_010, 10)]
    expect(judge(at(0, kwh(5_000)), at(900, kwh(8)), { events })).toEqual({ event: kwh(10 + 30 + 1) })
  })

  test('at the moment of a reading come before it', () => {
    const events = [event(900, 5_010, 10)]
    expect(judge(at(0, kwh(5_000)), at(900, kwh(10)), { events })).toEqual({ event: kwh(10) })
    expect(judge(at(900, kwh(10)), at(1_800, kwh(11)), { events })).toEqual({ normal: kwh(1) })
  })

  test('of another quantity explain nothing', () => {
    const events = [event(450, 5_010, 10, 'activeEnergyExport.total')]
    expect(judge(at(0, kwh(5_000)), at(900, kwh(30)), { events })).toBe('register-decreased')
  })

  test('with a final value below the reading before them leave the stretch undecided', () => {
    expect(judge(at(0, kwh(5_000)), at(900, kwh(30)), { events: [event(450, 4_000, 10)] })).toBe(
      'register-decreased',
    )
  })

  test('are judged by the rating over the whole stretch, because their dates are not exact', () => {
    expect(judge(at(0, kwh(5_000)), at(900, kwh(30)), { events: [event(1, 6_000, 10)] })).toEqual({
      event: kwh(1_020),
    })
    expect(judge(at(0, kwh(5_000)), at(900, kwh(30)), { events: [event(1, 9_000, 10)] })).toBe(
      'beyond-rating',
    )
  })
})

describe('ratio events', () => {
  const ratio = (seconds: number, before: string, after: string, register: number): MeterEvent => ({
    kind: 'ratio',
    at: Temporal.Instant.fromEpochMilliseconds(START_MS + seconds * 1_000).toString(),
    quantity: QUANTITY,
    before,
    after,
    final: kwh(register),
    initial: kwh(register),
  })
  const facts = { ratingPerHour: 1_000, events: [ratio(3_600, '40', '60', 500), ratio(900, '20', '40', 200)] }

  test('rule the time before the first, between them and after the last', () => {
    const energy = (count: number, resolution: string) => ({ normal: kwh(count, resolution) })
    expect(judge(at(0, kwh(100)), at(600, kwh(150)), facts)).toEqual(energy(50, '0.2'))
    expect(judge(at(900, kwh(200)), at(1_800, kwh(250)), facts)).toEqual(energy(50, '0.4'))
    expect(judge(at(3_600, kwh(500)), at(4_500, kwh(550)), facts)).toEqual(energy(50, '0.6'))
  })

  test('share an advance out exactly, however many lie in it', () => {
    expect(judge(at(0, kwh(100)), at(7_200, kwh(600)), facts)).toEqual({
      event: kwh((100 * 20 + 300 * 40 + 100 * 60) / 20, '0.2'),
    })
  })

  test('let the rating judge energy, not the register', () => {
    const behind = { ratingPerHour: 100, events: [ratio(0, '1', '40', 0)] }
    expect(judge(at(0, kwh(0)), at(3_600, kwh(375)), behind)).toEqual({ normal: kwh(375, '0.4') })
    expect(judge(at(0, kwh(0)), at(3_600, kwh(376)), behind)).toBe('beyond-rating')
    expect(judge(at(0, kwh(0)), at(10, kwh(3)), { ...behind, ratingPerHour: 1 })).toEqual({
      normal: kwh(3, '0.4'),
    })
  })
})
