import fc from 'fast-check'
import { expect, test } from 'vitest'
import { reportScheduleFile, type ReportSchedule } from '#contract/report-schedule.ts'
import { duePeriods, nextDue } from './due.ts'

const at = (text: string): number => Temporal.Instant.from(text).epochMilliseconds
const timeZone = 'Asia/Shanghai'

function scheduleOf(given: object = {}): ReportSchedule {
  const [schedule] = reportScheduleFile.parse({ schedules: [{ id: 's', ...given }] }).schedules
  if (schedule === undefined) throw new Error('no schedule')
  return schedule
}
const due = (schedule: ReportSchedule, since: string, now: string, zone = timeZone): string[] =>
  duePeriods(schedule, zone, at(since), at(now)).map(({ period }) => period)

test('a month is due on its day and time of the park’s wall, not a minute sooner', () => {
  const schedule = scheduleOf({ day: 3, at: '06:00' })
  expect(due(schedule, '2026-10-10T00:00Z', '2026-11-02T21:59:59Z')).toEqual([])
  expect(due(schedule, '2026-10-10T00:00Z', '2026-11-02T22:00:00Z')).toEqual(['2026-10'])
  expect(nextDue(schedule, timeZone, at('2026-11-02T22:00:00Z'))).toEqual({
    period: '2026-11',
    dueMs: at('2026-12-03T06:00+08:00'),
  })
})

test('what became due while the server was down is caught up, and nothing of before the schedule', () => {
  const schedule = scheduleOf()
  const since = '2026-08-20T00:00Z'
  expect(due(schedule, since, '2026-11-28T00:00Z')).toEqual(['2026-08', '2026-09', '2026-10'])
  expect(due(schedule, '2026-11-28T00:00Z', '2026-11-28T00:00Z')).toEqual([])
  expect(due(scheduleOf({ from: '2026-05-02' }), since, '2026-08-28T00:00Z')).toEqual(['2026-06', '2026-07'])
})

test('quarters and years have the names that reports have', () => {
  const since = '2025-01-01T00:00Z'
  expect(due(scheduleOf({ every: 'quarter' }), since, '2026-01-04T00:00Z').slice(-2)).toEqual([
    '2025-Q3',
    '2025-Q4',
  ])
  expect(due(scheduleOf({ every: 'year', day: 20 }), since, '2026-01-21T00:00Z')).toEqual(['2024', '2025'])
})

test('a clock change moves no report by a day, and no period is left out or made twice', () => {
  const zones = fc.constantFrom('Asia/Shanghai', 'Europe/Berlin', 'America/St_Johns')
  const every = fc.constantFrom('month', 'quarter', 'year')
  fc.assert(
    fc.property(
      zones,
      every,
      fc.integer({ min: 1, max: 28 }),
      fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1, maxLength: 20 }),
      (zone, every, day, steps) => {
        const schedule = scheduleOf({ every, day, at: '02:30' })
        const sinceMs = at('2024-01-15T00:00Z')
        let nowMs = sinceMs
        const made = new Set<string>()
        for (const days of steps) {
          nowMs = Math.min(nowMs + days * 86_400_000, at('2026-10-01T00:00Z'))
          for (const { period, dueMs } of duePeriods(schedule, zone, sinceMs, nowMs)) {
            made.add(period)
            const wall = Temporal.Instant.fromEpochMilliseconds(dueMs).toZonedDateTimeISO(zone)
            expect(wall.day).toBe(day)
          }
          expect(nextDue(schedule, zone, nowMs).dueMs).toBeGreaterThan(nowMs)
          expect(made.has(nextDue(schedule, zone, nowMs).period)).toBe(false)
        }
        expect([...made]).toEqual(duePeriods(schedule, zone, sinceMs, nowMs).map(({ period }) => period))
      },
    ),
    { numRuns: 50 },
  )
})
