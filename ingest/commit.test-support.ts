import { pino } from 'pino'
import { ManualClock } from '#contract/clock.ts'
import {
  receipt as receiptSchema,
  receiptsIn,
  type Receipt,
  type ReceiptMessage,
} from '#contract/messages.ts'
import { startCommitter, type Committer } from './commit.ts'
import { digestOf, MemoryStore, T0, testPark } from './ingest.test-support.ts'
import type { Delivery } from './waiting.ts'

const park = testPark()

/** A committer on a store in memory, with what it answers. */
export interface CommitBench {
  readonly store: MemoryStore
  readonly clock: ManualClock
  readonly committer: Committer
  readonly receipts: Receipt[]
  /** The same, as they were sent. */
  readonly answers: ReceiptMessage[]
  readonly offer: (
    payload: Uint8Array,
    leaf?: 'live' | 'backlog',
    gateway?: string,
    isBundled?: boolean,
  ) => void
  /** Lets everything that can happen now happen. */
  readonly settle: () => Promise<void>
}

export function commitBench(store = new MemoryStore()): CommitBench {
  const clock = new ManualClock(T0 + 60_000)
  const receipts: Receipt[] = []
  const answers: ReceiptMessage[] = []
  const committer = startCommitter({
    park,
    store,
    clock,
    random: () => 1,
    log: pino({ level: 'silent' }),
    sendReceipt: (message) => {
      answers.push(message)
      for (const receipt of receiptsIn(message)) {
        store.steps.push(`receipt ${receipt.digest.slice(0, 8)}`)
        receipts.push(receiptSchema.parse(receipt))
      }
    },
  })
  return {
    store,
    clock,
    committer,
    receipts,
    answers,
    offer: (payload, leaf = 'live', gateway = 'gw-a', isBundled = false) => {
      const delivery: Delivery = {
        topic: { park: 'park-1', gateway, leaf },
        payload,
        digest: digestOf(payload),
        receivedMs: clock.wallMs(),
        isBundled,
      }
      committer.offer(delivery)
    },
    settle: async () => {
      for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    },
  }
}
