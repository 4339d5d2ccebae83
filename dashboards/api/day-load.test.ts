import { afterEach, beforeEach, expect, test } from 'vitest'
import { SLOT_MS } from '#contract/grid.ts'
import { digestOf } from '../access/secrets.ts'
import { knownInterval } from '../small-park.test-support.ts'
import { dayStartMs, ServerBench } from '../server.test-support.ts'
import { dayLoad, type DayLoad } from './day-shapes.ts'

const SECRET = 'a-token-of-this-test'
let bench: ServerBench

beforeEach(() => {
  bench = new ServerBench()
})
afterEach(() => bench.stop())

/** Slots of a meter by their place in the day, with kWh. */
const slots = (meter: string, energies: Readonly<Record<number, number>>) =>
  Object.entries(energies).map(([index, kwh]) =>
    knownInterval(
      meter,
      'activeEnergyImport.total',
      dayStartMs + Number(index) * SLOT_MS,
      Number(index) * 1_000,
      kwh * 100,
    ),
  )

const firstOf = ({ series }: DayLoad, count: number): Record<string, readonly (number | null)[]> =>
  Object.fromEntries(series.map(({ enterprise, values }) => [enterprise ?? 'park', values.slice(0, count)]))

test('the load of a day is that of its slots, and of the park only where every enterprise is known', async () => {
  bench.books.entered = [
    ...slots('forge-main', { 0: 50, 1: 60, 3: 20 }),
    ...slots('chemical-main', { 0: 5, 2: 10, 3: 1.25 }),
  ]
  bench.clock.advance(2 * SLOT_MS)
  await bench.start()
  const load = dayLoad.parse(await bench.json('/api/load/day?day=2026-06-02'))
  expect(load).toMatchObject({ day: '2026-06-02', unit: 'kW', fromMs: dayStartMs })
  expect(firstOf(load, 5)).toEqual({
    park: [220, null, null, 85, null],
    forge: [200, 240, null, 80, null],
    chemical: [20, null, 40, 5, null],
  })
  // As many places as the day has quarters of an hour: what is to come is not known, and no zero.
  for (const { values } of load.series) expect(values).toHaveLength(96)
  const before = dayLoad.parse(await bench.json('/api/load/day?day=2026-06-01'))
  expect(before.series.every(({ values }) => values.every((value) => value === null))).toBe(true)
})

test('an enterprise user sees its own load alone', async () => {
  bench.books.entered = slots('forge-main', { 0: 50 })
  const user = bench.access.addUser({ name: 'own', role: 'enterprise-user', enterprise: 'chemical' }, 1)
  bench.access.addToken(digestOf(SECRET), { name: 'own', user: user.id, access: ['read'] }, 1, undefined)
  await bench.start()
  const headers = { authorization: `Bearer ${SECRET}` }
  const answer = await fetch(`${bench.server.url}/api/load/day`, { headers })
  const seen = dayLoad.parse(await answer.json())
  expect(seen.series.map(({ enterprise }) => enterprise)).not.toContain('forge')
  expect(seen.series.flatMap(({ values }) => values).every((value) => value === null)).toBe(true)
})

test('a day that is none is refused', async () => {
  await bench.start()
  expect((await fetch(`${bench.server.url}/api/load/day?day=2026-02-30`)).status).toBe(400)
})
