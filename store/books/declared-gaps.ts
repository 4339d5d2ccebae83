import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { takenGap, type CommitRecord } from '#contract/commit.ts'
import { EPOCH_MS_MAX } from '#contract/identity.ts'
import type { RecordedGap } from '../port.ts'

/** Gaps that gateways declared. */

const gapRow = z.object({ committed_at_ms: z.number(), record: z.string() })

/** The declared gaps of the books. Every function belongs into a transaction of the caller. */
export function openDeclaredGaps(
  database: DatabaseSync,
  journalOf: (gateway: string, epoch: string) => number,
) {
  const insertGap = database.prepare(
    `INSERT INTO gap (digest, journal, first_seq, last_seq, committed_at_ms, record) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT DO NOTHING`,
  )
  const allGaps = database.prepare('SELECT committed_at_ms, record FROM gap ORDER BY committed_at_ms, id')

  const countAll = database.prepare('SELECT count(*) AS n FROM gap')

  return {
    count: (): number => Number(countAll.get()?.['n']),

    /** Enters a gap that a gateway declared. */
    enter({ gap, digest, committedAtMs }: CommitRecord): void {
      if (gap === undefined) return
      const { gateway, lost } = gap
      insertGap.run(
        Buffer.from(digest, 'hex'),
        journalOf(gateway, lost.epoch),
        lost.firstSeq,
        lost.lastSeq,
        committedAtMs,
        JSON.stringify(gap),
      )
    },

    all: (): RecordedGap[] =>
      z
        .array(gapRow)
        .parse(allGaps.all())
        .map((row) => {
          const { fromMs, toMs, ...rest } = takenGap.parse(JSON.parse(row.record))
          // One of before there was a bound is shown as of the last moment.
          const [from, to] = [Math.min(fromMs, EPOCH_MS_MAX), Math.min(toMs, EPOCH_MS_MAX)]
          return { record: { ...rest, fromMs: from, toMs: to }, committedAtMs: row.committed_at_ms }
        }),
  }
}
