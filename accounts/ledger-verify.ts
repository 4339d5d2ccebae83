import type { AccountingRecord } from '#contract/accounting-record.ts'
import { canonicalText, isSameContent } from '#contract/canonical-text.ts'
import { lockReason, signedClosingText } from '#contract/closing.ts'
import { DAY_MS } from '#contract/duration.ts'
import {
  entryBody,
  NO_HASH,
  posting as postingShape,
  type EntryBody,
  type LedgerEntry,
  type MeterEvidence,
  type Posting,
} from '#contract/entry.ts'
import { join } from '#contract/energy-sum.ts'
import { Fault } from '#contract/fault.ts'
import { hashedText, namesParts, type NamedParts } from '#contract/kept-entry.ts'
import type { Books, LedgerRow, SlotProof } from '#store/port.ts'
import { AccountState, type Numbered } from './account-state.ts'
import { ofAmount, textOf } from './decimal.ts'
import type { PostingRules } from './posting.ts'
import { resultOf } from './posting-result.ts'
import { recordFindings } from './record-proof.ts'
import { enthalpyOf, PLAN_ENTHALPY } from './source-factors.ts'
import { closingOf, isIncomplete, lacksSlots } from './statement.ts'

/**
 * Proof of a ledger: the chain of hashes, the signatures of closings, and every posting computed again from the very
 * interval revisions, records and factors that it names.
 */

/** What was found, and where. */
export interface LedgerFinding {
  readonly account: string
  /** Number of the entry; 0 for the account as a whole. */
  readonly entry: number
  readonly message: string
}

export interface Proof {
  readonly books: Pick<
    Books,
    'ledgerRows' | 'ledgerHead' | 'ledgerFactors' | 'slotProof' | 'records' | 'sumsOver' | 'locks'
  >
  /** SHA-256 of a text, 64 hexadecimal digits. */
  readonly sha256: (text: string) => string
  readonly rules: PostingRules
  /** True for a signature of a key over a text; undefined where the key is not among those trusted. */
  readonly isSigned: (key: string, signature: string, text: string) => boolean | undefined
  /** The time now: what is dated later was added while a clock was ahead. */
  readonly nowMs: number
  /** What the accounting plan says now of a factor of its own; undefined: no plan is at hand, and they are counted. */
  readonly ownNow:
    | ((wish: {
        readonly account: string
        readonly source: string
        readonly code: string
      }) => string | undefined)
    | undefined
  /** Codes and values of the factor files now; undefined for a code that is there no longer. */
  readonly factorNow: (code: string, what: string, month: string) => string | undefined
}

/** How much was looked at. */
export interface ProofCount {
  entries: number
  postings: number
  slots: number
  signatures: number
  /** Factors of the plan's own that were not judged, because no plan was at hand. */
  ownFactors: number
}

type Columns = Pick<LedgerRow, 'kind' | 'month' | 'reverses' | 'reference'>

function columnsOf(body: EntryBody): Columns {
  return {
    kind: body.kind,
    month: 'month' in body ? (body.month ?? null) : null,
    reverses: body.kind === 'reversal' ? body.reverses : null,
    reference: 'reference' in body ? body.reference : null,
  }
}

/** A text's JSON; undefined where it is none. */
function parsedOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Lists of factors by their SHA-256, each looked at once for all postings that used it; the reason where it is none. */
class ProvedFactors {
  readonly #proof: Pick<Proof, 'books' | 'sha256'>
  readonly #known = new Map<string, Posting['factors'] | string>()

  constructor(proof: Pick<Proof, 'books' | 'sha256'>) {
    this.#proof = proof
  }

  of(digest: string): Posting['factors'] | string {
    const known = this.#known.get(digest) ?? this.#read(digest)
    this.#known.set(digest, known)
    return known
  }

  #read(digest: string): Posting['factors'] | string {
    const { books, sha256 } = this.#proof
    const text = books.ledgerFactors(digest)
    if (text === undefined) return 'its factors are gone'
    if (sha256(text) !== digest) return 'its factors are not as they were written'
    const result = postingShape.shape.factors.safeParse(parsedOf(text))
    return result.success ? result.data : `its factors are none: ${result.error.issues[0]?.message ?? ''}`
  }
}

/** A row's body; the reason where it is none. */
function readBody(row: LedgerRow, factors: ProvedFactors, sha256: Proof['sha256']): EntryBody | string {
  const core = parsedOf(row.body)
  if (core === undefined) return 'its body is no JSON'
  if (canonicalText(core) !== row.body) return 'its body is not as it was written'
  const body = row.version > 1 && namesParts(core) ? wholeBody(core, row.evidence, factors, sha256) : core
  if (typeof body === 'string') return body
  const result = entryBody.safeParse(body)
  if (!result.success) return `its body is no entry: ${result.error.issues[0]?.message ?? ''}`
  const columns = columnsOf(result.data)
  const differs = (['kind', 'month', 'reverses', 'reference'] as const).filter(
    (column) => columns[column] !== row[column],
  )
  return differs.length === 0 ? result.data : `its ${differs.join(', ')} is not that of its body`
}

/** A posting with the parts that it names; the reason where they are not those. */
function wholeBody(
  core: NamedParts,
  evidence: string | undefined,
  proved: ProvedFactors,
  sha256: Proof['sha256'],
): object | string {
  const factors = proved.of(core.factors)
  if (typeof factors === 'string') return factors
  if (evidence === undefined) return 'its evidence is gone'
  if (sha256(evidence) !== core.evidence) return 'its evidence is not as it was written'
  return { ...core, factors, evidence: parsedOf(evidence) }
}

type Closing = Extract<EntryBody, { kind: 'closing' }>
type Proved = Pick<SlotProof, 'energy' | 'known'>

/** What the books say; undefined where a damaged row cannot be read. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof Fault && error.code === 'books-unusable') return undefined
    throw error
  }
}

const isAmount = (a: Proved['energy'], b: Proved['energy']): boolean =>
  a === undefined || b === undefined ? a === b : ofAmount(a).eq(ofAmount(b))
/** Clocks of two machines differ by less than this. */
const CLOCK_STEP_MS = 60_000

/** Verifies one account's chain, entry by entry. */
class AccountProof {
  readonly #account: string
  readonly #proof: Proof
  readonly #count: ProofCount
  readonly #state = new AccountState()
  readonly #factors: ProvedFactors
  /** Undefined where they cannot be read; the books say which of them is damaged. */
  readonly #records: ReadonlyMap<number, AccountingRecord> | undefined
  /** Months of registers whose kept sums were looked at. */
  readonly #summed = new Set<string>()
  #before: { readonly number: number; readonly hash: string; readonly atMs: number } = {
    number: 0,
    hash: NO_HASH,
    atMs: 0,
  }

  constructor(account: string, proof: Proof, count: ProofCount) {
    this.#account = account
    this.#proof = proof
    this.#count = count
    this.#factors = new ProvedFactors(proof)
    this.#records = readable(
      () => new Map(proof.books.records({ account }).map(({ number, record }) => [number, record])),
    )
  }

  *findings(): Generator<LedgerFinding> {
    for (const row of this.#proof.books.ledgerRows(this.#account)) {
      this.#count.entries += 1
      for (const message of this.#ofRow(row)) yield { account: this.#account, entry: row.number, message }
      this.#before = { number: row.number, hash: row.hash, atMs: row.recordedAtMs }
    }
    const head = this.#proof.books.ledgerHead(this.#account)
    if (head.number !== this.#before.number || head.hash !== this.#before.hash) {
      const message = `the chain ends at entry ${this.#before.number}; entry ${head.number} was the last that was added`
      yield { account: this.#account, entry: 0, message }
    }
    for (const { number, body } of this.#state.postings.values())
      for (const message of this.#ofOwn(number, body))
        yield { account: this.#account, entry: number, message }
    for (const closing of this.#state.closings.values())
      for (const message of this.#ofLock(closing))
        yield { account: this.#account, entry: closing.number, message }
  }

  /**
   * Factors of the plan's own, of postings that hold: they may change, and then every posting is restated, or its
   * difference said.
   */
  *#ofOwn(number: number, { source, month, factors }: Posting): Generator<string> {
    for (const { code, what, value, rule } of factors) {
      if (rule !== 'own' && code !== PLAN_ENTHALPY) continue
      const { ownNow } = this.#proof
      if (ownNow === undefined) {
        this.#count.ownFactors += 1
        continue
      }
      const now = ownNow({ account: this.#account, source, code })
      // A closed month says nothing of a source that is in the plan no longer.
      if (now === value || this.#state.differences.has(number)) continue
      if (now === undefined && this.#state.closings.has(month)) continue
      yield `factor ${code} (${what}) is ${now ?? 'gone'} in the plan; ${value} was used`
    }
  }

  /** A closing that holds has its lock: over its month, on every meter of its postings, and not released. */
  *#ofLock({ number: closing, recordedAtMs, body }: Numbered<Closing>): Generator<string> {
    const { month, by } = body
    const meters = this.#state.postingsOf(month).flatMap(({ body }) => body.evidence.meters)
    if (meters.length === 0) return
    const locks = readable(() => this.#proof.books.locks())
    if (locks === undefined) {
      yield `locks cannot be read, that of ${month} among them`
      return
    }
    const lock = locks.find((each) => each.account === this.#account && each.closing === closing)
    if (lock === undefined) {
      yield `the lock of ${month} is gone: its intervals are not kept any more`
      return
    }
    const wanted = {
      fromMs: Math.min(...meters.map(({ fromMs }) => fromMs)),
      toMs: Math.max(...meters.map(({ toMs }) => toMs)),
      meters: [...new Set(meters.map(({ meter }) => meter))].toSorted(),
      by,
      why: lockReason(month),
      atMs: recordedAtMs,
      isReleased: false,
    }
    const { id: _id, account: _account, closing: _closing, released, ...said } = lock
    const found = { ...said, meters: lock.meters.toSorted(), isReleased: released !== undefined }
    if (!isSameContent(found, wanted)) yield `the lock of ${month} is not the one that this closing made`
  }

  /** The sums that statements and tables are made of, by the month and by its days, against the intervals themselves. */
  *#ofSums({ meter, quantity, fromMs, toMs }: MeterEvidence, proved: Proved): Generator<string> {
    const key = `${meter} ${quantity} ${fromMs}`
    if (this.#summed.has(key)) return
    this.#summed.add(key)
    const { books } = this.#proof
    const sumOf = (...ends: readonly number[]): Proved | undefined =>
      readable(() =>
        join(
          ends
            .slice(1)
            .flatMap((endMs, index) =>
              books
                .sumsOver(meter, quantity, { fromMs: ends[index] ?? fromMs, toMs: endMs })
                .map((each) => each.sum),
            ),
        ),
      )
    const isOf = (sum: Proved, one: Proved): boolean =>
      sum.known === one.known && isAmount(sum.energy, one.energy)
    const kept = [
      ['month', sumOf(fromMs, toMs)],
      // To the end of the month's first day: clocks change on other days.
      ['days', sumOf(fromMs, fromMs + DAY_MS, toMs)],
    ] as const
    for (const [which, sum] of kept) {
      const what = `the kept sum of ${meter} (${quantity}), by its ${which},`
      if (sum === undefined) {
        yield `${what} cannot be read`
        continue
      }
      // A posting may rest on older revisions than those that are summed.
      if (isOf(sum, proved) || isOf(sum, books.slotProof(meter, quantity, { fromMs, toMs }))) continue
      yield `${what} is not that of its intervals`
    }
  }

  *#ofRow(row: LedgerRow): Generator<string> {
    const { number, hash, atMs } = this.#before
    if (row.number !== number + 1) yield `it follows entry ${number}: entries between them are gone`
    if (row.previous !== hash) yield `it does not carry the hash of entry ${number}`
    if (row.recordedAtMs < atMs) yield `it was recorded before entry ${number}`
    // The rest of a stretch bears the same time.
    if (row.recordedAtMs > this.#proof.nowMs + CLOCK_STEP_MS && row.recordedAtMs > atMs)
      yield `it is dated ${Temporal.Instant.fromEpochMilliseconds(row.recordedAtMs).toString()}, later than now: a clock was ahead, and statements "as known on" days before are without it`
    if (this.#proof.sha256(hashedText(row, row.body)) !== row.hash)
      yield 'its hash is not that of its content'
    const body = readBody(row, this.#factors, this.#proof.sha256)
    if (typeof body === 'string') {
      yield body
      return
    }
    if (body.kind === 'posting') yield* this.#ofPosting(body)
    if (body.kind === 'closing') yield* this.#ofClosing(row, body)
    const { evidence: _, version, ...rest } = row
    // Its hash has told of another one.
    if (version !== 1 && version !== 2) return
    const entry: LedgerEntry = { ...rest, version, body }
    if (entry.number > this.#state.last) this.#state.take(entry)
  }

  *#ofPosting(posting: Posting): Generator<string> {
    const { books, rules, factorNow } = this.#proof
    this.#count.postings += 1
    for (const evidence of posting.evidence.meters) {
      const { meter, quantity, fromMs, toMs, runs, digest, energy, slots } = evidence
      const what = `${posting.month} ${posting.source}: intervals of ${meter} (${quantity})`
      const proof = readable(() => books.slotProof(meter, quantity, { fromMs, toMs }, runs))
      if (proof === undefined) {
        yield `${what} cannot be read`
        continue
      }
      this.#count.slots += proof.known + proof.missing
      if (proof.digest !== digest) yield `${what} are not those that it was computed of`
      const now = proof.energy === undefined ? undefined : textOf(ofAmount(proof.energy))
      if (now !== energy || proof.known !== slots.known)
        yield `${what} add up to ${now ?? 'nothing'}, not to ${energy ?? 'nothing'}`
      else yield* this.#ofSums(evidence, proof)
    }
    for (const { record } of posting.evidence.records) {
      if (this.#records?.has(record) === false)
        yield `record ${record} of ${posting.source} is not in the books`
    }
    const defaultOf = (code: string, what: string): string | undefined => factorNow(code, what, posting.month)
    if (this.#records !== undefined)
      yield* recordFindings(posting, { records: this.#records, items: rules.items, defaultOf })
    for (const { code, what, value, rule } of posting.factors) {
      if (rule.startsWith('of ')) {
        const made = enthalpyOf(rule)
        if (made !== value) yield `enthalpy ${rule} is ${made ?? 'none'}; ${value} was used`
      }
      // Measured values stand in records, others of the account's own in the plan.
      if (rule.startsWith('measured') || rule === 'own' || rule.startsWith('of ')) continue
      const now = factorNow(code, what, posting.month)
      if (now !== value) yield `factor ${code} (${what}) is ${now ?? 'gone'} in the files; ${value} was used`
    }
    for (const [part, value] of Object.entries(resultOf(posting, rules.assumptions))) {
      const said: unknown = Reflect.get(posting, part)
      if (!isSameContent(said ?? null, value ?? null))
        yield `${posting.month} ${posting.source}: ${part} is ${canonicalText(said ?? null)}, computed again ${canonicalText(value ?? null)}`
    }
  }

  *#ofClosing(row: LedgerRow, body: Extract<EntryBody, { kind: 'closing' }>): Generator<string> {
    this.#count.signatures += 1
    const { key, signature, ...said } = body
    const signed = this.#proof.isSigned(
      key,
      signature,
      signedClosingText({ account: this.#account, previous: row.previous, closing: said }),
    )
    if (signed === undefined) yield `its key ${key.slice(0, 16)}… is none of those that are trusted`
    else if (!signed) yield 'its signature is not one over this closing and the chain before it'
    const isSaid = [isIncomplete, lacksSlots].some((isLacking) =>
      isSameContent(closingOf(this.#state, body.month, body.by, isLacking), said),
    )
    if (!isSaid) yield `its totals are not those of ${body.month}`
  }
}

/** Everything that is wrong with an account's chain, in order; nothing where it holds. Adds to `count`. */
export function ledgerFindings(account: string, proof: Proof, count: ProofCount): Generator<LedgerFinding> {
  return new AccountProof(account, proof, count).findings()
}
