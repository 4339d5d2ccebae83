import { createHash, randomBytes } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import type { Clock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import { digest, epochIdentifier, type EpochId, type GatewayId } from '#contract/identity.ts'
import { samplesOf, type GapRecord, type ReadingsBatch, type UplinkMessage } from '#contract/messages.ts'
import type { Reading } from '#contract/reading.ts'
import { batchesOf } from './batch.ts'

/** One payload of the journal, as it is published. */
export interface JournalRow {
  readonly epoch: EpochId
  readonly seq: number
  /** SHA-256 of the payload, in hexadecimal digits. */
  readonly digest: string
  /** The bytes of one `UplinkMessage`; they never change after they were written. */
  readonly payload: Uint8Array
}

/** What waits for a receipt. */
export interface Waiting {
  readonly rows: number
  readonly bytes: number
  readonly oldestMs: number | undefined
}

export interface JournalOptions {
  readonly file: string
  readonly gateway: GatewayId
  /** How long a row is kept after its receipt. */
  readonly graceMs: number
  readonly clock: Clock
  /** Makes the identity of a new journal; from the system's random bytes by default. */
  readonly makeEpoch?: () => EpochId
}

const FORMAT = 1
/** The write-ahead log is cut back to this after a burst. */
const WAL_BYTES_MAX = 16 * 1024 * 1024
/** Rows deleted at once, so that nothing else waits long; far more than come in the minute between two trims. */
const TRIM_ROWS_MAX = 5_000
/** How long to wait for another process that reads the file. */
const LOCK_WAIT_MS = 2_000

const SCHEMA = `
  CREATE TABLE identity (
    only INTEGER PRIMARY KEY CHECK (only = 1), epoch TEXT NOT NULL, gateway TEXT NOT NULL, last_seq INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE batch (
    seq INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, payload BLOB NOT NULL, bytes INTEGER NOT NULL,
    from_ms INTEGER NOT NULL, acknowledged_ms INTEGER
  ) STRICT;
  CREATE INDEX waiting ON batch (seq, bytes, from_ms) WHERE acknowledged_ms IS NULL;
  CREATE INDEX acknowledged ON batch (acknowledged_ms) WHERE acknowledged_ms IS NOT NULL;
  PRAGMA user_version = ${FORMAT};
`

const identityRow = z.object({ epoch: epochIdentifier, gateway: z.string() })
const payloadRow = z.object({ digest, payload: z.instanceof(Uint8Array) })
const seqRow = z.object({ seq: z.int() })
const waitingRow = z.object({ rows: z.int(), bytes: z.int().nullable(), oldest: z.int().nullable() })

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/**
 * The journal of a gateway: one SQLite file in which a reading is safe before it is offered to the network.
 * Rows are numbered 1, 2, 3 … and never change; one is deleted only when its receipt is older than the grace time.
 * When `append` has returned, its rows survive a power cut (WAL, synchronous FULL).
 *
 * All methods are synchronous, and throw a Fault `journal-unusable` when the file cannot be read or written.
 */
export class Journal {
  readonly epoch: EpochId
  readonly #database: DatabaseSync
  /**
   * Receipts are entered, and old rows deleted, without waiting for the disk: what a power cut takes back is sent and
   * acknowledged again. It is a connection of its own, so that `append` can never be less than durable.
   */
  readonly #marks: DatabaseSync
  readonly #options: JournalOptions

  private constructor(database: DatabaseSync, marks: DatabaseSync, epoch: EpochId, options: JournalOptions) {
    this.#database = database
    this.#marks = marks
    this.epoch = epoch
    this.#options = options
  }

  /** Opens the journal, or makes it with a new epoch where there is none. */
  static open(options: JournalOptions): Journal {
    return guarded(options.file, () => {
      const database = new DatabaseSync(options.file, { timeout: LOCK_WAIT_MS })
      try {
        const epoch = prepare(database, options)
        const marks = new DatabaseSync(options.file, { timeout: LOCK_WAIT_MS })
        marks.exec('PRAGMA synchronous = NORMAL')
        return new Journal(database, marks, epoch, options)
      } catch (error) {
        database.close()
        throw error
      }
    })
  }

  /** Writes readings as one transaction of one or more rows. Either all of them are safe, or it throws. */
  append(readings: readonly Reading[]): readonly JournalRow[] {
    return this.#transaction(() => {
      const rows: JournalRow[] = []
      for (const samples of batchesOf(samplesOf(readings))) {
        const times = samples.map((sample) => sample.atMs)
        rows.push(this.#insert({ kind: 'readings', samples }, this.#nextSeq(), Math.min(...times)))
      }
      return rows
    })
  }

  /**
   * Declares that readings of [fromMs, toMs] are gone before they got a number: one number is given to them, and the
   * next one to the gap record that says so.
   */
  appendGap(cause: GapRecord['cause'], fromMs: number, toMs: number): JournalRow {
    return this.#transaction(() => {
      const lostSeq = this.#nextSeq()
      const lost = { epoch: this.epoch, firstSeq: lostSeq, lastSeq: lostSeq }
      return this.#insert({ kind: 'gap', cause, lost, fromMs, toMs }, this.#nextSeq(), fromMs)
    })
  }

  /** Marks the row with exactly this digest as acknowledged. Returns its number the first time, then undefined. */
  acknowledge(digestOfPayload: string): number | undefined {
    return this.#guarded(() => {
      const row = this.#marks
        .prepare(
          'UPDATE batch SET acknowledged_ms = ? WHERE digest = ? AND acknowledged_ms IS NULL RETURNING seq',
        )
        .get(this.#options.clock.wallMs(), digestOfPayload)
      return row === undefined ? undefined : seqRow.parse(row).seq
    })
  }

  /** A row by its number: `damaged` when its bytes are not those that were written, undefined when it was deleted. */
  row(seq: number): JournalRow | 'damaged' | undefined {
    return this.#guarded(() => {
      const found = this.#database.prepare('SELECT digest, payload FROM batch WHERE seq = ?').get(seq)
      if (found === undefined) return undefined
      const row = payloadRow.parse(found)
      if (sha256(row.payload) !== row.digest) return 'damaged'
      return { epoch: this.epoch, seq, digest: row.digest, payload: row.payload }
    })
  }

  /** Numbers of rows without a receipt, oldest or newest first. */
  unacknowledged(order: 'oldest' | 'newest', limit: number): readonly number[] {
    const direction = order === 'oldest' ? 'ASC' : 'DESC'
    return this.#guarded(() =>
      this.#database
        .prepare(`SELECT seq FROM batch WHERE acknowledged_ms IS NULL ORDER BY seq ${direction} LIMIT ?`)
        .all(limit)
        .map((row) => seqRow.parse(row).seq),
    )
  }

  waiting(): Waiting {
    return this.#guarded(() => {
      const row = waitingRow.parse(
        this.#database
          .prepare(
            'SELECT count(*) AS rows, sum(bytes) AS bytes, min(from_ms) AS oldest FROM batch WHERE acknowledged_ms IS NULL',
          )
          .get(),
      )
      return { rows: row.rows, bytes: row.bytes ?? 0, oldestMs: row.oldest ?? undefined }
    })
  }

  /** Deletes rows whose receipt is older than the grace time, at most `TRIM_ROWS_MAX` of them. Returns how many. */
  trim(): number {
    const beforeMs = Math.floor(this.#options.clock.wallMs() - this.#options.graceMs)
    return this.#guarded(() => {
      const { changes } = this.#marks
        .prepare('DELETE FROM batch WHERE seq IN (SELECT seq FROM batch WHERE acknowledged_ms <= ? LIMIT ?)')
        .run(beforeMs, TRIM_ROWS_MAX)
      return Number(changes)
    })
  }

  close(): void {
    this.#guarded(() => {
      this.#marks.close()
      this.#database.close()
    })
  }

  #nextSeq(): number {
    const row = this.#database
      .prepare('UPDATE identity SET last_seq = last_seq + 1 RETURNING last_seq AS seq')
      .get()
    return seqRow.parse(row).seq
  }

  #insert(content: Content, seq: number, fromMs: number): JournalRow {
    const message = {
      v: 1,
      gateway: this.#options.gateway,
      epoch: this.epoch,
      seq,
      ...content,
    } satisfies UplinkMessage
    const payload = Buffer.from(JSON.stringify(message))
    const row = { epoch: this.epoch, seq, digest: sha256(payload), payload }
    this.#database
      .prepare('INSERT INTO batch (seq, digest, payload, bytes, from_ms) VALUES (?, ?, ?, ?, ?)')
      .run(seq, row.digest, payload, payload.length, fromMs)
    return row
  }

  #transaction<T>(write: () => T): T {
    return this.#guarded(() => {
      this.#database.exec('BEGIN IMMEDIATE')
      try {
        const result = write()
        this.#database.exec('COMMIT')
        return result
      } catch (error) {
        // A full disk makes SQLite roll back by itself; a second ROLLBACK would hide the reason.
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
        throw error
      }
    })
  }

  #guarded<T>(action: () => T): T {
    return guarded(this.#options.file, action)
  }
}

type Content =
  | Pick<ReadingsBatch, 'kind' | 'samples'>
  | Pick<GapRecord, 'kind' | 'cause' | 'lost' | 'fromMs' | 'toMs'>

function guarded<T>(file: string, action: () => T): T {
  try {
    return action()
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Fault('journal-unusable', `The journal cannot be used: ${reason}.`, { place: { file }, cause })
  }
}

/** Checks the file, makes its tables where it is new, and returns its epoch. */
function prepare(database: DatabaseSync, options: JournalOptions): EpochId {
  database.exec(
    `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = ${WAL_BYTES_MAX}`,
  )
  const check = database.prepare('PRAGMA quick_check(1)').get()?.['quick_check']
  if (check !== 'ok') throw new Error(`the file is damaged: ${String(check)}`)
  database.exec('BEGIN IMMEDIATE')
  const format = database.prepare('PRAGMA user_version').get()?.['user_version']
  if (format === 0) {
    database.exec(SCHEMA)
    const epoch = (options.makeEpoch ?? (() => randomBytes(16).toString('hex')))()
    database
      .prepare('INSERT INTO identity (only, epoch, gateway, last_seq) VALUES (1, ?, ?, 0)')
      .run(epochIdentifier.parse(epoch), options.gateway)
  } else if (format !== FORMAT) throw new Error(`its format is ${String(format)}, not ${FORMAT}`)
  database.exec('COMMIT')
  const identity = identityRow.parse(database.prepare('SELECT epoch, gateway FROM identity').get())
  if (identity.gateway !== options.gateway) {
    throw new Error(`it belongs to gateway "${identity.gateway}", not "${options.gateway}"`)
  }
  return identity.epoch
}
