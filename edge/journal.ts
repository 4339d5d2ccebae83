import { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import { digest, type EpochId } from '#contract/identity.ts'
import type { Sample } from '#contract/messages.ts'
import { batchesOf, readingsIn } from './batch.ts'
import { heldReadings, hold, oldestBoot, takeHeld } from './held.ts'
import { asFault, Damage, isDamage, isMisplaced, sha256, SQLITE_FULL, sqliteCode } from './journal-file.ts'
import { openFile, type DamageReport, type OpenFile, type OpeningOptions } from './opening.ts'
import { deleteAcknowledged, dropOlder, makeRoom, type WhenFull } from './quota.ts'
import type { Gap, JournalRow } from './rows.ts'
import { numberOf, type JournalTables } from './tables.ts'

export type { JournalRow } from './rows.ts'

/** What waits for a receipt. */
export interface Waiting {
  readonly rows: number
  readonly bytes: number
  readonly oldestMs: number | undefined
}

export interface JournalOptions extends OpeningOptions {
  /** How long a row is kept after its receipt. */
  readonly graceMs: number
  /** Unlimited by default. */
  readonly quotaBytes?: number
  readonly whenFull?: WhenFull
}

/** Of a row on disk beside its payload: columns, index entries and the unused end of its last page. */
const ROW_BYTES = 4_096 + 512

const payloadRow = z.object({ digest, payload: z.instanceof(Uint8Array) })
const placeRow = z.object({ place: z.int() })
const waitingRow = z.object({ rows: z.int(), bytes: z.int().nullable(), oldest: z.int().nullable() })
const extentRow = z.object({ readings: z.int(), from_ms: z.int().min(0), to_ms: z.int().min(0) })
const oldestPlace = z.object({ place: z.int().nullable() })
const countRow = z.object({ count: z.int() })

/**
 * The journal of a gateway: one SQLite file in which a reading is safe before it is offered to the network.
 * Rows are numbered 1, 2, 3 … within an epoch and never change. One is deleted when its receipt is older than the
 * grace time; without a receipt only by quota or age, and then a gap record says so. An epoch ends with every stop that
 * was not clean, so that no number is used twice whatever a power cut took back.
 *
 * A file that is found damaged, at the start or later, is set aside; what can be read of it is taken over and the rest
 * declared lost. When `append` has returned, its rows survive a power cut (with `fsync: 'full'`).
 *
 * All methods are synchronous, and throw a Fault: `journal-full`, or `journal-unusable` when the file cannot be read or
 * written now; each call tries again.
 */
export class Journal {
  #options: JournalOptions
  #open: OpenFile | undefined
  #closed = false
  #epoch: EpochId | undefined
  #damage: DamageReport | undefined
  /** Newest time given to a released reading, per meter, so that times strictly rise. */
  readonly #released = new Map<string, number>()

  private constructor(options: JournalOptions) {
    this.#options = options
  }

  /**
   * Opens the journal, or makes it with a new epoch where there is none. A disk that refuses now is tried again at each
   * use. Throws `journal-unusable` for what only a person can mend: a path that cannot be, a file of another gateway or
   * of a later format.
   */
  static open(options: JournalOptions): Journal {
    const journal = new Journal(options)
    try {
      journal.#use(() => undefined)
    } catch (error) {
      const byPerson = !(error instanceof Fault) || sqliteCode(error.cause) === undefined
      if (byPerson || isMisplaced(options.file)) throw error
    }
    return journal
  }

  /** Other limits from now on. */
  limit(limits: Required<Pick<JournalOptions, 'graceMs' | 'quotaBytes' | 'whenFull'>>): void {
    this.#options = { ...this.#options, ...limits }
  }

  /** The newest epoch; undefined while the file could never be opened. */
  get epoch(): EpochId | undefined {
    return this.#epoch
  }

  /** The newest damage since the start. */
  get damage(): DamageReport | undefined {
    return this.#damage
  }

  /** UTC ms of the newest reading that ever had a row; 0 where there was none. */
  newestMs(): number {
    return this.#use(({ tables }) => tables.identity().newest_ms)
  }

  /** Writes readings as one transaction of one or more rows. Either all of them are safe, or it throws. */
  append(samples: readonly Sample[]): readonly JournalRow[] {
    return this.#write((open) => batchesOf(samples).flatMap((each) => this.#insert(open, each)))
  }

  /**
   * Declares that readings of [fromMs, toMs] are gone before they got a number: one number is given to them, and the
   * next one to the gap record that says so.
   */
  appendGap(gap: Omit<Gap, 'lost'>): JournalRow {
    return this.#write((open) => open.rows.unnumberedGap(gap))
  }

  /** Marks the row with exactly this digest as acknowledged. Returns its place the first time, then undefined. */
  acknowledge(digestOfPayload: string): number | undefined {
    return this.#use(({ marks }) => {
      const row = marks.database
        .prepare(
          'UPDATE batch SET acknowledged_ms = ? WHERE digest = ? AND acknowledged_ms IS NULL RETURNING place',
        )
        .get(Math.floor(this.#options.clock.wallMs()), digestOfPayload)
      return row === undefined ? undefined : placeRow.parse(row).place
    })
  }

  /** A row by its place; undefined when it was deleted. One whose bytes were changed on disk is declared lost. */
  row(place: number): JournalRow | undefined {
    return this.#use((open) => {
      const found = open.tables.database
        .prepare('SELECT digest, payload FROM batch WHERE place = ?')
        .get(place)
      if (found === undefined) {
        const waits = open.tables.database
          .prepare('SELECT place FROM batch INDEXED BY waiting WHERE acknowledged_ms IS NULL AND place = ?')
          .get(place)
        if (waits !== undefined) throw new Damage(`row ${place} is in the index only`)
        return undefined
      }
      const row = payloadRow.parse(found)
      if (sha256(row.payload) === row.digest) return { place, ...numberOf(open.epochs, place), ...row }
      open.tables.transaction(() => this.#declareDamaged(open, place))
      return undefined
    })
  }

  /** Places of rows without a receipt, oldest or newest first. */
  unacknowledged(order: 'oldest' | 'newest', limit: number): readonly number[] {
    const direction = order === 'oldest' ? 'ASC' : 'DESC'
    return this.#use(({ tables }) =>
      tables.database
        .prepare(`SELECT place FROM batch WHERE acknowledged_ms IS NULL ORDER BY place ${direction} LIMIT ?`)
        .all(limit)
        .map((row) => placeRow.parse(row).place),
    )
  }

  /** Bytes on disk that hold something. */
  usedBytes(): number {
    return this.#use(({ tables }) => tables.usedBytes())
  }

  waiting(): Waiting {
    return this.#use(({ tables }) => {
      const row = waitingRow.parse(
        tables.database
          .prepare(
            'SELECT count(*) AS rows, sum(bytes) AS bytes, min(from_ms) AS oldest FROM batch WHERE acknowledged_ms IS NULL',
          )
          .get(),
      )
      return { rows: row.rows, bytes: row.bytes ?? 0, oldestMs: row.oldest ?? undefined }
    })
  }

  /**
   * Lets rows of these numbers wait for a receipt again, where they are still kept. Returns how many there are; with
   * more than `limit` nothing is done.
   */
  resend(epoch: EpochId, firstSeq: number, lastSeq: number, limit: number): number {
    return this.#use(({ marks, epochs }) => {
      const at = epochs.findIndex((start) => start.epoch === epoch)
      const afterPlace = epochs[at]?.afterPlace
      if (afterPlace === undefined) return 0
      const last = Math.min(afterPlace + lastSeq, epochs[at + 1]?.afterPlace ?? Number.MAX_SAFE_INTEGER)
      const { count } = countRow.parse(
        marks.database
          .prepare('SELECT count(*) AS count FROM batch WHERE place BETWEEN ? AND ?')
          .get(afterPlace + firstSeq, last),
      )
      if (count > limit) return count
      marks.database
        .prepare('UPDATE batch SET acknowledged_ms = NULL WHERE place BETWEEN ? AND ?')
        .run(afterPlace + firstSeq, last)
      return count
    })
  }

  /** Deletes a part of the rows whose receipt is older than the grace time. Returns how many. */
  trim(): number {
    const beforeMs = Math.floor(this.#options.clock.wallMs() - this.#options.graceMs)
    return this.#use(({ marks }) => {
      const count = deleteAcknowledged(marks, beforeMs)
      if (count > 0) this.#noteTrimmed(marks)
      return count
    })
  }

  /** Drops a part of the rows whose readings were taken before a moment though they have no receipt. */
  dropOlder(beforeMs: number): readonly JournalRow[] {
    return this.#write((open) =>
      dropOlder(open.tables, open.epochs, beforeMs).map((each) => open.rows.gap({ cause: 'age', ...each })),
    )
  }

  /** Keeps readings whose times are monotonic milliseconds of a boot, until `release`. */
  hold(boot: string, samples: readonly Sample[]): void {
    const { quotaBytes = Infinity, compression = 'zstd' } = this.#options
    this.#write(({ tables }) => {
      const floorMs = tables.identity().newest_ms
      for (const each of batchesOf(samples)) {
        const readings = each.reduce((sum, sample) => sum + readingsIn(sample), 0)
        hold(tables, boot, each, { readings, floorMs, compression })
      }
      if (tables.usedBytes() > quotaBytes) throw full(this.#options.file)
    })
  }

  held(): number {
    return this.#use(({ tables }) => heldReadings(tables))
  }

  /** The oldest boot of which readings are held, and the monotonic time of its last one. */
  oldestHeld(): { readonly boot: string; readonly lastMs: number } | undefined {
    return this.#use(({ tables }) => oldestBoot(tables))
  }

  /**
   * Turns the oldest held readings of a boot into rows: each gets its monotonic time plus `offsetMs`, later than the
   * rows before them, and is uncertain. Returns undefined when nothing is left of that boot.
   */
  release(boot: string, offsetMs: number): readonly JournalRow[] | undefined {
    return this.#write((open) => {
      const taken = takeHeld(open.tables, boot)
      if (taken === undefined) return undefined
      const { floorMs } = taken
      if ('lostReadings' in taken) {
        const toMs = Math.max(floorMs, Math.floor(this.#options.clock.wallMs()))
        return [
          open.rows.unnumberedGap({
            cause: 'damaged',
            fromMs: floorMs,
            toMs,
            readings: taken.lostReadings,
          }),
        ]
      }
      const samples = taken.samples.map((sample) => this.#timed(sample, offsetMs, floorMs))
      return this.#insert(open, samples)
    })
  }

  close(): void {
    const open = this.#open
    this.#closed = true
    if (open === undefined) return
    try {
      open.tables.setRunning(false)
    } catch (error) {
      throw asFault(this.#options.file, error)
    } finally {
      this.#disconnect()
    }
  }

  #timed(sample: Sample, offsetMs: number, floorMs: number): Sample {
    const lastMs = Math.max(this.#released.get(sample.meter) ?? 0, floorMs)
    const atMs = Math.max(lastMs + 1, Math.floor(sample.atMs + offsetMs))
    this.#released.set(sample.meter, atMs)
    return { ...sample, atMs, quality: sample.quality === 'good' ? 'uncertain' : sample.quality }
  }

  /** Inserts a message as the next row; rows of the gap records that this takes, and of what is kept, come before it. */
  #insert(open: OpenFile, samples: readonly Sample[]): JournalRow[] {
    const content = { kind: 'readings' as const, samples: [...samples] }
    const { quotaBytes = Infinity, whenFull = 'drop-oldest', file } = this.#options
    const packed = open.rows.packed(content)
    const room = makeRoom(
      open.tables,
      open.epochs,
      { quotaBytes, whenFull },
      packed.payload.length + ROW_BYTES,
    )
    if (room === 'full') throw full(file)
    if (room.dropped.length === 0) return [open.rows.store(packed)]
    const gaps = room.dropped.map((each) => open.rows.gap({ cause: 'quota', ...each }))
    const batches = [...batchesOf(room.kept), content.samples]
    return [
      ...gaps,
      ...batches.map((each) => open.rows.store(open.rows.packed({ ...content, samples: each }))),
    ]
  }

  #declareDamaged(open: OpenFile, place: number): void {
    const { database } = open.tables
    const { readings, from_ms, to_ms } = extentRow.parse(
      database.prepare('DELETE FROM batch WHERE place = ? RETURNING readings, from_ms, to_ms').get(place),
    )
    const { epoch, seq } = numberOf(open.epochs, place)
    const lost = { epoch, firstSeq: seq, lastSeq: seq }
    open.rows.gap({
      cause: 'damaged',
      lost,
      fromMs: from_ms,
      toMs: Math.max(from_ms, to_ms),
      readings,
    })
  }

  #noteTrimmed(tables: JournalTables): void {
    const { place } = oldestPlace.parse(
      tables.database.prepare('SELECT min(place) AS place FROM batch').get(),
    )
    tables.raise({ trimmedPlace: place === null ? tables.identity().last_place : place - 1 })
  }

  #write<T>(write: (open: OpenFile) => T): T {
    return this.#use((open) => {
      try {
        return open.tables.transaction(() => write(open))
      } catch (error) {
        if ((sqliteCode(error) ?? 0) % 256 !== SQLITE_FULL || deleteAcknowledged(open.marks) === 0)
          throw error
        // Pages of rows that the server has anyway are free now.
        return open.tables.transaction(() => write(open))
      }
    })
  }

  /** Opens the file where it is not, and once more where it turns out to be damaged. */
  #use<T>(action: (open: OpenFile) => T): T {
    try {
      try {
        return action(this.#opened())
      } catch (error) {
        if (!isDamage(error)) throw error
        this.#disconnect()
        // Opening reads the whole file, and starts over where it finds the damage.
        return action(this.#opened(error))
      }
    } catch (error) {
      throw asFault(this.#options.file, error)
    }
  }

  #opened(suspicion?: unknown): OpenFile {
    if (this.#open !== undefined) return this.#open
    if (this.#closed) throw new Fault('journal-unusable', 'The journal is closed.')
    const { open, damage } = openFile(this.#options, suspicion)
    this.#open = open
    this.#damage = damage ?? this.#damage
    this.#epoch = open.epochs.at(-1)?.epoch
    return open
  }

  #disconnect(): void {
    const open = this.#open
    this.#open = undefined
    for (const tables of [open?.marks, open?.tables]) {
      try {
        tables?.database.close()
      } catch {
        // Closing a damaged file may fail; its connection is gone all the same.
      }
    }
  }
}

const full = (file: string): Fault =>
  new Fault('journal-full', 'The journal has used up its quota and takes no readings.', { place: { file } })
