import { hash } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import type { CommitRecord } from '#contract/commit.ts'
import { meterEntry, type MeterEntry, type RecordedEntry } from '#contract/meter-entry.ts'

/** What persons said of meters. Never changed and never removed; withdrawing is an entry of its own. */

const keptRow = z.object({
  meter: z.string(),
  digest: z.instanceof(Uint8Array),
  entry: z.string(),
  withdrawn: z.number(),
})
const entryRow = z.object({
  digest: z.instanceof(Uint8Array),
  entered_ms: z.number(),
  entry: z.string(),
  withdrawn: z.number(),
})

/** An entry's text; undefined where it is none. */
function entryOf(text: string): MeterEntry | undefined {
  try {
    return meterEntry.safeParse(JSON.parse(text)).data
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** True for the text of an entry of a meter whose digest is that of its words (`ingest/meter-entry.ts`). */
function isOf(text: string, digest: string, meter: string): boolean {
  const entry = entryOf(text)
  if (entry?.meter !== meter) return false
  return [text, JSON.stringify(entry)].some((each) => hash('sha256', each) === digest)
}

/** The entries of the books. `enter` belongs into a transaction of the caller. */
export function openEntries(database: DatabaseSync) {
  const insert = database.prepare('INSERT INTO meter_entry VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING')
  const withdraw = database.prepare('INSERT INTO meter_entry_withdrawn VALUES (?, ?) ON CONFLICT DO NOTHING')
  const all = database.prepare(
    `SELECT meter, digest, entry,
       EXISTS (SELECT 1 FROM meter_entry_withdrawn AS w WHERE w.meter = e.meter AND w.digest = e.digest) AS withdrawn
     FROM meter_entry AS e ORDER BY meter, entered_ms, digest`,
  )
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

  /** Decisions that are not what their digest says, and withdrawals that are said of others than are withdrawn. */
  function damages(): string[] {
    const rows = all.all().map((row) => {
      const { meter, digest, entry, withdrawn } = keptRow.parse(row)
      return { meter, digest: Buffer.from(digest).toString('hex'), text: entry, isWithdrawn: withdrawn === 1 }
    })
    const changed = rows.filter(({ digest, text, meter }) => !isOf(text, digest, meter))
    const taken = new Set(
      rows.flatMap(({ text, meter }) => {
        const entry = entryOf(text)
        return entry?.kind === 'withdrawal' ? [`${meter} ${entry.entry}`] : []
      }),
    )
    const stands = rows.filter(
      ({ meter, digest, isWithdrawn }) => taken.has(`${meter} ${digest}`) !== isWithdrawn,
    )
    const named = ({ meter, digest }: { meter: string; digest: string }): string =>
      `decision ${digest.slice(0, 12)} of ${meter}`
    return [
      ...changed.map((row) => `${named(row)} is not what was entered`),
      ...stands.map(
        (row) =>
          `${named(row)} ${row.isWithdrawn ? 'is withdrawn, and nobody has' : 'stands, and was withdrawn'}`,
      ),
    ]
  }

  return { enter, of, damages }
}
