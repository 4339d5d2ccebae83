import { Fault } from '#contract/fault.ts'
import type { KeptBody } from '#contract/kept-entry.ts'
import type { Books, LedgerAddition } from '#store/port.ts'

/** Entries of one transaction, some 50 ms: with more of them fewer pages are written twice, and everything else waits longer. */
const ENTRIES_AT_ONCE = 1_000

/**
 * Entries of several accounts on their way to the books, written together. What is refused of one account, because
 * somebody closed its month meanwhile, keeps no other one waiting.
 */
export class PostingBatch {
  readonly #books: Pick<Books, 'postAll' | 'probe'>
  readonly #onRefused: (account: string, fault: Fault) => void
  #pending: LedgerAddition[] = []
  #entries = 0
  /** Written, and on the disk with the next write that waits for it. */
  #isUnsynced = false

  constructor(books: Pick<Books, 'postAll' | 'probe'>, onRefused: (account: string, fault: Fault) => void) {
    this.#books = books
    this.#onRefused = onRefused
  }

  /** Adds to an account; `progress` once all of it is added. */
  add(
    account: string,
    bodies: readonly KeptBody[],
    nowMs: number,
    progress?: LedgerAddition['progress'],
  ): void {
    if (bodies.length === 0 && progress === undefined) return
    this.#pending.push({ account, bodies, progress })
    this.#entries += bodies.length
    if (this.#entries >= ENTRIES_AT_ONCE) this.write(nowMs, true)
  }

  /**
   * Throws retryable faults of the books; then nothing is waiting any more, and the next pass makes it again.
   * @param more another write follows within this turn, and waits for the disk for both
   */
  write(nowMs: number, more = false): void {
    const pending = this.#pending
    this.#pending = []
    this.#entries = 0
    if (pending.length === 0) {
      if (this.#isUnsynced && !more) this.#books.probe()
      this.#isUnsynced &&= more
      return
    }
    try {
      this.#books.postAll(joined(pending), nowMs, more)
      this.#isUnsynced = more
    } catch (error) {
      if (!(error instanceof Fault) || error.retryable) throw error
      this.#oneByOne(pending, nowMs)
    }
  }

  #oneByOne(pending: readonly LedgerAddition[], nowMs: number): void {
    const refused = new Set<string>()
    for (const addition of pending) {
      const { account } = addition
      // What follows rests on what was refused, and must not say that it was done.
      if (refused.has(account)) continue
      try {
        this.#books.postAll([addition], nowMs)
      } catch (error) {
        if (!(error instanceof Fault) || error.retryable) throw error
        refused.add(account)
        this.#onRefused(account, error)
      }
    }
  }
}

/** Additions to one account that follow one another as one. */
function joined(additions: readonly LedgerAddition[]): LedgerAddition[] {
  const found: LedgerAddition[] = []
  for (const each of additions) {
    const before = found.at(-1)
    if (before?.account !== each.account) {
      found.push(each)
      continue
    }
    const bodies = [...before.bodies, ...each.bodies]
    found[found.length - 1] = { ...each, bodies, progress: each.progress ?? before.progress }
  }
  return found
}
