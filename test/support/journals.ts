import { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { until } from './until.ts'

/** Looks into the journal of a gateway, running or not. */

const waitingRow = z.object({ number: z.string() })

function withJournal<T>(journal: string, look: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(journal, { readOnly: true, timeout: 5_000 })
  try {
    return look(database)
  } finally {
    database.close()
  }
}

function readCount(journal: string, sql: string): number {
  return withJournal(journal, (database) => z.object({ number: z.int() }).parse(database.prepare(sql).get()))
    .number
}

/** Waits until every row that the journal holds now has its receipt; rows made later do not matter. */
export async function drained(journal: string, timeoutMs = 60_000): Promise<void> {
  const newest = readCount(journal, 'SELECT last_place AS number FROM identity')
  await until(
    () =>
      readCount(
        journal,
        `SELECT count(*) AS number FROM batch WHERE acknowledged_ms IS NULL AND place <= ${newest}`,
      ) === 0
        ? true
        : undefined,
    timeoutMs,
  )
}

/** How many rows there are, and epoch and number of those without a receipt. */
export function journalRows(journal: string): { all: number; waiting: readonly string[] } {
  return withJournal(journal, (database) => {
    const waiting = database
      .prepare(
        `SELECT epoch || ' ' || (place - after_place) AS number FROM batch JOIN epoch
         ON after_place = (SELECT max(after_place) FROM epoch WHERE after_place < place) WHERE acknowledged_ms IS NULL`,
      )
      .all()
    return {
      all: Number(database.prepare('SELECT count(*) AS number FROM batch').get()?.['number']),
      waiting: waiting.map((row) => waitingRow.parse(row).number),
    }
  })
}
