import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { accountMonthOf } from '#accounts/account-month.ts'
import { textOf } from '#accounts/decimal.ts'
import { measuredEnergy } from '#accounts/measured-energy.ts'
import { parkWithCounter, planOfBottles } from '#accounts/performance/counted-product.test-support.ts'
import { outputOf } from '#accounts/performance/product-output.ts'
import { ManualClock } from '#contract/clock.ts'
import { openBooks, openReadingStore } from '#store/open.ts'
import type { Books, ReadingStore } from '#store/port.ts'
import { Recomputation } from './recomputation.ts'

/** A counter of bottles, from its readings through real books to the production of a month. */

const ZONE = 'Asia/Shanghai'
const HOUR = 3_600_000
const STEP = 6 * HOUR
const at = (text: string): number => Temporal.Instant.from(`${text}+08:00`).epochMilliseconds
const nowMs = at('2026-06-01T00:00')

const parkWith = (events: readonly unknown[] = []) =>
  parkWithCounter({ wrapsAt: { count: 1_000_000, resolution: '1' }, gapSeconds: 25_000, events })
const plan = planOfBottles('瓶')

let folder: string
let store: ReadingStore
let books: Books
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-counted-'))
  store = await openReadingStore(`sqlite:${join(folder, 'readings.sqlite')}`)
  books = openBooks(join(folder, 'books.sqlite'), ZONE)
})
afterEach(async () => {
  books.close()
  await store.close()
  rmSync(folder, { recursive: true })
})

/** Readings of every sixth hour, a thousand bottles in each hour, of a display of six digits that began with 990,000. */
function readings(from: string, to: string, shown = (count: number, _atMs: number): number => count) {
  const startMs = at('2026-02-01T00:00')
  const list = []
  for (let atMs = at(from); atMs <= at(to); atMs += STEP) {
    const count = (990_000 + ((atMs - startMs) / HOUR) * 1_000) % 1_000_000
    list.push({
      meter: 'counter',
      quantity: 'productCount' as const,
      atMs,
      quality: 'good' as const,
      value: { count: shown(count, atMs), resolution: '1' },
    })
  }
  return list
}

/** What a server makes of readings, as far as they touch anything. */
async function compute(
  park: ReturnType<typeof parkWith>,
  lines: ReturnType<typeof readings>,
  touchedMs: readonly number[] = lines.map(({ atMs }) => atMs),
): Promise<void> {
  await store.append(lines)
  books.markDirty([{ meter: 'counter', fromMs: Math.min(...touchedMs), toMs: Math.max(...touchedMs) }])
  await new Recomputation({
    store,
    books,
    park,
    clock: new ManualClock(nowMs),
    log: pino({ level: 'silent' }),
  }).work(60_000)
}

function output(month: string): unknown[] {
  const { total, complete, why } = outputOf(
    {
      park: parkWith(),
      plan,
      measuredIn: (meter, period) => measuredEnergy(books, meter, period, nowMs),
    },
    [],
    { account: 'works', product: 'bottles', unit: '瓶' },
    accountMonthOf(month, ZONE),
  )
  return [total === undefined ? undefined : textOf(total), complete, why]
}
const inPart = 'counter did not count all of the period'

test('the count of a month goes on over the end of the display and over days without a reading', async () => {
  const kept = readings('2026-02-01T00:00', '2026-03-11T00:00').filter(
    ({ atMs }) => atMs <= at('2026-02-10T00:00') || atMs >= at('2026-02-12T00:00'),
  )
  await compute(parkWith(), kept)
  expect(output('2026-02')).toEqual(['672000', true, undefined])
  // Until the 11th, and no zero for the days after.
  expect(output('2026-03')).toEqual(['240000', false, inPart])
  expect(output('2026-04')).toEqual([undefined, false, inPart])
})

test('a counter that was set back leaves its month in part until somebody says what happened', async () => {
  const setBackMs = at('2026-02-10T00:00')
  const lines = readings('2026-02-01T00:00', '2026-03-01T00:00', (count, atMs) =>
    atMs <= setBackMs ? count : ((atMs - setBackMs) / HOUR) * 1_000,
  )
  await compute(parkWith(), lines)
  // Six hours wait for a decision.
  expect(output('2026-02')).toEqual(['666000', false, inPart])
  const reset = {
    kind: 'reset',
    at: '2026-02-10T00:00:01+08:00',
    quantity: 'productCount',
    final: lines.find(({ atMs }) => atMs === setBackMs)?.value,
    initial: { count: 0, resolution: '1' },
  }
  await compute(parkWith([reset]), [], [setBackMs, setBackMs + STEP])
  expect(output('2026-02')).toEqual(['672000', true, undefined])
})
