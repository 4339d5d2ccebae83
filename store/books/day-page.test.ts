import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DAY_MS } from '#contract/duration.ts'
import { join, sumOfSlot } from '#contract/energy-sum.ts'
import { SLOT_MS } from '#contract/grid.ts'
import type { Boundary, Interval } from '#contract/interval.ts'
import { emptyPage, pageBytes, pageOf, SLOTS_PER_DAY, type DayPage } from './day-page.ts'
import { textOf } from './interval-text.ts'
import { otherInterval } from './other-bases.test-support.ts'
import { sumOfKept } from './page-sums.ts'
import { contentOf, intervalFrom, isSameContent, textOfContent } from './slot-content.ts'

const dayMs = Date.UTC(2026, 2, 10)
const identity = { meter: 'm-1', quantity: 'activeEnergyImport.total' } as const

const boundary = (lineMs: number, offsetMs: number, count: number, resolution: string): Boundary => {
  const register = { count, resolution }
  const read = { atMs: lineMs + offsetMs, register }
  return { atMs: lineMs, register, method: 'measured', before: read, after: read }
}

/** Slots that go on from one another for the most part, as a meter's do, and others in between. */
const slots = fc
  .array(
    fc.record({
      offsetMs: fc.integer({ min: -2_000, max: 2_000 }),
      count: fc.oneof(fc.integer({ min: 0, max: 5_000 }), fc.integer({ min: 0, max: 2 ** 40 })),
      jump: fc.oneof(
        { weight: 9, arbitrary: fc.constant(0) },
        { weight: 1, arbitrary: fc.integer({ min: 1, max: 2 ** 50 }) },
      ),
      resolution: fc.oneof(
        { weight: 9, arbitrary: fc.constant('0.01') },
        { weight: 1, arbitrary: fc.constant('0.1') },
      ),
      simulated: fc.boolean(),
      revision: fc.oneof(
        { weight: 5, arbitrary: fc.constant(1) },
        { weight: 1, arbitrary: fc.integer({ min: 2, max: 300 }) },
      ),
      other: fc.option(otherInterval(dayMs), { nil: undefined, freq: 8 }),
      absent: fc.oneof(
        { weight: 9, arbitrary: fc.constant(false) },
        { weight: 1, arbitrary: fc.constant(true) },
      ),
    }),
    { maxLength: SLOTS_PER_DAY },
  )
  .map((lines) => {
    let register = 1_000
    let opening = 0
    return lines.map((line, index): { revision: number; interval: Interval } | undefined => {
      if (line.absent) return undefined
      const slotMs = dayMs + index * SLOT_MS
      if (line.other !== undefined) return { revision: line.revision, interval: { ...line.other, slotMs } }
      const from = register + line.jump
      register = from + line.count
      const interval: Interval = {
        ...identity,
        slotMs,
        state: 'known',
        basis: 'register',
        energy: { count: line.count, resolution: line.resolution },
        method: 'measured',
        coverage: 1,
        opening: boundary(slotMs, opening, from, line.resolution),
        closing: boundary(slotMs + SLOT_MS, line.offsetMs, register, line.resolution),
        simulated: line.simulated,
        uncertain: false,
        undecided: [],
      }
      opening = line.offsetMs
      return { revision: line.revision, interval }
    })
  })

function filled(lines: readonly ({ revision: number; interval: Interval } | undefined)[]): DayPage {
  const page = emptyPage()
  for (const [index, line] of lines.entries())
    if (line !== undefined) page[index] = { revision: line.revision, content: contentOf(line.interval) }
  return page
}

test('a day of intervals comes back from its page unchanged', () => {
  fc.assert(
    fc.property(slots, (lines) => {
      const page = pageOf(pageBytes(filled(lines)))
      for (const [index, line] of lines.entries()) {
        const slot = page[index]
        expect(slot?.revision).toBe(line?.revision)
        if (slot === undefined || line === undefined) continue
        const { interval } = line
        expect(intervalFrom(interval, slot.content)).toEqual(interval)
        expect(isSameContent(slot.content, contentOf(interval))).toBe(true)
        expect(textOfContent(slot.content)).toBe(textOf(interval))
      }
    }),
  )
})

test('kept slots add up to what their intervals add up to', () => {
  fc.assert(
    fc.property(slots, (lines) => {
      const kept = [...filled(lines).entries()].flatMap(([index, slot]) =>
        slot === undefined ? [] : [{ slotMs: dayMs + index * SLOT_MS, ...slot }],
      )
      const intervals = lines.flatMap((line) => line?.interval ?? [])
      const { energy, methods, ...counts } = sumOfKept(identity, kept)
      const whole = join(intervals.map((interval) => sumOfSlot(interval)))
      expect(counts).toEqual({ ...whole, energy: undefined, methods: undefined, ...counts })
      expect(energy).toEqual(whole.energy)
      expect(methods).toEqual(whole.methods)
    }),
    { numRuns: 50 },
  )
})

test('an ordinary day takes less than 500 bytes', () => {
  const page = emptyPage()
  let register = 12_345_678
  for (let index = 0; index < SLOTS_PER_DAY; index += 1) {
    page[index] = {
      revision: 1,
      content: {
        resolution: '0.01',
        marks: 1,
        openingOffsetMs: 12,
        openingCount: register,
        closingOffsetMs: 12,
        energyCount: 2_000 + index,
      },
    }
    register += 2_000 + index
  }
  expect(pageBytes(page).length).toBeLessThan(SLOTS_PER_DAY * 5)
})

test('what is no page is not taken for one', () => {
  expect(DAY_MS / SLOT_MS).toBe(SLOTS_PER_DAY)
  for (const bytes of [[], [2], [1, 7], [1, 1, 0, 96], [1, 2, 0, 1, 5, 65]])
    expect(() => pageOf(new Uint8Array(bytes))).toThrow(RangeError)
})
