import type { Logger } from 'pino'
import type { Clock } from '#contract/clock.ts'
import type { CommitRecord } from '#contract/commit.ts'
import { Fault, faultText } from '#contract/fault.ts'
import type { Park } from '#contract/park.ts'
import { recompute } from '#intervals/recompute.ts'
import type { Books, ReadingStore } from '#store/port.ts'

/**
 * The loop of the books' one owner: follow the commit records, then compute dirty intervals again.
 */
export interface Bookkeeping {
  readonly store: ReadingStore
  readonly books: Books
  readonly park: Park
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
  /** Called with the commit records that were not seen before, in order. */
  readonly onCommits: (records: readonly CommitRecord[]) => void
}

/** Pause between two looks at the commit records: what a reader of a page waits for a new value at most. */
const FOLLOW_EVERY_MS = 500
/** Pause after a store or the books failed. */
const RETRY_EVERY_MS = 2_000
/**
 * Commit records are read again this far back, because workers on other machines have other clocks, and a record is
 * visible only some time after the instant it carries.
 */
const OVERLAP_MS = 60_000
const PAGE = 5_000
const WINDOWS_PER_ROUND = 500
const RECOMPUTE_FIRST_PAUSE_MS = 4_000
const RECOMPUTE_PAUSE_MS_MAX = 60_000

/**
 * Runs until the signal is aborted, then once more, so that what was committed last is in the books too.
 * Failures of the store or the books are logged and tried again.
 */
export async function keepBooks(loop: Bookkeeping): Promise<void> {
  const seen = new RecentCommits()
  const pace = new RecomputePace(loop.clock)
  while (!loop.signal.aborted) {
    const pauseMs = (await keptUp(loop, seen, pace.isDue())) ? FOLLOW_EVERY_MS : RETRY_EVERY_MS
    await loop.clock.sleep(pauseMs, loop.signal).catch((error: unknown) => {
      if (!loop.signal.aborted) throw error
    })
  }
  await keptUp(loop, seen, true)
}

async function keptUp(loop: Bookkeeping, seen: RecentCommits, isRecomputeDue: boolean): Promise<boolean> {
  try {
    await follow(loop, seen)
    if (isRecomputeDue) await recomputeDirty(loop)
    return true
  } catch (error) {
    if (!(error instanceof Fault) || !error.retryable) throw error
    loop.log.error({ code: error.code }, faultText(error))
    return false
  }
}

async function follow({ store, books, onCommits }: Bookkeeping, seen: RecentCommits): Promise<void> {
  let fromMs = Math.max(0, books.followedUntilMs() - OVERLAP_MS)
  let limit = PAGE
  for (;;) {
    const page = await store.commitsSince(fromMs, limit)
    books.follow(page)
    const news = page.filter((record) => seen.isNew(record))
    if (news.length > 0) onCommits(news)
    const newestMs = page.at(-1)?.committedAtMs ?? fromMs
    // The end is where nothing is newer. How full a page is says nothing: a store may drop repeated records from it.
    if (newestMs > fromMs) fromMs = newestMs
    else if (page.length >= limit / 2) limit *= 2
    else break
  }
  seen.forgetBefore(books.followedUntilMs() - 2 * OVERLAP_MS)
}

async function recomputeDirty({ store, books, park, log }: Bookkeeping): Promise<void> {
  for (const window of books.dirtyWindows(WINDOWS_PER_ROUND)) {
    const meter = park.meters.get(window.meter)
    if (meter === undefined) {
      log.warn(
        { meter: window.meter },
        'readings of a meter that is no longer in the park file: no intervals',
      )
      books.record(window, [])
      continue
    }
    try {
      await recompute(window, meter, store, books)
    } catch (error) {
      if (!(error instanceof Fault) || error.retryable) throw error
      // Its window stays dirty, and the other meters go on.
      log.error({ code: error.code, meter: meter.id }, faultText(error))
    }
  }
}

/**
 * When dirty intervals are computed again: soon after the start, then once a minute. The slot that is under way is dirty
 * after every batch, and each computation of it is a revision that is kept.
 */
class RecomputePace {
  readonly #clock: Clock
  #pauseMs = RECOMPUTE_FIRST_PAUSE_MS
  #lastMs: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#lastMs = clock.monotonicMs()
  }

  isDue(): boolean {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#lastMs < this.#pauseMs) return false
    this.#lastMs = nowMs
    this.#pauseMs = Math.min(RECOMPUTE_PAUSE_MS_MAX, this.#pauseMs * 2)
    return true
  }
}

/** Which commit records of the overlap have been handed on already. */
class RecentCommits {
  readonly #committedAtMs = new Map<string, number>()

  isNew(record: CommitRecord): boolean {
    const isNew = !this.#committedAtMs.has(record.digest)
    this.#committedAtMs.set(record.digest, record.committedAtMs)
    return isNew
  }

  forgetBefore(beforeMs: number): void {
    for (const [digest, committedAtMs] of this.#committedAtMs) {
      if (committedAtMs < beforeMs) this.#committedAtMs.delete(digest)
    }
  }
}
