import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { CommitRecord } from '#contract/commit.ts'
import type { MeterEntry } from '#contract/meter-entry.ts'
import { openBooks } from '#store/open.ts'
import type { Books } from '#store/port.ts'
import { commitOf, stateOf } from '../small-park.test-support.ts'
import { dayStartMs, ServerBench, startMs } from '../server.test-support.ts'
import { meterEvents, meterQuality, meterReader } from './meter-care-shapes.ts'

let bench: ServerBench
let books: Books

beforeEach(() => {
  bench = new ServerBench()
  books = openBooks(join(bench.folder, 'books.sqlite'), 'Asia/Shanghai')
})
afterEach(async () => {
  books.close()
  await bench.stop()
})

/** The commit record of what a person says. */
const said = (letter: string, entry: MeterEntry): CommitRecord => ({
  ...commitOf('gw-east', [], startMs),
  epoch: null,
  seq: null,
  digest: letter.repeat(64),
  touched: [],
  entry,
})

test('events of the park file and of persons, withdrawn ones marked, newest first', async () => {
  const who = { meter: 'forge-main', by: 'metering', why: 'work order 17' }
  const quantity = 'activeEnergyImport.total' as const
  const count = (value: number): { count: number; resolution: '0.01' } => ({
    count: value,
    resolution: '0.01',
  })
  const replaced = {
    kind: 'replacement' as const,
    at: '2026-06-01T10:00:00+08:00',
    quantity,
    final: count(900),
    initial: count(0),
  }
  const reset = { ...replaced, kind: 'reset' as const, at: '2026-06-01T12:00:00+08:00' }
  books.follow(
    [
      said('a', { ...who, kind: 'event', event: replaced }),
      said('b', { ...who, kind: 'event', event: reset }),
      said('c', { ...who, kind: 'withdrawal', entry: 'b'.repeat(64) }),
      said('d', { ...who, kind: 'reading', quantity, atMs: dayStartMs, value: count(12_345) }),
    ],
    startMs,
  )
  await bench.start({ books })
  const { events, entries } = meterEvents.parse(await bench.json('/api/meters/forge-main/events'))
  expect(events.map(({ event, said }) => [event.kind, said?.withdrawn])).toEqual([
    ['reset', true],
    ['replacement', false],
  ])
  expect(entries).toMatchObject([
    { kind: 'reading', value: '123.45', unit: 'kWh', fromMs: dayStartMs, toMs: null },
  ])
})

test('gaps and refusals of this meter alone', async () => {
  const gap = {
    kind: 'meter' as const,
    gateway: 'gw-east',
    first: dayStartMs,
    last: startMs - 1,
    fromMs: dayStartMs,
    toMs: startMs,
    cause: 'no-readings' as const,
  }
  books.changeGaps(
    {
      opened: [
        { ...gap, meter: 'forge-main' },
        { ...gap, meter: 'forge-gas' },
      ],
      changed: [],
    },
    startMs,
  )
  const refusal = {
    code: 'value-beyond-rating',
    detail: 'too much',
    encoding: 'json' as const,
    payload: '{}',
  }
  books.follow(
    [
      {
        ...commitOf('gw-east', [], startMs),
        refused: [
          { ...refusal, meter: 'forge-main' },
          { ...refusal, meter: 'forge-gas' },
          { code: 'message-invalid', detail: 'of many meters', encoding: 'base64', payload: 'e30=' },
        ],
      },
    ],
    startMs,
  )
  await bench.start({ books })
  const { gaps, quarantine } = meterQuality.parse(await bench.json('/api/meters/forge-main/quality'))
  expect(gaps).toMatchObject([{ meter: 'forge-main', missing: startMs - dayStartMs, state: 'open' }])
  expect(quarantine.map(({ refusal }) => refusal.meter)).toEqual(['forge-main'])
})

test('who reads it and how well, as its gateway said; nothing where it has said nothing', async () => {
  await bench.start()
  const read = async (): Promise<unknown> =>
    meterReader.parse(await bench.json('/api/meters/forge-main/reader'))
  expect(await read()).toMatchObject({ gateway: 'gw-east', saidMs: null, line: null, bus: null })
  const slots = { wanted: 100, read: 95, failed: 3, missed: 1, held: 1 }
  const bus = { bus: 'line-1', observedMs: 1_000, busyMs: 400, requests: 50, unanswered: 2 }
  bench.server.noticeState({
    ...stateOf('gw-east', 'state', startMs),
    meters: [{ meter: 'forge-main', bus: 'line-1', state: 'ok', slots }],
    buses: [{ ...bus, bus: 'line-0' }, bus],
  })
  expect(await read()).toMatchObject({ saidMs: startMs, line: { slots }, bus })
  // Its farewell takes nothing of that back.
  bench.server.noticeState(stateOf('gw-east', 'death', startMs + 1))
  expect(await read()).toMatchObject({ line: { slots } })
})
