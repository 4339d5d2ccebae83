import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import type { CommitRecord } from '#contract/commit.ts'
import type { Hole } from '../port.ts'

/** Which batches have arrived, and which numbers are missing. */

/** What a commit record means to the marks. */
export type Arrival =
  /** Never seen before. */
  | 'new'
  /** Never seen before, but another content came under its number. */
  | 'conflict'
  /** Seen, and committed again at a later moment: what it touched may have been written in between. */
  | 'again'
  /** Seen, this very record or a later one. */
  | 'known'

const journalRow = z.object({ id: z.number(), gateway: z.string(), epoch: z.string() })
const rangeRow = z.object({ journal: z.number(), first_seq: z.number(), last_seq: z.number() })

interface Range {
  readonly firstSeq: number
  readonly lastSeq: number
}

export type Marks = ReturnType<typeof openMarks>

/** The marks of the books. Every function belongs into a transaction of the caller. */
export function openMarks(database: DatabaseSync) {
  const journalStatement = database.prepare(
    'INSERT INTO journal (gateway, epoch) VALUES (?, ?) ON CONFLICT DO UPDATE SET epoch = epoch RETURNING id',
  )
  const marksOfSeq = database.prepare(
    'SELECT digest, committed_at_ms FROM batch_mark WHERE journal = ? AND seq = ?',
  )
  const marksOfDigest = database.prepare(
    'SELECT digest, committed_at_ms FROM batch_mark WHERE journal = ? AND seq = 0 AND digest = ?',
  )
  const insert = database.prepare('INSERT INTO batch_mark VALUES (?, ?, ?, ?, ?)')
  const move = database.prepare(
    'UPDATE batch_mark SET committed_at_ms = ? WHERE journal = ? AND seq = ? AND digest = ?',
  )
  const rangeEndingAt = database.prepare(
    'SELECT * FROM arrived_range WHERE journal = ? AND first_seq <= ? ORDER BY first_seq DESC LIMIT 1',
  )
  const rangeStartingAt = database.prepare('SELECT * FROM arrived_range WHERE journal = ? AND first_seq = ?')
  const removeRange = database.prepare('DELETE FROM arrived_range WHERE journal = ? AND first_seq = ?')
  const insertRange = database.prepare('INSERT INTO arrived_range VALUES (?, ?, ?)')
  const allRanges = database.prepare(
    `SELECT journal, first_seq, last_seq FROM arrived_range
     UNION ALL SELECT journal, first_seq, last_seq FROM gap ORDER BY journal, first_seq`,
  )
  const allJournals = database.prepare("SELECT * FROM journal WHERE epoch <> '' ORDER BY gateway, epoch")
  const unnumberedOf = database.prepare(
    `SELECT gateway, count(*) AS payloads FROM journal JOIN batch_mark ON journal = id
     WHERE epoch = '' GROUP BY gateway`,
  )
  const count = database.prepare(
    `SELECT count(*) AS batches FROM (SELECT DISTINCT journal, seq FROM batch_mark WHERE seq > 0)`,
  )

  function joinRange(journal: number, seq: number): void {
    const below = rangeRow.optional().parse(rangeEndingAt.get(journal, seq))
    if (below !== undefined && below.last_seq >= seq) return
    const above = rangeRow.optional().parse(rangeStartingAt.get(journal, seq + 1))
    const joinsBelow = below !== undefined && below.last_seq === seq - 1
    if (joinsBelow) removeRange.run(journal, below.first_seq)
    if (above !== undefined) removeRange.run(journal, above.first_seq)
    insertRange.run(journal, joinsBelow ? below.first_seq : seq, above?.last_seq ?? seq)
  }

  /** The number of a journal. */
  function journalOf(gateway: string, epoch: string | null): number {
    return Number(journalStatement.get(gateway, epoch ?? '')?.['id'])
  }

  /** Marks a batch as arrived. */
  function mark(record: CommitRecord): Arrival {
    const journal = journalOf(record.gateway, record.epoch)
    // A number without its journal says nothing: such a payload is known by its digest alone.
    const seq = record.epoch === null ? 0 : (record.seq ?? 0)
    const digest = Buffer.from(record.digest, 'hex')
    const marks = markRows.parse(
      seq === 0 ? marksOfDigest.all(journal, digest) : marksOfSeq.all(journal, seq),
    )
    const same = marks.find((each) => digest.equals(each.digest))
    if (same !== undefined) {
      if (record.committedAtMs <= same.committed_at_ms) return 'known'
      move.run(record.committedAtMs, journal, seq, digest)
      return 'again'
    }
    insert.run(journal, seq, digest, record.committedAtMs, record.stored)
    if (seq > 0) joinRange(journal, seq)
    return marks.length > 0 ? 'conflict' : 'new'
  }

  /** Numbers that neither arrived nor were declared lost, below the highest that did. */
  function holes(): Hole[] {
    const ranges = Map.groupBy(z.array(rangeRow).parse(allRanges.all()), ({ journal }) => journal)
    const unnumbered = new Map(
      unnumberedOf.all().map((row) => [String(row['gateway']), Number(row['payloads'])]),
    )
    return z
      .array(journalRow)
      .parse(allJournals.all())
      .flatMap(({ id, gateway, epoch }) =>
        holesBetween(
          (ranges.get(id) ?? []).map((row) => ({ firstSeq: row.first_seq, lastSeq: row.last_seq })),
        ).map((hole) => ({ gateway, epoch, ...hole, unnumbered: unnumbered.get(gateway) ?? 0 })),
      )
  }

  return { journalOf, mark, holes, batchCount: () => Number(count.get()?.['batches']) }
}

const markRows = z.array(z.object({ digest: z.instanceof(Uint8Array), committed_at_ms: z.number() }))

/** What lies between ranges in order of their first number, from 1 on. */
export function holesBetween(ranges: readonly Range[]): Range[] {
  const holes: Range[] = []
  let next = 1
  for (const { firstSeq, lastSeq } of ranges) {
    if (firstSeq > next) holes.push({ firstSeq: next, lastSeq: firstSeq - 1 })
    next = Math.max(next, lastSeq + 1)
  }
  return holes
}
