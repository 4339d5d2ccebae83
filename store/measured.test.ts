import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ManualClock } from '#contract/clock.ts'
import { prometheusText } from '#contract/prometheus.ts'
import { at, commitOf, everything, power, value } from './conformance/sample-readings.ts'
import { readingStoreConformance } from './conformance.ts'
import { MeasuredStore } from './measured.ts'
import type { ReadingStore } from './port.ts'
import { openSqliteReadings } from './sqlite-readings.ts'

let folder: string
let inner: ReadingStore
let store: MeasuredStore
const clock = new ManualClock(at(100))

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-measured-'))
  inner = await openSqliteReadings({ file: join(folder, 'readings.sqlite') })
  store = new MeasuredStore(inner, clock)
})
afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true })
})

function figure(name: string): string | undefined {
  const lines = prometheusText(store.metrics()).split('\n')
  return lines.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1)
}

readingStoreConformance(
  'A measured store',
  async () => {
    const own = mkdtempSync(join(tmpdir(), 'tanbiao-measured-'))
    const open = async () =>
      new MeasuredStore(await openSqliteReadings({ file: join(own, 'readings.sqlite') }), clock)
    return { store: await open(), reopen: open, cleanup: async () => rmSync(own, { recursive: true }) }
  },
  { runs: 1 },
)

test('what is written is counted, and how old it was at its commit', async () => {
  await store.append([value(0, 1), value(1, 2), value(2, Number.NaN)])
  const touched = [
    { meter: 'm-1', fromMs: at(0), toMs: at(1) },
    { meter: 'm-2', fromMs: at(0), toMs: at(3) },
  ]
  await store.appendCommits([
    commitOf(1, { committedAtMs: at(3) + 4_000, touched }),
    commitOf(2, { touched: [] }),
  ])
  expect(figure('tanbiao_store_readings_total')).toBe('2')
  expect(figure('tanbiao_store_refused_readings_total')).toBe('1')
  expect(figure('tanbiao_store_append_batch_readings_sum')).toBe('3')
  expect(figure('tanbiao_store_append_seconds_count')).toBe('1')
  expect(figure('tanbiao_store_commit_seconds_count')).toBe('1')
  expect(figure('tanbiao_store_lag_seconds_bucket{le="2"}')).toBe('0')
  expect(figure('tanbiao_store_lag_seconds_bucket{le="5"}')).toBe('1')
  expect(figure('tanbiao_store_lag_seconds_count')).toBe('1')
  expect(figure('tanbiao_store_newest_reading_timestamp_seconds')).toBe(String(at(3) / 1_000))
})

test('before anything is committed nothing is said of the newest reading', () => {
  expect(figure('tanbiao_store_newest_reading_timestamp_seconds')).toBeUndefined()
  expect(figure('tanbiao_store_readings_total')).toBe('0')
})

test('calls that fail are counted by kind, and their faults passed on', async () => {
  await inner.close()
  await expect(store.append([value(0, 1)])).rejects.toMatchObject({ code: 'store-unavailable' })
  await expect(store.appendCommits([commitOf(1)])).rejects.toMatchObject({ code: 'store-unavailable' })
  await expect(store.readings('m-1', power, everything)).rejects.toMatchObject({ code: 'store-unavailable' })
  await expect(store.latest(['m-1'])).rejects.toMatchObject({ code: 'store-unavailable' })
  await expect(store.probe(0)).rejects.toMatchObject({ code: 'store-unavailable' })
  expect(figure('tanbiao_store_failures_total{call="append"}')).toBe('1')
  expect(figure('tanbiao_store_failures_total{call="commit"}')).toBe('1')
  expect(figure('tanbiao_store_failures_total{call="query"}')).toBe('2')
  expect(figure('tanbiao_store_failures_total{call="probe"}')).toBe('1')
  expect(figure('tanbiao_store_append_seconds_count')).toBe('0')
})
