import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { DAY_MS } from '#contract/duration.ts'
import type { Period } from '#contract/grid.ts'
import type { Reading } from '#contract/reading.ts'
import { inPieces } from './sources.ts'

const T0 = 1_790_000_000_000
const power = 'activePower.total'

const reading = (meter: string, atMs: number): Reading => ({
  meter,
  quantity: power,
  atMs,
  quality: 'good',
  value: 1,
})

/** A source that has a reading every hour, and tells what happens. */
function hourly(happened: string[], fail: (period: Period) => boolean = () => false) {
  return inPieces({
    latest: async () => [],
    readings: async (meter, _quantity, period) => {
      happened.push(meter)
      if (fail(period)) throw new Error('away')
      const hours = Array.from({ length: 24 * 31 }, (_, hour) => T0 + (hour * DAY_MS) / 24)
      return hours
        .filter((atMs) => atMs >= period.fromMs && atMs < period.toMs)
        .map((atMs) => reading(meter, atMs))
    },
  })
}

test('a month read in pieces is the month, each reading once and in order', async () => {
  const found = await hourly([]).readings('m', power, { fromMs: T0, toMs: T0 + 31 * DAY_MS })
  expect(found.map(({ atMs }) => atMs)).toEqual(
    Array.from({ length: 24 * 31 }, (_, hour) => T0 + (hour * DAY_MS) / 24),
  )
  expect(await hourly([]).readings('m', power, { fromMs: T0, toMs: T0 })).toEqual([])
})

test('between two pieces other work has its turn, however many ask', async () => {
  const happened: string[] = []
  const source = hourly(happened)
  const end = new AbortController()
  const others = (async () => {
    while (!end.signal.aborted) {
      happened.push('other work')
      await turn()
    }
  })()
  await Promise.all(
    ['a', 'b', 'c'].map((meter) => source.readings(meter, power, { fromMs: T0, toMs: T0 + 2 * DAY_MS })),
  )
  end.abort()
  await others
  expect(happened.filter((each) => each !== 'other work')).toHaveLength(24)
  expect(
    happened.filter((each, index) => each !== 'other work' && happened[index - 1] !== 'other work'),
  ).toEqual([])
  // Nobody waits for the whole of another's month.
  expect(happened.indexOf('c')).toBeLessThan(happened.lastIndexOf('a'))
})

test('a read that fails is told to who asked, and keeps no other one waiting', async () => {
  const source = hourly([], ({ fromMs }) => fromMs >= T0 + DAY_MS)
  const [failed, fine] = await Promise.allSettled([
    source.readings('a', power, { fromMs: T0, toMs: T0 + 2 * DAY_MS }),
    source.readings('b', power, { fromMs: T0, toMs: T0 + DAY_MS }),
  ])
  expect(failed).toMatchObject({ status: 'rejected', reason: { message: 'away' } })
  expect(fine).toMatchObject({ status: 'fulfilled' })
})
