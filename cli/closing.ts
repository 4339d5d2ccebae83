import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { accountMonthOf, monthNameAt, type AccountMonth } from '#accounts/account-month.ts'
import { stateOf } from '#accounts/account-state.ts'
import type { AccountingPlan, AccountPlan } from '#accounts/accounting-plan.ts'
import { registerKey, registersOf } from '#accounts/post.ts'
import { closingOf } from '#accounts/statement.ts'
import type { ClosingDraft } from '#contract/closing.ts'
import { Fault } from '#contract/fault.ts'
import type { Park } from '#contract/park.ts'
import type { ClosingDesk } from '#dashboards/desk.ts'
import { readTrust, type Trust } from '#firmware-config/signature.ts'
import type { Books } from '#store/port.ts'
import { trustedClosing } from './ledger-proof.ts'

/** Months that are ready to be closed, and closings with a signature that counts. */

export interface ClosingParts {
  readonly books: Books
  readonly park: Park
  readonly plan: Pick<AccountingPlan, 'accounts'>
}

/** More than are ever open. */
const WINDOWS_MAX = 10_000

/**
 * Throws `entry-invalid` where intervals of the month are still being computed, or have changed since it was posted: what
 * is closed must be what is known.
 */
function refuseUnsettled(books: Books, park: Park, account: AccountPlan, month: AccountMonth): void {
  const registers = registersOf(account, park)
  const meters = new Set(registers.map(({ meter }) => meter.id))
  const dirty = books
    .dirtyWindows(WINDOWS_MAX)
    .find(({ meter, fromMs, toMs }) => meters.has(meter) && fromMs < month.toMs && toMs >= month.fromMs)
  if (dirty !== undefined)
    throw new Fault('entry-invalid', `Intervals of ${dirty.meter} in ${month.name} are being computed.`)
  const keys = new Set(registers.map(({ meter, quantity }) => registerKey(meter.id, quantity)))
  const changed = books
    .changedMonths(books.postingProgress(account.account).changes)
    .find((each) => each.month === month.name && keys.has(registerKey(each.meter, each.quantity)))
  if (changed !== undefined)
    throw new Fault(
      'entry-invalid',
      `${changed.meter} has changed in ${month.name} since it was posted: wait for the server, or run "tanbiao ledger post".`,
    )
}

/**
 * What is to be signed to close a month of an account. Throws `entry-invalid` for a month that is not over, not posted or
 * not settled, and `month-closed`.
 */
export function draftClosing(
  { books, park, plan }: ClosingParts,
  wish: { readonly account: string; readonly month: string; readonly by: string },
  nowMs: number,
): ClosingDraft {
  const { account, month, by } = wish
  const { timeZone } = park.description
  if (month >= monthNameAt(nowMs, timeZone)) throw new Fault('entry-invalid', `${month} is not over yet.`)
  const state = stateOf(books.ledger(account))
  if (state.closings.has(month)) throw new Fault('month-closed', `${month} of account ${account} is closed.`)
  if (state.postingsOf(month).length === 0)
    throw new Fault('entry-invalid', `${month} of ${account} is not posted.`)
  const found = plan.accounts.find((each) => each.account === account)
  if (found !== undefined) refuseUnsettled(books, park, found, accountMonthOf(month, timeZone))
  return { account, previous: books.ledgerHead(account).hash, closing: closingOf(state, month, by) }
}

/** Throws `entry-invalid` where slots are missing and nobody has said that it is to be closed all the same. */
export function refuseIncomplete({ closing }: ClosingDraft, isAccepted: boolean): void {
  if (closing.incomplete.length === 0 || isAccepted) return
  throw new Fault('entry-invalid', `Slots are missing of ${closing.incomplete.join(', ')}.`)
}

/** Where closing-keys.yaml lies, beside the park file; undefined where there is none. */
export function closingKeysBeside(parkFile: string): string | undefined {
  const file = join(dirname(resolve(parkFile)), 'closing-keys.yaml')
  return existsSync(file) ? file : undefined
}

/** The public keys whose signature closes a month on the pages; none where no file names any. */
export function readClosingKeys(parkFile: string): Trust {
  const file = closingKeysBeside(parkFile)
  return file === undefined ? new Map() : readTrust(file)
}

/** Closings by persons at the pages, who sign where their key is. */
export function closingDeskOf(parts: ClosingParts, trust: Trust): ClosingDesk {
  return {
    keys: [...trust.values()].map(({ name }) => name),
    draft: (wish, nowMs) => draftClosing(parts, wish, nowMs),
    close: (wish, nowMs) => {
      const draft = draftClosing(parts, wish, nowMs)
      refuseIncomplete(draft, wish.isIncompleteAccepted)
      if (draft.previous !== wish.previous)
        throw new Fault('entry-invalid', `The chain of ${wish.account} has grown since this was signed.`)
      const closing = trustedClosing(draft, wish.signature, trust)
      const { entries } = draft.closing
      const [entry] = parts.books.post(wish.account, [closing], nowMs, undefined, entries)
      if (entry === undefined) throw new Fault('unexpected-error', 'The closing was not kept.')
      return entry.number
    },
  }
}
