import type { DatabaseSync } from 'node:sqlite'
import { setImmediate as turn } from 'node:timers/promises'
import type { CommitRecord } from '#contract/commit.ts'
import { Fault } from '#contract/fault.ts'
import type { Period } from '#contract/grid.ts'
import type { MeterId } from '#contract/identity.ts'
import { quantityOf, type QuantityName } from '#contract/quantities.ts'
import { isRegisterReading, type Reading } from '#contract/reading.ts'
import { CallsUnderWay } from './calls-under-way.ts'
import { openCommitPages, type CommitPages } from './commit-pages.ts'
import { commitsFrom, newestCommits } from './points.ts'
import type { AppendResult, ReadingStore, RefusedReading, RegisterSeries } from './port.ts'
import { noSeries } from './read-back.ts'
import { carryOver } from './samples/carry-over.ts'
import { Layouts } from './samples/layouts.ts'
import { SampleReader } from './samples/sample-reader.ts'
import { SampleWriter } from './samples/sample-writer.ts'
import { inTransaction, openSqlite, probeWrite } from './sqlite-file.ts'
import { refusalOf } from './storable.ts'

export interface SqliteReadingsOptions {
  readonly file: string
}

/** Readings in one SQLite file. Throws `store-unavailable` when the file cannot be used. */
export async function openSqliteReadings(options: SqliteReadingsOptions): Promise<ReadingStore> {
  return guarded(options.file, () => new SqliteReadings(options.file, openSqlite(options.file, 'readings')))
}

/** Readings written without letting other work have its turn: some tens of milliseconds. */
const READINGS_PER_TRANSACTION = 10_000

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

class SqliteReadings implements ReadingStore {
  readonly #calls = new CallsUnderWay()
  readonly #file: string
  readonly #database: DatabaseSync
  readonly #statements: ReturnType<typeof prepareAll>
  readonly #commitPages: CommitPages
  readonly #writer: SampleWriter
  readonly #reader: SampleReader

  constructor(file: string, database: DatabaseSync) {
    this.#file = file
    this.#database = database
    this.#statements = prepareAll(database)
    this.#commitPages = openCommitPages(database)
    const layouts = new Layouts(database)
    this.#writer = new SampleWriter(database, layouts)
    this.#reader = new SampleReader(database, layouts)
    carryOver(database, this.#writer)
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
        const end = Math.min(sound.length, start + READINGS_PER_TRANSACTION)
        this.#inTransaction(() => this.#writer.write(sound, start, end))
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
    return this.#read(() => {
      const most = Math.max(1, Math.trunc(limit))
      const rows = this.#statements.selectCommits.all(fromMs, most)
      const records = commitsFrom(rows.map((row) => row['body']))
      return newestCommits(this.#commitPages.joined(fromMs, most, records))
    })
  }

  readings(meter: MeterId, quantity: QuantityName, period: Period): Promise<readonly Reading[]> {
    return this.#read(() => this.#reader.within(meter, quantity, period))
  }

  registerSeries(meter: MeterId, quantity: QuantityName, period: Period): Promise<RegisterSeries> {
    return this.#read(() => {
      if (quantityOf(quantity).kind !== 'cumulative') return noSeries
      const found = this.#reader.around(meter, quantity, period)
      if (found === undefined) return noSeries
      return {
        before: registerOf(found.before),
        within: found.within.filter(isRegisterReading),
        after: registerOf(found.after),
      }
    })
  }

  latest(meters: readonly MeterId[]): Promise<readonly Reading[]> {
    return this.#read(() => [...new Set(meters)].flatMap((meter) => this.#reader.latest(meter)))
  }

  readonly retention = {
    by: 'owner',
    deleteWithin: (meter: MeterId, period: Period, limit: number): Promise<number> =>
      this.#calls.run(async () => {
        let deleted = 0
        this.#inTransaction(() => {
          for (const { atMs, gone, kept } of this.#reader.goneWithin(meter, period, limit)) {
            this.#writer.replace(meter, atMs, kept)
            deleted += gone
          }
        })
        return deleted
      }),
    packCommits: (beforeMs: number): Promise<number> =>
      this.#calls.run(async () => this.#inTransaction(() => this.#commitPages.pack(beforeMs))),
    thinCommits: (...asked: Parameters<CommitPages['thin']>) =>
      this.#calls.run(async () => this.#inTransaction(() => this.#commitPages.thin(...asked))),
  } as const

  probe(): Promise<void> {
    return this.#calls.run(async () => guarded(this.#file, () => probeWrite(this.#database)))
  }

  async close(): Promise<void> {
    if (await this.#calls.close()) guarded(this.#file, () => this.#database.close())
  }

  #read<T>(work: () => T): Promise<T> {
    return this.#calls.run(async () => guarded(this.#file, work))
  }

  #inTransaction<T>(work: () => T): T {
    try {
      return guarded(this.#file, () => inTransaction(this.#database, work))
    } catch (fault) {
      this.#writer.forget()
      throw fault
    }
  }
}

const registerOf = (reading: Reading | undefined) =>
  reading !== undefined && isRegisterReading(reading) ? reading : undefined

function prepareAll(database: DatabaseSync) {
  return {
    insertCommit: database.prepare(`
      INSERT INTO commit_record VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET committed_at_ms = excluded.committed_at_ms, body = excluded.body
      WHERE excluded.committed_at_ms >= committed_at_ms`),
    selectCommits: database.prepare(`
      SELECT body FROM commit_record WHERE committed_at_ms >= ?
      ORDER BY committed_at_ms, gateway, epoch, seq LIMIT ?`),
  }
}
