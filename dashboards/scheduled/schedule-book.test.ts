import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Fault } from '#contract/fault.ts'
import { reportSchedule, type ReportSchedule } from '#contract/report-schedule.ts'
import { ScheduleBook } from './schedule-book.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-schedules-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const scheduleOf = (given: object): ReportSchedule => reportSchedule.parse(given)
const given = [scheduleOf({ id: 'monthly' })]
const doing = { by: 'manager', atMs: 1_000 }
const open = (of = given): ScheduleBook => new ScheduleBook(folder, of)
const idsOf = (book: ScheduleBook): string[] => book.list().map(({ schedule }) => schedule.id)
const code = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    return error instanceof Fault ? error.code : String(error)
  }
  return 'none'
}

test('what is made, changed and ended on the page is there after a restart; that of the file is only read', () => {
  open().add(
    scheduleOf({ id: 'quarterly', every: 'quarter', of: ['steel'], mailTo: ['a@park.example'] }),
    doing,
  )
  open().change('quarterly', { day: 9, of: null })
  expect(open().list()).toEqual([
    { schedule: given[0], by: undefined },
    {
      by: 'manager',
      schedule: scheduleOf({ id: 'quarterly', every: 'quarter', day: 9, mailTo: ['a@park.example'] }),
    },
  ])
  open().end('quarterly', doing)
  expect(idsOf(open())).toEqual(['monthly'])
  expect(code(() => open().change('monthly', { day: 9 }))).toBe('request-invalid')
  expect(code(() => open().end('monthly', doing))).toBe('request-invalid')
})

test('a name is given once, also after its schedule has ended: its reports stay under it', () => {
  const book = open()
  book.add(scheduleOf({ id: 'yearly', every: 'year' }), doing)
  book.end('yearly', doing)
  expect(code(() => book.add(scheduleOf({ id: 'yearly' }), doing))).toBe('name-taken')
  expect(code(() => book.add(scheduleOf({ id: 'monthly' }), doing))).toBe('name-taken')
  expect(code(() => book.end('yearly', doing))).toBe('not-found')
  expect(code(() => open([scheduleOf({ id: 'yearly' })]))).toBe('folder-unusable')
})

test('a file that cannot be read stops the start, and is not begun anew', () => {
  writeFileSync(join(folder, 'schedules.json'), '{"v":1')
  expect(code(() => open())).toBe('folder-unusable')
})
