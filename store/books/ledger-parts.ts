import { hash as digestOf } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
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

/** The factors of the ledger. `keep` belongs into a transaction of the caller. */
export function openLedgerFactors(database: DatabaseSync) {
  const put = database.prepare('INSERT OR IGNORE INTO ledger_factors VALUES (unhex(?), ?)')
  const get = database.prepare('SELECT content FROM ledger_factors WHERE digest = unhex(?)')
  get.setReturnArrays(true)
  const read = new Map<string, KeptFactors>()

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
    if (!isProven) return found
    if (read.size >= REMEMBERED_MAX) read.clear()
    read.set(digest, found)
    return found
  }

  return { keep, find }
}
