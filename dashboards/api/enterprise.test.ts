import { afterEach, beforeEach, expect, test } from 'vitest'
import { SLOT_MS } from '#contract/grid.ts'
import type { EnteredRecord } from '#store/port.ts'
import { knownInterval } from '../small-park.test-support.ts'
import { dayStartMs, ServerBench, startMs } from '../server.test-support.ts'
import { enterpriseLoad, enterpriseMonth, enterpriseProfile } from './enterprise-shapes.ts'

let bench: ServerBench

beforeEach(() => {
  bench = new ServerBench()
})
afterEach(() => bench.stop())

const register = 'activeEnergyImport.total'
/** 50 kWh of each slot: 200 kW. */
const slots = (meter: string, ...indexes: readonly number[]) =>
  indexes.map((index) => knownInterval(meter, register, dayStartMs + index * SLOT_MS, index * 5_000, 5_000))

const produced = (
  number: number,
  from: string,
  to: string,
  quantity: string,
  product = 'forgings',
): EnteredRecord => ({
  number,
  enteredAtMs: startMs,
  replacedBy: undefined,
  record: {
    kind: 'production',
    account: 'forge',
    from,
    to,
    document: 'shift book',
    by: 'planner',
    product,
    quantity,
    unit: 't',
  },
})

test('load of a day: energy × 4, and nothing where a slot is not known', async () => {
  bench.books.entered = slots('forge-main', 0, 2)
  bench.clock.advance(SLOT_MS)
  await bench.start()
  const load = enterpriseLoad.parse(await bench.json('/api/enterprises/forge/load?day=2026-06-02'))
  expect(load).toMatchObject({ day: '2026-06-02', unit: 'kWh', meters: ['forge-main'] })
  expect(load.slots.map(({ perHour }) => perHour)).toEqual(['200', null, '200', null])
  const none = enterpriseLoad.parse(await bench.json('/api/enterprises/forge/load?carrier=steam'))
  expect(none).toMatchObject({ meters: [], slots: [] })
})

test('an hour of the profile is there only where all of its slots are', async () => {
  bench.clock.advance(8 * SLOT_MS)
  bench.books.entered = slots('forge-main', 0, 1, 2, 3, 4, 5, 7)
  await bench.start()
  const { days } = enterpriseProfile.parse(await bench.json('/api/enterprises/forge/profile?month=2026-06'))
  const day = days.find(({ date }) => date === '2026-06-02')
  expect(day?.hours.slice(0, 3)).toEqual(['200', null, null])
  expect(day?.weekday).toBe(2)
})

test('a month by carrier, and what enters a workshop: a meter behind another of it is not added again', async () => {
  bench.books.entered = [
    ...slots('forge-main', 0, 1),
    ...slots('forging-shop', 0),
    ...slots('press-1-meter', 0),
  ]
  await bench.start()
  const { carriers, nodes, plan } = enterpriseMonth.parse(
    await bench.json('/api/enterprises/forge/month?month=2026-06'),
  )
  expect(carriers.map(({ carrier, flow, total }) => [carrier, flow, total])).toEqual([
    ['electricity', 'in', '100.00'],
    ['electricity', 'produced', null],
    ['naturalGas', 'in', null],
  ])
  expect(carriers[0]?.complete).toBe(false)
  expect(nodes.map(({ id, energies }) => [id, energies.map(({ total }) => total)])).toEqual([
    ['forging', ['50.00']],
    ['press-1', ['50.00']],
  ])
  expect(plan).toEqual({ load: false, cost: false, demandContractKw: null })
})

test('energy per product where there is one product of the month; what reaches beyond it is named, not counted', async () => {
  bench.books.entered = slots('forge-main', 0, 1)
  const [may, june] = [
    produced(1, '2026-05-20', '2026-06-10', '9'),
    produced(2, '2026-06-01', '2026-07-01', '40'),
  ]
  bench.books.produced = [may, june]
  await bench.start()
  const ask = async () =>
    enterpriseMonth.parse(await bench.json('/api/enterprises/forge/month?month=2026-06'))
  expect(await ask()).toMatchObject({
    products: [
      {
        product: 'forgings',
        quantity: '40',
        records: [2],
        specific: [{ carrier: 'electricity', perUnit: '2.5', complete: false }],
      },
    ],
    recordsBeyond: [1],
  })
  bench.books.produced = [june, produced(3, '2026-06-01', '2026-06-02', '1', 'castings')]
  expect((await ask()).products.map(({ specific }) => specific)).toEqual([[], []])
})

test('the park for its own has what feeds no enterprise', async () => {
  await bench.start()
  const { carriers } = enterpriseMonth.parse(await bench.json('/api/enterprises/binhai/month?month=2026-06'))
  expect(carriers).toEqual([])
  expect((await fetch(`${bench.server.url}/api/enterprises/nobody/month?month=2026-06`)).status).toBe(404)
})
