import type { DatabaseSync } from 'node:sqlite'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { z } from 'zod'
import type { CommitRecord } from '#contract/commit.ts'
import { commitText, storedCommit } from './commit-text.ts'

/**
 * Old commit records in an SQLite file: whole, but hundreds in one compressed row. Of a gateway with 18 meters a record is
 * 500 to 1,100 bytes as it is written, and some 220 in a page. Every function belongs into a transaction of the caller.
 */

/** What is read, compressed and written in one go: some tens of milliseconds. */
const RECORDS_PER_PAGE = 500
/** Records carry refused payloads of megabytes. */
const CHARACTERS_PER_PAGE = 4 * 1024 * 1024
/** Longest text of a page: one record may be longer than that bound by itself. */
const PAGE_BYTES_MAX = 64 * 1024 * 1024

const oldRow = z.object({ rowid: z.number(), committed_at_ms: z.number(), body: z.string() })
const placeRow = z.object({ id: z.number(), from_ms: z.number() })
const pageRow = z.object({ id: z.number(), content: z.instanceof(Uint8Array) })
const bodies = z.array(storedCommit)

const compressed = (texts: readonly string[]): Uint8Array =>
  zstdCompressSync(Buffer.from(`[${texts.join(',')}]`))

function recordsIn({ content }: z.output<typeof pageRow>): CommitRecord[] {
  const text = zstdDecompressSync(content, { maxOutputLength: PAGE_BYTES_MAX }).toString()
  return bodies.parse(JSON.parse(text))
}

export type CommitPages = ReturnType<typeof openCommitPages>

export function openCommitPages(database: DatabaseSync) {
  const oldest = database.prepare(`
    SELECT rowid, committed_at_ms, body FROM commit_record
    WHERE committed_at_ms < ? ORDER BY committed_at_ms, gateway, epoch, seq LIMIT ${RECORDS_PER_PAGE}`)
  const removeRecord = database.prepare('DELETE FROM commit_record WHERE rowid = ?')
  const insert = database.prepare(
    'INSERT INTO commit_page (from_ms, to_ms, records, content) VALUES (?, ?, ?, ?)',
  )
  const since = database.prepare('SELECT id, from_ms FROM commit_page WHERE to_ms >= ? ORDER BY from_ms')
  const page = database.prepare('SELECT id, content FROM commit_page WHERE id = ?')
  const next = database.prepare(
    'SELECT id, content FROM commit_page WHERE id > ? AND from_ms < ? ORDER BY id LIMIT 1',
  )
  const remove = database.prepare('DELETE FROM commit_page WHERE id = ?')
  const rewrite = database.prepare('UPDATE commit_page SET records = ?, content = ? WHERE id = ?')

  /** Packs the oldest records of before a moment into a page. Gives how many. */
  function pack(beforeMs: number): number {
    const taken: z.output<typeof oldRow>[] = []
    let characters = 0
    for (const row of oldest.iterate(beforeMs)) {
      const record = oldRow.parse(row)
      if (taken.length > 0 && characters + record.body.length > CHARACTERS_PER_PAGE) break
      taken.push(record)
      characters += record.body.length
    }
    const [first, last] = [taken[0], taken.at(-1)]
    if (first === undefined || last === undefined) return 0
    insert.run(
      first.committed_at_ms,
      last.committed_at_ms,
      taken.length,
      compressed(taken.map(({ body }) => body)),
    )
    for (const { rowid } of taken) removeRecord.run(rowid)
    return taken.length
  }

  /**
   * Adds to records, which are the first `limit` unpacked ones from a moment on in order of time, those in pages that may
   * stand before the last of them.
   */
  function joined(fromMs: number, limit: number, unpacked: readonly CommitRecord[]): CommitRecord[] {
    let found = [...unpacked]
    for (const row of since.iterate(fromMs)) {
      const { id, from_ms: startMs } = placeRow.parse(row)
      if (found.length >= limit && startMs > (found[limit - 1]?.committedAtMs ?? Infinity)) break
      const own = recordsIn(pageRow.parse(page.get(id))).filter(
        ({ committedAtMs }) => committedAtMs >= fromMs,
      )
      found = [...found, ...own].toSorted((a, b) => a.committedAtMs - b.committedAtMs).slice(0, limit)
    }
    return found
  }

  /**
   * Takes the records that are no longer needed out of the page after one, the first that begins before a moment. Gives
   * that page and how many went; undefined where there is none.
   */
  function thin(
    after: number,
    beforeMs: number,
    isNeeded: (record: CommitRecord) => boolean,
  ): { readonly page: number; readonly gone: number } | undefined {
    const found = pageRow.optional().parse(next.get(after, beforeMs))
    if (found === undefined) return undefined
    const records = recordsIn(found)
    const kept = records.filter((record) => record.committedAtMs >= beforeMs || isNeeded(record))
    if (kept.length === 0) remove.run(found.id)
    else if (kept.length < records.length)
      rewrite.run(kept.length, compressed(kept.map(commitText)), found.id)
    return { page: found.id, gone: records.length - kept.length }
  }

  return { pack, joined, thin }
}
