import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import type { CommitRecord } from '#contract/commit.ts'
import { meterEntry, type RecordedEntry } from '#contract/meter-entry.ts'

/** What persons said of meters. Never changed and never removed; withdrawing is an entry of its own. */

const entryRow = z.object({
  digest: z.instanceof(Uint8Array),
  entered_ms: z.number(),
  entry: z.string(),
  withdrawn: z.number(),
})

/** The entries of the books. `enter` belongs into a transaction of the caller. */
export function openEntries(database: DatabaseSync) {
  const insert = database.prepare('INSERT INTO meter_entry VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING')
  const withdraw = database.prepare('INSERT INTO meter_entry_withdrawn VALUES (?, ?) ON CONFLICT DO NOTHING')
  const ofMeter = database.prepare(
    `SELECT digest, entered_ms, entry,
       EXISTS (SELECT 1 FROM meter_entry_withdrawn AS w WHERE w.meter = e.meter AND w.digest = e.digest) AS withdrawn
     FROM meter_entry AS e WHERE meter = ? ORDER BY entered_ms, digest`,
  )

  /** Enters what a commit record says, if it says anything of a meter. In any order, and any number of times. */
  function enter({ digest, committedAtMs, entry }: CommitRecord): void {
    if (entry === undefined) return
    insert.run(entry.meter, Buffer.from(digest, 'hex'), committedAtMs, JSON.stringify(entry))
    if (entry.kind === 'withdrawal') withdraw.run(entry.meter, Buffer.from(entry.entry, 'hex'))
  }

  function of(meter: string): RecordedEntry[] {
    return ofMeter.all(meter).map((row) => {
      const found = entryRow.parse(row)
      return {
        digest: Buffer.from(found.digest).toString('hex'),
        entry: meterEntry.parse(JSON.parse(found.entry)),
        enteredMs: found.entered_ms,
        isWithdrawn: found.withdrawn === 1,
      }
    })
  }

  return { enter, of }
}
