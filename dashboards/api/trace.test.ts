import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { march, planWith, PostingBench, smallPark, slotOf } from '#cli/posting.test-support.ts'
import { SLOT_MS } from '#contract/grid.ts'
import { ServerBench } from '../server.test-support.ts'
import { dayPostings, energyParts, meterSlot } from './trace-shapes.ts'

const register = 'activeEnergyImport.total'
const epoch = 'a'.repeat(32)
let posting: PostingBench
let bench: ServerBench

beforeAll(async () => {
  posting = new PostingBench()
  posting.fill('steel-incoming', { fromMs: march.fromMs, toMs: march.fromMs + 4 * SLOT_MS })
  const corrected = slotOf('steel-incoming', march.fromMs, 1_200)
  posting.books.record({ meter: corrected.meter, fromMs: 1, toMs: 0 }, [corrected], posting.clock.wallMs())
  bench = new ServerBench()
  const { books, rules, clock } = posting
  // Every second of the hour somebody else's batch, and the meter's own after 250 of them.
  const commits = Array.from({ length: 300 }, (_, index) => ({
    gateway: index === 250 ? 'gateway' : 'other',
    epoch,
    seq: index,
    digest: 'b'.repeat(64),
    committedAtMs: march.fromMs + index * 1_000,
    stored: 1,
    touched: [
      {
        meter: index === 250 ? 'steel-incoming' : 'food-incoming',
        fromMs: march.fromMs,
        toMs: march.fromMs,
      },
    ],
    refused: [],
  }))
  await bench.start({
    park: smallPark,
    books,
    clock,
    accounts: { plan: planWith(), rules, books, commits: { commitsSince: async () => [] } },
    commits: {
      commitsSince: async (fromMs, limit = 1_000) =>
        commits.filter(({ committedAtMs }) => committedAtMs >= fromMs).slice(0, limit),
    },
  })
})
afterAll(async () => {
  await bench.stop()
  posting.remove()
})

describe('the way down to the register', () => {
  test('a slot has all its revisions, newest first, each with readings, gateway, epoch and sequence', async () => {
    const { revisions, unit } = meterSlot.parse(
      await bench.json(`/api/meters/steel-incoming/slots/${march.fromMs}`),
    )
    expect(unit).toBe('kWh')
    expect(revisions.map(({ revision, energy }) => [revision, energy])).toEqual([
      [2, '12.00'],
      [1, '10.00'],
    ])
    expect(revisions[0]?.readings).toEqual([
      {
        atMs: march.fromMs,
        value: '0.00',
        gateway: 'gateway',
        batch: { epoch, seq: 250, committedAtMs: march.fromMs + 250_000 },
      },
      // Nobody's batch has this one: the gateway is that of the park, the batch is not made up.
      { atMs: march.fromMs + SLOT_MS, value: '12.00', gateway: 'gateway', batch: null },
    ])
    const never = await bench.json(`/api/meters/steel-incoming/slots/${march.fromMs + 9 * SLOT_MS}`)
    expect(meterSlot.parse(never).revisions).toEqual([])
  })

  test('a total is the exact sum of its meters, of the park or of an enterprise', async () => {
    const days = 'from=2026-03-01&to=2026-03-31'
    const ofPark = energyParts.parse(await bench.json(`/api/energy/electricity/in?${days}`))
    expect(ofPark.totals).toMatchObject([{ total: '42.00', unit: 'kWh', known: 4 }])
    expect(ofPark.meters.map(({ meter, total }) => [meter, total.total])).toEqual([
      ['steel-incoming', '42.00'],
      ['food-incoming', null],
    ])
    const own = energyParts.parse(await bench.json(`/api/energy/electricity/in?enterprise=food&${days}`))
    expect(own.meters.map(({ meter }) => meter)).toEqual(['food-incoming'])
  })

  test('a day of an account is what its month will post of it, with factors and the revisions it rests on', async () => {
    const day = dayPostings.parse(await bench.json('/api/v1/accounts/steel/day?day=2026-03-01'))
    // 42 kWh × 0.7041 kgCO2/kWh
    expect(day).toMatchObject({ tCo2: '0.0295722', incomplete: true })
    expect(day.postings).toMatchObject([
      {
        source: 'electricity',
        factors: [{ code: 'grid/tianjin/average/2022' }, {}],
        evidence: {
          meters: [{ meter: 'steel-incoming', quantity: register, runs: [[march.fromMs, 1, 2], {}] }],
        },
      },
    ])
    expect(day.sourceNames).toEqual({ electricity: { zh: '电', en: 'Electricity' } })
  })

  test('refuses what is not there', async () => {
    const wrong = [
      `/api/meters/nowhere/slots/${march.fromMs}`,
      `/api/meters/steel-incoming/slots/${march.fromMs + 1}`,
      '/api/energy/electricity/in?enterprise=coal',
      '/api/energy/electricity/in?from=2026-03-02&to=2026-03-01',
      '/api/energy/electricity/in?from=2020-01-01&to=2026-03-01',
      '/api/v1/accounts/coal/day',
      '/api/v1/accounts/steel/day?day=2030-01-01',
    ]
    const statuses = await Promise.all(
      wrong.map(async (path) => (await fetch(bench.server.url + path)).status),
    )
    expect(statuses).toEqual([404, 400, 404, 400, 400, 404, 400])
  })
})
