import { createPrivateKey } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { stateOf } from '#accounts/account-state.ts'
import type { AccountingPlan } from '#accounts/accounting-plan.ts'
import { closingOf } from '#accounts/statement.ts'
import { accountingRecord } from '#contract/accounting-record.ts'
import { newSigningKey, readTrust, type Trust } from '#firmware-config/signature.ts'
import { readFactorFiles } from './factor-files.ts'
import { headLine, headsOf } from './ledger-heads.ts'
import { proveLedgers, signedClosing, type LedgerProof } from './ledger-proof.ts'
import { march, planWith, PostingBench } from './posting.test-support.ts'

/** Ledgers of two works with a month that is posted, of the steel works also closed and signed. */
export interface ProvableLedger {
  /** Its books are closed: they are copied. */
  readonly bench: PostingBench
  readonly trust: Trust
}

export async function makeProvableLedger(): Promise<ProvableLedger> {
  const bench = new PostingBench()
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
  const trust = readTrust(trustFile)
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
  return { bench, trust }
}

/** A copy of such ledgers, to be damaged and proved. */
export class LedgerProver {
  readonly bench: PostingBench
  readonly trust: Trust

  constructor({ bench, trust }: ProvableLedger) {
    this.bench = new PostingBench(bench.file)
    this.trust = trust
  }

  prove(files = readFactorFiles(), trust = this.trust, plan?: AccountingPlan): LedgerProof {
    const { books, rules, clock } = this.bench
    return proveLedgers(books, files, rules, trust, { nowMs: clock.wallMs(), plan })
  }

  /** What is not as it was: account, entry and why. */
  messages(): string[] {
    return this.prove().findings.map(({ account, entry, message }) => `${account} ${entry}: ${message}`)
  }

  headLines(): string[] {
    const { books, clock } = this.bench
    return headsOf({ books }, clock.wallMs()).map((head) => headLine(head))
  }

  /** Changes the file behind the books' back, as an attacker with the disk would: triggers are gone first. */
  damage(how: string | ((file: DatabaseSync) => void)): void {
    this.bench.books.close()
    const file = new DatabaseSync(this.bench.file)
    for (const row of file.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").all())
      file.exec(`DROP TRIGGER ${String(row['name'])}`)
    if (typeof how === 'string') file.exec(how)
    else how(file)
    file.close()
    this.bench.reopenFile()
  }
}
