import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import {
  gapDecision,
  gapEntry,
  type GapChanges,
  type GapDecision,
  type GapEntry,
  type GapState,
} from '#contract/gap.ts'
import { EPOCH_MS_MAX } from '#contract/identity.ts'

/** What is missing, as a person follows it. */

const row = z.object({
  id: z.number(),
  kind: z.string(),
  gateway: z.string(),
  meter: z.string().nullable(),
  epoch: z.string().nullable(),
  first: z.number(),
  last: z.number(),
  missing: z.number(),
  from_ms: z.number(),
  to_ms: z.number().nullable(),
  cause: z.string(),
  state: z.string(),
  opened_ms: z.number(),
  changed_ms: z.number(),
  decision: z.string().nullable(),
})

function entryOf(found: unknown): GapEntry {
  const {
    from_ms: fromMs,
    to_ms: toMs,
    opened_ms: openedMs,
    changed_ms: changedMs,
    ...rest
  } = row.parse(found)
  const decision = rest.decision === null ? undefined : gapDecision.parse(JSON.parse(rest.decision))
  return gapEntry.parse({
    ...rest,
    meter: rest.meter ?? undefined,
    epoch: rest.epoch ?? undefined,
    // Entries of before there was a bound.
    fromMs: Math.min(fromMs, EPOCH_MS_MAX),
    toMs: toMs === null ? undefined : Math.min(toMs, EPOCH_MS_MAX),
    openedMs,
    changedMs,
    decision,
  })
}

/** The gap entries of the books. Every function belongs into a transaction of the caller. */
export function openGapEntries(database: DatabaseSync) {
  const unfilled = database.prepare("SELECT * FROM gap_entry WHERE state <> 'filled' ORDER BY id")
  const newest = database.prepare('SELECT * FROM gap_entry ORDER BY id DESC LIMIT ?')
  const newestOf = database.prepare('SELECT * FROM gap_entry WHERE state = ? ORDER BY id DESC LIMIT ?')
  const newestOfMeter = database.prepare('SELECT * FROM gap_entry WHERE meter = ? ORDER BY id DESC LIMIT ?')
  const insert = database.prepare(
    `INSERT INTO gap_entry (kind, gateway, meter, epoch, first, last, missing, from_ms, to_ms, cause, state, opened_ms, changed_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'open', ?, ?)`,
  )
  const change = database.prepare(
    'UPDATE gap_entry SET last = ?, missing = ?, to_ms = ?, state = ?, changed_ms = ? WHERE id = ?',
  )
  const accept = database.prepare(
    "UPDATE gap_entry SET state = 'accepted', decision = ?, changed_ms = ? WHERE id = ? AND state = 'open'",
  )

  return {
    unfilled: (): GapEntry[] => unfilled.all().map(entryOf),

    newest(limit: number, state?: GapState): GapEntry[] {
      const most = Math.max(0, Math.trunc(limit))
      return (state === undefined ? newest.all(most) : newestOf.all(state, most)).map(entryOf)
    },

    newestOfMeter: (meter: string, limit: number): GapEntry[] =>
      newestOfMeter.all(meter, Math.max(0, Math.trunc(limit))).map(entryOf),

    apply({ opened, changed }: GapChanges, nowMs: number): void {
      for (const { kind, gateway, meter, epoch, first, last, fromMs, toMs, cause } of opened) {
        const subject = [kind, gateway, meter ?? null, epoch ?? null]
        insert.run(...subject, first, last, last - first + 1, fromMs, toMs ?? null, cause, nowMs, nowMs)
      }
      for (const { id, last, missing, toMs, state } of changed)
        change.run(last, missing, toMs ?? null, state, nowMs, id)
    },

    /** False where it is not open. */
    accept: (id: number, decision: GapDecision): boolean =>
      accept.run(JSON.stringify(gapDecision.parse(decision)), decision.atMs, id).changes > 0,
  }
}
