import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { readFactorFiles } from './factor-files.ts'
import { headsIn } from './ledger-heads.ts'
import { proveLedgers } from './ledger-proof.ts'
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

describe('ends that were noted elsewhere', () => {
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
  ])('show that %s is gone', (_, sql, expected) => {
    const noted = headsIn(ledger.headLines().join('\n'), 'heads.txt')
    const findings = () =>
      proveLedgers(
        ledger.bench.books,
        readFactorFiles(),
        ledger.bench.rules,
        ledger.trust,
        { nowMs: ledger.bench.clock.wallMs() },
        undefined,
        noted,
      ).findings
    expect(findings()).toEqual([])
    ledger.damage(sql)
    expect(findings()).toContainEqual({ account: 'food', entry: 2, message: expect.stringMatching(expected) })
  })

  test('with a line that is none are refused, with its place', () => {
    const line = ledger.headLines()[0] ?? ''
    expect(() => headsIn(`${line}\nsteel 3 abc`, 'heads.txt')).toThrow(
      expect.objectContaining({ code: 'file-invalid', place: { file: 'heads.txt', line: 2 } }),
    )
  })
})
