import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { GapEntry, SeenGap } from '#contract/gap.ts'
import { gapChanges } from './gaps.ts'

const seenOf = (first: number, last: number, over: Partial<SeenGap> = {}): SeenGap => ({
  kind: 'meter',
  gateway: 'gw-1',
  meter: 'm-1',
  first,
  last,
  fromMs: first,
  toMs: last + 1,
  cause: 'no-readings',
  ...over,
})

/** The books in small: applies changes as they do. */
function applied(entries: readonly GapEntry[], seen: readonly SeenGap[], nowMs: number): GapEntry[] {
  const { opened, changed } = gapChanges(
    entries.filter(({ state }) => state !== 'filled'),
    seen,
  )
  const byId = new Map(changed.map((each) => [each.id, each]))
  const kept = entries.map((entry) => ({ ...entry, ...byId.get(entry.id) }))
  const added = opened.map((gap, index): GapEntry => ({
    ...gap,
    id: entries.length + index + 1,
    missing: gap.last - gap.first + 1,
    state: 'open',
    openedMs: nowMs,
    changedMs: nowMs,
  }))
  return [...kept, ...added]
}

describe('gap entries', () => {
  it('opens what is seen, lets it grow while it goes on, and fills it when nothing is missing any more', () => {
    let entries = applied([], [seenOf(100, 199, { toMs: undefined })], 200)
    expect(entries).toMatchObject([
      { id: 1, first: 100, last: 199, toMs: undefined, state: 'open', missing: 100 },
    ])
    entries = applied(entries, [seenOf(100, 299, { toMs: undefined })], 300)
    expect(entries).toMatchObject([{ id: 1, last: 299, missing: 200, toMs: undefined, state: 'open' }])
    entries = applied(entries, [seenOf(100, 249)], 400)
    expect(entries).toMatchObject([{ id: 1, last: 299, missing: 150, state: 'open' }])
    entries = applied(entries, [], 500)
    expect(entries).toMatchObject([{ id: 1, missing: 0, toMs: 250, state: 'filled' }])
    entries = applied(entries, [seenOf(120, 130)], 600)
    expect(entries).toMatchObject([{ state: 'filled' }, { id: 2, first: 120, last: 130, state: 'open' }])
  })

  it('an entry of which parts were filled ends with the last one that is left, also where that goes on behind it', () => {
    let entries = applied([], [seenOf(100, 499, { toMs: undefined })], 500)
    const [first] = entries
    if (first === undefined) throw new Error('no entry')
    const behind: GapEntry = { ...first, id: 2, first: 500, last: 699, fromMs: 500, missing: 200 }
    entries = applied(
      [{ ...first, toMs: 500 }, behind],
      [seenOf(200, 249), seenOf(400, 799, { toMs: undefined })],
      800,
    )
    expect(entries).toMatchObject([
      { id: 1, first: 100, last: 499, missing: 150, toMs: 500 },
      { id: 2, first: 500, last: 799, missing: 300, toMs: undefined },
    ])
    entries = applied(entries, [seenOf(200, 249), seenOf(700, 799)], 900)
    expect(entries).toMatchObject([
      { id: 1, missing: 50, toMs: 250 },
      { id: 2, missing: 100, toMs: 800 },
    ])
  })

  it('an accepted gap stays as it is; what comes after it is a gap of its own; late data fills it all the same', () => {
    const [entry] = applied([], [seenOf(100, 199)], 200)
    if (entry === undefined) throw new Error('no entry')
    const accepted: GapEntry = { ...entry, state: 'accepted' }
    const later = applied([accepted], [seenOf(100, 249)], 300)
    expect(later).toMatchObject([
      { state: 'accepted', last: 199 },
      { state: 'open', first: 200, last: 249, fromMs: 200 },
    ])
    expect(applied(later, [seenOf(200, 249)], 400)).toMatchObject([{ state: 'filled' }, { state: 'open' }])
  })

  it('looks at each entry a few times, however many gaps one meter has', () => {
    const many = Array.from({ length: 20_000 }, (_, index) => seenOf(index * 10, index * 10 + 4))
    const entries = applied([], many, 1)
    expect(entries).toHaveLength(20_000)
    let looks = 0
    const counted = entries.map((entry) =>
      Object.defineProperty({ ...entry }, 'first', {
        get: () => {
          looks += 1
          return entry.first
        },
      }),
    )
    expect(gapChanges(counted, many)).toEqual({ opened: [], changed: [] })
    expect(looks).toBeLessThan(2_000_000)
  })

  it('leaves subjects alone that were not looked at', () => {
    const entries = applied([], [seenOf(1, 2)], 3)
    expect(gapChanges(entries, [], () => false)).toEqual({ opened: [], changed: [] })
  })

  it('after every step exactly what is missing is in an entry that is not filled', () => {
    const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { maxLength: 20 })
    const step = fc.record({ missing: numbers, accept: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), (steps) => {
        let entries: GapEntry[] = []
        for (const [index, { missing, accept }] of steps.entries()) {
          const sorted = missing.toSorted((a, b) => a - b)
          const runs: SeenGap[] = []
          for (const number of sorted) {
            const run = runs.at(-1)
            if (run !== undefined && run.last === number - 1)
              runs[runs.length - 1] = seenOf(run.first, number)
            else runs.push(seenOf(number, number))
          }
          entries = applied(entries, runs, index)
          const unfilled = entries.filter(({ state }) => state !== 'filled')
          for (const number of sorted)
            expect(unfilled.filter(({ first, last }) => first <= number && number <= last)).toHaveLength(1)
          for (const { first, last, missing: left } of unfilled) {
            const inIt = sorted.filter((number) => first <= number && number <= last)
            expect(inIt.length).toBe(left)
            expect(left).toBeGreaterThan(0)
          }
          // Looking again changes nothing.
          expect(gapChanges(unfilled, runs)).toEqual({ opened: [], changed: [] })
          if (accept)
            entries = entries.map((each) => (each.state === 'open' ? { ...each, state: 'accepted' } : each))
        }
      }),
    )
  })
})
