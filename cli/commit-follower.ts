import { setImmediate as turn } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Clock } from '#contract/clock.ts'
import type { CommitRecord } from '#contract/commit.ts'
import type { Books, ReadingStore } from '#store/port.ts'

export interface CommitFollowerParts {
  readonly store: Pick<ReadingStore, 'commitsSince'>
  readonly books: Pick<Books, 'follow' | 'followedUntilMs'>
  readonly clock: Clock
  readonly log: Logger
  /** Called with the commit records that the books did not know, in order of time. */
  readonly onCommits: (records: readonly CommitRecord[]) => void
}

/**
 * Commit records are read again this far back, because workers on other machines have other clocks, and a record is
 * visible only some time after the instant it carries.
 */
const OVERLAP_MS = 60_000
/** So far back only this often: every look would read each record a hundred times. */
const OVERLAP_EVERY_MS = 10_000
/** What the other looks go back: what is written now is visible soon, and they are to find it soon. */
const SHORT_OVERLAP_MS = 5_000
/**
 * At the start and then every hour it is two hours: what a worker wrote whose clock is up to an hour behind is entered
 * late, but is entered.
 */
const LONG_OVERLAP_MS = 2 * 3_600_000
const LONG_OVERLAP_EVERY_MS = 3_600_000
/** Read and entered in one go, some tens of milliseconds: then everything else of this process has its turn. */
const PAGE = 500
/** Records that are remembered as entered, so that reading them again costs no look into the books: a fast minute’s. */
const REMEMBERED_MAX = 20_000

const nameOf = ({ gateway, epoch, seq, digest }: CommitRecord): string =>
  `${gateway} ${epoch} ${seq} ${digest}`

/**
 * Enters commit records into the books, by the instants that they carry. These come from the clocks of others, so no
 * record moves the cursor beyond the clock here: what a worker ahead of us writes is read in every round until its
 * time has come, and hides nothing that others write meanwhile.
 */
export class CommitFollower {
  readonly #parts: CommitFollowerParts
  #longDueMs = -Infinity
  #wideDueMs = -Infinity
  #isAhead = false
  /** When each was committed that was entered lately. */
  readonly #entered = new Map<string, number>()

  constructor(parts: CommitFollowerParts) {
    this.#parts = parts
  }

  /** Enters what is new. Throws what the store and the books throw; then nothing is skipped the next time. */
  async follow(): Promise<void> {
    const { store, books, clock, onCommits } = this.#parts
    const nowMs = clock.wallMs()
    const startedMs = clock.monotonicMs()
    const isLong = startedMs >= this.#longDueMs
    const expectedMs = books.followedUntilMs() - OVERLAP_MS
    const isWide = isLong || startedMs >= this.#wideDueMs
    let fromMs = this.#firstMs(nowMs, isLong ? LONG_OVERLAP_MS : isWide ? OVERLAP_MS : SHORT_OVERLAP_MS)
    let limit = PAGE
    for (;;) {
      const page = await store.commitsSince(fromMs, limit)
      const news = books.follow(this.#unknownIn(page), nowMs)
      this.#remember(page)
      if (news.length > 0) onCommits(news)
      if (this.#longDueMs > 0) this.#tellLate(news, expectedMs)
      const newestMs = page.at(-1)?.committedAtMs ?? fromMs
      // The end is where nothing is newer. How full a page is says nothing: a store may drop repeated records from it.
      if (newestMs > fromMs) fromMs = newestMs
      else if (page.length >= limit / 2) limit *= 2
      else break
      await turn()
    }
    this.#tellAhead(fromMs - nowMs)
    if (isWide) this.#wideDueMs = startedMs + OVERLAP_EVERY_MS
    if (isLong) this.#longDueMs = startedMs + LONG_OVERLAP_EVERY_MS
  }

  /** Those that the books may not know; and the last, which says how far they have followed. */
  #unknownIn(page: readonly CommitRecord[]): CommitRecord[] {
    return page.filter(
      (record, place) =>
        place === page.length - 1 || (this.#entered.get(nameOf(record)) ?? -1) < record.committedAtMs,
    )
  }

  #remember(page: readonly CommitRecord[]): void {
    for (const record of page) {
      const name = nameOf(record)
      const beforeMs = this.#entered.get(name) ?? -1
      // Set again it is the newest: those that are still read are never the first to be forgotten.
      this.#entered.delete(name)
      this.#entered.set(name, Math.max(beforeMs, record.committedAtMs))
    }
    for (const oldest of this.#entered.keys()) {
      if (this.#entered.size <= REMEMBERED_MAX) return
      this.#entered.delete(oldest)
    }
  }

  #firstMs(nowMs: number, overlapMs: number): number {
    const { books, log } = this.#parts
    const cursorMs = books.followedUntilMs()
    if (cursorMs > nowMs + OVERLAP_MS) {
      log.warn({ cursorMs, nowMs }, 'the clock was set back: all commit records are read again')
      return 0
    }
    return Math.max(0, Math.min(cursorMs, nowMs) - overlapMs)
  }

  /** Says once that records come from the future, until they no longer do. */
  #tellAhead(aheadMs: number): void {
    const isAhead = aheadMs > OVERLAP_MS
    if (isAhead && !this.#isAhead) {
      this.#parts.log.warn(
        { aheadMs },
        'commit records of the future: the clock of an ingest worker is ahead',
      )
    }
    this.#isAhead = isAhead
  }

  #tellLate(news: readonly CommitRecord[], expectedMs: number): void {
    const late = news.filter(({ committedAtMs }) => committedAtMs < expectedMs)
    if (late.length === 0) return
    const behindMs = expectedMs - Math.min(...late.map(({ committedAtMs }) => committedAtMs))
    this.#parts.log.warn(
      { records: late.length, behindMs },
      'commit records of long ago: the clock of an ingest worker is behind',
    )
  }
}
