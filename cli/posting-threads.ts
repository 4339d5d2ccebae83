import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { AccountingPlan } from '#accounts/accounting-plan.ts'
import type { FactorFiles } from '#accounts/factor.ts'
import type { ParkDescription } from '#contract/park.ts'

/** What a thread that posts is given: all of it can be sent to it. */
export interface PostingTask {
  /** File of the books. */
  readonly file: string
  readonly park: ParkDescription
  /** With the accounts of this thread. */
  readonly plan: AccountingPlan
  readonly factors: FactorFiles
  /** The moment at which all of it is posted. */
  readonly nowMs: number
  /** One number: 1 while a thread writes. */
  readonly gate: SharedArrayBuffer
}

/**
 * Posts what is due of all accounts, the accounts shared out among threads: each reads and computes its own, and they
 * write in turn. Rejects with what a thread throws; what the others have posted stays.
 */
export async function postSideBySide(task: Omit<PostingTask, 'gate'>, threads: number): Promise<void> {
  const gate = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)
  const { accounts } = task.plan
  const count = Math.max(1, Math.min(threads, accounts.length))
  const shares = Array.from({ length: count }, (_, share) =>
    accounts.filter((__, index) => index % count === share),
  )
  await Promise.all(
    shares.map(async (share) => {
      const workerData: PostingTask = { ...task, plan: { ...task.plan, accounts: share }, gate }
      const worker = new Worker(new URL('./posting-thread.ts', import.meta.url), { workerData })
      const [code]: unknown[] = await once(worker, 'exit')
      if (code !== 0) throw new Error(`a thread that posts ended with ${String(code)}`)
    }),
  )
}
