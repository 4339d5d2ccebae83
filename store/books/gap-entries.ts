import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { DAY_MS } from '#contract/duration.ts'
import {
  gapDecision,
  gapEntry,
  type GapChanges,
  type GapDecision,
  type GapEntry,
  type GapKind,
  type GapState,
} from '#contract/gap.ts'
import type { Period } from '#contract/grid.ts'
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

const lateRow = z.object({ id: z.number(), first: z.number(), last: z.number() })

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
  const countOpen = database.prepare(
    "SELECT count(*) AS entries FROM gap_entry WHERE kind = ? AND state = 'open' AND state <> 'filled'",
  )
  const acceptedBatches = database.prepare(
    "SELECT coalesce(sum(missing), 0) AS batches FROM gap_entry WHERE kind = 'batches' AND state = 'accepted' AND state <> 'filled'",
  )
  const openLate = database.prepare(
    `SELECT id, first, last FROM gap_entry WHERE kind = 'late' AND state = 'open' AND meter = ? AND gateway = ?
       AND first <= ? AND last >= ?`,
  )
  const growLate = database.prepare(
    'UPDATE gap_entry SET first = ?1, last = ?2, missing = ?2 - ?1 + 1, from_ms = ?1, to_ms = ?2 + 1, changed_ms = ?3 WHERE id = ?4',
  )
  const accept = database.prepare(
    "UPDATE gap_entry SET state = 'accepted', decision = ?, changed_ms = ? WHERE id = ? AND state = 'open'",
  )

  function apply({ opened, changed }: GapChanges, nowMs: number): void {
    for (const { kind, gateway, meter, epoch, first, last, fromMs, toMs, cause } of opened) {
      const subject = [kind, gateway, meter ?? null, epoch ?? null]
      insert.run(...subject, first, last, last - first + 1, fromMs, toMs ?? null, cause, nowMs, nowMs)
    }
    for (const { id, last, missing, toMs, state } of changed)
      change.run(last, missing, toMs ?? null, state, nowMs, id)
  }

  return {
    unfilled: (): GapEntry[] => unfilled.all().map(entryOf),

    newest(limit: number, state?: GapState): GapEntry[] {
      const most = Math.max(0, Math.trunc(limit))
      return (state === undefined ? newest.all(most) : newestOf.all(state, most)).map(entryOf)
    },

    newestOfMeter: (meter: string, limit: number): GapEntry[] =>
      newestOfMeter.all(meter, Math.max(0, Math.trunc(limit))).map(entryOf),

    apply,

    /** Batches that are missing and that a person has accepted as lost. */
    countAcceptedBatches: (): number => Number(acceptedBatches.get()?.['batches']),

    /** Open entries of each kind, by the index of what is not filled. */
    countOpen(): Record<GapKind, number> {
      const of = (kind: GapKind): number => Number(countOpen.get(kind)?.['entries'])
      return {
        batches: of('batches'),
        declared: of('declared'),
        gateway: of('gateway'),
        meter: of('meter'),
        undecided: of('undecided'),
        late: of('late'),
      }
    },

    /**
     * Readings of a meter came too late to count. An outage that is sent after all comes in many batches: what is no more
     * than a day away from an open entry is part of it.
     */
    noteLate(
      { meter, gateway }: { readonly meter: string; readonly gateway: string },
      { fromMs, toMs }: Period,
      nowMs: number,
    ): void {
      const near = lateRow.optional().parse(openLate.get(meter, gateway, toMs + DAY_MS, fromMs - DAY_MS))
      if (near === undefined) {
        const of = { kind: 'late', gateway, meter, cause: 'readings-let-go' } as const
        apply({ opened: [{ ...of, first: fromMs, last: toMs, fromMs, toMs: toMs + 1 }], changed: [] }, nowMs)
      } else if (fromMs < near.first || toMs > near.last)
        growLate.run(Math.min(near.first, fromMs), Math.max(near.last, toMs), nowMs, near.id)
    },

    /** False where it is not open. */
    accept: (id: number, decision: GapDecision): boolean =>
      accept.run(JSON.stringify(gapDecision.parse(decision)), decision.atMs, id).changes > 0,
  }
}
