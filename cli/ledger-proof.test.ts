import { createPrivateKey } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { AccountingPlan } from '#accounts/accounting-plan.ts'
import { stateOf } from '#accounts/account-state.ts'
import { closingOf } from '#accounts/statement.ts'
import { accountingRecord } from '#contract/accounting-record.ts'
import { newSigningKey, readTrust, type Trust } from '#firmware-config/signature.ts'
import { changePage } from '#store/books/damaged-page.test-support.ts'
import type { PageSlot } from '#store/books/day-page.ts'
import { writeOldLedger } from '#store/books/old-ledger.test-support.ts'
import { readFactorFiles } from './factor-files.ts'
import { headLine, headsIn, headsOf } from './ledger-heads.ts'
import { proveLedgers, signedClosing } from './ledger-proof.ts'
import { march, planWith, PostingBench, slotOf } from './posting.test-support.ts'

let made: PostingBench
let bench: PostingBench
let trust: Trust

beforeAll(async () => {
  made = new PostingBench()
  bench = made
  bench.fill('steel-incoming', march)
  bench.fill('food-incoming', march)
  const common = { account: 'steel', from: '2026-03-01', to: '2026-04-01', document: 'D', by: 'office' }
  bench.books.enterRecords(
    [accountingRecord.parse({ ...common, kind: 'direct-renewable', contract: 'P-1', kwh: '1000' })],
    bench.clock.wallMs(),
  )
  // As the owner of the books does when nothing else is to be done.
  while (bench.books.settleDays(bench.clock.wallMs(), 1_000) > 0);
  await bench.post(planWith())
  const { privatePem, publicText } = newSigningKey()
  const trustFile = join(bench.folder, 'trust.yaml')
  writeFileSync(trustFile, `keys:\n  - name: office\n    key: ${publicText}\n`)
  trust = readTrust(trustFile)
  const closing = signedClosing(
    {
      account: 'steel',
      previous: bench.books.ledgerHead('steel').hash,
      closing: closingOf(stateOf(bench.books.ledger('steel')), '2026-03', 'officer'),
    },
    createPrivateKey(privatePem),
  )
  bench.books.post('steel', [closing], bench.clock.wallMs())
  bench.books.close()
})
afterAll(() => made.remove())
beforeEach(() => {
  bench = new PostingBench(made.file)
})
afterEach(() => bench.remove())

const prove = (files = readFactorFiles(), trusted: Trust = trust, plan?: AccountingPlan) =>
  proveLedgers(bench.books, files, bench.rules, trusted, { nowMs: bench.clock.wallMs(), plan })
const headLines = (): string[] =>
  headsOf({ books: bench.books }, bench.clock.wallMs()).map((head) => headLine(head))
const messages = (): string[] =>
  prove().findings.map(({ account, entry, message }) => `${account} ${entry}: ${message}`)

/** Changes the file behind the books' back, as an attacker with the disk would: triggers are gone first. */
function damage(how: string | ((file: DatabaseSync) => void)): void {
  bench.books.close()
  const file = new DatabaseSync(bench.file)
  for (const row of file.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").all())
    file.exec(`DROP TRIGGER ${String(row['name'])}`)
  if (typeof how === 'string') file.exec(how)
  else how(file)
  file.close()
  bench.reopenFile()
}

describe('a ledger is proved', () => {
  test('where nothing was changed', () => {
    const { findings, count } = prove()
    expect(findings).toEqual([])
    expect(count).toEqual({ entries: 5, postings: 4, slots: 2 * 2976, signatures: 1, ownFactors: 0 })
  })

  test.each([
    ['UPDATE', "UPDATE ledger_entry SET kind = 'posting' WHERE number = 1", /never changed/],
    ['DELETE', 'DELETE FROM ledger_entry', /never removed/],
  ])('and the file refuses %s', (_, sql, why) => {
    const file = new DatabaseSync(bench.file)
    expect(() => file.exec(sql)).toThrow(why)
    file.close()
  })
})

/** Where SQLite can change a single byte: what is found must name the entry, the meter or the record. */
const change = (column: string, from: string, to: string, where: string): string =>
  `UPDATE ledger_entry SET ${column} = replace(${column}, '${from}', '${to}') WHERE account = 'steel' AND ${where}`

/** The same of the first slot of the month. */
const changeSlot =
  (change: (slot: PageSlot) => PageSlot | undefined) =>
  (file: DatabaseSync): void => {
    changePage(file, 'steel-incoming', march.fromMs, change)
  }

/** An ordinary slot with other numbers. */
const withNumbers = (
  slot: PageSlot,
  change: { energyCount: number } | { closingOffsetMs: number },
): PageSlot =>
  typeof slot.content === 'string' ? slot : { ...slot, content: { ...slot.content, ...change } }

/** One more in the count of a kept sum of the steel works. */
const changeSum =
  (table: 'day_sum' | 'month_sum') =>
  (file: DatabaseSync): void => {
    const { changes } = file
      .prepare(
        `UPDATE ${table} SET content = json_set(content, '$.energy.count', json_extract(content, '$.energy.count') + 1)
         WHERE series = (SELECT id FROM series WHERE meter = 'steel-incoming')`,
      )
      .run()
    expect(changes).toBeGreaterThan(0)
  }

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
      'an interval’s energy',
      changeSlot((slot) => withNumbers(slot, { energyCount: 1_001 })),
      /steel 1: 2026-03 electricity: intervals of steel-incoming .* add up to 29760.01, not to 29760/,
    ],
    [
      'an interval’s register, at an equal energy',
      changeSlot((slot) => withNumbers(slot, { closingOffsetMs: 1 })),
      /steel 1: .* are not those that it was computed of/,
    ],
    ['an interval’s revision', changeSlot((slot) => ({ ...slot, revision: 2 })), /steel 1: .* are not those/],
    ['an interval that is gone', changeSlot(() => undefined), /steel 1: .* add up to 29750/],
    [
      'a record',
      "UPDATE accounting_record SET content = replace(content, '1000', '2000')",
      /record 1 is not what was entered/,
    ],
    [
      'a record’s account beside it',
      "UPDATE accounting_record SET account = 'food'",
      /record 1 is not what was entered/,
    ],
    [
      'a record that is no JSON',
      "UPDATE accounting_record SET content = replace(content, '{', '[')",
      /record 1 is not what was entered/,
    ],
    [
      'a page of intervals that is none',
      (file) =>
        file.exec(
          "UPDATE interval_day SET content = x'00' WHERE series IN (SELECT id FROM series WHERE meter = 'steel-incoming')",
        ),
      /steel 1: 2026-03 electricity: intervals of steel-incoming .* cannot be read/,
    ],
    [
      'the kept sum of a month',
      changeSum('month_sum'),
      /steel 1: the kept sum of steel-incoming .* by its month, is not/,
    ],
    [
      'the kept sum of a day',
      changeSum('day_sum'),
      /steel 1: the kept sum of steel-incoming .* by its days, is not/,
    ],
    [
      'a kept sum that is none',
      "UPDATE day_sum SET content = '1' WHERE series = (SELECT id FROM series WHERE meter = 'steel-incoming')",
      /steel 1: the kept sum of steel-incoming .* cannot be read/,
    ],
    [
      'a lock that is gone',
      'DELETE FROM period_lock_meter; DELETE FROM period_lock',
      /steel 3: the lock of 2026-03 is gone/,
    ],
    ['a lock’s closing', 'UPDATE period_lock SET closing = 2', /steel 3: the lock of 2026-03 is gone/],
    [
      'a lock’s first moment',
      'UPDATE period_lock SET from_ms = from_ms + 1',
      /steel 3: the lock of 2026-03 is not the one/,
    ],
    [
      'a lock’s last moment',
      'UPDATE period_lock SET to_ms = to_ms - 1',
      /steel 3: the lock of 2026-03 is not the one/,
    ],
    [
      'a lock’s meter',
      "UPDATE period_lock_meter SET meter = 'food-incoming'",
      /steel 3: the lock of 2026-03 is not/,
    ],
    [
      'a lock’s holder',
      "UPDATE period_lock SET by = 'nobody'",
      /steel 3: the lock of 2026-03 is not the one/,
    ],
    [
      'a lock’s reason',
      "UPDATE period_lock SET why = replace(why, '03', '02')",
      /steel 3: the lock of 2026-03 is not the one/,
    ],
    [
      'a lock’s moment',
      'UPDATE period_lock SET at_ms = at_ms + 1',
      /steel 3: the lock of 2026-03 is not the one/,
    ],
    [
      'a lock that was released',
      `UPDATE period_lock SET released = '{"by":"x","why":"y","atMs":1}'`,
      /steel 3: the lock .* is not/,
    ],
    ['a lock that cannot be read', "UPDATE period_lock SET released = '1'", /steel 3: locks cannot be read/],
    [
      'a register’s name',
      "UPDATE series SET meter = 'steel-incomin0' WHERE meter = 'steel-incoming'",
      /steel 1: .* are not those/,
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
    [
      'a record that is gone',
      'DELETE FROM accounting_record',
      /steel 1: record 1 of electricity is not in the books/,
    ],
  ])('%s', (_, sql, expected) => {
    damage(sql)
    expect(messages().join('\n')).toMatch(expected)
    expect(messages().every((message) => !message.startsWith('food'))).toBe(true)
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
  ])('%s of a posting', (_, sql, expected) => {
    damage(sql)
    const found = messages().filter((message) => message.startsWith('steel 1'))
    expect(found).toHaveLength(expected.length)
    for (const [index, text] of expected.entries()) expect(found[index]).toContain(text)
    expect(messages().every((message) => !message.startsWith('food'))).toBe(true)
  })

  test.each([
    [
      'changed',
      "UPDATE ledger_factors SET content = replace(content, '0.7041', '0.7042')",
      'are not as they were written',
    ],
    ['gone', 'DELETE FROM ledger_factors', 'are gone'],
  ])('factors that are %s are named at every posting that used them', (_, sql, expected) => {
    damage(sql)
    const found = messages().filter((message) => message.includes('factors'))
    expect(found).toEqual(
      ['food 1', 'food 2', 'steel 1', 'steel 2'].map((entry) => `${entry}: its factors ${expected}`),
    )
  })

  test('a ledger of before parts were kept apart is proved as ever, and restated beside it', async () => {
    const old = bench.books.ledger('food').map(({ body, recordedAtMs }) => ({ body, recordedAtMs }))
    bench.books.close()
    writeOldLedger(bench.file, 'food', old)
    bench.reopenFile()
    expect(prove()).toMatchObject({ findings: [], count: { entries: 2, postings: 2 } })
    bench.record(slotOf('food-incoming', march.fromMs, 2_000))
    await bench.post(planWith())
    expect(bench.books.ledger('food').map(({ version, body }) => [version, body.kind])).toEqual([
      [1, 'posting'],
      [1, 'posting'],
      [2, 'reversal'],
      [2, 'posting'],
    ])
    expect(messages()).toEqual([])
    damage(
      "UPDATE ledger_entry SET body = replace(body, '0.7041', '0.7042') WHERE account = 'food' AND number = 1",
    )
    expect(messages().join('\n')).toMatch(/food 1: its hash is not that of its content/)
  })

  test('a figure forged with all hashes after it is found by the arithmetic and the signature', () => {
    damage(change('body', '"20.954016"', '"1"', 'number = 1'))
    // The forger makes the chain whole again.
    const bodies = bench.books.ledger('steel').map(({ body }) => body)
    damage(
      `DELETE FROM ledger_entry WHERE account = 'steel'; DELETE FROM ledger_head WHERE account = 'steel'`,
    )
    bench.books.post('steel', bodies, bench.clock.wallMs())
    const found = messages()
    expect(found.join('\n')).not.toMatch(/hash/)
    expect(found).toEqual([
      expect.stringMatching(/steel 1: 2026-03 electricity: tCo2 is "1", computed again "20.954016"/),
      expect.stringMatching(/steel 3: its signature is not one/),
      expect.stringMatching(/steel 3: its totals are not those of 2026-03/),
    ])
  })

  test('a certificate that two accounts claim, one by its ledger and one by a record', () => {
    bench.books.post(
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
      bench.clock.wallMs(),
    )
    const common = { account: 'steel', from: '2026-03-01', to: '2026-04-01', document: 'D', by: 'office' }
    const certificate = {
      ...common,
      kind: 'green-certificate',
      certificate: 'GEC-2',
      kwh: '1000',
      vintage: '2026',
    }
    bench.books.enterRecords([accountingRecord.parse(certificate)], bench.clock.wallMs())
    expect(messages()).toEqual([])
    // As in books of before, when nobody held the two against each other.
    damage("UPDATE accounting_record SET certificate = 'GEC-1' WHERE certificate = 'GEC-2'")
    expect(messages()).toContain('food 3: certificate GEC-1 of entry 3 is in record 2 of account steel too')
  })

  test('what is dated later than now, and the first of it alone', () => {
    const nowMs = bench.clock.wallMs()
    const allowance = {
      kind: 'allowance',
      year: 2026,
      amount: '1',
      unit: 'tCO2',
      reference: 'A',
      document: 'D',
      by: 'office',
    } as const
    bench.books.post('food', [allowance, allowance], nowMs + 366 * 86_400_000)
    expect(messages()).toEqual([
      expect.stringMatching(/^food 3: it is dated 2027-05-10T16:00:00Z, later than now: a clock was ahead/),
    ])
  })

  test('an account whose head is gone', () => {
    damage("DELETE FROM ledger_head WHERE account = 'food'")
    expect(messages()).toEqual(['food 0: the chain ends at entry 2; entry 0 was the last that was added'])
  })

  test.each([
    [
      'the end, with its head',
      `DELETE FROM ledger_entry WHERE account = 'food' AND number = 2;
       UPDATE ledger_head SET number = 1, hash = (SELECT hash FROM ledger_entry WHERE account = 'food')
       WHERE account = 'food'`,
      /^it is gone: at 2026-/,
    ],
    [
      'an account',
      "DELETE FROM ledger_entry WHERE account = 'food'; DELETE FROM ledger_head WHERE account = 'food'",
      /^it is gone: at 2026-/,
    ],
    [
      'an entry and all hashes after it',
      `UPDATE ledger_entry SET hash = zeroblob(32) WHERE account = 'food' AND number = 2`,
      /^it is another entry now: at 2026-/,
    ],
  ])('what was noted elsewhere shows that %s is gone', (_, sql, expected) => {
    const noted = headsIn(headLines().join('\n'), 'heads.txt')
    const findings = () =>
      proveLedgers(
        bench.books,
        readFactorFiles(),
        bench.rules,
        trust,
        { nowMs: bench.clock.wallMs() },
        undefined,
        noted,
      ).findings
    expect(findings()).toEqual([])
    damage(sql)
    expect(findings()).toContainEqual({ account: 'food', entry: 2, message: expect.stringMatching(expected) })
  })

  test('a line that is no noted end is said with its place', () => {
    const line = headLines()[0] ?? ''
    expect(() => headsIn(`${line}\nsteel 3 abc`, 'heads.txt')).toThrow(
      expect.objectContaining({ code: 'file-invalid', place: { file: 'heads.txt', line: 2 } }),
    )
  })

  test('a factor’s value in the file', () => {
    const files = readFactorFiles()
    const rows = files.electricity.rows.map((row) =>
      row.code === 'grid/tianjin/average/2022' ? { ...row, value: '0.7042' } : row,
    )
    const { findings } = prove({ ...files, electricity: { ...files.electricity, rows } })
    expect(findings).toHaveLength(4)
    expect(findings[0]?.message).toBe(
      'factor grid/tianjin/average/2022 (emission) is 0.7042 in the files; 0.7041 was used',
    )
  })

  test('a key that is not trusted', () => {
    expect(prove(readFactorFiles(), new Map()).findings).toMatchObject([
      { account: 'steel', entry: 3, message: expect.stringMatching(/none of those that are trusted/) },
    ])
  })
})
