import { createHash, hash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { canonicalText } from '#contract/canonical-text.ts'
import { posting, type EntryBody, type Posting } from '#contract/entry.ts'
import { bodyKeeper } from '#contract/kept-entry.ts'
import { openBooks } from '../open.ts'
import type { Books } from '../port.ts'
import { writeOldLedger } from './old-ledger.test-support.ts'

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

const keep = bodyKeeper((text) => hash('sha256', text))

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
  test('has the hashes that it always had, and goes on from them', () => {
    const old: readonly [EntryBody, number][] = [
      [postingOf('2026-03', 'electricity', '20.954016'), 1_000],
      [certificate, 1_000],
      [reversalOf(1), 2_000],
      [postingOf('2026-03', 'electricity', '17.856'), 2_000],
      [{ ...certificate, reference: 'GEC-2' }, 2_000],
    ]
    books.close()
    const file = join(folder, 'books.sqlite')
    writeOldLedger(
      file,
      'steel',
      old.map(([body, recordedAtMs]) => ({ body, recordedAtMs })),
    )
    books = openBooks(file, 'Asia/Shanghai')
    expect(books.ledger('steel').map(({ version, hash }) => [version, hash])).toEqual([
      [1, '5d8aeb66647e403d31e04713a239d6b6981da5afb8bc05ca5d40c1af079e7f9b'],
      [1, '77dd6057e95ec0faed81f9722f0b9291a8b6deeb950dc273bbaf3117051e30f4'],
      [1, '3e336509d77745661d259549f4ecd34e0c7ab2cb371b56191b5807ebcd90fe48'],
      [1, '8b84d1b8ee8bad9efdcf535e2209e4002e14aaec792e6a3fe4a7746d99f7e048'],
      [1, '71d3c8ad2fa4d48307061fe730d81f59859dc04c2fc6f0d32f01931b9ba73a17'],
    ])
    const next = [reversalOf(4), postingOf('2026-03', 'electricity', '18')]
    books.post('steel', next, 3_000)
    const entries = books.ledger('steel')
    expect(entries.map(({ body }) => body)).toEqual([...old.map(([body]) => body), ...next])
    expect(entries.map(({ version }) => version)).toEqual([1, 1, 1, 1, 1, 2, 2])
    expect(entries[5]?.previous).toBe(entries[4]?.hash)
  })

  test('is a chain of SHA-256 over texts that anybody can write down', () => {
    const bodies = Array.from({ length: 40 }, (_, index) => postingOf('2026-03', `source-${index}`, '1'))
    books.post('steel', bodies, 1_000)
    books.post(
      'steel',
      bodies.flatMap((body, index) => [reversalOf(index + 1), body]),
      2_000,
    )
    let previous = '0'.repeat(64)
    const entries = books.ledger('steel')
    expect(entries).toHaveLength(120)
    const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
    for (const [index, entry] of entries.entries()) {
      const { body } = entry
      const said =
        body.kind === 'posting'
          ? {
              ...body,
              factors: sha256(canonicalText(body.factors)),
              evidence: sha256(canonicalText(body.evidence)),
            }
          : body
      const head = ['tanbiao ledger entry 2', 'steel', index + 1, index < 40 ? 1_000 : 2_000, previous]
      expect(entry.previous).toBe(previous)
      previous = sha256([...head, canonicalText(said)].join('\n'))
      expect(entry.hash).toBe(previous)
    }
    expect(books.ledgerHead('steel')).toEqual({ number: 120, hash: previous })
    expect(entries.map(({ body }) => body).slice(0, 40)).toEqual(bodies)
    expect(entries.map(({ number }) => number)).toEqual(Array.from({ length: 120 }, (_, index) => index + 1))
    expect([...books.ledgerRows('steel')].map(({ hash }) => hash)).toEqual(entries.map(({ hash }) => hash))
  })

  test('keeps evidence and factors once, as long as they are the same', () => {
    const first = postingOf('2026-03', 'electricity', '1')
    const other = { ...first, evidence: { ...first.evidence, meters: [] } }
    books.post('steel', [first], 1_000)
    books.post('steel', [reversalOf(1), { ...first, tCo2: '2' }], 2_000)
    books.post('steel', [reversalOf(3), { ...first, tCo2: '3' }, reversalOf(5), other], 3_000)
    // A posting that takes no other one's place says its own.
    books.post('steel', [reversalOf(7)], 4_000)
    books.post('steel', [first], 4_000)
    expect(books.ledger('steel').map(({ body }) => body)).toEqual([
      first,
      reversalOf(1),
      { ...first, tCo2: '2' },
      reversalOf(3),
      { ...first, tCo2: '3' },
      reversalOf(5),
      other,
      reversalOf(7),
      first,
    ])
    for (const entry of books.ledger('steel')) expect(books.ledgerEntry('steel', entry.number)).toEqual(entry)
    const file = new DatabaseSync(join(folder, 'books.sqlite'))
    const kept = file
      .prepare(
        "SELECT number, evidence IS NOT NULL AS own, evidence_of FROM ledger_entry WHERE kind = 'posting'",
      )
      .all()
    expect(kept.map((row) => Object.values(row))).toEqual([
      [1, 1, null],
      [3, 0, 1],
      [5, 0, 1],
      [7, 1, null],
      [9, 1, null],
    ])
    expect(file.prepare('SELECT count(*) AS lists FROM ledger_factors').get()).toEqual({ lists: 1 })
    expect(() => file.exec("UPDATE ledger_factors SET content = ''")).toThrow(/never changed/)
    expect(() => file.exec('DELETE FROM ledger_factors')).toThrow(/never removed/)
    file.close()
  })

  test('writes factors again that a transaction took back', () => {
    const first = postingOf('2026-03', 'electricity', '1')
    const refused = () => books.post('steel', [first, reversalOf(1), reversalOf(1)], 1_000)
    expect(refused).toThrow(expect.objectContaining({ code: 'entry-invalid' }))
    expect(() =>
      books.postAll(
        [
          { account: 'steel', bodies: [keep(first)], progress: undefined },
          { account: 'food', bodies: [keep(reversalOf(1))], progress: undefined },
        ],
        1_000,
      ),
    ).toThrow(expect.objectContaining({ code: 'entry-invalid' }))
    books.post('steel', [first], 1_000)
    expect(books.ledger('steel').map(({ body }) => body)).toEqual([first])
  })

  test('gives one entry by its number, and pages that follow one another without a hole', () => {
    const months = ['2026-03', '2026-04', '2026-05']
    const bodies = months.flatMap((month) =>
      Array.from({ length: 5 }, (_, index) => postingOf(month, `source-${index}`, String(index))),
    )
    books.post('steel', bodies, 1_000)
    books.post('food', [postingOf('2026-04', 'a', '1')], 1_000)
    books.post('steel', [reversalOf(7, '2026-04'), postingOf('2026-04', 'source-1', '9')], 2_000)
    const all = books.ledger('steel')
    for (const entry of all) expect(books.ledgerEntry('steel', entry.number)).toEqual(entry)
    expect(books.ledgerEntry('steel', 18)).toBeUndefined()
    expect(books.ledgerEntry('nobody', 1)).toBeUndefined()
    for (const month of [undefined, ...months, '2026-06']) {
      for (const limit of [1, 3, 100]) {
        const seen = []
        for (let after = 0; ;) {
          const page = books.ledgerPage('steel', { after, limit, month })
          seen.push(...page)
          if (page.length < limit) break
          after = page.at(-1)?.number ?? after
        }
        expect(seen).toEqual(month === undefined ? all : books.ledger('steel', [month]))
      }
    }
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
