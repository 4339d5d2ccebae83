import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { posting, type EntryBody, type Posting } from '#contract/entry.ts'
import { openBooks } from '../open.ts'
import type { Books } from '../port.ts'

const postingOf = (month: string, source: string, tCo2: string): Posting =>
  posting.parse({
    kind: 'posting',
    month,
    source,
    sourceKind: 'electricity-purchased',
    scope: '2',
    activity: { amount: '29760', unit: 'kWh' },
    formula: 'electricity',
    factors: [
      {
        code: 'grid/tianjin/average/2022',
        what: 'emission',
        value: '0.7041',
        unit: 'kgCO2/kWh',
        rule: 'latest-published',
        confidence: 'verified',
        document: '公告2024年第33号 "省级电力平均"',
      },
    ],
    tCo2,
    completeness: '1',
    methods: { measured: '1' },
    evidence: {
      meters: [
        {
          meter: 'steel-incoming',
          quantity: 'activeEnergyImport.total',
          unit: 'kWh',
          share: '1',
          energy: '29760',
          fromMs: 1_772_294_400_000,
          toMs: 1_774_972_800_000,
          slots: { expected: 2976, known: 2976, missing: 0, undecided: 0 },
          byMethod: { measured: '29760' },
          runs: [[1_772_294_400_000, 2976, 1]],
          digest: 'd'.repeat(64),
          accuracy: { percent: '0.5', assumed: false },
        },
      ],
      records: [],
    },
  })

const reversalOf = (reverses: number, month = '2026-03'): EntryBody => ({
  kind: 'reversal',
  month,
  reverses,
  cause: 'factor',
  reason: 'Another factor holds for this month.',
  by: 'tanbiao',
})

const certificate: EntryBody = {
  kind: 'certificate',
  year: 2026,
  amount: '1000',
  unit: 'kWh',
  reference: 'GEC-1',
  document: '绿证',
  by: 'office',
}

let folder: string
let books: Books
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-ledger-'))
  books = openBooks(join(folder, 'books.sqlite'), 'Asia/Shanghai')
})
afterEach(() => {
  books.close()
  rmSync(folder, { recursive: true })
})

describe('the ledger', () => {
  test('has the hashes that it always had', () => {
    books.post('steel', [postingOf('2026-03', 'electricity', '20.954016'), certificate], 1_000)
    books.post(
      'steel',
      [reversalOf(1), postingOf('2026-03', 'electricity', '17.856'), { ...certificate, reference: 'GEC-2' }],
      2_000,
    )
    expect(books.ledger('steel').map(({ hash }) => hash)).toMatchInlineSnapshot(`
      [
        "5d8aeb66647e403d31e04713a239d6b6981da5afb8bc05ca5d40c1af079e7f9b",
        "77dd6057e95ec0faed81f9722f0b9291a8b6deeb950dc273bbaf3117051e30f4",
        "3e336509d77745661d259549f4ecd34e0c7ab2cb371b56191b5807ebcd90fe48",
        "8b84d1b8ee8bad9efdcf535e2209e4002e14aaec792e6a3fe4a7746d99f7e048",
        "71d3c8ad2fa4d48307061fe730d81f59859dc04c2fc6f0d32f01931b9ba73a17",
      ]
    `)
  })

  test('is a chain of SHA-256 over texts that anybody can write down', () => {
    const bodies = Array.from({ length: 40 }, (_, index) => postingOf('2026-03', `source-${index}`, '1'))
    books.post('steel', bodies, 1_000)
    books.post(
      'steel',
      bodies.flatMap((body, index) => [reversalOf(index + 1), body]),
      2_000,
    )
    const file = new DatabaseSync(join(folder, 'books.sqlite'))
    let previous = '0'.repeat(64)
    const rows = file.prepare('SELECT * FROM ledger_entry ORDER BY number').all()
    file.close()
    expect(rows).toHaveLength(120)
    for (const [index, row] of rows.entries()) {
      const head = ['tanbiao ledger entry 1', 'steel', index + 1, index < 40 ? 1_000 : 2_000, previous]
      const hash = createHash('sha256')
        .update([...head, row['body']].join('\n'))
        .digest()
      expect(row['previous']).toEqual(new Uint8Array(Buffer.from(previous, 'hex')))
      expect(row['hash']).toEqual(new Uint8Array(hash))
      previous = hash.toString('hex')
    }
    expect(books.ledgerHead('steel')).toEqual({ number: 120, hash: previous })
    const entries = books.ledger('steel')
    expect(entries.map(({ body }) => body).slice(0, 40)).toEqual(bodies)
    expect(entries.map(({ number }) => number)).toEqual(Array.from({ length: 120 }, (_, index) => index + 1))
    expect([...books.ledgerRows('steel')].map(({ hash }) => hash)).toEqual(entries.map(({ hash }) => hash))
  })

  test('says once that the clock was ahead, after what is added, and goes on by the later time until it is over', () => {
    const [march, april, may] = ['2026-03', '2026-04', '2026-05'].map((month) => postingOf(month, 'a', '1'))
    if (march === undefined || april === undefined || may === undefined) expect.unreachable()
    const aheadMs = 500_000
    books.post('steel', [march], aheadMs)
    // Clocks step back by seconds all the time.
    books.post('steel', [april], aheadMs - 60_000)
    expect(books.ledger('steel').map(({ body }) => body.kind)).toEqual(['posting', 'posting'])
    const [entry] = books.post('steel', [may], 100_000)
    expect(entry?.number).toBe(3)
    books.post('steel', [certificate], 200_000)
    books.post('steel', [{ ...certificate, reference: 'GEC-9' }], 600_000)
    expect(books.ledger('steel').map(({ body, recordedAtMs }) => [body.kind, recordedAtMs])).toEqual([
      ['posting', 500_000],
      ['posting', 500_000],
      ['posting', 500_000],
      ['clock', 500_000],
      ['certificate', 500_000],
      ['certificate', 600_000],
    ])
    expect(books.ledger('steel')[3]?.body).toEqual({ kind: 'clock', wallMs: 100_000 })
  })

  const refusals: readonly [string, string, readonly EntryBody[]][] = [
    ['one that is not there', 'entry-invalid', [reversalOf(9)]],
    ['one that was reversed before', 'entry-invalid', [reversalOf(2)]],
    ['one entry twice at once', 'entry-invalid', [reversalOf(1), reversalOf(1)]],
    ['a reversal', 'entry-invalid', [reversalOf(3)]],
    ['one that comes after it', 'entry-invalid', [reversalOf(5), postingOf('2026-03', 'b', '2')]],
    ['a certificate that another account has', 'certificate-used', [certificate]],
    [
      'one certificate twice at once',
      'certificate-used',
      [
        { ...certificate, reference: 'X' },
        { ...certificate, reference: 'X' },
      ],
    ],
  ]
  test.each(refusals)('refuses %s, and adds nothing of what came with it', (_, code, bodies) => {
    books.post('food', [certificate], 500)
    books.post(
      'steel',
      [postingOf('2026-03', 'a', '1'), postingOf('2026-03', 'b', '1'), reversalOf(2)],
      1_000,
    )
    const fine = postingOf('2026-04', 'a', '1')
    expect(() => books.post('steel', [fine, ...bodies], 2_000)).toThrow(expect.objectContaining({ code }))
    expect(books.ledger('steel')).toHaveLength(3)
  })

  test('takes a reversal of what came with it', () => {
    books.post(
      'steel',
      [postingOf('2026-03', 'a', '1'), reversalOf(1), postingOf('2026-03', 'a', '2')],
      1_000,
    )
    expect(books.ledger('steel', ['2026-03']).map(({ number }) => number)).toEqual([1, 2, 3])
  })
})
