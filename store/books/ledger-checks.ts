import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import type { KeptBody } from '#contract/kept-entry.ts'

/** What may be added to a ledger. All entries that come together are looked at before the first is written. */

const heldRow = z.tuple([z.number(), z.string(), z.number()])
const targetRow = z.object({ kind: z.string(), reversed: z.number() }).optional()
const holderRow = z.object({ account: z.string(), number: z.number() }).optional()
const lockRow = z.object({ kind: z.string() }).optional()

/** Kinds whose figures a reversal can take back. */
const REVERSIBLE: ReadonlySet<string> = new Set([
  'posting',
  'adjustment',
  'allowance',
  'offset',
  'certificate',
])
/** Kinds that change what a closed month says. */
const LOCKED: ReadonlySet<string> = new Set(['posting', 'reversal', 'adjustment'])

const notReversible = (account: string, number: number): Fault =>
  new Fault('entry-invalid', `Entry ${number} of ${account} cannot be reversed.`)

/** Entries that are reversed, by number. */
export type Reversed = ReadonlyMap<number, { readonly body: string; readonly evidenceIn: number }>

const isHeldRow = (row: unknown): row is z.output<typeof heldRow> =>
  Array.isArray(row) &&
  row.length === 3 &&
  typeof row[0] === 'number' &&
  typeof row[1] === 'string' &&
  typeof row[2] === 'number'

function reversedOf(row: unknown): [number, { body: string; evidenceIn: number }] {
  // There are some hundred thousand of them when a factor changes: usual ones are taken without a schema.
  const [number, body, evidenceIn] = isHeldRow(row) ? row : heldRow.parse(row)
  return [number, { body, evidenceIn }]
}

/** The checks of entries to come. */
export function openLedgerChecks(database: DatabaseSync) {
  const kinds = [...REVERSIBLE].map((kind) => `'${kind}'`).join(', ')
  const reversible = database.prepare(
    `SELECT one.number, one.body, coalesce(one.evidence_of, one.number)
     FROM json_each(?2) AS wanted CROSS JOIN ledger_entry AS one
     WHERE one.account = ?1 AND one.number = wanted.value AND one.kind IN (${kinds})
       AND NOT EXISTS (SELECT 1 FROM ledger_entry AS other WHERE other.account = ?1 AND other.reverses = wanted.value)`,
  )
  reversible.setReturnArrays(true)
  const target = database.prepare(
    `SELECT kind, EXISTS (SELECT 1 FROM ledger_entry WHERE account = ?1 AND reverses = ?2) AS reversed
     FROM ledger_entry WHERE account = ?1 AND number = ?2`,
  )
  const holder = database.prepare(
    `SELECT account, number FROM ledger_entry AS one WHERE reference = ? AND kind IN ('certificate', 'offset')
     AND NOT EXISTS (SELECT 1 FROM ledger_entry AS other
                     WHERE other.account = one.account AND other.reverses = one.number) LIMIT 1`,
  )
  const record = database.prepare(
    `SELECT account, number FROM accounting_record AS one WHERE certificate = ? AND account <> ?
     AND NOT EXISTS (SELECT 1 FROM accounting_record AS other WHERE other.replaces = one.number) LIMIT 1`,
  )
  // SQLite would rather walk through the whole account from its end.
  const lock = database.prepare(
    `SELECT kind FROM ledger_entry INDEXED BY ledger_entry_by_month
     WHERE account = ? AND month = ? AND kind IN ('closing', 'reopening') ORDER BY number DESC LIMIT 1`,
  )

  /** Throws for the first of these entries that cannot be reversed. */
  function checkTargets(account: string, numbers: readonly number[]): Reversed {
    if (numbers.length === 0) return new Map()
    const found = reversible.all(account, JSON.stringify(numbers))
    if (found.length === numbers.length) return new Map(found.map(reversedOf))
    for (const number of numbers) {
      const found = targetRow.parse(target.get(account, number))
      if (found === undefined || !REVERSIBLE.has(found.kind) || found.reversed !== 0)
        throw notReversible(account, number)
    }
    throw new RangeError(`reversals of ${account} name an entry twice`)
  }

  /** Each is reversed once, and what comes together only after what it reverses. Gives what was reversed by then. */
  function reversals(
    account: string,
    bodies: readonly KeptBody[],
    first: number,
  ): { readonly reversedBy: Map<number, number>; readonly reversed: Reversed } {
    const reversedBy = new Map<number, number>()
    const before: number[] = []
    for (const [index, body] of bodies.entries()) {
      const { reverses } = body
      if (reverses === null) continue
      if (reversedBy.has(reverses)) throw notReversible(account, reverses)
      reversedBy.set(reverses, index)
      if (reverses < first) {
        before.push(reverses)
        continue
      }
      const kind = reverses - first < index ? bodies[reverses - first]?.kind : undefined
      if (kind === undefined || !REVERSIBLE.has(kind)) throw notReversible(account, reverses)
    }
    return { reversedBy, reversed: checkTargets(account, before) }
  }

  /** Of one certificate or offset there is one entry in all accounts, and no other account covers its electricity by it. */
  function checkReferences(
    account: string,
    bodies: readonly KeptBody[],
    first: number,
    reversedBy: ReadonlyMap<number, number>,
  ): void {
    const added = new Map<string, number>()
    for (const [index, body] of bodies.entries()) {
      const { kind, reference } = body
      if (reference === null || (kind !== 'certificate' && kind !== 'offset')) continue
      const isFree = (number: number): boolean => (reversedBy.get(number) ?? bodies.length) < index
      const found = holderRow.parse(holder.get(reference))
      const own = added.get(reference)
      const held =
        found !== undefined && !(found.account === account && isFree(found.number))
          ? found
          : own !== undefined && !isFree(own)
            ? { account, number: own }
            : undefined
      if (held !== undefined)
        throw new Fault(
          'certificate-used',
          `${reference} is in entry ${held.number} of account ${held.account}.`,
        )
      const covering = kind === 'certificate' ? holderRow.parse(record.get(reference, account)) : undefined
      if (covering !== undefined)
        throw new Fault(
          'certificate-used',
          `${reference} is in record ${covering.number} of account ${covering.account}.`,
        )
      added.set(reference, first + index)
    }
  }

  /** Months are closed once, and nothing changes them until they are reopened. */
  function checkMonths(account: string, bodies: readonly KeptBody[]): void {
    // Asked once for all entries of a month that come together.
    const closed = new Map<string, boolean>()
    for (const body of bodies) {
      const { month } = body
      if (month === null) continue
      const isClosed = closed.get(month) ?? lockRow.parse(lock.get(account, month))?.kind === 'closing'
      if (isClosed && (LOCKED.has(body.kind) || body.kind === 'closing'))
        throw new Fault('month-closed', `${month} of account ${account} is closed.`)
      if (!isClosed && body.kind === 'reopening')
        throw new Fault('entry-invalid', `${month} of account ${account} is not closed.`)
      closed.set(month, body.kind === 'closing' || (isClosed && body.kind !== 'reopening'))
    }
  }

  /**
   * Throws `entry-invalid`, `certificate-used` or `month-closed` where one of these may not be added.
   * @param first the number that the first of them will have
   * @returns entries of the file that they reverse
   */
  return function check(account: string, bodies: readonly KeptBody[], first: number): Reversed {
    const { reversedBy, reversed } = reversals(account, bodies, first)
    checkReferences(account, bodies, first, reversedBy)
    checkMonths(account, bodies)
    return reversed
  }
}
