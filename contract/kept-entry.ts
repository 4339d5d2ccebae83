import { canonicalText } from './canonical-text.ts'
import type { EntryBody, LedgerEntry, Posting } from './entry.ts'

/**
 * How an entry of the ledger is kept and hashed. In version 1 its body is one text. In version 2 the factors and the evidence
 * of a posting are texts of their own, which the body names by their SHA-256: the hash of the entry holds for them as
 * before, and what several postings have in common is kept once.
 */

/** A part of a posting: its canonical text, and the SHA-256 of it. */
export interface KeptPart {
  readonly text: string
  readonly digest: string
}

/** The body of an entry of version 2, with what the books ask of it. */
export interface KeptBody {
  readonly kind: EntryBody['kind']
  readonly month: string | null
  readonly reverses: number | null
  readonly reference: string | null
  /** What is hashed with the entry (`hashedText`). */
  readonly text: string
  /** Of a posting alone. */
  readonly parts: { readonly factors: KeptPart; readonly evidence: KeptPart } | undefined
}

/** What the columns of an entry say of its body. */
export function columnsOf(body: EntryBody): Pick<KeptBody, 'kind' | 'month' | 'reverses' | 'reference'> {
  return {
    kind: body.kind,
    month: 'month' in body ? (body.month ?? null) : null,
    reverses: body.kind === 'reversal' ? body.reverses : null,
    reference: 'reference' in body ? body.reference : null,
  }
}

/** A posting that names its parts, in the order of canonical texts, which need not sort it then. */
function named(
  posting: Posting,
  factors: string,
  evidence: string,
): Readonly<Record<keyof Posting, unknown>> {
  return {
    activity: posting.activity,
    completeness: posting.completeness,
    covered: posting.covered,
    evidence,
    factors,
    formula: posting.formula,
    kind: posting.kind,
    methods: posting.methods,
    month: posting.month,
    scope: posting.scope,
    source: posting.source,
    sourceKind: posting.sourceKind,
    tCo2: posting.tCo2,
    tCo2MarketBased: posting.tCo2MarketBased,
    unavailable: posting.unavailable,
    uncertainty: posting.uncertainty,
  }
}

/**
 * Bodies as they are kept from version 2 on. A park has some hundred lists of factors, each of which holds for many postings:
 * those that never change are written and hashed once.
 */
export function bodyKeeper(sha256: (text: string) => string): (body: EntryBody) => KeptBody {
  const known = new WeakMap<object, KeptPart>()

  function partOf(value: object): KeptPart {
    const text = canonicalText(value)
    return { text, digest: sha256(text) }
  }

  function factorsPart(factors: object): KeptPart {
    const found = known.get(factors)
    if (found !== undefined) return found
    const made = partOf(factors)
    if (Object.isFrozen(factors)) known.set(factors, made)
    return made
  }

  return (body) => {
    const columns = columnsOf(body)
    if (body.kind !== 'posting') return { ...columns, text: canonicalText(body), parts: undefined }
    const [factors, evidence] = [factorsPart(body.factors), partOf(body.evidence)]
    const text = canonicalText(named(body, factors.digest, evidence.digest))
    return { ...columns, text, parts: { factors, evidence } }
  }
}
/** A posting whose parts are named by their SHA-256. */
export interface NamedParts {
  readonly kind: 'posting'
  readonly factors: string
  readonly evidence: string
}

/** True for the parsed body of a posting of version 2. */
export const namesParts = (body: unknown): body is NamedParts =>
  typeof body === 'object' &&
  body !== null &&
  'kind' in body &&
  body.kind === 'posting' &&
  'factors' in body &&
  typeof body.factors === 'string' &&
  'evidence' in body &&
  typeof body.evidence === 'string'

type Hashed = Pick<LedgerEntry, 'account' | 'number' | 'recordedAtMs' | 'previous'> & {
  readonly version: number
}

/**
 * The text whose SHA-256 is an entry's hash. `body` is the body's canonical text as its version has it; no other part holds
 * a line feed, so two different entries never have the same text.
 */
export function hashedText(
  { account, number, recordedAtMs, previous, version }: Hashed,
  body: string,
): string {
  return `tanbiao ledger entry ${version}\n${account}\n${number}\n${recordedAtMs}\n${previous}\n${body}`
}
