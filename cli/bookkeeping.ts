import type { Logger } from 'pino'
import type { Clock } from '#contract/clock.ts'
import type { CommitRecord } from '#contract/commit.ts'
import { Fault, faultText } from '#contract/fault.ts'
import type { Park } from '#contract/park.ts'
import { watchGaps } from '#ingest/gap-watch.ts'
import type { Books, ReadingStore } from '#store/port.ts'
import { CommitFollower } from './commit-follower.ts'
import { PostingLoop, type PostingParts } from './posting.ts'
import { Recomputation } from './recomputation.ts'

/**
 * The loop of the books' one owner: follow the commit records, compute dirty intervals again, then post to the ledgers.
 */
export interface Bookkeeping {
  readonly store: ReadingStore
  readonly books: Books
  readonly park: Park
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
  /** Called with the commit records that the books did not know, in order of time. */
  readonly onCommits: (records: readonly CommitRecord[]) => void
  /** The park's accounting plan and what postings are computed by; without it nothing is posted. */
  readonly accounting?: Pick<PostingParts, 'plan' | 'rules' | 'threads'> | undefined
}

/** Pause between two looks at the commit records: what a reader of a page waits for a new value at most. */
const FOLLOW_EVERY_MS = 500
/** The same after a start until there is a first one, for which somebody may wait who has just started all of this. */
const FOLLOW_FIRST_EVERY_MS = 100
const FOLLOW_FIRST_FOR_MS = 60_000
/** How often the gap entries are brought into step, and marks that are no longer needed taken away. */
const HOUSEKEEPING_EVERY_MS = 60_000
/** Marks taken away at once: some tens of milliseconds. */
const MARKS_AT_ONCE = 20_000
/** Pause after a store or the books failed. */
const RETRY_EVERY_MS = 2_000
/** Computing for this long may delay new values on a page. */
const RECOMPUTE_TURN_MS = 1_000
/** Posting for this long may delay new values; it begins anew where one month of one account was done. */
const POSTING_TURN_MS = 250
/** The last turn must fit into the time that a process is given to stop; what is left stays dirty in the books. */
const RECOMPUTE_LAST_TURN_MS = 4_000

/**
 * Runs until the signal is aborted, then once more, so that what was committed last is in the books too.
 * Failures of the store or the books are logged and tried again.
 */
export async function keepBooks(loop: Bookkeeping): Promise<void> {
  const startedMs = loop.clock.monotonicMs()
  let hasFollowed = false
  const pauseMs = (): number =>
    hasFollowed || loop.clock.monotonicMs() - startedMs > FOLLOW_FIRST_FOR_MS
      ? FOLLOW_EVERY_MS
      : FOLLOW_FIRST_EVERY_MS
  const follower = new CommitFollower({
    ...loop,
    onCommits: (records) => {
      hasFollowed = true
      loop.onCommits(records)
    },
  })
  const recomputation = new Recomputation(loop)
  const posting = loop.accounting === undefined ? undefined : new PostingLoop({ ...loop, ...loop.accounting })
  let isParkFileUsed = false
  let housekeepingDueMs = -Infinity

  function keepHouse(): void {
    const nowMs = loop.clock.monotonicMs()
    if (nowMs < housekeepingDueMs) return
    watchGaps(loop, loop.clock.wallMs())
    const taken = loop.books.forgetMarks(loop.clock.wallMs(), MARKS_AT_ONCE)
    // A part at a time, so that new values are followed in between.
    housekeepingDueMs = taken < MARKS_AT_ONCE ? nowMs + HOUSEKEEPING_EVERY_MS : nowMs
  }

  async function succeeds(work: () => Promise<void>): Promise<boolean> {
    try {
      if (!isParkFileUsed) recomputation.useParkFile()
      isParkFileUsed = true
      await follower.follow()
      await work()
      return true
    } catch (error) {
      if (!(error instanceof Fault) || !error.retryable) throw error
      loop.log.error({ code: error.code }, faultText(error))
      return false
    }
  }

  while (!loop.signal.aborted) {
    const wentWell = await succeeds(async () => {
      await recomputation.turn(RECOMPUTE_TURN_MS)
      await posting?.turn(POSTING_TURN_MS)
      keepHouse()
    })
    await loop.clock.sleep(wentWell ? pauseMs() : RETRY_EVERY_MS, loop.signal).catch((error: unknown) => {
      if (!loop.signal.aborted) throw error
    })
  }
  await posting?.close()
  await succeeds(() => recomputation.work(RECOMPUTE_LAST_TURN_MS))
}
