import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { march, slotOf } from '#cli/posting.test-support.ts'
import { SLOT_MS } from '#contract/grid.ts'
import type { ProRataInterval } from '#contract/interval.ts'
import { AccountBench } from '../account-bench.test-support.ts'

let of: AccountBench

beforeEach(async () => {
  of = new AccountBench()
  const commits = {
    commitsSince: async () => [
      {
        gateway: 'gateway',
        epoch: 'a'.repeat(32),
        seq: 7,
        digest: 'b'.repeat(64),
        committedAtMs: march.fromMs + 500,
        stored: 1,
        touched: [{ meter: 'steel-incoming', fromMs: march.fromMs, toMs: march.fromMs }],
        refused: [],
      },
    ],
  }
  await of.start({ commits })
})
afterEach(() => of.stop())

const get = (path: string): Promise<unknown> => of.server.json(`/api/v1/accounts${path}`)

describe('the API of carbon accounts', () => {
  test('lists accounts with their months', async () => {
    expect(await get('')).toEqual({
      accounts: [
        {
          account: 'steel',
          name: { zh: 'steel', en: 'steel' },
          entries: 2,
          months: ['2026-03', '2026-04'],
          closed: [],
        },
        { account: 'food', name: { zh: 'food', en: 'food' }, entries: 0, months: [], closed: [] },
      ],
    })
  })

  test('gives a statement: posted months, the running one as provisional, and what is not known', async () => {
    const { books, clock } = of.posting
    const running = slotOf('steel-incoming', clock.wallMs() - 10 * SLOT_MS, 1_000)
    books.record({ meter: running.meter, fromMs: 1, toMs: 0 }, [running], clock.wallMs())
    expect(await get('/steel/statement')).toMatchObject({
      totals: { total: '0.028164', totalMarketBased: '0.024384' },
      months: [
        { month: '2026-03', state: 'open', total: '0.028164' },
        { month: '2026-04', state: 'open' },
        { month: '2026-05', state: 'provisional', total: '0.007041' },
      ],
      incomplete: ['2026-03 electricity', '2026-04 electricity', '2026-05 electricity'],
    })
    expect(await get('/steel/statement?from=2026-02&to=2026-03&knownOn=2026-05-01')).toMatchObject({
      months: [],
      missing: ['2026-02', '2026-03'],
    })
    // By what is known now; a statement as known earlier does not have it.
    expect(await get('/steel/statement')).toMatchObject({ unsourced: [] })
    expect(await get('/steel/statement?from=2026-02&to=2026-03&knownOn=2026-05-01')).not.toHaveProperty(
      'unsourced',
    )
    expect(await get('/food/statement')).toMatchObject({ missing: [], incomplete: ['2026-05 electricity'] })
  })

  test('opens a figure: posting, factor with its document, slot revision, registers, batch', async () => {
    const path = `/steel/entries/1/trace?meter=steel-incoming&slot=${march.fromMs}`
    expect(await get(path)).toMatchObject({
      posting: { factors: [{ code: 'grid/tianjin/average/2022', document: expect.stringMatching(/./) }, {}] },
      slot: {
        revision: 1,
        energy: '10.00',
        readings: [
          {
            atMs: march.fromMs,
            value: '0.00',
            gateway: 'gateway',
            batch: { epoch: 'a'.repeat(32), seq: 7 },
          },
          { atMs: march.fromMs + SLOT_MS, value: '10.00', batch: null },
        ],
      },
    })
  })

  test('opens a figure that was shared out over a slot too, down to the registers on either side', async () => {
    const slotMs = march.fromMs + 4 * SLOT_MS
    const point = (atMs: number, count: number) => ({ atMs, register: { count, resolution: '0.01' } })
    const shared: ProRataInterval = {
      meter: 'steel-incoming',
      quantity: 'activeEnergyImport.total',
      slotMs,
      basis: 'pro-rata',
      state: 'known',
      energy: { count: 1_000, resolution: '0.01' },
      method: 'estimated',
      coverage: 0,
      opening: point(slotMs - SLOT_MS, 4_000),
      closing: point(slotMs + 2 * SLOT_MS, 7_000),
      simulated: false,
      uncertain: false,
      undecided: [],
    }
    of.posting.record(shared)
    await of.posting.post()
    const newest = of.posting.books
      .ledger('steel')
      .findLast(({ body }) => body.kind === 'posting' && body.month === '2026-03')
    expect(
      await get(`/steel/entries/${newest?.number}/trace?meter=steel-incoming&slot=${slotMs}`),
    ).toMatchObject({
      slot: {
        basis: 'pro-rata',
        readings: [
          { atMs: slotMs - SLOT_MS, value: '40.00', gateway: 'gateway' },
          { atMs: slotMs + 2 * SLOT_MS, value: '70.00' },
        ],
      },
    })
  })

  test('refuses a statement, a baseline or a report of a time that is none, or too long, at once', async () => {
    const status = async (path: string): Promise<number> =>
      (await fetch(`${of.server.server.url}/api/v1/accounts/steel${path}`)).status
    expect(await status('/statement?to=9999-12')).toBe(400)
    expect(await status('/statement?from=0001-01&to=9999-12')).toBe(400)
    expect(await status('/statement?from=1998-01&to=2027-12')).toBe(200)
    const far = 'thermometer=steel-incoming&drivers=heating'
    expect(await status(`/baseline?from=0001-01&to=9999-12&${far}`)).not.toBe(500)
    expect(await status(`/baseline?from=9999-12&to=9999-12&${far}`)).not.toBe(500)
  })

  test('pages entries with their hashes, and positions', async () => {
    of.posting.books.post(
      'steel',
      [
        {
          kind: 'allowance',
          year: 2026,
          amount: '100',
          unit: 'tCO2',
          reference: 'A-1',
          document: 'd',
          by: 'b',
        },
      ],
      of.posting.clock.wallMs(),
    )
    const shape = z.object({ entries: z.array(z.object({ number: z.int(), hash: z.string() })) })
    const { entries } = shape.parse(await get('/steel/entries?after=1&limit=1'))
    expect(entries).toMatchObject([{ number: 2 }])
    expect(await get('/steel/positions')).toMatchObject({
      positions: [{ entry: 3, position: { kind: 'allowance', amount: '100' } }],
    })
  })

  test('refuses what is not there', async () => {
    const wrong = [
      '/coal/statement',
      '/steel/entries/9/trace?meter=steel-incoming&slot=0',
      '/steel/statement?from=2026-03&to=2026-01',
      '/steel/entries/1/trace?meter=steel-incoming&slot=900000',
    ]
    const statuses = await Promise.all(
      wrong.map(async (path) => (await fetch(`${of.server.server.url}/api/v1/accounts${path}`)).status),
    )
    expect(statuses).toEqual([404, 404, 400, 404])
  })
})
