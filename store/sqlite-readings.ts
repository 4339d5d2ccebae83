import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { setImmediate as turn } from 'node:timers/promises'
import { z } from 'zod'
import type { CommitRecord } from '#contract/commit.ts'
import { Fault } from '#contract/fault.ts'
import type { Period } from '#contract/grid.ts'
import type { MeterId } from '#contract/identity.ts'
import { quantityName, quantityOf, type QuantityName } from '#contract/quantities.ts'
import { badCause, isRegisterReading, usableQuality, type Reading } from '#contract/reading.ts'
import { CallsUnderWay } from './calls-under-way.ts'
import { commitsFrom } from './points.ts'
import type { AppendResult, ReadingStore, RefusedReading, RegisterSeries } from './port.ts'
import { inTransaction, openSqlite, probeWrite } from './sqlite-file.ts'
import { qualityOrder, refusalOf, strengthOf } from './storable.ts'

export interface SqliteReadingsOptions {
  readonly file: string
}

/** Readings in one SQLite file. Throws `store-unavailable` when the file cannot be used. */
export async function openSqliteReadings(options: SqliteReadingsOptions): Promise<ReadingStore> {
  return guarded(options.file, () => new SqliteReadings(options.file, openSqlite(options.file, 'readings')))
}

/** Readings written without letting other work have its turn: some tens of milliseconds. */
const READINGS_PER_TRANSACTION = 10_000

/** SQLite's integers reach further; times beyond are not needed. */
const END_OF_TIME_MS = Number.MAX_SAFE_INTEGER

function guarded<T>(file: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    throw new Fault('store-unavailable', `The readings in ${file} cannot be used: ${String(cause)}`, {
      place: { file },
      cause,
    })
  }
}

/** A reading with its names as numbers. */
interface Row {
  readonly meter: number
  readonly quantity: number
  readonly atMs: number
  readonly quality: number
  readonly value: number | null
  readonly detail: number | null
}

const storedRow = z.object({
  meter: z.string(),
  quantity: quantityName,
  at_ms: z.number(),
  quality: z.number(),
  value: z.number().nullable(),
  detail: z.string().nullable(),
})

const seriesRow = z.object({ quantity: z.number() })

const SELECT_READING = `
  SELECT ?1 AS meter, ?2 AS quantity, at_ms, quality, value,
         (SELECT text FROM word WHERE id = detail) AS detail
  FROM reading
  WHERE meter = (SELECT id FROM word WHERE text = ?1)
    AND quantity = (SELECT id FROM word WHERE text = ?2)
    AND at_ms >= ?3 AND at_ms < ?4`

class SqliteReadings implements ReadingStore {
  readonly #calls = new CallsUnderWay()
  readonly #file: string
  readonly #database: DatabaseSync
  readonly #statements: ReturnType<typeof prepareAll>
  /** Numbers of words already in the file. As many as meters, quantities, resolutions and causes. */
  readonly #words = new Map<string, number>()
  /** Series already in the file. As many as meters have quantities. */
  readonly #series = new Set<string>()

  constructor(file: string, database: DatabaseSync) {
    this.#file = file
    this.#database = database
    this.#statements = prepareAll(database)
  }

  append(readings: readonly Reading[]): Promise<AppendResult> {
    return this.#calls.run(async () => {
      const refused: RefusedReading[] = []
      const sound: Reading[] = []
      for (const [index, reading] of readings.entries()) {
        const fault = refusalOf(reading)
        if (fault === undefined) sound.push(reading)
        else refused.push({ index, fault })
      }
      for (let start = 0; start < sound.length; start += READINGS_PER_TRANSACTION) {
        if (start > 0) await turn()
        this.#inTransaction(() => this.#insert(sound.slice(start, start + READINGS_PER_TRANSACTION)))
      }
      return { stored: sound.length, refused }
    })
  }

  appendCommits(records: readonly CommitRecord[]): Promise<void> {
    return this.#calls.run(async () => {
      this.#inTransaction(() => {
        for (const record of records) {
          this.#statements.insertCommit.run(
            record.gateway,
            record.epoch ?? '',
            record.seq ?? 0,
            record.digest,
            record.committedAtMs,
            JSON.stringify(record),
          )
        }
      })
    })
  }

  commitsSince(fromMs: number, limit = 1_000): Promise<readonly CommitRecord[]> {
    return this.#calls.run(async () => {
      const rows = guarded(this.#file, () =>
        this.#statements.selectCommits.all(fromMs, Math.max(1, Math.trunc(limit))),
      )
      return commitsFrom(rows.map((row) => row['body']))
    })
  }

  readings(meter: MeterId, quantity: QuantityName, period: Period): Promise<readonly Reading[]> {
    return this.#calls.run(async () =>
      this.#select(this.#statements.selectReadings, meter, quantity, period.fromMs, period.toMs),
    )
  }

  registerSeries(meter: MeterId, quantity: QuantityName, { fromMs, toMs }: Period): Promise<RegisterSeries> {
    return this.#calls.run(async () => {
      if (quantityOf(quantity).kind !== 'cumulative') {
        return { before: undefined, within: [], after: undefined }
      }
      const { selectUsable, selectLastUsable, selectFirstUsable } = this.#statements
      const select = (statement: StatementSync, from: number, to: number) =>
        this.#select(statement, meter, quantity, from, to).filter(isRegisterReading)
      return {
        before: select(selectLastUsable, 0, fromMs)[0],
        within: select(selectUsable, fromMs, toMs),
        after: select(selectFirstUsable, toMs, END_OF_TIME_MS)[0],
      }
    })
  }

  latest(meters: readonly MeterId[]): Promise<readonly Reading[]> {
    return this.#calls.run(async () =>
      guarded(this.#file, () =>
        [...new Set(meters)].flatMap((meter) => this.#statements.selectLatest.all(meter).map(readingFrom)),
      ),
    )
  }

  readonly retention = {
    by: 'owner',
    deleteBefore: (meter: MeterId, beforeMs: number, limit: number): Promise<number> =>
      this.#calls.run(async () => {
        let deleted = 0
        this.#inTransaction(() => {
          for (const row of this.#statements.seriesOf.all(meter)) {
            if (deleted >= limit) return
            const { quantity } = seriesRow.parse(row)
            const result = this.#statements.deleteOldest.run(meter, quantity, beforeMs, limit - deleted)
            deleted += Number(result.changes)
          }
        })
        return deleted
      }),
  } as const

  probe(): Promise<void> {
    return this.#calls.run(async () => guarded(this.#file, () => probeWrite(this.#database)))
  }

  async close(): Promise<void> {
    if (await this.#calls.close()) guarded(this.#file, () => this.#database.close())
  }

  #select(
    statement: StatementSync,
    meter: MeterId,
    quantity: QuantityName,
    fromMs: number,
    toMs: number,
  ): Reading[] {
    return guarded(this.#file, () => statement.all(meter, quantity, fromMs, toMs).map(readingFrom))
  }

  #inTransaction(work: () => void): void {
    try {
      guarded(this.#file, () => inTransaction(this.#database, work))
    } catch (fault) {
      // Words and series that were new in it are not in the file.
      this.#words.clear()
      this.#series.clear()
      throw fault
    }
  }

  #insert(readings: readonly Reading[]): void {
    const { insertReading, insertReadings, insertSeries } = this.#statements
    // In the order of the key: neighbours share pages.
    const rows = readings.map((reading) => this.#rowOf(reading)).sort(byKey)
    let last: Row | undefined
    let parameters: (number | null)[] = []
    for (const row of rows) {
      parameters.push(row.meter, row.quantity, row.atMs, row.quality, row.value, row.detail)
      if (parameters.length === ROWS_PER_STATEMENT * COLUMNS) {
        insertReadings.run(...parameters)
        parameters = []
      }
      if (last?.meter !== row.meter || last.quantity !== row.quantity) {
        const series = `${row.meter} ${row.quantity}`
        if (!this.#series.has(series)) insertSeries.run(row.meter, row.quantity)
        this.#series.add(series)
      }
      last = row
    }
    for (let start = 0; start < parameters.length; start += COLUMNS)
      insertReading.run(...parameters.slice(start, start + COLUMNS))
  }

  #rowOf(reading: Reading): Row {
    const usable = reading.quality === 'bad' ? undefined : reading.value
    const detail =
      reading.quality === 'bad'
        ? reading.cause
        : typeof reading.value === 'number'
          ? undefined
          : reading.value.resolution
    return {
      meter: this.#numberOf(reading.meter),
      quantity: this.#numberOf(reading.quantity),
      atMs: reading.atMs,
      quality: strengthOf(reading.quality),
      value: usable === undefined ? null : typeof usable === 'number' ? usable : usable.count,
      detail: detail === undefined ? null : this.#numberOf(detail),
    }
  }

  #numberOf(word: string): number {
    const known = this.#words.get(word)
    if (known !== undefined) return known
    const number = Number(this.#statements.insertWord.get(word)?.['id'])
    this.#words.set(word, number)
    return number
  }
}

/** The order of the key; of one identity the reading that stays comes last. */
function byKey(a: Row, b: Row): number {
  return a.meter - b.meter || a.quantity - b.quantity || a.atMs - b.atMs || a.quality - b.quality
}

/** Columns of `reading`. */
const COLUMNS = 6
/** One call into SQLite for many rows: the call costs as much as the row. */
const ROWS_PER_STATEMENT = 50

/** Rows in the order given: of one identity the later one stands if its quality is not weaker. */
function insertOf(rows: number): string {
  const values = Array.from({ length: rows }, () => '(?, ?, ?, ?, ?, ?)').join(', ')
  return `
    INSERT INTO reading VALUES ${values}
    ON CONFLICT DO UPDATE SET quality = excluded.quality, value = excluded.value, detail = excluded.detail
    WHERE excluded.quality >= quality`
}

function prepareAll(database: DatabaseSync) {
  return {
    // Setting a word to itself makes SQLite return its number.
    insertWord: database.prepare(
      'INSERT INTO word (text) VALUES (?) ON CONFLICT DO UPDATE SET text = excluded.text RETURNING id',
    ),
    insertReading: database.prepare(insertOf(1)),
    insertReadings: database.prepare(insertOf(ROWS_PER_STATEMENT)),
    insertSeries: database.prepare('INSERT OR IGNORE INTO series VALUES (?, ?)'),
    insertCommit: database.prepare(`
      INSERT INTO commit_record VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET committed_at_ms = excluded.committed_at_ms, body = excluded.body
      WHERE excluded.committed_at_ms >= committed_at_ms`),
    selectCommits: database.prepare(`
      SELECT body FROM commit_record WHERE committed_at_ms >= ?
      ORDER BY committed_at_ms, gateway, epoch, seq LIMIT ?`),
    selectReadings: database.prepare(`${SELECT_READING} ORDER BY at_ms`),
    selectUsable: database.prepare(`${SELECT_READING} AND quality > 0 ORDER BY at_ms`),
    selectLastUsable: database.prepare(`${SELECT_READING} AND quality > 0 ORDER BY at_ms DESC LIMIT 1`),
    selectFirstUsable: database.prepare(`${SELECT_READING} AND quality > 0 ORDER BY at_ms LIMIT 1`),
    seriesOf: database.prepare(
      'SELECT quantity FROM series WHERE meter = (SELECT id FROM word WHERE text = ?) ORDER BY quantity',
    ),
    // The newest usable one before the instant stays; failures go with what is older than it.
    deleteOldest: database.prepare(`
      DELETE FROM reading WHERE (meter, quantity, at_ms) IN (
        SELECT meter, quantity, at_ms FROM reading
        WHERE meter = (SELECT id FROM word WHERE text = ?1) AND quantity = ?2 AND at_ms < coalesce((
          SELECT max(at_ms) FROM reading
          WHERE meter = (SELECT id FROM word WHERE text = ?1) AND quantity = ?2 AND at_ms < ?3 AND quality > 0), ?3)
        ORDER BY at_ms LIMIT ?4)`),
    selectLatest: database.prepare(`
      SELECT meter.text AS meter, quantity.text AS quantity, at_ms, quality, value, detail.text AS detail
      FROM word AS meter
      JOIN series ON series.meter = meter.id
      JOIN word AS quantity ON quantity.id = series.quantity
      JOIN reading ON reading.meter = series.meter AND reading.quantity = series.quantity
        AND at_ms = (
          SELECT max(at_ms) FROM reading AS other
          WHERE other.meter = series.meter AND other.quantity = series.quantity)
      LEFT JOIN word AS detail ON detail.id = reading.detail
      WHERE meter.text = ?`),
  }
}

function readingFrom(stored: unknown): Reading {
  const row = storedRow.parse(stored)
  const identity = { meter: row.meter, quantity: row.quantity, atMs: row.at_ms }
  const quality = qualityOrder[row.quality]
  if (quality === 'bad') return { ...identity, quality, cause: badCause.parse(row.detail) }
  if (row.value === null) throw new RangeError('a usable reading without a value')
  const value = row.detail === null ? row.value : { count: row.value, resolution: row.detail }
  return { ...identity, quality: usableQuality.parse(quality), value }
}
