import { afterEach, beforeEach, expect, test } from 'vitest'
import type { AlarmCondition } from '#contract/alarm.ts'
import type { AlarmBooks } from '../alarm-port.ts'
import { newBooks, T0 } from './books.test-support.ts'

let books: AlarmBooks
let remove: () => void

beforeEach(() => {
  ;({ books, remove } = newBooks())
})
afterEach(() => remove())

const condition = (id: string, over: Partial<AlarmCondition> = {}): AlarmCondition => ({
  rule: 'silent',
  kind: 'meter-silent',
  severity: 'warning',
  subject: { kind: 'meter', id },
  enterprise: 'forge',
  detail: {},
  ...over,
})

test('an alarm begins once, goes on while its rule holds, and ends when it does no longer', () => {
  const { begun } = books.settleAlarms([condition('m-1'), condition('m-2')], T0)
  expect(begun.map(({ subject, begunMs }) => [subject.id, begunMs])).toEqual([
    ['m-1', T0],
    ['m-2', T0],
  ])
  const again = books.settleAlarms([condition('m-1', { detail: { value: 3 } })], T0 + 30_000)
  expect(again.begun).toEqual([])
  expect(again.ended).toMatchObject([{ subject: { id: 'm-2' }, begunMs: T0, endedMs: T0 + 30_000 }])
  // What was seen last stands beside the first begin.
  expect(books.alarms({ limit: 10, isStanding: true })).toMatchObject([
    { subject: { id: 'm-1' }, begunMs: T0, detail: { value: 3 } },
  ])
  // The same again later is another alarm.
  const later = books.settleAlarms([condition('m-1'), condition('m-2')], T0 + 60_000)
  expect(later.begun).toMatchObject([{ subject: { id: 'm-2' }, begunMs: T0 + 60_000 }])
  expect(books.alarms({ limit: 10 })).toHaveLength(3)
})

test('two rules of one subject are two alarms', () => {
  books.settleAlarms([condition('m-1'), condition('m-1', { rule: 'stuck', kind: 'register-stuck' })], T0)
  expect(books.settleAlarms([condition('m-1')], T0 + 1).ended).toMatchObject([{ rule: 'stuck' }])
})

test('one person acknowledges, several remark, and an enterprise has its own alone', () => {
  books.settleAlarms([condition('m-1'), condition('gw', { enterprise: undefined })], T0)
  const [own, ...others] = books.alarms({ limit: 10, enterprise: 'forge' })
  expect(own).toMatchObject({ subject: { id: 'm-1' } })
  expect(others).toEqual([])
  const id = own?.id ?? 0
  expect(books.acknowledgeAlarm(id, 'shift leader', T0 + 5)).toBe(true)
  expect(books.acknowledgeAlarm(id, 'somebody else', T0 + 6)).toBe(false)
  expect(books.acknowledgeAlarm(999, 'shift leader', T0)).toBe(false)
  expect(books.alarm(id)?.acknowledged).toEqual({ by: 'shift leader', atMs: T0 + 5 })
  const remark = { by: 'electrician', text: 'fuse replaced', atMs: T0 + 7 }
  books.addRemark(`alarm ${id}`, remark)
  expect(books.remarks(`alarm ${id}`)).toEqual([remark])
  expect(books.remarks(`gap ${id}`)).toEqual([])
})
