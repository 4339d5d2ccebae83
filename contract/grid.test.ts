import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HOUR_MS } from './duration.ts'
import { dayOf, isSettled, isTimeZone, monthOf, SETTLE_MS, SLOT_MS, slotsBetween, slotStart } from './grid.ts'

const ms = (text: string): number => Temporal.Instant.from(text).epochMilliseconds
const hours = ({ fromMs, toMs }: { fromMs: number; toMs: number }): number => (toMs - fromMs) / HOUR_MS
const zones = ['Asia/Shanghai', 'Europe/Berlin', 'Asia/Kathmandu', 'America/St_Johns', 'Asia/Beirut', 'UTC']
const moment = fc.integer({ min: ms('1986-01-01T00:00:00Z'), max: ms('2060-01-01T00:00:00Z') })

describe('slots', () => {
  test('tile any period: each overlaps it, each begins where the one before ended', () => {
    fc.assert(
      fc.property(moment, fc.integer({ min: 1, max: 100 * SLOT_MS }), (fromMs, lengthMs) => {
        const toMs = fromMs + lengthMs
        const starts = [...slotsBetween(fromMs, toMs)]
        const count = (slotStart(toMs - 1) - slotStart(fromMs)) / SLOT_MS + 1
        expect(starts).toEqual(
          Array.from({ length: count }, (_, index) => slotStart(fromMs) + index * SLOT_MS),
        )
      }),
    )
  })

  test('of an empty period are none', () => {
    expect([...slotsBetween(5, 5)]).toEqual([])
    expect([...slotsBetween(SLOT_MS, SLOT_MS)]).toEqual([])
    expect([...slotsBetween(10, 5)]).toEqual([])
  })

  test('are the quarter hours of the wall in every zone', () => {
    fc.assert(
      fc.property(moment, fc.constantFrom(...zones), (atMs, zone) => {
        const wall = Temporal.Instant.fromEpochMilliseconds(slotStart(atMs)).toZonedDateTimeISO(zone)
        expect([wall.minute % 15, wall.second, wall.millisecond]).toEqual([0, 0, 0])
      }),
    )
  })
})

describe('days and months', () => {
  test('hold their moment, and the next one begins where they end', () => {
    fc.assert(
      fc.property(moment, fc.constantFrom(...zones), (atMs, zone) => {
        for (const periodOf of [dayOf, monthOf]) {
          const period = periodOf(atMs, zone)
          expect(period.fromMs).toBeLessThanOrEqual(atMs)
          expect(period.toMs).toBeGreaterThan(atMs)
          expect(periodOf(period.fromMs, zone)).toEqual(period)
          expect(periodOf(period.toMs, zone).fromMs).toBe(period.toMs)
          expect(period.fromMs % SLOT_MS).toBe(0)
        }
      }),
      { numRuns: 300 },
    )
  })

  test.each([
    ['Europe/Berlin', '2025-03-30T12:00:00+02:00', 23],
    ['Europe/Berlin', '2025-10-26T12:00:00+01:00', 25],
    ['Europe/Berlin', '2025-07-01T12:00:00+02:00', 24],
    // China had summer time from 1986 to 1991.
    ['Asia/Shanghai', '1986-05-04T12:00:00+09:00', 23],
    ['Asia/Shanghai', '1991-09-15T12:00:00+08:00', 25],
    ['Asia/Shanghai', '2025-07-01T12:00:00+08:00', 24],
    // Summer time begins at midnight: this day starts at 01:00.
    ['Asia/Beirut', '2025-03-30T12:00:00+03:00', 23],
  ])('%s, the day of %s has %i hours', (zone, text, length) => {
    expect(hours(dayOf(ms(text), zone))).toBe(length)
  })

  test('a day of Shanghai begins at 16:00 UTC, in a summer of 1986–1991 at 15:00', () => {
    expect(dayOf(ms('2025-03-11T00:00:00+08:00'), 'Asia/Shanghai').fromMs).toBe(ms('2025-03-10T16:00:00Z'))
    expect(dayOf(ms('1988-07-11T12:00:00+09:00'), 'Asia/Shanghai').fromMs).toBe(ms('1988-07-10T15:00:00Z'))
  })

  test('a month begins on its first day, by the calendar of the zone', () => {
    expect(monthOf(ms('2025-03-31T20:00:00Z'), 'Asia/Shanghai')).toEqual({
      fromMs: ms('2025-04-01T00:00:00+08:00'),
      toMs: ms('2025-05-01T00:00:00+08:00'),
    })
  })

  test('a month has its hours, summer time or not', () => {
    expect(hours(monthOf(ms('2024-02-10T00:00:00Z'), 'Asia/Shanghai'))).toBe(29 * 24)
    expect(hours(monthOf(ms('2025-03-10T00:00:00Z'), 'Europe/Berlin'))).toBe(31 * 24 - 1)
    expect(hours(monthOf(ms('2025-10-10T00:00:00Z'), 'Europe/Berlin'))).toBe(31 * 24 + 1)
  })
})

test('a slot is settled two minutes after its end, not before', () => {
  expect(isSettled(0, SLOT_MS + SETTLE_MS - 1)).toBe(false)
  expect(isSettled(0, SLOT_MS + SETTLE_MS)).toBe(true)
})

test('a time zone is known by its name', () => {
  expect(['Asia/Shanghai', 'UTC', 'Mars/Olympus', ''].map(isTimeZone)).toEqual([true, true, false, false])
})
