import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { add, equal, subtract, sum } from '#contract/amount.ts'
import { SLOT_MS } from '#contract/grid.ts'
import { intervalMethods, type RecordedInterval } from '#contract/interval.ts'
import type { Meter } from '#contract/park.ts'
import { formulaDependents } from './dependents.ts'
import { energyByFormula, followed } from './formula.ts'
import { memoryMeter } from './in-memory.test-support.ts'

const START_MS = Temporal.Instant.from('2025-03-10T00:00:00+08:00').epochMilliseconds
const quantity = 'activeEnergyImport.total'

const parkOf = (formulas: Readonly<Record<string, string | undefined>>) => ({
  meters: new Map(
    Object.entries(formulas).map(([id, formula]): [string, Meter] => [
      id,
      memoryMeter({ id, gateway: formula === undefined ? 'g1' : undefined, formula }),
    ]),
  ),
})

/** A slot of a meter that was read at both lines, or is missing. */
function slot(meter: string, index: number, count: number | undefined, more: object = {}): RecordedInterval {
  const slotMs = START_MS + index * SLOT_MS
  const identity = { meter, quantity, slotMs, undecided: [], revision: 3 } as const
  if (count === undefined) return { ...identity, state: 'missing', cause: 'no-readings' }
  const at = (atMs: number) => {
    const point = { atMs, register: { count: 0, resolution: '0.01' } }
    return { ...point, method: 'measured' as const, before: point, after: point }
  }
  return {
    ...identity,
    state: 'known',
    basis: 'register',
    energy: { count, resolution: '0.01' },
    method: 'measured',
    coverage: 1,
    opening: at(slotMs),
    closing: at(slotMs + SLOT_MS),
    simulated: false,
    uncertain: false,
    ...more,
  }
}

function computed(
  text: string,
  park: ReturnType<typeof parkOf>,
  recorded: readonly RecordedInterval[],
  slots: number,
) {
  const meter = memoryMeter({ id: 'virtual', formula: text })
  const formula = followed(meter, park)
  if (formula === undefined || formula === 'unfollowable') throw new RangeError(text)
  const period = { fromMs: START_MS, toMs: START_MS + slots * SLOT_MS }
  return energyByFormula(
    meter,
    formula,
    (id, of) => recorded.filter((each) => each.meter === id && each.quantity === of),
    period,
  )
}

const park = parkOf({ a: undefined, b: undefined, c: undefined })

describe('energy by a formula', () => {
  test('is missing where an input is missing or was never computed, and says of which revisions', () => {
    const recorded = [slot('a', 0, 500), slot('a', 1, 500), slot('b', 0, undefined)]
    expect(computed('a - b', park, recorded, 2)).toMatchObject([
      {
        state: 'missing',
        cause: 'input-missing',
        inputs: [
          { meter: 'a', revision: 3 },
          { meter: 'b', revision: 3 },
        ],
      },
      { state: 'missing', inputs: [{ revision: 3 }, { meter: 'b', revision: 0 }] },
    ])
  })

  test('has the worst method, the least coverage and all marks of its inputs', () => {
    const recorded = [
      slot('a', 0, 500, { method: 'apportioned', coverage: 0.5, simulated: true }),
      slot('b', 0, 200, { coverage: 0.75, uncertain: true }),
    ]
    expect(computed('a - 0.35 * b', park, recorded, 1)).toMatchObject([
      {
        // 5.00 − 0.35 × 2.00
        energy: { count: 8_600, resolution: '0.0005' },
        method: 'apportioned',
        coverage: 0.5,
        simulated: true,
        uncertain: true,
        partial: false,
      },
    ])
  })

  test('of a difference may be below zero: it is shown, not cut off', () => {
    expect(computed('a - b', park, [slot('a', 0, 100), slot('b', 0, 130)], 1)).toMatchObject([
      { energy: { count: -30, resolution: '0.01' } },
    ])
  })

  const slots = fc.array(
    fc.record({
      a: fc.option(fc.integer({ min: 0, max: 1_000_000 }), { nil: undefined }),
      b: fc.option(fc.integer({ min: 0, max: 1_000_000 }), { nil: undefined }),
      method: fc.constantFrom(...intervalMethods),
    }),
    { minLength: 1, maxLength: 50 },
  )

  test('adds up exactly: the shares of a whole are the whole, and a − b + b is a', () => {
    fc.assert(
      fc.property(slots, (lines) => {
        const recorded = lines.flatMap(({ a, b, method }, index) => [
          slot('a', index, a, { method }),
          slot('b', index, b),
        ])
        const energyOf = (text: string) =>
          sum(
            computed(text, park, recorded, lines.length).flatMap((each) =>
              each.state === 'known' ? each.energy : [],
            ),
          )
        const [part, rest, whole] = ['0.35 * a', '65 % * a', 'a'].map(energyOf)
        if (part === undefined || rest === undefined || whole === undefined) {
          expect([part, rest, whole]).toEqual([undefined, undefined, undefined])
        } else expect(equal(add(part, rest), whole)).toBe(true)
        const [difference, both] = ['a - b', '0.5 * (a + b) + 0.5 * (a - b) - b'].map(energyOf)
        if (difference === undefined || both === undefined) expect(both).toBe(difference)
        else expect(subtract(difference, both).count).toBe(0)
      }),
    )
  })
})

describe('meters with formulas', () => {
  test('that feed themselves are known, by way of others too', () => {
    const looped = parkOf({ a: undefined, b: 'a + c', c: 'd - a', d: '0.5 * b', e: 'b' })
    const lost = [...looped.meters.values()].filter((each) => followed(each, looped) === 'unfollowable')
    expect(lost.map(({ id }) => id)).toEqual(['b', 'c', 'd'])
  })

  test('depend on exactly the slots of their inputs that have changed', () => {
    const all = parkOf({ a: undefined, b: undefined, both: 'a + b', more: 'both - b', other: 'b' })
    const dirty = formulaDependents(all)([slot('a', 5, 1), slot('a', 6, 1), slot('a', 9, 1)])
    expect(dirty).toEqual([
      { meter: 'both', fromMs: START_MS + 5 * SLOT_MS, toMs: START_MS + 7 * SLOT_MS - 1 },
      { meter: 'both', fromMs: START_MS + 9 * SLOT_MS, toMs: START_MS + 10 * SLOT_MS - 1 },
    ])
  })
})
