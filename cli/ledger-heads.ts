import { z } from 'zod'
import type { LedgerFinding } from '#accounts/ledger-verify.ts'
import { Fault } from '#contract/fault.ts'
import { digest, identifier } from '#contract/identity.ts'
import type { Books } from '#store/port.ts'

/**
 * Ends of chains as somebody has noted them elsewhere. What lies in one file can be changed or put back together: that
 * entries are gone from its end, or all since a backup, only shows beside what was seen before.
 */

const notedHead = z
  .tuple([identifier, z.coerce.number().int().min(1), digest, z.iso.datetime()])
  .transform(([account, number, hash, notedAt]) => ({ account, number, hash, notedAt }))
export type NotedHead = z.output<typeof notedHead>

/** The ends of all chains, a line each: account, number, hash, moment. */
export function headLines(books: Pick<Books, 'ledgerAccounts' | 'ledgerHead'>, nowMs: number): string[] {
  const notedAt = new Date(nowMs).toISOString()
  return books.ledgerAccounts().map((account) => {
    const { number, hash } = books.ledgerHead(account)
    return `${account} ${number} ${hash} ${notedAt}`
  })
}

/** Such lines, read back. Throws `file-invalid` with the line that is none. */
export function headsIn(text: string, file: string): NotedHead[] {
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return []
    const read = notedHead.safeParse(line.trim().split(/ +/))
    if (read.success) return read.data
    throw new Fault('file-invalid', 'It is no line of "tanbiao ledger heads".', {
      place: { file, line: index + 1 },
    })
  })
}

/** What of noted ends is gone, or another entry now. */
export function* headFindings(
  books: Pick<Books, 'ledgerRows'>,
  noted: readonly NotedHead[],
): Generator<LedgerFinding> {
  for (const [account, heads] of Map.groupBy(noted, (head) => head.account)) {
    const wanted = new Set(heads.map(({ number }) => number))
    const hashes = new Map<number, string>()
    for (const { number, hash } of books.ledgerRows(account)) if (wanted.has(number)) hashes.set(number, hash)
    for (const { number, hash, notedAt } of heads) {
      const found = hashes.get(number)
      if (found === hash) continue
      const what = found === undefined ? 'it is gone' : 'it is another entry now'
      yield { account, entry: number, message: `${what}: at ${notedAt} it was the last one` }
    }
  }
}
