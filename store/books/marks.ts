import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import type { CommitRecord } from '#contract/commit.ts'
import type { CommittedBatch, Hole } from '../port.ts'

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

/**
 * Marks are kept for this long after their batch was committed: a gateway sends a batch again within its grace time
 * (a day), and a worker's clock may be behind. Then the range of numbers that they are in is all that is left of them.
 */
const MARKS_KEPT_MS = 3 * 86_400_000

/** A reading may be so much younger than the record of its batch: clocks differ. */
const AHEAD_MS = 3_600_000

const journalRow = z.object({ id: z.number(), gateway: z.string(), epoch: z.string() })
const rangeRow = z.object({ journal: z.number(), first_seq: z.number(), last_seq: z.number() })

interface Range {
  readonly firstSeq: number
  readonly lastSeq: number
}

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
  const newestBatches = database.prepare(
    `SELECT gateway, epoch, seq, digest, committed_at_ms FROM batch_mark JOIN journal ON journal.id = batch_mark.journal
     WHERE committed_at_ms >= ? ORDER BY committed_at_ms DESC LIMIT ?`,
  )
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
  const count = database.prepare(
    'SELECT coalesce(sum(last_seq - first_seq + 1), 0) AS batches FROM arrived_range',
  )
  const rangesWithin = database.prepare(
    'SELECT * FROM arrived_range WHERE journal = ? AND last_seq >= ? AND first_seq <= ? ORDER BY first_seq',
  )
  const journalNamed = database.prepare('SELECT id FROM journal WHERE gateway = ? AND epoch = ?')
  const horizon = database.prepare('SELECT marks_from_ms FROM progress')
  const moveHorizon = database.prepare('UPDATE progress SET marks_from_ms = max(marks_from_ms, ?)')
  const forgetMarks = database.prepare(
    `DELETE FROM batch_mark WHERE (journal, seq, digest) IN (
       SELECT journal, seq, digest FROM batch_mark WHERE committed_at_ms < ? ORDER BY committed_at_ms LIMIT ?)`,
  )
  const seen = database.prepare(
    `INSERT INTO gateway_seen VALUES (?1, min(?2, ?3))
     ON CONFLICT DO UPDATE SET last_ms = max(min(last_ms, ?3), excluded.last_ms)`,
  )
  const allSeen = database.prepare('SELECT gateway, last_ms FROM gateway_seen')

  function isInRange(journal: number, seq: number): boolean {
    const below = rangeRow.optional().parse(rangeEndingAt.get(journal, seq))
    return below !== undefined && below.last_seq >= seq
  }

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

  function horizonMs(): number {
    return Number(horizon.get()?.['marks_from_ms'])
  }

  /** Takes away at most `limit` marks that are no longer needed. Returns how many. */
  function forget(nowMs: number, limit: number): number {
    moveHorizon.run(nowMs - MARKS_KEPT_MS)
    return Number(forgetMarks.run(horizonMs(), limit).changes)
  }

  /** The parts of a range of numbers that have not arrived. */
  function absent(gateway: string, epoch: string, { firstSeq, lastSeq }: Range): Range[] {
    const journal = journalNamed.get(gateway, epoch)?.['id']
    if (journal === undefined) return [{ firstSeq, lastSeq }]
    const arrived = z.array(rangeRow).parse(rangesWithin.all(Number(journal), firstSeq, lastSeq))
    const ranges = arrived.map((row) => ({ firstSeq: row.first_seq, lastSeq: row.last_seq }))
    const after = { firstSeq: lastSeq + 1, lastSeq: lastSeq + 1 }
    return holesBetween([...ranges, after], firstSeq).filter((hole) => hole.firstSeq <= lastSeq)
  }

  /** When a batch was committed last; undefined where it has not arrived, or so long ago that its mark is gone. */
  function committedAtMs(gateway: string, epoch: string, seq: number): number | undefined {
    const journal = journalNamed.get(gateway, epoch)?.['id']
    if (journal === undefined) return undefined
    return markRows.parse(marksOfSeq.all(Number(journal), seq))[0]?.committed_at_ms
  }

  /** The batches committed last, newest first. */
  function batchesSince(fromMs: number, limit: number): CommittedBatch[] {
    return batchRows.parse(newestBatches.all(fromMs, limit)).map(({ gateway, epoch, seq, ...row }) => ({
      gateway,
      epoch: epoch === '' ? null : epoch,
      seq,
      digest: Buffer.from(row.digest).toString('hex'),
      committedAtMs: row.committed_at_ms,
    }))
  }

  /** Marks a batch as arrived. `nowMs`: nothing was seen of a gateway later than that, whatever clock was ahead once. */
  function mark(record: CommitRecord, nowMs: number): Arrival {
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
    const wasThere = seq > 0 && marks.length === 0 && isInRange(journal, seq)
    // Its mark was taken away: all records of that time have been followed.
    if (wasThere && record.committedAtMs < horizonMs()) return 'known'
    // What was read after the batch of this number had come cannot have been in it.
    const isOther = wasThere && record.touched.some(({ toMs }) => toMs > horizonMs() + AHEAD_MS)
    insert.run(journal, seq, digest, record.committedAtMs, record.stored)
    seen.run(record.gateway, record.committedAtMs, nowMs)
    if (isOther) return 'conflict'
    if (wasThere) return 'again'
    if (seq > 0) joinRange(journal, seq)
    return marks.length > 0 ? 'conflict' : 'new'
  }

  /** Numbers that neither arrived nor were declared lost, below the highest that did. */
  function holes(unnumbered: ReadonlyMap<string, number>): Hole[] {
    const ranges = Map.groupBy(z.array(rangeRow).parse(allRanges.all()), ({ journal }) => journal)
    return z
      .array(journalRow)
      .parse(allJournals.all())
      .flatMap(({ id, gateway, epoch }) =>
        holesBetween(
          (ranges.get(id) ?? []).map((row) => ({ firstSeq: row.first_seq, lastSeq: row.last_seq })),
        ).map((hole) => ({ gateway, epoch, ...hole, unnumbered: unnumbered.get(gateway) ?? 0 })),
      )
  }

  return {
    journalOf,
    mark,
    forget,
    holes,
    absent,
    committedAtMs,
    batchesSince,
    batchCount: () => Number(count.get()?.['batches']),
    /** When something of each gateway was committed last. */
    gatewaysSeen: (): ReadonlyMap<string, number> =>
      new Map(allSeen.all().map((row) => [String(row['gateway']), Number(row['last_ms'])])),
  }
}

const batchRows = z.array(
  z.object({
    gateway: z.string(),
    epoch: z.string(),
    seq: z.number(),
    digest: z.instanceof(Uint8Array),
    committed_at_ms: z.number(),
  }),
)
const markRows = z.array(z.object({ digest: z.instanceof(Uint8Array), committed_at_ms: z.number() }))

/** What lies between ranges in order of their first number, from a number on. */
export function holesBetween(ranges: readonly Range[], from = 1): Range[] {
  const holes: Range[] = []
  let next = from
  for (const { firstSeq, lastSeq } of ranges) {
    if (firstSeq > next) holes.push({ firstSeq: next, lastSeq: firstSeq - 1 })
    next = Math.max(next, lastSeq + 1)
  }
  return holes
}
