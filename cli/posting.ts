import { hash } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import type { Logger } from 'pino'
import { accountMonthOf, monthNameAt, monthNames, type AccountMonth } from '#accounts/account-month.ts'
import { stateOf } from '#accounts/account-state.ts'
import type { AccountingPlan, AccountPlan } from '#accounts/accounting-plan.ts'
import { withLate, type MeterMonth } from '#accounts/evidence.ts'
import { registerKey, registersOf } from '#accounts/post.ts'
import type { PostingRules } from '#accounts/posting.ts'
import { restatementOf } from '#accounts/restatement.ts'
import type { Clock } from '#contract/clock.ts'
import type { Posting } from '#contract/entry.ts'
import { Fault, faultText } from '#contract/fault.ts'
import { SETTLE_MS, SLOT_MS } from '#contract/grid.ts'
import type { Park } from '#contract/park.ts'
import type { Books, ChangedMonth, LateRegister, PostingProgress } from '#store/port.ts'
import { bodyKeeper } from '#contract/kept-entry.ts'
import { PostingBatch } from './posting-batch.ts'
import { AccountMonths } from './posting-months.ts'
import { MonthRules, rulesPostedBy } from './month-rules.ts'
import { isChangedIn, type MonthsAnswer, type MonthsTask } from './posting-tasks.ts'
import type { PostingThreads } from './posting-threads.ts'

export interface PostingParts {
  readonly books: Books
  readonly park: Park
  readonly plan: AccountingPlan
  readonly rules: PostingRules
  readonly clock: Clock
  readonly log: Logger
  /** A change younger than this may be followed by more: late data come in bursts, and are posted once. */
  readonly quietMs?: number
  /** Begins threads that read and compute beside this one, when there is much to be posted; without it none do. */
  readonly threads?: (() => PostingThreads) | undefined
}

const QUIET_MS = 60_000
/** Pause between two looks at what has changed. */
const PAUSE_MS = 30_000
/** More than are ever open; the loop waits for those of the months that it posts. */
const WINDOWS_MAX = 10_000
/** Changes of others, and of months that are not over, that an account may leave unnoted: noting is a write. */
const CHANGES_BEHIND_MAX = 50_000
/** Changes that are read in one step. */
const CHANGES_AT_ONCE = 2_000
/** Steps that follow one another without anything else having its turn: most last less than a millisecond. */
const STEPS_MS = 20
/** Months that are posted on this thread before others are begun: to begin them takes as long as some months. */
const MONTHS_ALONE = 60
/** What a timer can wait for. */
const WAIT_MS_MAX = 60_000
/** Changes that are old enough, by register, and the number of the last. */
interface Changes {
  readonly byRegister: ReadonlyMap<string, readonly ChangedMonth[]>
  readonly upTo: number
  /** What came late to locked periods, by register. */
  readonly late: ReadonlyMap<string, readonly LateRegister[]>
}

/** What an account has to be posted of, and the progress that is made when it is. */
interface Due extends Omit<MonthsTask, 'account' | 'nowMs'> {
  readonly account: AccountPlan
  readonly progress: PostingProgress
  /** Something came late to its registers, and a lock holds it back. */
  readonly isLate: boolean
}

/** What another thread does of what is due. */
interface Elsewhere {
  readonly due: Due
  readonly nowMs: number
  readonly answer: Promise<void>
  done: { readonly answer: MonthsAnswer | undefined } | undefined
}

/** A step of a pass: something was done, or it waits for what another thread does. */
type Step = Promise<void> | undefined

/**
 * Posts months that are over and settled, and restates those that late data, records, factors or the plan have changed,
 * account by account in turns of bounded length. Of a month only the registers that have changed are read. An account
 * that cannot be posted keeps no other waiting, and is tried again in the next pass.
 */
export class PostingLoop {
  readonly #parts: PostingParts
  readonly #quietMs: number
  readonly #months = new Map<string, AccountMonth>()
  readonly #rules: MonthRules
  readonly #batch: PostingBatch
  readonly #keep = bodyKeeper((text) => hash('sha256', text))
  #underWay: Generator<Step> | undefined
  #threads: PostingThreads | undefined
  #lastMs: number | undefined

  constructor(parts: PostingParts) {
    this.#parts = parts
    this.#quietMs = parts.quietMs ?? QUIET_MS
    this.#rules = new MonthRules(parts)
    const onRefused = (account: string, fault: Fault): void => {
      parts.log.error({ code: fault.code, account }, faultText(fault))
    }
    this.#batch = new PostingBatch(parts.books, onRefused)
  }

  /** Works for about this long if a pass is due or under way. Throws retryable faults of the books. */
  async turn(lengthMs: number): Promise<void> {
    const nowMs = this.#parts.clock.monotonicMs()
    if (this.#underWay === undefined) {
      if (this.#lastMs !== undefined && nowMs - this.#lastMs < PAUSE_MS) return
      this.#lastMs = nowMs
    }
    await this.work(lengthMs)
  }

  /** The same, due or not. */
  async work(lengthMs: number): Promise<void> {
    const { clock } = this.#parts
    const endMs = clock.monotonicMs() + lengthMs
    this.#underWay ??= this.#pass()
    try {
      let turnMs = clock.monotonicMs()
      for (let step = this.#underWay.next(); step.done !== true; step = this.#underWay.next()) {
        if (step.value !== undefined) await this.#wait(step.value, endMs)
        const nowMs = clock.monotonicMs()
        if (nowMs >= endMs) return
        if (nowMs - turnMs < STEPS_MS) continue
        await turn()
        turnMs = clock.monotonicMs()
      }
      await this.close()
    } catch (error) {
      await this.close()
      throw error
    } finally {
      // What others do until the next turn is done to ledgers that say all that is known here.
      this.#batch.write(clock.wallMs())
    }
  }

  /** Lets go of a pass under way, and of the threads that it has begun: the next one begins anew. */
  async close(): Promise<void> {
    this.#underWay = undefined
    const threads = this.#threads
    this.#threads = undefined
    await threads?.close()
  }

  /** Until then at the longest. */
  async #wait(answer: Promise<void>, endMs: number): Promise<void> {
    const { clock } = this.#parts
    const stop = new AbortController()
    const restMs = Math.min(endMs - clock.monotonicMs(), WAIT_MS_MAX)
    await Promise.race([answer, clock.sleep(restMs, stop.signal).catch(() => undefined)])
    stop.abort()
  }

  /** One step is one account looked at, one register's month read, or one month posted. */
  *#pass(): Generator<Step> {
    const { plan } = this.#parts
    const changes = yield* this.#changes()
    const elsewhere: Elsewhere[] = []
    let months = 0
    for (const account of plan.accounts) {
      const due = this.#guarded(account, () => this.#due(account, changes))
      if (due !== undefined) {
        months += due.months.length
        if (months > MONTHS_ALONE && !due.isLate) this.#threads ??= this.#parts.threads?.()
        if (this.#threads === undefined || due.isLate) yield* this.#postHere(due, changes)
        else elsewhere.push(this.#begun(due, this.#threads))
      }
      while (elsewhere.length > 0 && elsewhere.length >= (this.#threads?.room ?? 0))
        yield* this.#take(elsewhere, changes)
      yield
    }
    while (elsewhere.length > 0) yield* this.#take(elsewhere, changes)
  }

  /** What is refused of one account keeps no other one waiting. */
  #guarded<T>({ account }: AccountPlan, work: () => T): T | undefined {
    try {
      return work()
    } catch (error) {
      if (!(error instanceof Fault) || error.retryable) throw error
      this.#parts.log.error({ code: error.code, account }, faultText(error))
      return undefined
    }
  }

  #begun({ account, ...due }: Due, threads: PostingThreads): Elsewhere {
    const nowMs = this.#parts.clock.wallMs()
    const { months, posted, changed } = due
    const task = { account: account.account, months, posted, changed, nowMs }
    const begun: Elsewhere = {
      due: { account, ...due },
      nowMs,
      answer: threads.run(task).then((answer) => {
        begun.done = { answer }
      }),
      done: undefined,
    }
    return begun
  }

  /** Adds what the first of the other threads' tasks comes to, once it is done. */
  *#take(elsewhere: Elsewhere[], changes: Changes): Generator<Step> {
    const first = elsewhere.shift()
    if (first === undefined) return
    while (first.done === undefined) yield first.answer
    const { due, nowMs } = first
    const { account } = due.account
    const { answer } = first.done
    // What was not done there, or is of a ledger that has grown since, is done here.
    if (answer === undefined || answer.head !== this.#parts.books.ledgerHead(account).number) {
      yield* this.#postHere(due, changes)
      return
    }
    for (const kept of answer.months) this.#batch.add(account, kept, nowMs)
    this.#batch.add(account, [], nowMs, due.progress)
  }

  *#postHere(due: Due, changes: Changes): Generator<Step> {
    const posting = this.#post(due, changes)
    for (let isMore = true; isMore;) {
      const step = this.#guarded(due.account, () => posting.next())
      isMore = step !== undefined && step.done !== true
      if (isMore) yield
    }
  }

  /** What has changed since the account that is furthest behind was posted, but for what may be followed by more. */
  *#changes(): Generator<undefined, Changes> {
    const { books, plan, clock } = this.#parts
    const cursors = plan.accounts.map(({ account }) => books.postingProgress(account).changes)
    const after = cursors.reduce((least, each) => Math.min(least, each), Number.MAX_SAFE_INTEGER)
    const quietMs = clock.wallMs() - this.#quietMs
    const byRegister = new Map<string, ChangedMonth[]>()
    let upTo = after
    for (let isMore = true; isMore;) {
      const found = books.changedMonths(upTo, CHANGES_AT_ONCE)
      const old = found.findIndex(({ changedAtMs }) => changedAtMs > quietMs)
      for (const change of old === -1 ? found : found.slice(0, old)) {
        const register = registerKey(change.meter, change.quantity)
        const before = byRegister.get(register)
        if (before === undefined) byRegister.set(register, [change])
        else before.push(change)
        upTo = change.id
      }
      isMore = old === -1 && found.length > 0
      yield
    }
    const late = Map.groupBy(books.lateRegisters(), ({ meter, quantity }) => registerKey(meter, quantity))
    return { byRegister, upTo, late }
  }

  *#post(due: Due, changes: Changes): Generator<void> {
    const { account } = due
    const { books, clock, log } = this.#parts
    const id = account.account
    const its = new AccountMonths(this.#parts, account, isChangedIn(due))
    for (const name of due.months) {
      const month = this.#monthOf(name)
      const nowMs = clock.wallMs()
      const { state, measured, fresh, computed } = yield* its.month(month, nowMs)
      const withHeld = this.#withHeld(measured, month, changes)
      const held = withHeld === undefined ? undefined : heldPostings(fresh, computed(withHeld))
      const bodies = restatementOf(state, name, fresh, account.materiality, held)
      if (bodies.length > 0) log.debug({ account: id, month: name, entries: bodies.length }, 'posted')
      this.#batch.add(id, bodies.map(this.#keep), nowMs)
      if (held !== undefined && bodies.some(({ kind }) => kind === 'posting')) {
        // Only now has the posting a number that its difference can name.
        this.#batch.write(nowMs)
        const after = stateOf(books.ledger(id, [name]))
        const said = restatementOf(after, name, fresh, account.materiality, held)
        this.#batch.add(id, said.map(this.#keep), nowMs)
      }
      yield
    }
    this.#batch.add(id, [], clock.wallMs(), due.progress)
  }

  /** Months of registers with what came late to them and a lock holds back; undefined where there is nothing. */
  #withHeld(
    measured: ReadonlyMap<string, MeterMonth>,
    month: AccountMonth,
    { late }: Changes,
  ): ReadonlyMap<string, MeterMonth> | undefined {
    if (late.size === 0) return undefined
    let found = false
    const all = new Map(measured)
    for (const [register, of] of measured) {
      const isTouched = late
        .get(register)
        ?.some(({ fromMs, toMs }) => fromMs < month.toMs && toMs > month.fromMs)
      if (isTouched !== true) continue
      const slots = this.#parts.books.lateSlots(of.meter, of.quantity, month)
      if (slots.length > 0) found = true
      all.set(register, withLate(of, slots))
    }
    return found ? all : undefined
  }

  /** Undefined where there is nothing to do, or the intervals of what there is are still being computed. */
  #due(account: AccountPlan, { byRegister, upTo, late }: Changes): Due | undefined {
    const { books, park, clock } = this.#parts
    const id = account.account
    const before = books.postingProgress(id)
    // The last month whose last slot is settled.
    const running = monthNameAt(clock.wallMs() - SLOT_MS - SETTLE_MS, park.description.timeZone)
    const isOver = (month: string): boolean => month < running
    const registers = registersOf(account, park)
    const changed = registers
      .flatMap(({ meter, quantity }) => byRegister.get(registerKey(meter.id, quantity)) ?? [])
      .filter((change) => change.id > before.changes && isOver(change.month))
    const records = books.records({ account: id, after: before.records })
    const recorded = records.flatMap(({ record }) =>
      monthNames(record.from.slice(0, 7), record.to.slice(0, 7)),
    )
    const posted = books.postedMonths(id)
    const known = [...posted, ...changed.map(({ month }) => month), ...recorded].filter(isOver).toSorted()
    const [firstKnown] = known
    const isFarBehind = upTo - before.changes > CHANGES_BEHIND_MAX
    if (firstKnown === undefined) {
      // Of an account that nothing is measured of, all that others have changed need not be read again and again.
      const progress = { ...before, changes: upTo }
      return isFarBehind && records.length === 0
        ? { account, months: [], posted, changed: [], progress, isLate: false }
        : undefined
    }
    const all = monthNames(firstKnown, running).filter(isOver)
    const rulesBefore = rulesPostedBy(before)
    const rulesNow = this.#rules.of(
      account,
      all.map((name) => this.#monthOf(name)),
    )
    const touched = new Set([...changed.map(({ month }) => month), ...recorded, ...this.#reopened(id)])
    const months = all.filter((name) => rulesBefore[name] !== rulesNow[name] || touched.has(name))
    if (months.length === 0 && records.length === 0 && !isFarBehind) return undefined
    const periods = months.map((name) => this.#monthOf(name))
    if (this.#isComputing(periods, new Set(registers.map(({ meter }) => meter.id)))) return undefined
    return {
      account,
      months,
      posted,
      changed: changed.map(({ meter, quantity, month }) => `${registerKey(meter, quantity)} ${month}`),
      isLate: registers.some(({ meter, quantity }) => late.has(registerKey(meter.id, quantity))),
      progress: {
        changes: Math.max(before.changes, upTo),
        records: Math.max(before.records, ...records.map(({ number }) => number)),
        rules: JSON.stringify(rulesNow),
      },
    }
  }

  #monthOf(name: string): AccountMonth {
    const month = this.#months.get(name) ?? accountMonthOf(name, this.#parts.park.description.timeZone)
    this.#months.set(name, month)
    return month
  }

  /** Months that were reopened: what was held back while they were closed is due. */
  #reopened(account: string): string[] {
    const { books } = this.#parts
    const months = books.reopenedMonths(account)
    return months.filter((month) => {
      const state = stateOf(books.ledger(account, [month]))
      return [...state.differences.values()].some(({ body }) => body.because === 'closed')
    })
  }

  /** True while intervals of these months are dirty: then their sums are not final. */
  #isComputing(months: readonly AccountMonth[], meters: ReadonlySet<string>): boolean {
    if (months.length === 0) return false
    return this.#parts.books
      .dirtyWindows(WINDOWS_MAX)
      .some(
        ({ meter, fromMs, toMs }) =>
          meters.has(meter) && months.some((month) => fromMs < month.toMs && toMs >= month.fromMs),
      )
  }
}

/** Of the postings with what is held back, those that differ from the ones without. */
function heldPostings(fresh: readonly Posting[], withHeld: readonly Posting[]): ReadonlyMap<string, Posting> {
  const differs = withHeld.filter((each, index) => {
    const now = fresh[index]
    return each.tCo2 !== now?.tCo2 || each.completeness !== now?.completeness
  })
  return new Map(differs.map((each) => [each.source, each]))
}
