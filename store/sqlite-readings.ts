import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { setImmediate as turn } from 'node:timers/promises'
import type { CommitRecord } from '#contract/commit.ts'
import { Fault } from '#contract/fault.ts'
import type { Period } from '#contract/grid.ts'
import type { MeterId } from '#contract/identity.ts'
import { quantityOf, type QuantityName } from '#contract/quantities.ts'
import { isRegisterReading, type Reading } from '#contract/reading.ts'
import { readingsIn, type Readings } from '#contract/sample-block.ts'
import { CallsUnderWay } from './calls-under-way.ts'
import { openCommitPages, type CommitPages } from './commit-pages.ts'
import { commitText } from './commit-text.ts'
import { commitsFrom, newestCommits } from './points.ts'
import type { AppendResult, ReadingStore, RefusedReading, RegisterSeries } from './port.ts'
import { noSeries } from './read-back.ts'
import { carryOver } from './samples/carry-over.ts'
import { Layouts } from './samples/layouts.ts'
import { SamplePacker } from './samples/packed-samples.ts'
import { SampleReader } from './samples/sample-reader.ts'
import { SampleWriter } from './samples/sample-writer.ts'
import { inTransactionWhenFree, openSqlite } from './sqlite-file.ts'
import type { WriteRequest } from './sqlite-writer.ts'
import { writeHere, writeOnThread, type SqliteWriting } from './sqlite-writing.ts'
import { refusalOf } from './storable.ts'

export interface SqliteReadingsOptions {
  readonly file: string
  /** Writes on a thread of its own, so that this one never waits for the disk: for servers. */
  readonly ownThread?: boolean
}

/** Readings in one SQLite file. Throws `store-unavailable` when the file cannot be used. */
export async function openSqliteReadings({
  file,
  ownThread = false,
}: SqliteReadingsOptions): Promise<ReadingStore> {
  return guarded(file, () => {
    const database = openSqlite(file, 'readings')
    carryOver(database, new SampleWriter(database, new Layouts(database)))
    return new SqliteReadings(file, database, ownThread ? writeOnThread(file) : writeHere(database))
  })
}

/** Readings written without letting other work have its turn: some tens of milliseconds. */
const READINGS_PER_TRANSACTION = 10_000

function unavailable(file: string, cause: unknown): Fault {
  if (cause instanceof Fault) return cause
  return new Fault('store-unavailable', `The readings in ${file} cannot be used: ${String(cause)}`, {
    place: { file },
    cause,
  })
}

function guarded<T>(file: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    throw unavailable(file, cause)
  }
}

class SqliteReadings implements ReadingStore {
  readonly #calls = new CallsUnderWay()
  readonly #file: string
  readonly #database: DatabaseSync
  readonly #writing: SqliteWriting
  readonly #packer = new SamplePacker()
  readonly #reader: SampleReader
  readonly #selectCommits: StatementSync
  readonly #commitPages: CommitPages

  constructor(file: string, database: DatabaseSync, writing: SqliteWriting) {
    this.#file = file
    this.#database = database
    this.#writing = writing
    this.#reader = new SampleReader(database, new Layouts(database))
    this.#selectCommits = database.prepare(`
      SELECT body FROM commit_record WHERE committed_at_ms >= ?
      ORDER BY committed_at_ms, gateway, epoch, seq LIMIT ?`)
    this.#commitPages = openCommitPages(database)
  }

  append(readings: Readings): Promise<AppendResult> {
    return this.#calls.run(async () => {
      const refused: RefusedReading[] = []
      const sound: Reading[] = []
      for (const [index, reading] of readingsIn(readings).entries()) {
        const fault = refusalOf(reading)
        if (fault === undefined) sound.push(reading)
        else refused.push({ index, fault })
      }
      for (let start = 0; start < sound.length; start += READINGS_PER_TRANSACTION) {
        if (start > 0) await turn()
        const end = Math.min(sound.length, start + READINGS_PER_TRANSACTION)
        await this.#write({ kind: 'append', samples: this.#packer.pack(sound, start, end) })
      }
      return { stored: sound.length, refused }
    })
  }

  appendCommits(records: readonly CommitRecord[]): Promise<void> {
    return this.#calls.run(async () => {
      const rows = records.map((record) => ({
        gateway: record.gateway,
        epoch: record.epoch ?? '',
        seq: record.seq ?? 0,
        digest: record.digest,
        committedAtMs: record.committedAtMs,
        body: commitText(record),
      }))
      await this.#write({ kind: 'commits', rows })
    })
  }

  commitsSince(fromMs: number, limit = 1_000): Promise<readonly CommitRecord[]> {
    return this.#read(() => {
      const most = Math.max(1, Math.trunc(limit))
      const rows = this.#selectCommits.all(fromMs, most)
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
      this.#calls.run(() => this.#write({ kind: 'delete', meter, period, limit })),
    // Seldom, and beside the pages' readers: here, and not where readings are written.
    packCommits: (beforeMs: number): Promise<number> =>
      this.#calls.run(() => this.#whenFree(() => this.#commitPages.pack(beforeMs))),
    thinCommits: (...asked: Parameters<CommitPages['thin']>) =>
      this.#calls.run(() => this.#whenFree(() => this.#commitPages.thin(...asked))),
  } as const

  probe(): Promise<void> {
    return this.#calls.run(async () => void (await this.#write({ kind: 'probe' })))
  }

  async close(): Promise<void> {
    if (!(await this.#calls.close())) return
    try {
      await this.#writing.close()
    } catch (cause) {
      throw unavailable(this.#file, cause)
    } finally {
      guarded(this.#file, () => this.#database.close())
    }
  }

  #read<T>(work: () => T): Promise<T> {
    return this.#calls.run(async () => guarded(this.#file, work))
  }

  /** A transaction on this thread, once the one that writes readings has none. */
  async #whenFree<T>(work: () => T): Promise<T> {
    try {
      return await inTransactionWhenFree(this.#database, work)
    } catch (cause) {
      throw unavailable(this.#file, cause)
    }
  }

  async #write(request: WriteRequest): Promise<number> {
    try {
      return await this.#writing.run(request)
    } catch (cause) {
      throw unavailable(this.#file, cause)
    }
  }
}

const registerOf = (reading: Reading | undefined) =>
  reading !== undefined && isRegisterReading(reading) ? reading : undefined
