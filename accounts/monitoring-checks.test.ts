import { afterAll, beforeAll, expect, test } from 'vitest'
import { march, PostingBench, slotOf, smallPark, ZONE } from '#cli/posting.test-support.ts'
import { SLOT_MS } from '#contract/grid.ts'
import type { Meter, Park } from '#contract/park.ts'
import { readYaml } from './balance.test-support.ts'
import { textOf } from './decimal.ts'
import { monitoringChecks, monitoringRuleFile, type MonitoredMeter } from './monitoring-checks.ts'
import { reportPeriod } from './report-period.ts'

const rule = monitoringRuleFile.parse(readYaml('monitoring-rule.yaml'))
const period = reportPeriod('2026-03', ZONE)
const DAY_SLOTS = 96

let bench: PostingBench
beforeAll(() => {
  bench = new PostingBench()
})
afterAll(() => {
  bench.remove()
})

/** A register that goes on from slot to slot; slots that a test leaves out are not known. */
function fill(
  meter: string,
  left: (slot: number) => boolean,
  methodOf: (slot: number) => 'measured' | 'apportioned' = () => 'measured',
): void {
  const slots = Array.from({ length: 31 * DAY_SLOTS }, (_, slot) => slot)
    .filter((slot) => !left(slot))
    .map((slot) => {
      const one = slotOf(meter, march.fromMs + slot * SLOT_MS, 1_000)
      if (one.state !== 'known' || one.basis !== 'register') throw new Error('not a known slot')
      const at = (boundary: typeof one.opening, count: number): typeof one.opening => {
        const register = { count, resolution: '0.01' }
        const point = { atMs: boundary.atMs, register }
        return { ...boundary, register, before: point, after: point }
      }
      return {
        ...one,
        method: methodOf(slot),
        opening: at(one.opening, slot * 1_000),
        closing: at(one.closing, (slot + 1) * 1_000),
      }
    })
  bench.books.record({ meter, fromMs: 1, toMs: 0 }, slots, bench.clock.wallMs())
}

const check = (): MonitoredMeter[] =>
  monitoringChecks(
    { park: smallPark, books: bench.books, nowMs: bench.clock.wallMs() },
    period,
    undefined,
    rule,
  )

test('a whole month meets all demands; where a tenth of it is missing, what is missing is found by the register', () => {
  fill('steel-incoming', () => false)
  // Each day from the second on lacks three hours at noon, and the last one its midnight.
  fill('food-incoming', (slot) => {
    const inDay = slot % DAY_SLOTS
    return (slot >= DAY_SLOTS && inDay >= 48 && inDay < 60) || slot === 30 * DAY_SLOTS
  })
  const [steel, food] = check()
  expect(steel).toMatchObject({ completeness: 'met', daily: 'met', boundary: 'met', punctual: 31 })
  expect(food).toMatchObject({
    completeness: 'failed',
    daily: 'failed',
    boundary: 'failed',
    punctual: 30,
    midnights: 31,
  })
  expect(food?.advance === undefined ? '' : textOf(food.advance)).toBe('29760')
  expect(Number(food?.deviation?.toFixed())).toBeCloseTo(361 / 2976, 9)
})

test('what was shared out afterwards was not received', () => {
  fill(
    'food-incoming',
    () => false,
    (slot) => (slot < 2_790 ? 'apportioned' : 'measured'),
  )
  const food = check().find(({ meter }) => meter.id === 'food-incoming')
  expect(food).toMatchObject({ expected: 2_976, known: 186, completeness: 'failed' })
})

test('and counts in no score', () => {
  fill(
    'steel-incoming',
    () => false,
    (slot) => (slot < 21 * DAY_SLOTS ? 'apportioned' : 'measured'),
  )
  const steel = check().find(({ meter }) => meter.id === 'steel-incoming')
  expect(steel?.score.online).toBeCloseTo(10 / 31, 12)
  expect(steel?.score.completeness).toBeCloseTo(10 / 31, 12)
  expect(steel?.score.correctness).toBe(1)
  fill('steel-incoming', () => false)
})

test('of a meter that was never read nothing is judged but its completeness', () => {
  const [steel] = monitoringChecks(
    { park: smallPark, books: bench.books, nowMs: bench.clock.wallMs() },
    reportPeriod('2026-02', ZONE),
    'steel',
    rule,
  )
  expect(steel).toMatchObject({ completeness: 'failed', daily: 'unknown', boundary: 'failed', punctual: 0 })
})

test('the provincial score is weighted of its parts, and there is none where a part cannot be judged', () => {
  const incoming = smallPark.meters.get('food-incoming')
  if (incoming === undefined) throw new Error('no such meter')
  const line: Meter = {
    ...incoming,
    id: 'line',
    enterprise: 'steel',
    role: 'terminal',
    upstream: 'steel-incoming',
  }
  const park: Park = { ...smallPark, meters: new Map([...smallPark.meters, ['line', line]]) }
  // The process took nine tenths of what came in.
  const slots = Array.from({ length: 31 * DAY_SLOTS }, (_, slot) =>
    slotOf('line', march.fromMs + slot * SLOT_MS, 900),
  )
  bench.books.record({ meter: 'line', fromMs: 1, toMs: 0 }, slots, bench.clock.wallMs())
  const ground = { park, books: bench.books, nowMs: bench.clock.wallMs() }
  const [steel, food] = monitoringChecks(ground, period, undefined, rule)
  expect(steel?.score).toMatchObject({ online: 1, completeness: 1, correctness: 1 })
  expect(steel?.score.accuracy).toBeCloseTo(0.9, 12)
  expect(steel?.score.total).toBeCloseTo(0.1 + 0.3 + 0.4 * 0.9 + 0.2, 12)
  expect(food?.score).toMatchObject({ accuracy: undefined, total: undefined })
})
