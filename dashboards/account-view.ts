import { accountMonthOf, monthCount, monthNameAt, monthNames } from '#accounts/account-month.ts'
import { stateOf, type AccountState } from '#accounts/account-state.ts'
import type { AccountingPlan, AccountPlan } from '#accounts/accounting-plan.ts'
import { meterMonth } from '#accounts/evidence.ts'
import { computedPostings } from '#accounts/post.ts'
import type { PostingRules } from '#accounts/posting.ts'
import { unsourcedOfMonths } from '#accounts/unsourced-months.ts'
import { statementOfAccount, type StatementOfAccount } from '#accounts/positions.ts'
import type { EntryBody, LedgerEntry, Posting } from '#contract/entry.ts'
import { Fault } from '#contract/fault.ts'
import { SLOT_MS } from '#contract/grid.ts'
import type { LocalName } from '#contract/identity.ts'
import type { Park } from '#contract/park.ts'
import type { QuantityName } from '#contract/quantities.ts'
import type { Books } from '#store/port.ts'
import type { SlotRevisionTrace } from './api/trace-shapes.ts'
import type { MonthBooks } from './kept-months.ts'
import { slotRevisions, type CommitSource } from './slot-trace.ts'

/** Read functions of carbon accounts: nothing here can write. */

export interface AccountSources {
  readonly plan: AccountingPlan
  readonly rules: PostingRules
  readonly books: MonthBooks &
    Pick<
      Books,
      | 'ledgerAccounts'
      | 'ledgerEntry'
      | 'ledgerPage'
      | 'records'
      | 'slotProof'
      | 'sumsOver'
      | 'revisions'
      | 'locks'
      | 'lateRegisters'
      | 'lateSlots'
    >
  readonly commits: CommitSource
}

/** The plan of an account. Throws `not-found`. */
export function planOf({ plan }: AccountSources, account: string): AccountPlan {
  const found = plan.accounts.find((each) => each.account === account)
  if (found === undefined) throw new Fault('not-found', `The accounting plan has no account "${account}".`)
  return found
}

/** What the sources of an account are called by its plan of today; an earlier source may be in no plan any more. */
export function sourceNames({ sources }: AccountPlan): Record<string, LocalName> {
  return Object.fromEntries(sources.map(({ id, name }) => [id, name]))
}

/** What the running month comes to so far, by the functions that post it when it is over. */
export function runningPostings(
  sources: AccountSources,
  park: Park,
  account: AccountPlan,
  nowMs: number,
): Posting[] {
  const { timeZone } = park.description
  const month = accountMonthOf(monthNameAt(nowMs, timeZone), timeZone)
  return computedPostings({ ...sources, park }, account, month, (meter, quantity) =>
    meterMonth(sources.books, meter, quantity, month, nowMs),
  )
}

/** The state of an account, as it was known at a moment where one is given. */
export function accountState({ books }: AccountSources, account: string, knownAtMs?: number): AccountState {
  return stateOf(books.ledger(account), knownAtMs)
}

export interface StatementWish {
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly knownAtMs?: number | undefined
}

/** Months of one statement: thirty years. */
const MONTHS_MAX = 360

/**
 * The statement of an account; with the provisional figure of the running month where it is in the period and now. Throws
 * `request-invalid` for too long a period.
 */
export function statementView(
  sources: AccountSources,
  park: Park,
  account: AccountPlan,
  { from, to, knownAtMs }: StatementWish,
  nowMs: number,
): StatementOfAccount {
  const state = accountState(sources, account.account, knownAtMs)
  const running = monthNameAt(nowMs, park.description.timeZone)
  const posted = state.months()
  const last = to ?? (knownAtMs === undefined ? running : (posted.at(-1) ?? running))
  const first = from ?? posted[0] ?? last
  if (monthCount(first, last) > MONTHS_MAX)
    throw new Fault('request-invalid', `A statement is of ${MONTHS_MAX} months at most.`)
  const months = monthNames(first, last)
  const isRunning = knownAtMs === undefined && months.includes(running)
  const { plan, rules, books } = sources
  const ground = { park, plan, items: rules.items, books, nowMs }
  return statementOfAccount(state, months, {
    provisional: isRunning ? runningPostings(sources, park, account, nowMs) : [],
    unsourced: knownAtMs === undefined ? unsourcedOfMonths(ground, account.account, months) : undefined,
  })
}

type Position = Extract<EntryBody, { kind: 'allowance' | 'offset' | 'certificate' }>

/** Allowances, offsets and certificates that hold, in the order in which they were entered. */
export function positionsView(
  sources: AccountSources,
  account: string,
): { entry: number; position: Position }[] {
  return [...accountState(sources, account).positions.values()].map(({ number, body }) => ({
    entry: number,
    position: body,
  }))
}

/** A posting of an account. Throws `not-found`. */
export function postingEntry(
  { books }: AccountSources,
  account: string,
  entry: number,
): LedgerEntry & { readonly body: Posting } {
  const found = books.ledgerEntry(account, entry)
  if (found === undefined || found.body.kind !== 'posting')
    throw new Fault('not-found', `Entry ${entry} of ${account} is no posting.`)
  return { ...found, body: found.body }
}

/** The revision of a slot that a posting rests on, down to readings and the batches that they came in. */
export type SlotTrace = SlotRevisionTrace & {
  readonly meter: string
  readonly quantity: QuantityName
  readonly slotMs: number
}

/** The slot of a posting's meter, in the revision that the posting rests on. Throws `not-found`. */
export async function slotTrace(
  sources: AccountSources,
  park: Park,
  posting: Posting,
  meter: string,
  slotMs: number,
): Promise<SlotTrace> {
  const evidence = posting.evidence.meters.find((each) => each.meter === meter)
  const run = evidence?.runs.find(
    ([fromMs, slots]) => slotMs >= fromMs && slotMs < fromMs + slots * SLOT_MS && slotMs % SLOT_MS === 0,
  )
  const interval =
    evidence === undefined || run === undefined
      ? undefined
      : sources.books.revisions(meter, evidence.quantity, slotMs).find(({ revision }) => revision === run[2])
  const [traced] = interval === undefined ? [] : await slotRevisions(sources.commits, park, [interval])
  if (evidence === undefined || traced === undefined)
    throw new Fault('not-found', `The posting rests on no slot of ${meter} at ${slotMs}.`)
  return { meter, quantity: evidence.quantity, slotMs, ...traced }
}
