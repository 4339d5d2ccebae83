import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { stateOf } from '#accounts/account-state.ts'
import { factorLibrary } from '#accounts/factor-library.ts'
import { accountingRecord } from '#contract/accounting-record.ts'
import { SLOT_MS } from '#contract/grid.ts'
import { readFactorFiles } from './factor-files.ts'
import { at, march, planWith, PostingBench, slotOf } from './posting.test-support.ts'

let filled: PostingBench
let bench: PostingBench
beforeAll(() => {
  filled = new PostingBench()
  filled.fill('steel-incoming', march)
  filled.books.close()
})
afterAll(() => filled.remove())
beforeEach(() => {
  bench = new PostingBench(filled.file)
})
afterEach(() => bench.remove())

const postingOf = (month: string, account = 'steel') =>
  stateOf(bench.books.ledger(account)).posting(month, 'electricity')?.body

describe('posting', () => {
  test('of months that are over, from the first with data; nothing known is said and never zero', async () => {
    await bench.post()
    expect(bench.kinds()).toEqual(['posting', 'posting'])
    expect(postingOf('2026-03')).toMatchObject({
      activity: { amount: '29760', unit: 'kWh' },
      tCo2: '20.954016',
      completeness: '1',
      evidence: { meters: [{ runs: [[march.fromMs, 2976, 1]] }] },
    })
    const april = postingOf('2026-04')
    expect(april).toMatchObject({ completeness: '0', methods: {} })
    expect(april?.tCo2).toBeUndefined()
    expect(bench.kinds('food')).toEqual([])
    expect(postingOf('2026-05')).toBeUndefined()
  })

  test('again, or after a restart, adds nothing', async () => {
    await bench.post()
    bench.reopenFile()
    await bench.post()
    await bench.post()
    expect(bench.kinds()).toEqual(['posting', 'posting'])
  })

  test('waits until intervals of the month are computed', async () => {
    bench.books.follow(
      [
        {
          gateway: 'gateway',
          epoch: 'a'.repeat(32),
          seq: 1,
          digest: 'b'.repeat(64),
          committedAtMs: bench.clock.wallMs(),
          stored: 1,
          touched: [{ meter: 'steel-incoming', fromMs: march.fromMs, toMs: march.fromMs + 5 }],
          refused: [],
        },
      ],
      bench.clock.wallMs(),
    )
    await bench.post()
    expect(bench.kinds()).toEqual([])
    const [window] = bench.books.dirtyWindows(1)
    if (window !== undefined) bench.books.record(window, [], bench.clock.wallMs())
    await bench.post()
    expect(bench.kinds()).toHaveLength(2)
  })
})

describe('restating', () => {
  beforeEach(() => bench.post())

  test('a late interval reposts its month alone, with the revision that it is', async () => {
    const late = slotOf('steel-incoming', march.fromMs + 10 * SLOT_MS, 5_000)
    bench.record(late)
    await bench.post()
    expect(bench.kinds()).toEqual(['posting', 'posting', 'reversal', 'posting'])
    expect(bench.books.ledger('steel')[2]?.body).toMatchObject({ reverses: 1, cause: 'late-data' })
    expect(postingOf('2026-03')).toMatchObject({
      activity: { amount: '29800' },
      evidence: {
        meters: [
          {
            runs: [
              [march.fromMs, 10, 1],
              [march.fromMs + 10 * SLOT_MS, 1, 2],
              [march.fromMs + 11 * SLOT_MS, 2965, 1],
            ],
          },
        ],
      },
    })
  })

  test('a difference below the materiality is kept visible once, and adds up to one above it', async () => {
    const plan = planWith({ materiality: '0.001' })
    const late = async (slot: number, count: number): Promise<void> => {
      const interval = slotOf('steel-incoming', march.fromMs + slot * SLOT_MS, count)
      bench.books.record({ meter: interval.meter, fromMs: 1, toMs: 0 }, [interval], bench.clock.wallMs())
      await bench.post(plan)
    }
    await late(1, 2_000)
    await bench.post(plan)
    expect(bench.kinds()).toEqual(['posting', 'posting', 'difference'])
    expect(bench.books.ledger('steel')[2]?.body).toMatchObject({
      because: 'immaterial',
      posting: 1,
      tCo2: '20.961057',
    })
    await late(2, 4_000)
    expect(bench.kinds().slice(3)).toEqual(['reversal', 'posting'])
  })

  test('another factor restates what it touches without reading an interval', async () => {
    const files = readFactorFiles()
    const rows = [
      ...files.electricity.rows,
      {
        code: 'grid/tianjin/average/2026',
        region: 'tianjin',
        series: 'average' as const,
        year: 2026,
        unit: 'kgCO2/kWh' as const,
        value: '0.6',
        document: 'A later notice',
        confidence: 'verified' as const,
      },
    ]
    bench.rules = {
      ...bench.rules,
      library: factorLibrary({ ...files, electricity: { ...files.electricity, rows } }),
    }
    const proofs = vi.spyOn(bench.books, 'slotProof')
    await bench.post()
    expect(proofs).not.toHaveBeenCalled()
    expect(bench.books.ledger('steel')[2]?.body).toMatchObject({ kind: 'reversal', cause: 'factor' })
    expect(postingOf('2026-03')).toMatchObject({
      tCo2: '17.856',
      factors: [{ rule: 'of-the-period', value: '0.6' }, {}],
    })
  })

  test('a record counts from the moment on at which it is entered, and is taken back by its withdrawal', async () => {
    const common = { account: 'steel', from: '2026-03-01', to: '2026-04-01', document: 'D', by: 'office' }
    const contract = accountingRecord.parse({
      ...common,
      kind: 'direct-renewable',
      contract: 'P-1',
      kwh: '29760',
    })
    bench.books.enterRecords([contract], bench.clock.wallMs())
    await bench.post()
    expect(postingOf('2026-03')?.tCo2MarketBased).toBe('0')
    const withdrawal = accountingRecord.parse({
      ...common,
      kind: 'withdrawal',
      replaces: 1,
      reason: 'not ours',
    })
    bench.books.enterRecords([withdrawal], bench.clock.wallMs())
    await bench.post()
    expect(postingOf('2026-03')?.tCo2MarketBased).toBe('18.141696')
    expect(bench.kinds().filter((kind) => kind === 'reversal')).toHaveLength(2)
  })

  test('a closed month keeps what it says, shows what it would say, and says it after it was reopened', async () => {
    bench.close('steel', '2026-03')
    const late = slotOf('steel-incoming', march.fromMs, 9_000)
    bench.record(late)
    await bench.post()
    await bench.post()
    expect(bench.kinds()).toEqual(['posting', 'posting', 'closing', 'difference'])
    expect(bench.books.ledger('steel')[3]?.body).toMatchObject({
      because: 'closed',
      cause: 'late-data',
      tCo2: '21.010344',
    })
    expect(postingOf('2026-03')?.tCo2).toBe('20.954016')
    const slot = { fromMs: march.fromMs, toMs: march.fromMs + 1 }
    expect(bench.books.intervals('steel-incoming', 'activeEnergyImport.total', slot)).toMatchObject([
      { energy: { count: 1_000 }, revision: 1 },
    ])
    const adjustment = {
      kind: 'adjustment',
      month: '2026-03',
      scope: '1',
      tCo2: '1',
      reason: 'r',
      by: 'b',
      document: 'd',
    } as const
    expect(() => bench.books.post('steel', [adjustment], bench.clock.wallMs())).toThrow(
      expect.objectContaining({ code: 'month-closed' }),
    )
    bench.books.post(
      'steel',
      [{ kind: 'reopening', month: '2026-03', reason: 'meter corrected', by: 'officer' }],
      bench.clock.wallMs(),
    )
    // What came late is computed again first, and nothing is posted before.
    await bench.post()
    expect(bench.kinds().slice(4)).toEqual(['reopening'])
    const [window] = bench.books.dirtyWindows(1)
    expect(window).toEqual({
      meter: 'steel-incoming',
      fromMs: march.fromMs,
      toMs: march.fromMs + SLOT_MS - 1,
    })
    if (window !== undefined) bench.books.record(window, [late], bench.clock.wallMs())
    await bench.post()
    expect(bench.kinds().slice(4)).toEqual(['reopening', 'reversal', 'posting'])
    expect(bench.books.ledger('steel')[5]?.body).toMatchObject({ cause: 'late-data', reverses: 1 })
    expect(postingOf('2026-03')?.activity?.amount).toBe('29840')
  })

  test('as known on a day it stays what it was', async () => {
    const knownMs = bench.clock.wallMs()
    const before = stateOf(bench.books.ledger('steel'), knownMs)
    bench.clock.advance(1_000)
    bench.fill('steel-incoming', { fromMs: at('2026-03-05T00:00'), toMs: at('2026-03-06T00:00') }, 777)
    await bench.post()
    const then = stateOf(bench.books.ledger('steel'), knownMs)
    expect([...then.postings]).toEqual([...before.postings])
    expect([...stateOf(bench.books.ledger('steel')).postings]).not.toEqual([...before.postings])
  })
})
