import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { deskOf } from '#cli/desk.ts'
import { alarmRule } from '#contract/alarm.ts'
import { openBooks, openReadingStore } from '#store/open.ts'
import type { AlarmChanges } from '#store/alarm-port.ts'
import type { Books, ReadingStore } from '#store/port.ts'
import { smallPark, stateOf } from '../small-park.test-support.ts'
import { ServerBench, startMs } from '../server.test-support.ts'
import { alarmCount, alarmList } from './alarm-shapes.ts'

let bench: ServerBench
let books: Books
let store: ReadingStore
const told: AlarmChanges[] = []

beforeEach(async () => {
  told.length = 0
  bench = new ServerBench()
  books = openBooks(join(bench.folder, 'books.sqlite'), 'Asia/Shanghai')
  store = await openReadingStore(`sqlite:${join(bench.folder, 'readings.sqlite')}`)
  await bench.start({
    books,
    desk: deskOf({ books, store, park: smallPark, clock: bench.clock }),
    alarms: {
      rules: z.array(alarmRule).parse([
        { id: 'offline', kind: 'gateway-offline', severity: 'critical', only: ['gw-east'] },
        { id: 'clock', kind: 'clock-offset', only: ['gw-west'] },
        { id: 'silent', kind: 'meter-silent', only: ['forge-main', 'chemical-main'] },
      ]),
      settle: (conditions, nowMs) => books.settleAlarms(conditions, nowMs),
      tell: (changes) => told.push(changes),
    },
  })
  await bench.signIn()
})
afterEach(async () => {
  await bench.stop()
  books.close()
  await store.close()
})

const list = async (state = 'standing') => alarmList.parse(await bench.json(`/api/alarms?state=${state}`))

test('a silent gateway is an alarm until it is heard again; then its meter that says nothing is one', async () => {
  const look = async (): Promise<AlarmChanges | undefined> => bench.server.alarms?.look()
  expect((await look())?.begun).toMatchObject([{ rule: 'offline', subject: { id: 'gw-east' } }])
  expect(await list()).toMatchObject({ standing: 1, unacknowledged: 1, alarms: [{ severity: 'critical' }] })
  bench.clock.advance(60_000)
  bench.server.noticeState(stateOf('gw-east', 'birth', startMs + 60_000))
  const { begun = [], ended = [] } = (await look()) ?? {}
  expect(begun).toMatchObject([{ rule: 'silent', enterprise: 'forge', subject: { id: 'forge-main' } }])
  expect(ended).toMatchObject([{ rule: 'offline', begunMs: startMs, endedMs: startMs + 60_000 }])
  expect(told).toHaveLength(2)
  expect((await list('all')).alarms).toHaveLength(2)
})

test('a gateway that has had no receipt is ahead by as much as its word is of the future', async () => {
  const state = stateOf('gw-west', 'state', startMs + 3_600_000)
  bench.server.noticeState({ ...state, clock: { condition: 'set', jumps: 0 } })
  await bench.server.alarms?.look()
  const clockOff = async () => (await list()).alarms.filter(({ kind }) => kind === 'clock-offset')
  expect(await clockOff()).toMatchObject([
    { subject: { id: 'gw-west' }, detail: { value: 3_600, limit: 5, unit: 's' } },
  ])
  // A receipt has told it more exactly.
  bench.server.noticeState({ ...state, clock: { condition: 'set', jumps: 0, aheadMs: 1 } })
  await bench.server.alarms?.look()
  expect(await clockOff()).toEqual([])
})

test('an alarm is acknowledged once, and remarked on, by name', async () => {
  await bench.server.alarms?.look()
  const [{ id } = { id: 0 }] = (await list()).alarms
  const acknowledge = async () =>
    bench.change('POST', `/api/v1/alarms/${id}/acknowledge`, { text: 'on my way' })
  expect((await acknowledge()).status).toBe(204)
  expect((await acknowledge()).status).toBe(409)
  expect((await bench.change('POST', `/api/v1/alarms/${id}/remarks`, { text: 'fuse replaced' })).status).toBe(
    204,
  )
  expect((await bench.change('POST', '/api/v1/alarms/999/remarks', { text: 'x' })).status).toBe(404)
  expect((await list()).alarms[0]).toMatchObject({
    acknowledged: { by: 'admin', atMs: startMs },
    remarks: [{ text: 'on my way' }, { by: 'admin', text: 'fuse replaced' }],
  })
  expect(alarmCount.parse(await bench.json('/api/alarms/count'))).toEqual({ standing: 1, unacknowledged: 0 })
})

test('an enterprise user has the alarms of its own meters alone, and may acknowledge no other', async () => {
  bench.clock.advance(60_000)
  for (const gateway of ['gw-east', 'gw-west']) {
    bench.server.noticeState(stateOf(gateway, 'birth', startMs + 60_000))
  }
  await bench.server.alarms?.look()
  const all = (await list()).alarms
  expect(all.map(({ subject }) => subject.id).toSorted()).toEqual(['chemical-main', 'forge-main'])
  await bench.signInAsUserOf('forge')
  const own = alarmList.parse(await bench.get('/api/alarms'))
  expect(own).toMatchObject({ standing: 1, alarms: [{ subject: { id: 'forge-main' } }] })
  const acknowledge = async (meter: string): Promise<number> => {
    const id = all.find(({ subject }) => subject.id === meter)?.id
    return (await bench.change('POST', `/api/v1/alarms/${id}/acknowledge`, {})).status
  }
  expect(await acknowledge('chemical-main')).toBe(404)
  expect(await acknowledge('forge-main')).toBe(204)
})
