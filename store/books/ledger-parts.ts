import { hash as digestOf } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { canonicalText } from '#contract/canonical-text.ts'
import type { KeptPart } from '#contract/kept-entry.ts'

/** Factors of postings, each list of them kept once: a park has some hundred, and each holds for many postings. */

const contentRow = z.tuple([z.string()]).optional()

/** Lists that are remembered; beyond that they are begun anew. */
const REMEMBERED_MAX = 10_000

/** A list of factors as it was read. */
export interface KeptFactors {
  readonly text: string
  readonly parsed: unknown
  /** False where the text is not that of its digest. */
  readonly isProven: boolean
}

const partOf = (text: string): KeptPart => ({ text, digest: digestOf('sha256', text) })

/** A part of a posting as it is kept. */
export const keptPart = (value: object): KeptPart => partOf(canonicalText(value))

/** The factors of the ledger. `keep` belongs into a transaction of the caller. */
export function openLedgerFactors(database: DatabaseSync) {
  const put = database.prepare('INSERT OR IGNORE INTO ledger_factors VALUES (unhex(?), ?)')
  const get = database.prepare('SELECT content FROM ledger_factors WHERE digest = unhex(?)')
  get.setReturnArrays(true)
  const parts = new Map<string, KeptPart>()
  const read = new Map<string, KeptFactors>()

  function remember<V>(map: Map<string, V>, key: string, value: V): V {
    if (map.size >= REMEMBERED_MAX) map.clear()
    map.set(key, value)
    return value
  }

  /** The same as `keptPart`, hashed once for all postings that have these factors. */
  function partOfFactors(factors: object): KeptPart {
    const text = canonicalText(factors)
    return parts.get(text) ?? remember(parts, text, partOf(text))
  }

  /** Sees to it that a list is in the file. */
  function keep({ text, digest }: KeptPart): void {
    put.run(digest, text)
  }

  /** The list of a digest; undefined where it is gone. */
  function find(digest: string): KeptFactors | undefined {
    const known = read.get(digest)
    if (known !== undefined) return known
    const [text] = contentRow.parse(get.get(digest)) ?? []
    if (text === undefined) return undefined
    const isProven = digestOf('sha256', text) === digest
    const found = { text, parsed: isProven ? JSON.parse(text) : undefined, isProven }
    return isProven ? remember(read, digest, found) : found
  }

  return { partOf: partOfFactors, keep, find }
}
