import { hash } from 'node:crypto'
import { accountMonthOf, type AccountMonth } from '#accounts/account-month.ts'
import type { AccountPlan } from '#accounts/accounting-plan.ts'
import { registerKey } from '#accounts/post.ts'
import { restatementOf } from '#accounts/restatement.ts'
import { bodyKeeper, type KeptBody } from '#contract/kept-entry.ts'
import type { Books } from '#store/port.ts'
import { AccountMonths, type IsChanged, type MonthsGround } from './posting-months.ts'

/** Months of one account to be read and computed, by whichever thread: it writes nothing. */
export interface MonthsTask {
  readonly account: string
  readonly months: readonly string[]
  /** Months that were ever posted; of all others every register is read. */
  readonly posted: readonly string[]
  /** Register's months that have changed since: `registerKey month`. */
  readonly changed: readonly string[]
  readonly nowMs: number
}

export interface MonthsAnswer {
  /** The account's last entry before it was read. */
  readonly head: number
  /** What is to be added, by month. */
  readonly months: readonly (readonly KeptBody[])[]
}

/** Which registers a task has read anew. */
export function isChangedIn({ posted, changed }: Pick<MonthsTask, 'posted' | 'changed'>): IsChanged {
  const [posts, marked] = [new Set(posted), new Set(changed)]
  return (meter, quantity, month) =>
    !posts.has(month) || marked.has(`${registerKey(meter, quantity)} ${month}`)
}

export interface TaskGround extends MonthsGround {
  readonly books: MonthsGround['books'] & Pick<Books, 'ledgerHead'>
  readonly accounts: readonly AccountPlan[]
}

/** A function that does one task after the other. It throws as `AccountMonths`. */
export function taskAnswers(ground: TaskGround): (task: MonthsTask) => MonthsAnswer {
  const keep = bodyKeeper((text) => hash('sha256', text))
  const months = new Map<string, AccountMonth>()
  const plans = new Map(ground.accounts.map((account) => [account.account, account]))
  const { timeZone } = ground.park.description

  function monthOf(name: string): AccountMonth {
    const month = months.get(name) ?? accountMonthOf(name, timeZone)
    months.set(name, month)
    return month
  }

  return (task) => {
    const account = plans.get(task.account)
    if (account === undefined) throw new RangeError(`no plan of ${task.account}`)
    // Before it is read: an entry that comes meanwhile is seen by whoever adds these.
    const head = ground.books.ledgerHead(task.account).number
    const its = new AccountMonths(ground, account, isChangedIn(task))
    const computed = task.months.map((name) => {
      const reading = its.month(monthOf(name), task.nowMs)
      let step = reading.next()
      while (step.done !== true) step = reading.next()
      const { state, fresh } = step.value
      return restatementOf(state, name, fresh, account.materiality).map(keep)
    })
    return { head, months: computed }
  }
}
