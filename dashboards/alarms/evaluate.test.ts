import { describe, expect, test } from 'vitest'
import { alarmRule, type AlarmRule } from '#contract/alarm.ts'
import { SETTLE_MS, SLOT_MS } from '#contract/grid.ts'
import type { Meter } from '#contract/park.ts'
import { knownInterval, MemoryBooks, smallPark } from '../small-park.test-support.ts'
import type { AlarmFacts, ClosureFacts, GatewayFacts, MeterFacts, TargetFacts } from './alarm-facts.ts'
import { conditionsOf } from './evaluate.ts'
import { SlotWindow } from './slot-window.ts'

const timeZone = 'Asia/Shanghai'
/** 06:02 of 2026-06-10 on the wall of the park: the slot of 05:45 has settled. */
const nowMs = Date.UTC(2026, 5, 9, 22, 2)
const endMs = nowMs - SETTLE_MS

function meterNamed(id: string): Meter {
  const meter = smallPark.meters.get(id)
  if (meter === undefined) throw new Error(`no ${id}`)
  return meter
}
const meterFacts = (over: Partial<MeterFacts> = {}): MeterFacts => ({
  meter: meterNamed('forge-main'),
  state: 'ok',
  usableMs: nowMs,
  power: 1_000,
  powerFactor: 0.95,
  ...over,
})
const gatewayFacts = (over: Partial<GatewayFacts> = {}): GatewayFacts => ({
  id: 'gw-east',
  presence: { state: 'online' },
  heardMs: nowMs,
  silentAfterMs: 30_000,
  clock: { condition: 'set', aheadMs: 10 },
  oldestMs: undefined,
  reused: undefined,
  ...over,
})
/** kWh of slots before the settled end, newest last; undefined is a slot that is not known. */
function booksWith(meter: string, energies: readonly (number | undefined)[], untilMs = endMs): MemoryBooks {
  const books = new MemoryBooks()
  const quantity = meterNamed(meter).register
  books.entered = energies.flatMap((energy, index) =>
    energy === undefined
      ? []
      : knownInterval(
          meter,
          quantity,
          untilMs - (energies.length - index) * SLOT_MS,
          0,
          Math.round(energy * 100),
        ),
  )
  return books
}
const factsOf = (over: Partial<AlarmFacts> = {}, books = new MemoryBooks()): AlarmFacts => ({
  nowMs,
  park: 'binhai',
  gateways: [],
  meters: [],
  demands: [],
  closures: [],
  targets: [],
  quarantined: 0,
  slots: new SlotWindow(books, timeZone, nowMs),
  ...over,
})
const rule = (given: object): AlarmRule => alarmRule.parse({ id: 'the-rule', ...given })
const found = (given: object, facts: AlarmFacts): string[] =>
  conditionsOf([rule(given)], facts).map(({ subject }) => subject.id)

describe('rules about gateways', () => {
  test('off line: silent for longer than its own limit and the rule’s, or never heard', () => {
    const silent = { presence: { state: 'silent', why: 'no-message' } as const }
    const of = (heardMs: number | undefined): string[] =>
      found(
        { kind: 'gateway-offline', afterSeconds: 60 },
        factsOf({ gateways: [gatewayFacts({ ...silent, heardMs })] }),
      )
    expect(of(nowMs - 90_000)).toEqual([])
    expect(of(nowMs - 90_001)).toEqual(['gw-east'])
    expect(of(undefined)).toEqual(['gw-east'])
  })

  test('backlog and clock are what a gateway on line says; of a silent one nothing is concluded', () => {
    const old = { oldestMs: nowMs - 16 * 60_000, clock: { condition: 'set' as const, aheadMs: -6_000 } }
    const silent = { presence: { state: 'silent', why: 'stopped' } as const }
    const twice = gatewayFacts({ reused: { entries: 3, sinceMs: nowMs - 5 } })
    expect(
      conditionsOf([rule({ kind: 'journal-reused' })], factsOf({ gateways: [gatewayFacts(), twice] })),
    ).toMatchObject([
      { subject: { kind: 'gateway', id: 'gw-east' }, detail: { value: 3, sinceMs: nowMs - 5 } },
    ])
    for (const kind of ['journal-backlog', 'clock-offset']) {
      expect(found({ kind }, factsOf({ gateways: [gatewayFacts(old)] })), kind).toEqual(['gw-east'])
      expect(found({ kind }, factsOf({ gateways: [gatewayFacts({ ...old, ...silent })] })), kind).toEqual([])
      expect(found({ kind }, factsOf({ gateways: [gatewayFacts()] })), kind).toEqual([])
    }
    const doubtful = gatewayFacts({ clock: { condition: 'doubtful' } })
    expect(found({ kind: 'clock-offset' }, factsOf({ gateways: [doubtful] }))).toEqual(['gw-east'])
  })
})

describe('rules about meters', () => {
  test('silent: without a usable reading while its gateway is there, and not where persons read it', () => {
    const of = (over: Partial<MeterFacts>): string[] =>
      found({ kind: 'meter-silent', afterSeconds: 300 }, factsOf({ meters: [meterFacts(over)] }))
    expect(of({ state: 'silent', usableMs: nowMs - 300_001 })).toEqual(['forge-main'])
    expect(of({ state: 'silent', usableMs: nowMs - 300_000 })).toEqual([])
    expect(of({ state: 'never-read', usableMs: undefined })).toEqual(['forge-main'])
    expect(of({ state: 'gateway-silent', usableMs: undefined })).toEqual([])
    const { gateway: _, ...byHand } = meterNamed('forge-main')
    expect(of({ state: 'never-read', usableMs: undefined, meter: byHand })).toEqual([])
  })

  test('stuck: no advance in a row of known slots while it runs; a slot that is not known proves nothing', () => {
    const of = (energies: readonly (number | undefined)[], over: Partial<MeterFacts> = {}): string[] =>
      found(
        { kind: 'register-stuck', slots: 3, powerShare: 0.1 },
        factsOf({ meters: [meterFacts(over)] }, booksWith('forge-main', energies)),
      )
    expect(of([5, 0, 0, 0])).toEqual(['forge-main'])
    expect(of([0, 0, 1])).toEqual([])
    expect(of([0, undefined, 0])).toEqual([])
    expect(of([0, 0, 0], { power: 20 })).toEqual([])
    expect(of([0, 0, 0], { power: undefined })).toEqual([])
  })

  test('power factor: below the limit while it runs, whichever way it leads', () => {
    const of = (over: Partial<MeterFacts>): string[] =>
      found({ kind: 'power-factor', below: 0.9, powerShare: 0.1 }, factsOf({ meters: [meterFacts(over)] }))
    expect(of({ powerFactor: 0.89 })).toEqual(['forge-main'])
    expect(of({ powerFactor: -0.89 })).toEqual(['forge-main'])
    expect(of({ powerFactor: 0.9 })).toEqual([])
    expect(of({ powerFactor: undefined })).toEqual([])
    expect(of({ powerFactor: 0.5, power: 10 })).toEqual([])
  })

  test('at night: beyond a multiple of what is usual at that time, if enough days are known', () => {
    const day = 24 * 4
    const of = (newest: number, days: number, hours = { from: '00:00', to: '06:00' }): string[] => {
      const energies = Array.from({ length: 7 * day + 1 }, (_, index) => {
        const back = 7 * day - index
        return back % day === 0 && back / day <= days ? (back === 0 ? newest : 10) : undefined
      })
      return found(
        { kind: 'night-consumption', factor: 2, ...hours },
        factsOf({ meters: [meterFacts()] }, booksWith('forge-main', energies)),
      )
    }
    expect(of(20.01, 7)).toEqual(['forge-main'])
    expect(of(20, 7)).toEqual([])
    expect(of(20.01, 3)).toEqual([])
    expect(of(20.01, 7, { from: '22:00', to: '05:00' })).toEqual([])
  })

  test('leak: the least flow of the last whole standstill is above the limit; with a slot missing nothing is said', () => {
    // Rating 120 m³/h, 1 %: 0.3 m³ a slot. Behind the standstill lie the twelve slots of 03:00 to 06:00.
    const of = (standstill: readonly (number | undefined)[]): string[] =>
      found(
        { kind: 'leak', carriers: ['water'], from: '02:00', to: '03:00', ratingShare: 0.01 },
        factsOf(
          { meters: [meterFacts({ meter: meterNamed('chemical-water') })] },
          booksWith('chemical-water', [...standstill, ...Array.from({ length: 12 }, () => 0)]),
        ),
      )
    expect(of([0.31, 0.4, 0.5, 0.31])).toEqual(['chemical-water'])
    expect(of([0.31, 0.4, 0.3, 0.31])).toEqual([])
    expect(of([0.31, 0.4, undefined, 0.31])).toEqual([])
  })

  test('says a meter’s value in the unit that it has', () => {
    const water = meterFacts({ meter: meterNamed('chemical-water'), power: 100 })
    const unitOf = (given: object, energies: readonly number[]): unknown =>
      conditionsOf(
        [rule(given)],
        factsOf(
          { meters: [water] },
          booksWith('chemical-water', [...energies, ...Array.from({ length: 12 }, () => 0)]),
        ),
      )[0]?.detail.unit
    const leak = { kind: 'leak', carriers: ['water'], from: '02:00', to: '03:00', ratingShare: 0.01 }
    expect(unitOf(leak, [0.31, 0.4, 0.5, 0.31])).toBe('m³/15 min')
    expect(unitOf({ kind: 'register-stuck', slots: 8, powerShare: 0.02 }, [])).toBe('m³/h')
  })
})

test('demand, quarantine, and rules that are for some only', () => {
  const demands = [
    { enterprise: 'forge', contractKw: 1_000, projectedKw: 951 },
    { enterprise: 'chemical', contractKw: 1_000, projectedKw: undefined },
  ]
  expect(found({ kind: 'demand', share: 0.95 }, factsOf({ demands }))).toEqual(['forge'])
  expect(found({ kind: 'demand', share: 0.96 }, factsOf({ demands }))).toEqual([])
  expect(found({ kind: 'demand', share: 0.95, only: ['chemical'] }, factsOf({ demands }))).toEqual([])
  expect(found({ kind: 'quarantine', entries: 2 }, factsOf({ quarantined: 1 }))).toEqual([])
  expect(found({ kind: 'quarantine', entries: 2 }, factsOf({ quarantined: 2 }))).toEqual(['binhai'])
})

describe('rules about what adds up', () => {
  test('target pace: beyond what is allowed by now, of an enterprise or of the park', () => {
    const target: TargetFacts = {
      target: 'park-energy',
      enterprise: undefined,
      toDate: 1_010.0004,
      allowed: 1_000,
      unit: 'tce',
    }
    const targets = [target, { ...target, target: 'forge-carbon', enterprise: 'forge', toDate: 1_000 }]
    const [first, ...others] = conditionsOf([rule({ kind: 'target-pace' })], factsOf({ targets }))
    expect(others).toEqual([])
    expect(first).toMatchObject({
      subject: { kind: 'target', id: 'park-energy' },
      enterprise: undefined,
      detail: { value: 1_010, limit: 1_000, unit: 'tce' },
    })
    expect(found({ kind: 'target-pace', over: 1.02 }, factsOf({ targets }))).toEqual([])
    expect(found({ kind: 'target-pace', over: 0.99 }, factsOf({ targets }))).toHaveLength(2)
    expect(found({ kind: 'target-pace', only: ['forge-carbon'] }, factsOf({ targets }))).toEqual([])
  })

  test('balance difference: more behind than flowed through beyond classes and margin; less only where it was said', () => {
    const closure = (over: Partial<ClosureFacts>): AlarmFacts =>
      factsOf({
        closures: [
          {
            meter: meterNamed('forge-main'),
            dayMs: nowMs,
            unit: 'kWh',
            through: 1_000,
            behind: 900,
            tolerance: 5,
            ...over,
          },
        ],
      })
    const of = (given: object, over: Partial<ClosureFacts>): string[] =>
      found({ kind: 'balance-difference', ...given }, closure(over))
    expect(of({}, { behind: 1_015 })).toEqual([])
    expect(of({}, { behind: 1_015.1 })).toEqual(['forge-main'])
    expect(of({}, { behind: 1_010.1, tolerance: undefined })).toEqual(['forge-main'])
    // What is not measured behind is no difference unless all of it should be.
    expect(of({}, { behind: 0 })).toEqual([])
    expect(of({ lossShare: 0.05 }, { behind: 945 })).toEqual([])
    expect(of({ lossShare: 0.05 }, { behind: 944.9 })).toEqual(['forge-main'])
    expect(conditionsOf([rule({ kind: 'balance-difference' })], closure({ behind: 1_100 }))[0]).toMatchObject(
      {
        enterprise: 'forge',
        detail: { value: -100, limit: -15, unit: 'kWh', sinceMs: nowMs },
      },
    )
  })
})
