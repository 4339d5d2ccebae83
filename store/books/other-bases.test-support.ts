import fc from 'fast-check'
import { SLOT_MS } from '#contract/grid.ts'
import { intervalMethods, type Interval } from '#contract/interval.ts'

/** Any intervals that rest on no register, of one slot, for the laws of their text. */
export function otherInterval(slotMs: number): fc.Arbitrary<Interval> {
  const amount = fc.record({
    count: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
    resolution: fc.constantFrom('0.01', '1', '0.0035'),
  })
  const atMs = fc.integer({ min: slotMs - SLOT_MS, max: slotMs + 2 * SLOT_MS })
  const known = {
    meter: fc.constant('m-1'),
    quantity: fc.constant('activeEnergyImport.total' as const),
    slotMs: fc.constant(slotMs),
    state: fc.constant('known' as const),
    energy: amount,
    method: fc.constantFrom(...intervalMethods),
    coverage: fc.constantFrom(0, 0.5, 1),
    simulated: fc.boolean(),
    uncertain: fc.boolean(),
    undecided: fc.constant([]),
  }
  const power = fc.record({
    atMs,
    value: fc.integer({ min: -5_000, max: 5_000 }).map((tenths) => tenths / 10),
  })
  const advance = fc.record({ fromMs: atMs, atMs, advance: amount })
  const formula = {
    formula: fc.constantFrom('incoming - line', '0.35 * services'),
    inputs: fc.array(
      fc.record({
        meter: fc.constantFrom('incoming', 'line'),
        quantity: fc.constant('activeEnergyImport.total' as const),
        revision: fc.integer({ min: 0, max: 9 }),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  }
  const samples = fc.integer({ min: 1, max: 900 })
  return fc.oneof(
    fc.record({
      ...known,
      basis: fc.constant('power' as const),
      power: fc.constant('activePower.total' as const),
      first: power,
      last: power,
      samples,
    }),
    fc.record({ ...known, basis: fc.constant('advances' as const), first: advance, last: advance, samples }),
    fc.record({ ...known, basis: fc.constant('formula' as const), ...formula, partial: fc.boolean() }),
    fc.record({
      ...known,
      basis: fc.constant('manual' as const),
      entry: fc.constant('a'.repeat(64)),
      fromMs: atMs,
      toMs: atMs,
      total: amount,
      shared: amount,
      slots: fc.integer({ min: 1, max: 3_000 }),
    }),
    fc.record({
      ...known,
      basis: fc.constant('weekday-profile' as const),
      sources: fc.array(fc.record({ slotMs: atMs, revision: fc.integer({ min: 1, max: 9 }) }), {
        minLength: 1,
        maxLength: 4,
      }),
    }),
    fc.record({
      ...known,
      basis: fc.constant('pro-rata' as const),
      opening: fc.record({ atMs, register: amount }),
      closing: fc.record({ atMs, register: amount }),
    }),
    fc.record({
      meter: known.meter,
      quantity: known.quantity,
      slotMs: known.slotMs,
      state: fc.constant('missing' as const),
      cause: fc.constant('input-missing' as const),
      undecided: fc.constant([]),
      ...formula,
    }),
  )
}
