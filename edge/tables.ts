import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import type { EpochId } from '#contract/identity.ts'
import type { UplinkMessage } from '#contract/messages.ts'
import { readingsIn } from './batch.ts'
import { Damage, epochRow, identityRow, sealOf } from './journal-file.ts'

/** A row as it lies on disk. */
export interface StoredRow {
  readonly place: number
  readonly digest: string
  readonly payload: Uint8Array
}

/** Numbers of one epoch begin after a place; place − afterPlace = number. */
export interface EpochStart {
  readonly afterPlace: number
  readonly epoch: EpochId
}

/** What a message says about time and amount, for the columns beside it. */
export interface Extent {
  readonly readings: number
  readonly fromMs: number
  readonly toMs: number
}

const usedRow = z.object({ used: z.int().min(0) })

/** Readings and time range of a message; a gap record holds none. */
export function extentOf(message: UplinkMessage): Extent {
  if (message.kind === 'gap') return { readings: 0, fromMs: message.fromMs, toMs: message.toMs }
  let readings = 0
  let fromMs = Infinity
  let toMs = 0
  for (const sample of message.samples) {
    readings += readingsIn(sample)
    fromMs = Math.min(fromMs, sample.atMs)
    toMs = Math.max(toMs, sample.atMs)
  }
  return { readings, fromMs, toMs }
}

/** Names the epoch and number of a place. */
export function numberOf(
  epochs: readonly EpochStart[],
  place: number,
): { readonly epoch: EpochId; readonly seq: number } {
  const start = epochs.findLast(({ afterPlace }) => afterPlace < place)
  if (start === undefined) throw new Damage(`no epoch has place ${place}`)
  return { epoch: start.epoch, seq: place - start.afterPlace }
}

/** The journal's tables, written on one connection. Errors are SQLite's own, or Damage. */
export class JournalTables {
  readonly database: DatabaseSync

  constructor(database: DatabaseSync) {
    this.database = database
  }

  transaction<T>(write: () => T): T {
    this.database.exec('BEGIN IMMEDIATE')
    try {
      const result = write()
      this.database.exec('COMMIT')
      return result
    } catch (error) {
      // A full disk makes SQLite roll back by itself; a second ROLLBACK would hide the reason.
      if (this.database.isTransaction) this.database.exec('ROLLBACK')
      throw error
    }
  }

  begin(gateway: string): void {
    this.database
      .prepare(
        'INSERT INTO identity (only, gateway, last_place, trimmed_place, newest_ms, mirror, running) VALUES (1, ?, 0, 0, 0, 0, 1)',
      )
      .run(gateway)
  }

  identity(): z.infer<typeof identityRow> {
    return identityRow.parse(this.database.prepare('SELECT * FROM identity').get())
  }

  /** Changes what the journal knows of itself; every figure only rises. */
  raise(change: { lastPlace?: number; trimmedPlace?: number; newestMs?: number }): void {
    const now = this.identity()
    const last = Math.max(now.last_place, change.lastPlace ?? 0)
    const trimmed = Math.max(now.trimmed_place, change.trimmedPlace ?? 0)
    const newest = Math.max(now.newest_ms, change.newestMs ?? 0)
    this.database
      .prepare('UPDATE identity SET last_place = ?, trimmed_place = ?, newest_ms = ?, mirror = ?')
      .run(last, trimmed, newest, -(last + 3 * trimmed + 7 * newest))
  }

  setRunning(running: boolean): void {
    this.database.prepare('UPDATE identity SET running = ?').run(Number(running))
  }

  addEpoch(gateway: string, { afterPlace, epoch }: EpochStart): void {
    this.database
      .prepare('INSERT OR IGNORE INTO epoch (after_place, epoch, seal) VALUES (?, ?, ?)')
      .run(afterPlace, epoch, sealOf(gateway, afterPlace, epoch))
  }

  epochs(): EpochStart[] {
    return this.database
      .prepare('SELECT * FROM epoch ORDER BY after_place')
      .all()
      .map((row) => epochRow.parse(row))
      .map(({ after_place, epoch }) => ({ afterPlace: after_place, epoch }))
  }

  insert({ place, digest, payload }: StoredRow, { readings, fromMs, toMs }: Extent): void {
    this.database
      .prepare(
        'INSERT INTO batch (place, digest, payload, bytes, readings, from_ms, to_ms) VALUES (?, ?, ?, ?, ?, ?, ?)',
      )
      .run(place, digest, payload, payload.length, readings, fromMs, toMs)
  }

  /** Bytes of the file that hold something. The file keeps freed pages and uses them again. */
  usedBytes(): number {
    return usedRow.parse(
      this.database
        .prepare(
          'SELECT (page_count - freelist_count) * page_size AS used FROM pragma_page_count, pragma_freelist_count, pragma_page_size',
        )
        .get(),
    ).used
  }
}
