import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Period } from '#contract/grid.ts'
import type { MeterId } from '#contract/identity.ts'
import { Layouts } from './samples/layouts.ts'
import type { PackedSamples } from './samples/packed-samples.ts'
import { SampleReader } from './samples/sample-reader.ts'
import { SampleWriter } from './samples/sample-writer.ts'
import { inTransaction, touch } from './sqlite-file.ts'

/** A commit record as its row. */
export interface CommitRow {
  readonly gateway: string
  readonly epoch: string
  readonly seq: number
  readonly digest: string
  readonly committedAtMs: number
  readonly body: string
}

/** What is asked of a file of readings: plain data, so that it can be asked from another thread. */
export type WriteRequest =
  | { readonly kind: 'append'; readonly samples: PackedSamples }
  | { readonly kind: 'commits'; readonly rows: readonly CommitRow[] }
  | {
      readonly kind: 'delete'
      readonly meter: MeterId
      readonly period: Period
      readonly limit: number
    }
  | { readonly kind: 'probe' }

/** All that changes a file of readings. */
export class SqliteWriter {
  readonly #database: DatabaseSync
  readonly #writer: SampleWriter
  readonly #reader: SampleReader
  readonly #insertCommit: StatementSync

  constructor(database: DatabaseSync) {
    this.#database = database
    const layouts = new Layouts(database)
    this.#writer = new SampleWriter(database, layouts)
    this.#reader = new SampleReader(database, layouts)
    this.#insertCommit = database.prepare(`
      INSERT INTO commit_record VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET committed_at_ms = excluded.committed_at_ms, body = excluded.body
      WHERE excluded.committed_at_ms >= committed_at_ms`)
  }

  /**
   * Does all that is asked, in its order, as one transaction: on the disk when it returns. Gives a number for each: of a
   * deletion, how many readings it deleted. Throws SQLite's error; then nothing was done.
   */
  run(requests: readonly WriteRequest[]): number[] {
    try {
      return inTransaction(this.#database, () => requests.map((request) => this.#do(request)))
    } catch (error) {
      this.#writer.forget()
      throw error
    }
  }

  #do(request: WriteRequest): number {
    if (request.kind === 'delete') return this.#delete(request.meter, request.period, request.limit)
    if (request.kind === 'append') this.#writer.write(request.samples)
    else if (request.kind === 'probe') touch(this.#database)
    else
      for (const { gateway, epoch, seq, digest, committedAtMs, body } of request.rows)
        this.#insertCommit.run(gateway, epoch, seq, digest, committedAtMs, body)
    return 0
  }

  #delete(meter: MeterId, period: Period, limit: number): number {
    let deleted = 0
    for (const { atMs, gone, kept } of this.#reader.goneWithin(meter, period, limit)) {
      this.#writer.replace(meter, atMs, kept)
      deleted += gone
    }
    return deleted
  }
}
