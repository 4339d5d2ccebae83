import { DatabaseSync } from 'node:sqlite'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { accountingRecord } from '#contract/accounting-record.ts'
import { DAY_MS } from '#contract/duration.ts'
import { writeOldLedger } from '#store/books/old-ledger.test-support.ts'
import { readFactorFiles } from './factor-files.ts'
import { march, planWith, slotOf } from './posting.test-support.ts'
import { LedgerProver, makeProvableLedger, type ProvableLedger } from './provable-ledger.test-support.ts'

let made: ProvableLedger
let ledger: LedgerProver

beforeAll(async () => {
  made = await makeProvableLedger()
})
afterAll(() => made.bench.remove())
beforeEach(() => {
  ledger = new LedgerProver(made)
})
afterEach(() => ledger.bench.remove())

describe('a ledger is proved', () => {
  test('where nothing was changed', () => {
    const { findings, count } = ledger.prove()
    expect(findings).toEqual([])
    expect(count).toEqual({ entries: 5, postings: 4, slots: 2 * 2976, signatures: 1, ownFactors: 0 })
  })

  test.each([
    ['UPDATE', "UPDATE ledger_entry SET kind = 'posting' WHERE number = 1", /never changed/],
    ['DELETE', 'DELETE FROM ledger_entry', /never removed/],
  ])('and the file refuses %s', (_, sql, why) => {
    const file = new DatabaseSync(ledger.bench.file)
    expect(() => file.exec(sql)).toThrow(why)
    file.close()
  })
})

/** Where SQLite can change a single byte: what is found must name the entry, the meter or the record. */
const change = (column: string, from: string, to: string, where: string): string =>
  `UPDATE ledger_entry SET ${column} = replace(${column}, '${from}', '${to}') WHERE account = 'steel' AND ${where}`

describe('a changed byte is found and named', () => {
  test.each([
    ['a figure', change('body', '"20.954016"', '"20.954015"', 'number = 1'), /steel 1: its hash is not/],
    [
      'a figure, computed again',
      change('body', '"20.954016"', '"20.954015"', 'number = 1'),
      /tCo2 is "20.954015", computed again "20.954016"/,
    ],
    [
      'a space',
      change('body', '"kind"', ' "kind"', 'number = 1'),
      /steel 1: its body is not as it was written/,
    ],
    ['no JSON', change('body', '{', '[', 'number = 1'), /steel 1: its body is no/],
    [
      'a moment',
      "UPDATE ledger_entry SET recorded_at_ms = recorded_at_ms - 1 WHERE account = 'steel' AND number = 2",
      /steel 2: its hash/,
    ],
    [
      'a month beside the body',
      "UPDATE ledger_entry SET month = '2026-02' WHERE account = 'steel' AND number = 1",
      /steel 1: its month is not that of its body/,
    ],
    [
      'a hash',
      "UPDATE ledger_entry SET hash = zeroblob(32) WHERE account = 'steel' AND number = 1",
      /steel 2: it does not carry the hash of entry 1/,
    ],
    [
      'the hash before',
      "UPDATE ledger_entry SET previous = zeroblob(32) WHERE account = 'steel' AND number = 2",
      /steel 2: it does not carry/,
    ],
    ['a name', change('body', 'officer', 'offices', 'number = 3'), /steel 3: its signature is not one/],
    [
      'an entry in the middle',
      "DELETE FROM ledger_entry WHERE account = 'steel' AND number = 2",
      /steel 3: it follows entry 1/,
    ],
    [
      'an entry at the end',
      "DELETE FROM ledger_entry WHERE account = 'steel' AND number = 3",
      /steel 0: the chain ends at entry 2; entry 3/,
    ],
    [
      'where the chain ends',
      "UPDATE ledger_head SET number = number + 1 WHERE account = 'steel'",
      /steel 0: the chain ends at entry 3; entry 4/,
    ],
    [
      'what the chain ends with',
      "UPDATE ledger_head SET hash = zeroblob(32) WHERE account = 'steel'",
      /steel 0: the chain ends at entry 3; entry 3/,
    ],
    [
      'a kind beside the body',
      "UPDATE ledger_entry SET kind = 'offset' WHERE account = 'steel' AND number = 1",
      /steel 1: its kind/,
    ],
    [
      'what an entry takes back',
      "UPDATE ledger_entry SET reverses = 1 WHERE account = 'steel' AND number = 2",
      /steel 2: its reverses/,
    ],
    [
      'a reference',
      "UPDATE ledger_entry SET reference = 'R' WHERE account = 'steel' AND number = 2",
      /steel 2: its reference/,
    ],
  ])('%s', (_, sql, expected) => {
    ledger.damage(sql)
    expect(ledger.messages().join('\n')).toMatch(expected)
    expect(ledger.messages().every((message) => !message.startsWith('food'))).toBe(true)
  })

  test.each([
    [
      'evidence',
      "UPDATE ledger_entry SET evidence = replace(evidence, '29760', '29761') WHERE account = 'steel' AND number = 1",
      ['steel 1: its evidence is not as it was written'],
    ],
    [
      'evidence that is gone',
      "UPDATE ledger_entry SET evidence = NULL WHERE account = 'steel' AND number = 1",
      ['steel 1: its evidence is gone'],
    ],
    [
      'evidence of another entry',
      "UPDATE ledger_entry SET evidence = NULL, evidence_of = 2 WHERE account = 'steel' AND number = 1",
      ['steel 1: its evidence is not as it was written'],
    ],
    [
      'how an entry is hashed',
      "UPDATE ledger_entry SET version = 1 WHERE account = 'steel' AND number = 1",
      ['steel 1: its hash is not that of its content', 'steel 1: its body is no entry'],
    ],
    [
      'a version that there is not',
      "UPDATE ledger_entry SET version = 3 WHERE account = 'steel' AND number = 1",
      ['steel 1: its hash is not that of its content'],
    ],
  ])('%s of a posting', (_, sql, expected) => {
    ledger.damage(sql)
    const found = ledger.messages().filter((message) => message.startsWith('steel 1'))
    expect(found).toHaveLength(expected.length)
    for (const [index, text] of expected.entries()) expect(found[index]).toContain(text)
    expect(ledger.messages().every((message) => !message.startsWith('food'))).toBe(true)
  })

  test.each([
    [
      'changed',
      "UPDATE ledger_factors SET content = replace(content, '0.7041', '0.7042')",
      'are not as they were written',
    ],
    ['gone', 'DELETE FROM ledger_factors', 'are gone'],
  ])('factors that are %s are named at every posting that used them', (_, sql, expected) => {
    ledger.damage(sql)
    const found = ledger.messages().filter((message) => message.includes('factors'))
    expect(found).toEqual(
      ['food 1', 'food 2', 'steel 1', 'steel 2'].map((entry) => `${entry}: its factors ${expected}`),
    )
  })

  test('a ledger of before parts were kept apart is proved as ever, and restated beside it', async () => {
    const old = ledger.bench.books.ledger('food').map(({ body, recordedAtMs }) => ({ body, recordedAtMs }))
    ledger.bench.books.close()
    writeOldLedger(ledger.bench.file, 'food', old)
    ledger.bench.reopenFile()
    expect(ledger.prove()).toMatchObject({ findings: [], count: { entries: 2, postings: 2 } })
    ledger.bench.record(slotOf('food-incoming', march.fromMs, 2_000))
    await ledger.bench.post(planWith())
    expect(ledger.bench.books.ledger('food').map(({ version, body }) => [version, body.kind])).toEqual([
      [1, 'posting'],
      [1, 'posting'],
      [2, 'reversal'],
      [2, 'posting'],
    ])
    expect(ledger.messages()).toEqual([])
    ledger.damage(
      "UPDATE ledger_entry SET body = replace(body, '0.7041', '0.7042') WHERE account = 'food' AND number = 1",
    )
    expect(ledger.messages().join('\n')).toMatch(/food 1: its hash is not that of its content/)
  })

  test('a figure forged with all hashes after it is found by the arithmetic and the signature', () => {
    ledger.damage(change('body', '"20.954016"', '"1"', 'number = 1'))
    // The forger makes the chain whole again.
    const bodies = ledger.bench.books.ledger('steel').map(({ body }) => body)
    ledger.damage(
      `DELETE FROM ledger_entry WHERE account = 'steel'; DELETE FROM ledger_head WHERE account = 'steel'`,
    )
    ledger.bench.books.post('steel', bodies, ledger.bench.clock.wallMs())
    const found = ledger.messages()
    expect(found.join('\n')).not.toMatch(/hash/)
    expect(found).toEqual([
      expect.stringMatching(/steel 1: 2026-03 electricity: tCo2 is "1", computed again "20.954016"/),
      expect.stringMatching(/steel 3: its signature is not one/),
      expect.stringMatching(/steel 3: its totals are not those of 2026-03/),
    ])
  })

  test('a certificate that two accounts claim, one by its ledger and one by a record', () => {
    ledger.bench.books.post(
      'food',
      [
        {
          kind: 'certificate',
          year: 2026,
          amount: '1000',
          unit: 'kWh',
          reference: 'GEC-1',
          document: 'D',
          by: 'office',
        },
      ],
      ledger.bench.clock.wallMs(),
    )
    const common = { account: 'steel', from: '2026-03-01', to: '2026-04-01', document: 'D', by: 'office' }
    const certificate = {
      ...common,
      kind: 'green-certificate',
      certificate: 'GEC-2',
      kwh: '1000',
      vintage: '2026',
    }
    ledger.bench.books.enterRecords([accountingRecord.parse(certificate)], ledger.bench.clock.wallMs())
    expect(ledger.messages()).toEqual([])
    // As in books of before, when nobody held the two against each other.
    ledger.damage("UPDATE accounting_record SET certificate = 'GEC-1' WHERE certificate = 'GEC-2'")
    expect(ledger.messages()).toContain(
      'food 3: certificate GEC-1 of entry 3 is in record 2 of account steel too',
    )
  })

  test('what is dated later than now, and the first of it alone', () => {
    const nowMs = ledger.bench.clock.wallMs()
    const allowance = {
      kind: 'allowance',
      year: 2026,
      amount: '1',
      unit: 'tCO2',
      reference: 'A',
      document: 'D',
      by: 'office',
    } as const
    ledger.bench.books.post('food', [allowance, allowance], nowMs + 366 * DAY_MS)
    expect(ledger.messages()).toEqual([
      expect.stringMatching(/^food 3: it is dated 2027-05-10T16:00:00Z, later than now: a clock was ahead/),
    ])
  })

  test('an account whose head is gone', () => {
    ledger.damage("DELETE FROM ledger_head WHERE account = 'food'")
    expect(ledger.messages()).toEqual([
      'food 0: the chain ends at entry 2; entry 0 was the last that was added',
    ])
  })

  test('a factor’s value in the file', () => {
    const files = readFactorFiles()
    const rows = files.electricity.rows.map((row) =>
      row.code === 'grid/tianjin/average/2022' ? { ...row, value: '0.7042' } : row,
    )
    const { findings } = ledger.prove({ ...files, electricity: { ...files.electricity, rows } })
    expect(findings).toHaveLength(4)
    expect(findings[0]?.message).toBe(
      'factor grid/tianjin/average/2022 (emission) is 0.7042 in the files; 0.7041 was used',
    )
  })

  test('a key that is not trusted', () => {
    expect(ledger.prove(readFactorFiles(), new Map()).findings).toMatchObject([
      { account: 'steel', entry: 3, message: expect.stringMatching(/none of those that are trusted/) },
    ])
  })
})
