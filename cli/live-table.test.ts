import { describe, expect, test } from 'vitest'
import type { LiveMeter } from '#edge/commission/watch.ts'
import { livePage, liveRows, pagesOf } from './live-table.ts'
import { widthOf } from './table.ts'

const NOW_MS = 100_000
const reading = { meter: 'b', quantity: 'voltage.l1', atMs: 98_500, quality: 'good', value: 230.2 } as const
const meter = (id: string, more: Partial<LiveMeter> = {}): LiveMeter => ({
  meter: id,
  unit: 1,
  profile: 'x',
  latencyMs: 12.4,
  errorRate: 0.25,
  requests: 4,
  values: [{ quantity: 'voltage.l1', latest: reading, value: reading }],
  ...more,
})

describe('The live table', () => {
  test('is sorted by meter and shows value, quality, age, latency and error rate', () => {
    expect(liveRows([meter('b'), meter('a')], NOW_MS)).toEqual([
      ['a', 'voltage.l1', '230.2 V', 'good', '1.5 s', '12 ms', '25 %'],
      ['b', 'voltage.l1', '230.2 V', 'good', '1.5 s', '12 ms', '25 %'],
    ])
  })

  test('keeps the last value, with its age, beside the cause of a failure', () => {
    const latest = { ...reading, atMs: NOW_MS, quality: 'bad', cause: 'timeout' } as const
    const values = [{ quantity: reading.quantity, latest, value: reading }]
    expect(liveRows([meter('a', { values })], NOW_MS)).toEqual([
      ['a', 'voltage.l1', '230.2 V', 'bad: no answer in time', '1.5 s', '12 ms', '25 %'],
    ])
    const never = [{ quantity: reading.quantity, latest, value: undefined }]
    expect(liveRows([meter('a', { values: never })], NOW_MS)[0]?.slice(2, 5)).toEqual([
      '–',
      'bad: no answer in time',
      '–',
    ])
  })

  test('fills any window exactly, and shows every row on one of its pages', () => {
    const rows = liveRows(
      Array.from({ length: 23 }, (_, index) => meter(`meter-${100 + index}`)),
      NOW_MS,
    )
    for (const window of [
      { columns: 90, rows: 12 },
      { columns: 40, rows: 5 },
      { columns: 200, rows: 60 },
    ]) {
      const pages = Array.from({ length: pagesOf(rows.length, window.rows) }, (_, page) =>
        livePage(rows, page, window, 'title 实时'),
      )
      for (const lines of pages) {
        expect(lines).toHaveLength(window.rows)
        for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(window.columns)
      }
      const shown = pages.flat().filter((line) => line.startsWith('meter-'))
      expect(shown).toHaveLength(rows.length)
    }
  })
})
