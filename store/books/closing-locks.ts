import { lockReason } from '#contract/closing.ts'
import type { LedgerEntry, Posting } from '#contract/entry.ts'
import type { DirtyWindow } from '../port.ts'
import type { openLedger } from './ledger.ts'
import type { openLocks } from './locks.ts'

/**
 * Months of the ledger and the intervals below them: a closing locks what its month's postings rest on, a reopening
 * releases it. docs/decisions/0011-a-closing-locks-its-intervals.md
 */

/** Postings among entries that none of the later ones takes back. */
function heldPostings(entries: readonly LedgerEntry[]): Posting[] {
  const held = new Map<number, Posting>()
  for (const { number, body } of entries) {
    if (body.kind === 'posting') held.set(number, body)
    if (body.kind === 'reversal') held.delete(body.reverses)
  }
  return [...held.values()]
}

/** Follows what is added to ledgers; belongs into the transaction that adds it. */
export function openClosingLocks(
  ledger: Pick<ReturnType<typeof openLedger>, 'entries'>,
  locks: ReturnType<typeof openLocks>,
) {
  function lockMonth(
    { account, number, recordedAtMs }: LedgerEntry,
    { month, by }: { readonly month: string; readonly by: string },
    before: readonly LedgerEntry[],
  ): void {
    const meters = heldPostings(before).flatMap(({ evidence }) => evidence.meters)
    if (meters.length === 0) return
    locks.lock({
      account,
      fromMs: Math.min(...meters.map(({ fromMs }) => fromMs)),
      toMs: Math.max(...meters.map(({ toMs }) => toMs)),
      meters: [...new Set(meters.map(({ meter }) => meter))],
      by,
      why: lockReason(month),
      atMs: recordedAtMs,
      closing: number,
    })
  }

  /** Stretches that must be computed again, because what came late to them counts from now on. */
  function follow(added: readonly LedgerEntry[]): DirtyWindow[] {
    const dirty: DirtyWindow[] = []
    for (const entry of added) {
      const { account, number, recordedAtMs, body } = entry
      if (body.kind !== 'closing' && body.kind !== 'reopening') continue
      const before = ledger.entries(account, [body.month]).filter((each) => each.number < number)
      if (body.kind === 'closing') {
        lockMonth(entry, body, before)
        continue
      }
      const closing = before.findLast((each) => each.body.kind === 'closing')
      const lock = closing === undefined ? undefined : locks.lockOfClosing(account, closing.number)
      if (lock !== undefined) dirty.push(...locks.unlock(lock, body.by, body.reason, recordedAtMs))
    }
    return dirty
  }

  return { follow }
}
