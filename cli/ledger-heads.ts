import { z } from 'zod'
import type { LedgerFinding } from '#accounts/ledger-verify.ts'
import { Fault } from '#contract/fault.ts'
import { digest, identifier } from '#contract/identity.ts'
import type { AuditHead } from '#store/audit-log.ts'
import type { Books } from '#store/port.ts'

/**
 * Ends of chains as somebody has noted them elsewhere. What lies in one file can be changed or put back together: that
 * entries are gone from its end, or all since a backup, only shows beside what was seen before.
 */

/** The audit log among the accounts: no account can be called so. */
const AUDIT_LOG = '@audit-log'

const notedHead = z
  .tuple([
    z.union([identifier, z.literal(AUDIT_LOG)]),
    z.coerce.number().int().min(1),
    digest,
    z.iso.datetime(),
  ])
  .transform(([account, number, hash, notedAt]) => ({ account, number, hash, notedAt }))
export type NotedHead = z.output<typeof notedHead>

/** Chains whose ends are noted: the ledgers, and the audit log of a server's pages; those that are given. */
export interface NotedChains {
  readonly books?: Pick<Books, 'ledgerAccounts' | 'ledgerHead' | 'ledgerHash'> | undefined
  readonly audit?:
    | { readonly head: () => AuditHead; readonly hashOf: (id: number) => string | undefined }
    | undefined
}

/** The ends of all chains now. */
export function headsOf({ books, audit }: NotedChains, nowMs: number): NotedHead[] {
  const notedAt = new Date(nowMs).toISOString()
  const heads =
    books?.ledgerAccounts().map((account) => ({ account, ...books.ledgerHead(account), notedAt })) ?? []
  const { id, hash } = audit?.head() ?? { id: 0, hash: '' }
  return id === 0 ? heads : [...heads, { account: AUDIT_LOG, number: id, hash, notedAt }]
}

/** An end as a line: account, number, hash, moment. */
export const headLine = ({ account, number, hash, notedAt }: NotedHead): string =>
  `${account} ${number} ${hash} ${notedAt}`

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

/** What of noted ends is gone, or another entry now, in those chains that are given. */
export function* headFindings(
  { books, audit }: NotedChains,
  noted: readonly NotedHead[],
): Generator<LedgerFinding> {
  for (const { account, number, hash, notedAt } of noted) {
    const isOfAudit = account === AUDIT_LOG
    if ((isOfAudit ? audit : books) === undefined) continue
    const found = isOfAudit ? audit?.hashOf(number) : books?.ledgerHash(account, number)
    if (found === hash) continue
    const what = found === undefined ? 'it is gone' : 'it is another entry now'
    yield { account, entry: number, message: `${what}: at ${notedAt} it was the last one` }
  }
}
