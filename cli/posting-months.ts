import { stateOf, type AccountState } from '#accounts/account-state.ts'
import type { AccountMonth } from '#accounts/account-month.ts'
import type { AccountPlan } from '#accounts/accounting-plan.ts'
import { meterMonth, type MeterMonth } from '#accounts/evidence.ts'
import { computedPostings, keptMonths, registerKey, registersOf, withRecordsOf } from '#accounts/post.ts'
import type { PostingRules } from '#accounts/posting.ts'
import type { Posting } from '#contract/entry.ts'
import type { Park } from '#contract/park.ts'
import type { Books } from '#store/port.ts'

/** What an account's months come to now: read and computed, and nothing written. */

export interface MonthsGround {
  readonly books: Pick<Books, 'ledger' | 'records' | 'slotProof' | 'sumsOver'>
  readonly park: Park
  readonly rules: PostingRules
}

/** True where a register's month has changed since it was posted, and must be read again. */
export type IsChanged = (meter: string, quantity: string, month: string) => boolean

/** A month as the ledger has it, and as it would be posted now. */
export interface ComputedMonth {
  readonly state: AccountState
  readonly measured: ReadonlyMap<string, MeterMonth>
  readonly fresh: readonly Posting[]
  /** What it would come to, if this was measured. */
  readonly computed: (measured: ReadonlyMap<string, MeterMonth>) => Posting[]
}

/** The months of one account, one after the other. */
export class AccountMonths {
  readonly #ground: MonthsGround
  readonly #account: AccountPlan
  readonly #isChanged: IsChanged
  readonly #registers: ReturnType<typeof registersOf>
  readonly #posting: Parameters<typeof computedPostings>[0]

  constructor(ground: MonthsGround, account: AccountPlan, isChanged: IsChanged) {
    this.#ground = ground
    this.#account = account
    this.#isChanged = isChanged
    this.#registers = registersOf(account, ground.park)
    this.#posting = { ...ground, books: withRecordsOf(ground.books, account.account) }
  }

  /** Reads of a month only the registers that have changed; yields after each. Throws as `computedPostings`. */
  *month(month: AccountMonth, nowMs: number): Generator<void, ComputedMonth> {
    const { books } = this.#ground
    const { name } = month
    const state = stateOf(books.ledger(this.#account.account, [name]))
    // Where a difference was left as it is, a posting's evidence is older than what is known.
    const isOld = state.differences.size > 0
    const posted = keptMonths(state, name)
    const measured = new Map<string, MeterMonth>()
    for (const { meter, quantity } of this.#registers) {
      const key = registerKey(meter.id, quantity)
      const kept = isOld || this.#isChanged(meter.id, quantity, name) ? undefined : posted.get(key)
      measured.set(key, kept ?? meterMonth(books, meter, quantity, month, nowMs))
      // What changes from here on is marked anew, and posted in the next pass.
      if (kept === undefined) yield
    }
    const computed = (of: ReadonlyMap<string, MeterMonth>): Posting[] =>
      computedPostings(this.#posting, this.#account, month, (meter, quantity) => {
        const found = of.get(registerKey(meter.id, quantity))
        if (found === undefined) throw new RangeError(`${meter.id} was not read`)
        return found
      })
    return { state, measured, fresh: computed(measured), computed }
  }
}
