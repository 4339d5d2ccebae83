import { z } from 'zod'
import { digest } from '#contract/identity.ts'
import { sample, SAMPLES_PER_BATCH_MAX, type Sample } from '#contract/messages.ts'
import { pack, unpack, type Compression } from './compression.ts'
import { sha256 } from './journal-file.ts'
import type { JournalTables } from './tables.ts'

/**
 * Readings that were taken before the clock was set wait here, on disk, under the monotonic time of their boot; when
 * the time is known they become rows of the journal, in the transaction that takes them out of here.
 */

const heldRow = z.object({
  id: z.int(),
  digest,
  payload: z.instanceof(Uint8Array),
  readings: z.int().min(1),
  floor_ms: z.int(),
})
const heldSamples = z.array(sample).min(1).max(SAMPLES_PER_BATCH_MAX)
const bootRow = z.object({ boot: z.string(), last: z.int() })
const sumRow = z.object({ readings: z.int().nullable() })

/** One row taken out: its samples, still in monotonic time, or how many readings the damage took. */
export type Taken =
  | { readonly samples: readonly Sample[]; readonly floorMs: number }
  | { readonly lostReadings: number; readonly floorMs: number }

/** Writes samples whose times are monotonic milliseconds of a boot. */
export function hold(
  tables: JournalTables,
  boot: string,
  samples: readonly Sample[],
  how: { readonly readings: number; readonly floorMs: number; readonly compression: Compression },
): void {
  const payload = pack(samples, how.compression)
  const toMs = samples.reduce((newest, { atMs }) => Math.max(newest, atMs), 0)
  tables.database
    .prepare('INSERT INTO held (boot, digest, payload, readings, to_ms, floor_ms) VALUES (?, ?, ?, ?, ?, ?)')
    .run(boot, sha256(payload), payload, how.readings, toMs, how.floorMs)
}

/** Readings that wait for a time. */
export function heldReadings(tables: JournalTables): number {
  return (
    sumRow.parse(tables.database.prepare('SELECT sum(readings) AS readings FROM held').get()).readings ?? 0
  )
}

/** The oldest boot of which something is held, and the monotonic time of its last reading. */
export function oldestBoot(
  tables: JournalTables,
): { readonly boot: string; readonly lastMs: number } | undefined {
  const found = tables.database
    .prepare(
      'SELECT boot, (SELECT max(to_ms) FROM held AS same WHERE same.boot = held.boot) AS last FROM held ORDER BY id LIMIT 1',
    )
    .get()
  if (found === undefined) return undefined
  const { boot, last } = bootRow.parse(found)
  return { boot, lastMs: last }
}

/** Takes out the oldest row of a boot. Belongs into the transaction that writes what it holds. */
export function takeHeld(tables: JournalTables, boot: string): Taken | undefined {
  const found = tables.database.prepare('SELECT * FROM held WHERE boot = ? ORDER BY id LIMIT 1').get(boot)
  if (found === undefined) return undefined
  const row = heldRow.parse(found)
  tables.database.prepare('DELETE FROM held WHERE id = ?').run(row.id)
  const samples =
    sha256(row.payload) === row.digest ? heldSamples.safeParse(unpack(row.payload)).data : undefined
  if (samples === undefined) return { lostReadings: row.readings, floorMs: row.floor_ms }
  return { samples, floorMs: row.floor_ms }
}
