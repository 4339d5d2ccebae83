import { availableParallelism } from 'node:os'
import { parentPort, Worker, workerData } from 'node:worker_threads'
import type { Logger } from 'pino'
import { z } from 'zod'
import { accountingPlan, type AccountingPlan } from '#accounts/accounting-plan.ts'
import { energyItemFile } from '#accounts/energy-item.ts'
import { factorFiles, type FactorFiles } from '#accounts/factor.ts'
import { factorLibrary } from '#accounts/factor-library.ts'
import type { PostingRules } from '#accounts/posting.ts'
import { uncertaintyFile } from '#accounts/uncertainty.ts'
import { Fault, faultText } from '#contract/fault.ts'
import { indexPark, parkDescription, type Park } from '#contract/park.ts'
import type { Books } from '#store/port.ts'
import { taskAnswers, type MonthsAnswer, type MonthsTask } from './posting-tasks.ts'

/**
 * Threads that read and compute months of accounts, each over a connection of its own that reads only. One thread alone
 * writes the books: SQLite forgets the pages that it knows whenever another connection commits.
 */

/** All that a thread knows the accounts by; it can be copied, as a library of factors cannot. */
const threadDataShape = z.strictObject({
  file: z.string().min(1).meta({ description: 'The books' }),
  park: parkDescription,
  plan: accountingPlan,
  factors: factorFiles,
  items: energyItemFile.shape.items,
  assumptions: uncertaintyFile,
})
export type ThreadData = Readonly<z.output<typeof threadDataShape>>

/** Tasks that a thread has before it, so that it need not wait for the one who writes. */
const TASKS_AHEAD = 3

/** More have to wait for the thread that writes, which has as much to do as one and a half of them. */
const THREADS_MAX = 2

/** How many threads are worth while on this machine: one core is for the thread that writes. */
export const threadsOfMachine = (): number => Math.min(THREADS_MAX, availableParallelism() - 1)

/** Begins as many of them, each time that there is much to be posted; undefined where there is no core for them. */
export function threadsFor(
  { file, park, plan, rules, factors, log }: ThreadGround,
  count = threadsOfMachine(),
): (() => PostingThreads) | undefined {
  const { items, assumptions } = rules
  const data = { file, park: park.description, plan, factors, items, assumptions }
  return count === 0 ? undefined : () => new PostingThreads(data, count, log)
}

/** What a posting loop works on, with the file of its books and the factors of its library. */
interface ThreadGround {
  readonly file: string
  readonly park: Park
  readonly plan: AccountingPlan
  readonly rules: PostingRules
  readonly factors: FactorFiles
  readonly log: Logger
}

const program = new URL('posting-thread.ts', import.meta.url)

type Answered =
  | { readonly id: number; readonly answer: MonthsAnswer }
  /** Why it could not be done there; it is done here. */
  | { readonly id: number; readonly failed: string }

interface Asked {
  readonly id: number
  readonly task: MonthsTask
}

interface Thread {
  readonly worker: Worker
  readonly waiting: Map<number, (answer: MonthsAnswer | undefined) => void>
  readonly ended: Promise<void>
  readonly isAlive: () => boolean
}

export class PostingThreads {
  readonly #threads: readonly Thread[]
  #lastId = 0

  /** @param begin what the threads run; the program of the server where it is not given */
  constructor(data: ThreadData, count: number, log: Logger, begin = program) {
    this.#threads = Array.from({ length: count }, () => beginThread(data, log, begin))
  }

  /** How many tasks should be under way. */
  get room(): number {
    return this.#threads.length * TASKS_AHEAD
  }

  /** What a task comes to; undefined where it could not be done, with the reason in the log. */
  run(task: MonthsTask): Promise<MonthsAnswer | undefined> {
    const [thread] = this.#threads
      .filter(({ isAlive }) => isAlive())
      .toSorted((a, b) => a.waiting.size - b.waiting.size)
    if (thread === undefined) return Promise.resolve(undefined)
    this.#lastId += 1
    const asked: Asked = { id: this.#lastId, task }
    return new Promise((resolve) => {
      thread.waiting.set(asked.id, resolve)
      thread.worker.postMessage(asked, [])
    })
  }

  /** Ends the threads, whatever they have before them. */
  async close(): Promise<void> {
    for (const { worker } of this.#threads) worker.postMessage(undefined, [])
    await Promise.all(this.#threads.map(({ ended }) => ended))
  }
}

function beginThread(data: ThreadData, log: Logger, begin: URL): Thread {
  const worker = new Worker(begin, { workerData: data, name: 'posting' })
  const waiting: Thread['waiting'] = new Map()
  let isAlive = true
  worker.on('message', (answered: Answered) => {
    const resolve = waiting.get(answered.id)
    waiting.delete(answered.id)
    if ('failed' in answered) log.warn({ reason: answered.failed }, 'a posting thread could not do its task')
    resolve?.('answer' in answered ? answered.answer : undefined)
  })
  const ended = new Promise<void>((resolve) => {
    const end = (): void => {
      isAlive = false
      for (const each of waiting.values()) each(undefined)
      waiting.clear()
      resolve()
    }
    worker.once('exit', end)
    // What a thread cannot do is done without it.
    worker.on('error', (error) => {
      log.warn(
        { reason: reasonOf(error) },
        'a posting thread has ended; what it had before it is done without it',
      )
      end()
    })
  })
  return { worker, waiting, ended, isAlive: () => isAlive }
}

function reasonOf(error: unknown): string {
  if (error instanceof Fault) return faultText(error)
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

/** What this thread was begun with. Throws where that is not what `PostingThreads` sends. */
export function threadData(): ThreadData {
  return threadDataShape.parse(workerData)
}

/** Does the tasks of this thread over these books until it is told to end. */
export function answerOnThread(books: Books, { park, plan, factors, items, assumptions }: ThreadData): void {
  if (parentPort === null) throw new Error('this is no program of its own')
  const port = parentPort
  const rules = { library: factorLibrary(factors), items, assumptions }
  const answerOf = taskAnswers({ books, park: indexPark(park), rules, accounts: plan.accounts })
  port.on('message', (asked: Asked | undefined) => {
    if (asked === undefined) {
      books.close()
      return port.close()
    }
    port.postMessage(answered(asked, answerOf))
  })
}

function answered({ id, task }: Asked, answerOf: (task: MonthsTask) => MonthsAnswer): Answered {
  try {
    return { id, answer: answerOf(task) }
  } catch (error) {
    return { id, failed: reasonOf(error) }
  }
}
