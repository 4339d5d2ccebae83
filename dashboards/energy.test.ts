import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RecordedInterval } from '#contract/interval.ts'
import { toDecimal } from '#contract/amount.ts'
import { ManualClock } from '#contract/clock.ts'
import { SETTLE_MS, SLOT_MS } from '#contract/grid.ts'
import { energyOfMeters, energyOfSlots, energyTotalOf, EnergyToday } from './energy.ts'
import { knownInterval, MemoryBooks, smallPark } from './small-park.test-support.ts'

const meter = smallPark.meters.get('forge-main')
if (meter === undefined) throw new Error('the park has no such meter')
const fromMs = Date.UTC(2026, 5, 1, 16)
const period = { fromMs, toMs: fromMs + 96 * SLOT_MS }
const slot = (index: number, count: number): ReturnType<typeof knownInterval> =>
  knownInterval('forge-main', 'activeEnergyImport.total', fromMs + index * SLOT_MS, index * 100, count)

test('known, missing and pending slots are all that are expected, and the total is that of the known ones', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 0, max: 95 })),
      fc.integer({ min: 0, max: 96 * SLOT_MS }),
      (slots, past) => {
        const nowMs = fromMs + past
        const recorded = slots.map((index) => slot(index, index + 1))
        const energy = energyOfSlots(meter, recorded, period, nowMs)
        expect(energy.known + energy.missing + energy.pending).toBe(energy.expected)
        const begun = slots.filter((index) => fromMs + index * SLOT_MS < nowMs)
        expect(energy.known).toBe(begun.length)
        expect(energy.amount?.count).toBe(
          begun.length === 0 ? undefined : begun.reduce((a, b) => a + b + 1, 0),
        )
      },
    ),
  )
})

test('a total over slots of which one is missing says so, and is not zero where nothing is known', () => {
  const nowMs = fromMs + 2 * SLOT_MS + SETTLE_MS
  const holed = energyTotalOf(energyOfSlots(meter, [slot(1, 50)], period, nowMs))
  expect(holed).toMatchObject({ total: '0.50', known: 1, missing: 1, pending: 1, complete: false })
  expect(energyTotalOf(energyOfSlots(meter, [], period, nowMs))).toMatchObject({
    total: null,
    complete: false,
  })
  const whole = energyTotalOf(energyOfSlots(meter, [slot(0, 5), slot(1, 50)], period, nowMs))
  expect(whole).toMatchObject({ total: '0.55', complete: true })
})

test('a slot in which a stretch is undecided or not covered by readings makes the total incomplete', () => {
  const nowMs = fromMs + SLOT_MS + SETTLE_MS
  const full = slot(0, 50)
  const late: RecordedInterval = { ...full, opening: { ...full.opening, atMs: fromMs + 60_000 } }
  const early: RecordedInterval = { ...full, closing: { ...full.closing, atMs: fromMs + 60_000 } }
  for (const interval of [late, early]) {
    expect(energyTotalOf(energyOfSlots(meter, [interval], period, nowMs))).toMatchObject({
      partial: 1,
      complete: false,
    })
  }
})

test('slots from before a meter was installed are not expected', () => {
  const young = { ...meter, installedMs: fromMs + 5 * SLOT_MS + 1 }
  expect(energyOfSlots(young, [], period, fromMs + 8 * SLOT_MS).expected).toBe(3)
})

test('sums over meters are exact', () => {
  const each = [1, 2, 3].map((count) => energyOfSlots(meter, [slot(0, count)], period, fromMs + 1))
  const total = energyOfMeters('kWh', each)
  expect(total.amount === undefined ? undefined : toDecimal(total.amount)).toBe('0.06')
})

test('a revision in the books is seen after some seconds, and yesterday never stays for today', () => {
  const clock = new ManualClock(fromMs + SLOT_MS)
  const books = new MemoryBooks()
  const today = new EnergyToday(smallPark, books, clock)
  const count = (): number | undefined => {
    today.refresh()
    return today.of(meter).amount?.count
  }
  books.entered = [slot(0, 50)]
  expect(count()).toBe(50)
  books.entered = [slot(0, 60)]
  clock.advance(5_000)
  expect(count()).toBe(60)
  clock.advance(24 * 3_600_000)
  expect(count()).toBeUndefined()
})
