import { describe, expect, test } from 'vitest'
import type { Reading } from '#contract/reading.ts'
import { loadProfile } from '#firmware-config/profile.ts'
import { decide, fitOf } from './fit.ts'
import { plausibilityOf } from './plausibility.ts'
import { relationsIn } from './relations.ts'

const map = loadProfile('eastron-sdm120')
const good = (quantity: Reading['quantity'], value: number): Reading => ({
  meter: 'm',
  quantity,
  atMs: 0,
  quality: 'good',
  value,
})
const bad = (quantity: Reading['quantity'], cause: 'illegal-address' | 'not-a-number'): Reading => ({
  meter: 'm',
  quantity,
  atMs: 0,
  quality: 'bad',
  cause,
})

test.each([
  ['voltage.l1', 230.2, 'telling'],
  ['voltage.l1', 57.7, 'telling'],
  ['voltage.l1', 10_000, 'possible'],
  ['voltage.l1', -230, 'impossible'],
  ['voltage.l1', 2.3e-41, 'impossible'],
  ['voltage.l1', 0, 'open'],
  ['frequency', 50, 'telling'],
  ['frequency', 5_000, 'impossible'],
  ['powerFactor.total', 1.2, 'impossible'],
  ['powerFactor.total', -0.9, 'telling'],
  ['activePower.total', -1.5, 'possible'],
  ['activeEnergyImport.total', -1, 'impossible'],
  ['activeEnergyImport.total', 98_765.43, 'possible'],
] as const)('%s = %d is %s', (quantity, value, expected) => {
  expect(plausibilityOf(quantity, value)).toBe(expected)
})

describe('The laws of one meter', () => {
  test('hold for P, Q and S that belong together, and not for others', () => {
    const values = new Map<string, number>([
      ['activePower.total', 3],
      ['reactivePower.total', 4],
      ['apparentPower.total', 5],
    ])
    expect(relationsIn((name) => values.get(name)).map(({ holds }) => holds)).toEqual([true])
    values.set('apparentPower.total', 9)
    expect(relationsIn((name) => values.get(name)).map(({ holds }) => holds)).toEqual([false])
  })

  test('say nothing of a meter without load', () => {
    expect(relationsIn(() => 0)).toEqual([])
  })
})

describe('A profile', () => {
  test('gains by what is plausible and loses by what is refused or impossible', () => {
    const plausible = fitOf(map, [good('voltage.l1', 230), good('frequency', 50)], [])
    const refused = fitOf(map, [good('voltage.l1', 230), bad('frequency', 'illegal-address')], [])
    const impossible = fitOf(map, [good('voltage.l1', 230), good('frequency', 5_000)], [])
    expect([plausible.points, refused.points, impossible.points]).toEqual([10, 0, -2])
    expect([plausible.answered, refused.answered, refused.asked]).toEqual([2, 1, 2])
    expect(refused.observations.map(({ text }) => text)).toContain(
      'does not answer frequency: illegal address (exception 02)',
    )
  })

  test('gains nothing from zeros: a meter may answer them for registers that it does not have', () => {
    expect(fitOf(map, [good('voltage.l1', 0), good('frequency', 0)], []).points).toBe(0)
  })

  test('an expected identity outweighs many values', () => {
    const [register] = loadProfile('socomec-countis-e24').identity
    if (register === undefined) throw new Error('no identity')
    const told = { register, told: 'SOCO' }
    expect(fitOf(map, [], [{ ...told, verdict: 'fits' }]).points).toBe(40)
    expect(fitOf(map, [], [{ ...told, verdict: 'contradicts' }]).points).toBe(-40)
    expect(fitOf(map, [], [{ ...told, verdict: 'open' }]).points).toBe(0)
  })
})

describe('The decision', () => {
  const fit = (points: number) => ({ ...fitOf(map, [], []), points })

  test.each([
    [[100, 40], 'one', 1, false],
    [[100, 95, 40], 'several', 2, false],
    [[5, 3], 'several', 2, true],
    [[1, -5], 'none', 0, true],
    [[], 'none', 0, true],
  ] as const)('of %j points is %s', (points, kind, candidates, weak) => {
    const decision = decide(points.map(fit))
    expect(decision).toMatchObject({ kind, weak })
    expect(decision.candidates).toHaveLength(candidates)
  })
})
