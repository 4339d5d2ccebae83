import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { SETTLE_MS, SLOT_MS } from '#contract/grid.ts'
import { knownInterval } from '../small-park.test-support.ts'
import { dayStartMs, ServerBench } from '../server.test-support.ts'
import { enterpriseMonth } from './enterprise-shapes.ts'
import { meterEnergy, meterIntervals, type MeterEnergy } from './shapes.ts'

let bench: ServerBench

beforeEach(() => {
  bench = new ServerBench()
})
afterEach(() => bench.stop())

const register = 'activeEnergyImport.total'
const day = 96 * SLOT_MS
const of = async (query: string): Promise<MeterEnergy> =>
  meterEnergy.parse(await bench.json(`/api/meters/forge-main/energy?${query}`))

describe('energy by parts of the calendar', () => {
  beforeEach(async () => {
    // Midnight of 2 June in Shanghai is the day before in Greenwich; `startMs` is an hour later.
    const slots = [-day - SLOT_MS, -day, -SLOT_MS, 0, SLOT_MS, 2 * SLOT_MS]
    bench.books.entered = slots.map((ms, index) =>
      knownInterval('forge-main', register, dayStartMs + ms, index * 100, 25),
    )
    const [, , , apportioned] = bench.books.entered
    if (apportioned?.state === 'known')
      bench.books.entered[3] = { ...apportioned, method: 'apportioned', coverage: 0, uncertain: true }
    await bench.start()
  })

  test('days of the park, with what should be there and is not', async () => {
    const { whole, parts } = await of('by=day&from=2026-06-01&to=2026-06-02')
    expect(parts).toMatchObject([
      { name: '2026-06-01', total: '0.50', expected: 96, known: 2, missing: 94, pending: 0, complete: false },
      {
        name: '2026-06-02',
        fromMs: dayStartMs,
        total: '0.75',
        expected: 4,
        known: 3,
        missing: 0,
        pending: 1,
      },
    ])
    expect(parts[1]).toMatchObject({
      complete: true,
      coverage: 0.5,
      uncertain: 1,
      methods: [
        { method: 'measured', slots: 2, total: '0.50' },
        { method: 'apportioned', slots: 1, total: '0.25' },
      ],
    })
    expect(whole).toMatchObject({ total: '1.25', expected: 100, known: 5, missing: 94, pending: 1 })
  })

  test('months are sums of their days, hours of their slots; by default this month', async () => {
    const months = await of('by=month&from=2026-05-01&to=2026-06-30')
    expect(months.parts.map(({ name, total, expected }) => [name, total, expected])).toEqual([
      ['2026-05', '0.25', 31 * 96],
      ['2026-06', '1.25', 100],
    ])
    const hours = await of('by=hour&from=2026-06-02')
    expect(hours.parts).toHaveLength(24)
    expect(hours.parts[0]).toMatchObject({ name: '2026-06-02T00:00+08:00', total: '0.75', expected: 4 })
    expect(hours.parts[1]).toMatchObject({
      name: '2026-06-02T01:00+08:00',
      total: null,
      expected: 0,
      coverage: null,
    })
    expect((await of('')).parts.map(({ name }) => name)).toEqual(['2026-06-01', '2026-06-02'])
    expect((await of('by=year')).parts.map(({ name, total }) => [name, total])).toEqual([['2026', '1.25']])
  })

  test('of another register of the meter, which was never read: null, never zero', async () => {
    const { whole, unit } = await of('quantity=activeEnergyExport.total')
    expect(unit).toBe('kWh')
    expect(whole).toMatchObject({ total: null, known: 0, complete: false, methods: [] })
  })

  test('a period that is none, or too long, or of a power, is refused with what to do', async () => {
    const refused = [
      'from=2026-06-02&to=2026-06-01',
      'from=2026-02-30',
      'by=hour&from=2026-01-01',
      'quantity=activePower.total',
    ]
    for (const query of refused) {
      const answer = await fetch(`${bench.server.url}/api/meters/forge-main/energy?${query}`)
      expect([query, answer.status]).toEqual([query, 400])
    }
    const none = await fetch(`${bench.server.url}/api/meters/no-meter/energy`)
    expect(none.status).toBe(404)
  })

  test('a slot under way is not partial because its end is still to come; what it lacks already is', async () => {
    const underWay = dayStartMs + 3 * SLOT_MS
    const interval = knownInterval('forge-main', register, underWay, 300, 10)
    const closing = { ...interval.closing, atMs: underWay + 5 * 60_000 }
    bench.books.entered.push({ ...interval, closing })
    bench.clock.advance(-10 * 60_000)
    const day = 'from=2026-06-02'
    expect((await of(day)).whole).toMatchObject({ known: 4, partial: 0, missing: 0, complete: true })
    const month = enterpriseMonth.parse(await bench.json('/api/enterprises/forge/month?month=2026-06'))
    const slots = meterIntervals.parse(await bench.json('/api/meters/forge-main/intervals'))
    expect(month.carriers.find(({ carrier }) => carrier === 'electricity')?.partial).toBe(0)
    expect(slots.total).toMatchObject({ partial: 0, complete: true })
    bench.clock.advance(10 * 60_000 + SETTLE_MS)
    expect((await of(day)).whole).toMatchObject({ known: 4, partial: 1, complete: false })
  })

  test('a slot is pending until it is settled, and missing from then on', async () => {
    bench.clock.advance(SLOT_MS + SETTLE_MS - 1)
    const counts = { expected: 6, known: 3 }
    expect((await of('from=2026-06-02')).whole).toMatchObject({ ...counts, missing: 1, pending: 2 })
    bench.clock.advance(1)
    expect((await of('from=2026-06-02')).whole).toMatchObject({ ...counts, missing: 2, pending: 1 })
  })
})
