import { stateOf } from '#accounts/account-state.ts'
import { ledgerMonthsOf, type LedgerMonth } from '#accounts/targets/ledger-months.ts'
import { MonthMemory } from '#accounts/targets/month-memory.ts'
import type { Books } from '#store/port.ts'

/** What was read of months for targets, kept from one request to the next for as long as nothing of it changes. */

export type MonthBooks = Pick<Books, 'ledger' | 'ledgerHead' | 'monthsAfter' | 'changedMonths' | 'lastChange'>

interface KeptAccount {
  /** The entry up to which its months are known. */
  readonly number: number
  readonly months: ReadonlyMap<string, LedgerMonth>
}

const keptOf = new WeakMap<MonthBooks, KeptMonths>()

/** One for all who ask by the same books: pages and alarms. */
export function keptMonthsOf(books: MonthBooks): KeptMonths {
  const kept = keptOf.get(books) ?? new KeptMonths(books)
  keptOf.set(books, kept)
  return kept
}

export class KeptMonths {
  readonly #books: MonthBooks
  readonly #accounts = new Map<string, KeptAccount>()
  #memory = new MonthMemory()
  #change: number
  #record = 0

  constructor(books: MonthBooks) {
    this.#books = books
    this.#change = books.lastChange()
  }

  /** What an account's ledger says of its months as it stands: only those that entries were added to are read again. */
  ledgerMonths(account: string): ReadonlyMap<string, LedgerMonth> {
    const { number } = this.#books.ledgerHead(account)
    const before = this.#accounts.get(account)
    if (before?.number === number) return before.months
    const months = before === undefined ? this.#all(account) : this.#withNew(account, before)
    this.#accounts.set(account, { number, months })
    return months
  }

  #all(account: string): ReadonlyMap<string, LedgerMonth> {
    return ledgerMonthsOf(stateOf(this.#books.ledger(account)))
  }

  #withNew(account: string, before: KeptAccount): ReadonlyMap<string, LedgerMonth> {
    const months = new Map(before.months)
    for (const month of this.#books.monthsAfter(account, before.number)) {
      const found = ledgerMonthsOf(stateOf(this.#books.ledger(account, [month]))).get(month)
      if (found === undefined) months.delete(month)
      else months.set(month, found)
    }
    return months
  }

  /**
   * The memory of months of which no interval has changed.
   * @param lastRecord number of the last record: another one may speak of any month
   */
  memory(lastRecord: number): MonthMemory {
    if (lastRecord !== this.#record) this.#memory = new MonthMemory()
    this.#record = lastRecord
    const changes = this.#books.changedMonths(this.#change)
    if (changes.length > 0) {
      this.#memory = this.#memory.without(new Set(changes.map(({ month }) => month)))
      this.#change = changes.at(-1)?.id ?? this.#change
    }
    return this.#memory
  }
}
