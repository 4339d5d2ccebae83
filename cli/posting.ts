import { createHash } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import type { Logger } from 'pino'
import { z } from 'zod'
import { accountMonthOf, monthNameAt, monthNames, type AccountMonth } from '#accounts/account-month.ts'
import { stateOf } from '#accounts/account-state.ts'
import type { AccountingPlan, AccountPlan } from '#accounts/accounting-plan.ts'
import { meterMonth, type MeterMonth } from '#accounts/evidence.ts'
import { computedPostings, keptMonth, registerKey, registersOf, rulesText } from '#accounts/post.ts'
import type { PostingRules } from '#accounts/posting.ts'
import { restatementOf } from '#accounts/restatement.ts'
import type { Clock } from '#contract/clock.ts'
import { Fault, faultText } from '#contract/fault.ts'
import { SETTLE_MS, SLOT_MS } from '#contract/grid.ts'
import type { Park } from '#contract/park.ts'
import type { Books, ChangedMonth, PostingProgress } from '#store/port.ts'

export interface PostingParts {
  readonly books: Books
  readonly park: Park
  readonly plan: AccountingPlan
  readonly rules: PostingRules
  readonly clock: Clock
  readonly log: Logger
  /** A change younger than this may be followed by more: late data come in bursts, and are posted once. */
  readonly quietMs?: number
}

const QUIET_MS = 60_000
/** Pause between two looks at what has changed. */
const PAUSE_MS = 30_000
/** More than are ever open; the loop waits for those of the months that it posts. */
const WINDOWS_MAX = 10_000
/** Digits of a digest that tell rules apart. */
const DIGEST_LENGTH = 16

/** By which rules each month was posted: month → digest. */
const monthRules = z.record(z.string(), z.string())

const digestOf = (text: string): string =>
  createHash('sha256').update(text).digest('hex').slice(0, DIGEST_LENGTH)

/** What an account has to be posted of, and the progress that is made when it is. */
interface Due {
  readonly account: AccountPlan
  readonly months: readonly string[]
  readonly isChanged: (meter: string, quantity: string, month: string) => boolean
  readonly progress: PostingProgress
}

/**
 * Posts months that are over and settled, and restates those that late data, records, factors or the plan have changed,
 * account by account in turns of bounded length. Of a month only the registers that have changed are read. An account
 * that cannot be posted keeps no other waiting, and is tried again in the next pass.
 */
export class PostingLoop {
  readonly #parts: PostingParts
  readonly #quietMs: number
  #underWay: Iterator<void> | undefined
  #lastMs: number | undefined

  constructor(parts: PostingParts) {
    this.#parts = parts
    this.#quietMs = parts.quietMs ?? QUIET_MS
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
      while (this.#underWay.next().done !== true) {
        if (clock.monotonicMs() >= endMs) return
        await turn()
      }
    } catch (error) {
      this.#underWay = undefined
      throw error
    }
    this.#underWay = undefined
  }

  /** One step is one account looked at, one register's month read, or one month posted. */
  *#pass(): Generator<void> {
    const { plan, log } = this.#parts
    for (const account of plan.accounts) {
      try {
        yield* this.#post(account)
      } catch (error) {
        if (!(error instanceof Fault) || error.retryable) throw error
        log.error({ code: error.code, account: account.account }, faultText(error))
      }
      yield
    }
  }

  *#post(account: AccountPlan): Generator<void> {
    const { books, park, rules, clock, log } = this.#parts
    const due = this.#due(account)
    if (due === undefined) return
    const { timeZone } = park.description
    for (const name of due.months) {
      const month = accountMonthOf(name, timeZone)
      const state = stateOf(books.ledger(account.account, [name]))
      // Where a difference was left as it is, a posting's evidence is older than what is known.
      const isOld = state.differences.size > 0
      const nowMs = clock.wallMs()
      const measured = new Map<string, MeterMonth>()
      for (const { meter, quantity } of registersOf(account, park)) {
        const kept =
          isOld || due.isChanged(meter.id, quantity, name)
            ? undefined
            : keptMonth(state, name, meter.id, quantity)
        measured.set(
          registerKey(meter.id, quantity),
          kept ?? meterMonth(books, meter, quantity, month, nowMs),
        )
        // What changes from here on is marked anew, and posted in the next pass.
        if (kept === undefined) yield
      }
      const fresh = computedPostings({ books, park, rules }, account, month, (meter, quantity) => {
        const found = measured.get(registerKey(meter.id, quantity))
        if (found === undefined) throw new RangeError(`${meter.id} was not read`)
        return found
      })
      const bodies = restatementOf(state, name, fresh, account.materiality)
      if (bodies.length > 0) {
        books.post(account.account, bodies, nowMs)
        log.debug({ account: account.account, month: name, entries: bodies.length }, 'posted')
      }
      yield
    }
    books.post(account.account, [], clock.wallMs(), due.progress)
  }

  /** Undefined where there is nothing to do, or the intervals of what there is are still being computed. */
  #due(account: AccountPlan): Due | undefined {
    const { books, park, rules, clock } = this.#parts
    const { timeZone } = park.description
    const nowMs = clock.wallMs()
    // The last month whose last slot is settled.
    const running = monthNameAt(nowMs - SLOT_MS - SETTLE_MS, timeZone)
    const before = books.postingProgress(account.account)
    const registers = new Set(
      registersOf(account, park).map(({ meter, quantity }) => registerKey(meter.id, quantity)),
    )
    const isOver = (month: string): boolean => month < running
    const { changes, upTo } = this.#changesSince(before.changes, nowMs)
    const changed = changes.filter(({ meter, quantity }) => registers.has(registerKey(meter, quantity)))
    const records = books
      .records({ account: account.account })
      .filter(({ number }) => number > before.records)
    const recorded = records.flatMap(({ record }) => {
      const [first, last] = [record.from.slice(0, 7), record.to.slice(0, 7)]
      return monthNames(first, last)
    })
    const posted = books.postedMonths(account.account)
    const known = [...posted, ...changed.map(({ month }) => month), ...recorded].filter(isOver).toSorted()
    const [firstKnown] = known
    if (firstKnown === undefined) return undefined
    const all = monthNames(firstKnown, running).filter(isOver)
    const rulesBefore = monthRules.safeParse(JSON.parse(before.rules === '' ? '{}' : before.rules)).data ?? {}
    const rulesNow = Object.fromEntries(
      all.map((name): [string, string] => [
        name,
        digestOf(rulesText(account, accountMonthOf(name, timeZone), park, rules)),
      ]),
    )
    const touched = new Set([...changed.map(({ month }) => month), ...recorded, ...this.#reopened(account)])
    const months = all.filter((name) => rulesBefore[name] !== rulesNow[name] || touched.has(name))
    const progress: PostingProgress = {
      changes: upTo,
      records: Math.max(before.records, ...records.map(({ number }) => number)),
      rules: JSON.stringify(rulesNow),
    }
    if (months.length === 0 && JSON.stringify(progress) === JSON.stringify(before)) return undefined
    const periods = months.map((name) => accountMonthOf(name, timeZone))
    if (this.#isComputing(periods, registers)) return undefined
    const marked = new Set(changed.map(({ meter, quantity, month }) => `${meter} ${quantity} ${month}`))
    const posts = new Set(posted)
    return {
      account,
      months,
      isChanged: (meter, quantity, month) => !posts.has(month) || marked.has(`${meter} ${quantity} ${month}`),
      progress,
    }
  }

  /** Changes that nothing has followed for a while, in order, and the last of them. */
  #changesSince(after: number, nowMs: number): { readonly changes: ChangedMonth[]; readonly upTo: number } {
    const all = this.#parts.books.changedMonths(after)
    const young = all.findIndex(({ changedAtMs }) => changedAtMs > nowMs - this.#quietMs)
    const changes = young < 0 ? [...all] : all.slice(0, young)
    return { changes, upTo: changes.at(-1)?.id ?? after }
  }

  /** Months that were reopened: what was held back while they were closed is due. */
  #reopened({ account }: AccountPlan): string[] {
    const { books } = this.#parts
    const months = books.reopenedMonths(account)
    return months.filter((month) => {
      const state = stateOf(books.ledger(account, [month]))
      return [...state.differences.values()].some(({ body }) => body.because === 'closed')
    })
  }

  /** True while intervals of these months are dirty: then their sums are not final. */
  #isComputing(months: readonly AccountMonth[], registers: ReadonlySet<string>): boolean {
    const meters = new Set([...registers].map((register) => register.split(' ')[0]))
    return this.#parts.books
      .dirtyWindows(WINDOWS_MAX)
      .some(
        ({ meter, fromMs, toMs }) =>
          meters.has(meter) && months.some((month) => fromMs < month.toMs && toMs >= month.fromMs),
      )
  }
}
