import { hash } from 'node:crypto'
import { z } from 'zod'
import type { AccountMonth } from '#accounts/account-month.ts'
import type { AccountPlan } from '#accounts/accounting-plan.ts'
import { factorsText, planRulesText } from '#accounts/post.ts'
import type { PostingRules } from '#accounts/posting.ts'
import type { Park } from '#contract/park.ts'
import type { PostingProgress } from '#store/port.ts'

/** By which rules months are posted, as digests: a month whose digest differs is posted anew. */

/** Digits of a digest that tell rules apart. */
const DIGEST_LENGTH = 16

const digestOf = (text: string): string => hash('sha256', text).slice(0, DIGEST_LENGTH)

/** month → digest */
const monthRules = z.record(z.string(), z.string())

/** The rules by which an account's months were posted. */
export function rulesPostedBy({ rules }: PostingProgress): Readonly<Record<string, string>> {
  return rules === '' ? {} : monthRules.parse(JSON.parse(rules))
}

/** The rules as they are now. They change with the files, which are read at the start, so each digest is made once. */
export class MonthRules {
  readonly #parts: { readonly park: Park; readonly rules: PostingRules }
  readonly #accounts = new Map<string, { readonly plan: string; readonly months: Map<string, string> }>()
  /** Digests of factors, which are the same for many accounts and months. */
  readonly #factors = new Map<string, string>()

  constructor(parts: { readonly park: Park; readonly rules: PostingRules }) {
    this.#parts = parts
  }

  of(account: AccountPlan, months: readonly AccountMonth[]): Readonly<Record<string, string>> {
    const { park, rules } = this.#parts
    const made = this.#accounts.get(account.account) ?? {
      plan: digestOf(planRulesText(account, park, rules)),
      months: new Map<string, string>(),
    }
    this.#accounts.set(account.account, made)
    return Object.fromEntries(
      months.map((month) => {
        const digest = made.months.get(month.name) ?? `${made.plan}.${this.#factorsOf(account, month)}`
        made.months.set(month.name, digest)
        return [month.name, digest]
      }),
    )
  }

  #factorsOf(account: AccountPlan, month: AccountMonth): string {
    const text = factorsText(account, month, this.#parts.rules)
    const digest = this.#factors.get(text) ?? digestOf(text)
    this.#factors.set(text, digest)
    return digest
  }
}
