import { workerData } from 'node:worker_threads'
import { factorLibrary } from '#accounts/factor-library.ts'
import { ManualClock } from '#contract/clock.ts'
import { indexPark } from '#contract/park.ts'
import { openBooks } from '#store/open.ts'
import { makeLog } from './log.ts'
import { PostingLoop } from './posting.ts'
import { readPostingRules } from './posting-rules.ts'
import type { PostingTask } from './posting-threads.ts'

/** A thread of `postSideBySide`: posts the accounts of its task, and ends. */

const FREE = 0
const TAKEN = 1

// What another thread of this program has sent, which is what postSideBySide sends.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const { file, park, plan, factors, nowMs, gate } = workerData as PostingTask
const state = new Int32Array(gate)

/** Waits until no other thread writes: SQLite would have it look again and again. */
function exclusively(write: () => void): void {
  while (Atomics.compareExchange(state, 0, FREE, TAKEN) !== FREE) Atomics.wait(state, 0, TAKEN)
  try {
    write()
  } finally {
    Atomics.store(state, 0, FREE)
    Atomics.notify(state, 0, 1)
  }
}

const books = openBooks(file)
try {
  await new PostingLoop({
    books,
    park: indexPark(park),
    plan,
    rules: { ...readPostingRules(), library: factorLibrary(factors) },
    clock: new ManualClock(nowMs),
    log: makeLog('post', 'info'),
    quietMs: 0,
    exclusively,
  }).work(Number.MAX_SAFE_INTEGER)
} finally {
  books.close()
}
