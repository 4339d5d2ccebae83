import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import { digest, epochMs } from '#contract/identity.ts'
import type { ReadingStore } from '#store/port.ts'

/**
 * How far the import of one file has come. The mark only says where to look: it counts when the store has the commit
 * record that it names, so a store that was replaced or restored gets the file again.
 */
const mark = z.strictObject({
  v: z.literal(1),
  /** Name of the imported file, for people. */
  file: z.string(),
  /** Payloads from its beginning that are committed. */
  rows: z.int().min(0),
  /** The last of them. */
  digest,
  committedAtMs: epochMs,
})
export type ImportMark = z.infer<typeof mark>

/** Commit records that may carry one millisecond: those of a group, and of live gateways beside it. */
const RECORDS_LOOKED_AT = 5_000

/** Keeps the mark. Written whole, so that a crash leaves the one before. Throws `folder-unusable`. */
export function writeMark(path: string, value: ImportMark): void {
  try {
    writeFileSync(`${path}.part`, JSON.stringify(value))
    renameSync(`${path}.part`, path)
  } catch (cause) {
    throw new Fault('folder-unusable', `${path} cannot be written.`, { place: { file: path }, cause })
  }
}

/** Payloads that need not be imported again; 0 where there is no mark, or the store does not have what it says. */
export async function rowsCommitted(
  path: string,
  store: Pick<ReadingStore, 'commitsSince'>,
): Promise<number> {
  if (!existsSync(path)) return 0
  const { success, data } = mark.safeParse(parsed(readFileSync(path, 'utf8')))
  if (!success) return 0
  const records = await store.commitsSince(data.committedAtMs, RECORDS_LOOKED_AT)
  return records.some((record) => record.digest === data.digest) ? data.rows : 0
}

/** A mark that cannot be read costs an import that changes nothing. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
