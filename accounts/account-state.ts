import type { EntryBody, LedgerEntry, Posting } from '#contract/entry.ts'

/**
 * The state of an account: what its entries come to, taken one after the other. Taking all of them anew gives the same
 * state as taking the new ones only, and leaving out those recorded later gives it as it was known then.
 */

type BodyOf<K extends EntryBody['kind']> = Extract<EntryBody, { readonly kind: K }>

/** An entry's body with its number. */
export interface Numbered<B> {
  readonly number: number
  readonly recordedAtMs: number
  readonly body: B
}

export type Position = BodyOf<'allowance' | 'offset' | 'certificate'>

export class AccountState {
  /** Postings that hold, by month and source. */
  readonly postings = new Map<string, Numbered<Posting>>()
  readonly adjustments = new Map<number, Numbered<BodyOf<'adjustment'>>>()
  readonly positions = new Map<number, Numbered<Position>>()
  /** The newest difference that was left as it is, by the number of its posting. */
  readonly differences = new Map<number, Numbered<BodyOf<'difference'>>>()
  /** Closed months with their closing. */
  readonly closings = new Map<string, Numbered<BodyOf<'closing'>>>()
  /** Months by how often they were restated or reopened, for those that were. */
  readonly restatements = new Map<string, number>()
  /**
   * What was said of clocks that were ahead, where the state is one as it was known at a time that a clock said twice: some
   * of what was known then may bear a later time.
   */
  readonly clocks: Numbered<BodyOf<'clock'>>[] = []
  /** Number of the last entry taken. */
  last = 0
  readonly #kinds = new Map<number, { readonly key?: string; readonly kind: EntryBody['kind'] }>()

  /** Takes a later entry; those of other months may be left out. Throws RangeError for an earlier one. */
  take({ number, recordedAtMs, body }: LedgerEntry): void {
    if (number <= this.last) throw new RangeError(`entry ${number} after ${this.last}`)
    this.last = number
    switch (body.kind) {
      case 'posting': {
        const key = postingKey(body.month, body.source)
        this.postings.set(key, { number, recordedAtMs, body })
        this.#kinds.set(number, { key, kind: body.kind })
        return
      }
      case 'reversal':
        this.#reverse(body)
        return
      case 'difference':
        this.differences.set(body.posting, { number, recordedAtMs, body })
        return
      case 'adjustment':
        this.adjustments.set(number, { number, recordedAtMs, body })
        return
      case 'allowance':
      case 'offset':
      case 'certificate':
        this.positions.set(number, { number, recordedAtMs, body })
        return
      case 'closing':
        this.closings.set(body.month, { number, recordedAtMs, body })
        return
      case 'reopening':
        this.closings.delete(body.month)
        return
      case 'clock':
        // A moment later all of it is known.
        return
    }
  }

  #reverse({ reverses, month }: BodyOf<'reversal'>): void {
    this.adjustments.delete(reverses)
    this.positions.delete(reverses)
    this.differences.delete(reverses)
    const key = this.#kinds.get(reverses)?.key
    if (key !== undefined && this.postings.get(key)?.number === reverses) this.postings.delete(key)
    if (month !== undefined) this.restatements.set(month, (this.restatements.get(month) ?? 0) + 1)
  }

  /** The posting that holds of a source in a month. */
  posting(month: string, source: string): Numbered<Posting> | undefined {
    return this.postings.get(postingKey(month, source))
  }

  /** Months that have a posting or an adjustment, in order. */
  months(): string[] {
    const all = [...this.postings.values(), ...this.adjustments.values()].map(({ body }) => body.month)
    return [...new Set(all)].toSorted()
  }

  /** Postings of a month that hold, in the order of their entries. */
  postingsOf(month: string): Numbered<Posting>[] {
    return [...this.postings.values()]
      .filter(({ body }) => body.month === month)
      .toSorted((a, b) => a.number - b.number)
  }
}

const postingKey = (month: string, source: string): string => `${month} ${source}`

/** The state after entries; as it was known at a moment where one is given. */
export function stateOf(entries: Iterable<LedgerEntry>, knownAtMs = Number.MAX_SAFE_INTEGER): AccountState {
  const state = new AccountState()
  for (const { body, ...entry } of entries) {
    if (entry.recordedAtMs <= knownAtMs) state.take({ ...entry, body })
    else if (body.kind === 'clock' && body.wallMs <= knownAtMs) state.clocks.push({ ...entry, body })
  }
  return state
}
