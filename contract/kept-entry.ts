import { canonicalText } from './canonical-text.ts'
import type { EntryBody, LedgerEntry } from './entry.ts'

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

/** The body of an entry of version 2. */
export interface KeptBody {
  /** What is hashed with the entry (`hashedText`). */
  readonly text: string
  /** Of a posting alone. */
  readonly parts: { readonly factors: KeptPart; readonly evidence: KeptPart } | undefined
}

/**
 * A body as it is kept from version 2 on.
 * @param part the canonical text of a part and its SHA-256
 * @param ofFactors the same of factors, which come again and again
 */
export function keptBody(
  body: EntryBody,
  part: (value: object) => KeptPart,
  ofFactors: (factors: object) => KeptPart = part,
): KeptBody {
  if (body.kind !== 'posting') return { text: canonicalText(body), parts: undefined }
  const [factors, evidence] = [ofFactors(body.factors), part(body.evidence)]
  const text = canonicalText({ ...body, factors: factors.digest, evidence: evidence.digest })
  return { text, parts: { factors, evidence } }
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

type Hashed = Pick<LedgerEntry, 'account' | 'number' | 'recordedAtMs' | 'previous' | 'version'>

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
