import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { refusal, type CommitRecord, type Refusal } from '#contract/commit.ts'
import { gapRecord } from '#contract/messages.ts'
import type { QuarantineEntry, RecordedGap } from '../port.ts'

/** What commit records say beside their readings: gaps and refused payloads. */

const gapRow = z.object({ committed_at_ms: z.number(), record: z.string() })
const quarantineRow = z.object({
  id: z.number(),
  gateway: z.string(),
  digest: z.instanceof(Uint8Array),
  committed_at_ms: z.number(),
  refusal: z.string(),
  payload_characters: z.number(),
})

/** What a person looks at; a multiple of four, so that base64 can be decoded. */
const PAYLOAD_CHARACTERS_SHOWN = 4_000

export type Arrivals = ReturnType<typeof openArrivals>

/** Gaps and quarantine of the books. Every function belongs into a transaction of the caller. */
export function openArrivals(database: DatabaseSync, journalOf: (gateway: string, epoch: string) => number) {
  const insertGap = database.prepare(
    `INSERT INTO gap (digest, journal, first_seq, last_seq, committed_at_ms, record) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT DO NOTHING`,
  )
  const allGaps = database.prepare('SELECT committed_at_ms, record FROM gap ORDER BY committed_at_ms, id')
  const quarantined = database.prepare('SELECT refusal FROM quarantine WHERE digest = ? AND gateway = ?')
  const insertQuarantine = database.prepare(
    'INSERT INTO quarantine (gateway, digest, committed_at_ms, refusal) VALUES (?, ?, ?, ?)',
  )
  const newestQuarantine = database.prepare(
    `SELECT id, gateway, digest, committed_at_ms, length(refusal ->> 'payload') AS payload_characters,
       json_set(refusal, '$.payload', substr(refusal ->> 'payload', 1, ${PAYLOAD_CHARACTERS_SHOWN})) AS refusal
     FROM quarantine ORDER BY id DESC LIMIT ?`,
  )

  const countBoth = database.prepare(
    'SELECT (SELECT count(*) FROM gap) AS gaps, (SELECT count(*) FROM quarantine) AS quarantined',
  )

  return {
    counts: () => z.object({ gaps: z.number(), quarantined: z.number() }).parse(countBoth.get()),

    /** Enters a gap that a gateway declared. */
    enterGap({ gap, digest, committedAtMs }: CommitRecord): void {
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

    /** Enters refused payloads. What is already there of this record, from an earlier commit of it, is left alone. */
    quarantine({ gateway, digest, committedAtMs }: CommitRecord, refusals: readonly Refusal[]): void {
      if (refusals.length === 0) return
      const blob = Buffer.from(digest, 'hex')
      const known = new Set(quarantined.all(blob, gateway).map((row) => row['refusal']))
      for (const each of refusals) {
        const text = JSON.stringify(refusal.parse(each))
        if (!known.has(text)) insertQuarantine.run(gateway, blob, committedAtMs, text)
      }
    },

    gaps: (): RecordedGap[] =>
      z
        .array(gapRow)
        .parse(allGaps.all())
        .map((row) => ({
          record: gapRecord.parse(JSON.parse(row.record)),
          committedAtMs: row.committed_at_ms,
        })),

    newest: (limit: number): QuarantineEntry[] =>
      z
        .array(quarantineRow)
        .parse(newestQuarantine.all(Math.max(0, Math.trunc(limit))))
        .map((row) => ({
          id: row.id,
          gateway: row.gateway,
          digest: Buffer.from(row.digest).toString('hex'),
          committedAtMs: row.committed_at_ms,
          refusal: refusal.parse(JSON.parse(row.refusal)),
          payloadCharacters: row.payload_characters,
        })),
  }
}
