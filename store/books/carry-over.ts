import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { DAY_MS } from '#contract/duration.ts'
import { SLOT_MS } from '#contract/grid.ts'
import { quantityName } from '#contract/quantities.ts'
import { inTransaction } from '../sqlite-file.ts'
import { emptyPage, pageBytes, type DayPage } from './day-page.ts'
import { intervalOf } from './interval-text.ts'
import { contentOf } from './slot-content.ts'

const oldRow = z.object({
  series: z.number(),
  meter: z.string(),
  quantity: quantityName,
  slot_ms: z.number(),
  revision: z.number(),
  content: z.string(),
})

/** Brings intervals of books that had a row for each revision into pages, once and as a whole. */
export function carryOver(database: DatabaseSync): void {
  const hasOlder = (): boolean =>
    database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'interval_before_pages'").get() !== undefined
  if (!hasOlder()) return
  inTransaction(database, () => {
    // Another process may have been faster.
    if (hasOlder()) carry(database)
  })
}

function carry(database: DatabaseSync): void {
  const putPage = database.prepare('INSERT INTO interval_day VALUES (?, ?, ?)')
  const putPast = database.prepare('INSERT INTO interval_past VALUES (?, ?, ?, ?)')
  let open: { series: number; dayMs: number; page: DayPage } | undefined
  let last: z.output<typeof oldRow> | undefined
  const close = (): void => {
    if (open !== undefined) putPage.run(open.series, open.dayMs, pageBytes(open.page))
  }
  const put = (row: z.output<typeof oldRow>): void => {
    const { series, meter, quantity, slot_ms: slotMs, revision, content } = row
    const dayMs = slotMs - (slotMs % DAY_MS)
    if (open?.series !== series || open.dayMs !== dayMs) {
      close()
      open = { series, dayMs, page: emptyPage() }
    }
    open.page[(slotMs - dayMs) / SLOT_MS] = {
      revision,
      content: contentOf(intervalOf({ meter, quantity, slotMs }, content)),
    }
  }
  const rows = database
    .prepare(
      `SELECT series, meter, quantity, slot_ms, revision, content FROM interval_before_pages
       JOIN series ON series.id = series ORDER BY series, slot_ms, revision`,
    )
    .iterate()
  for (const each of rows) {
    const row = oldRow.parse(each)
    if (last?.series === row.series && last.slot_ms === row.slot_ms)
      putPast.run(last.series, last.slot_ms, last.revision, last.content)
    else if (last !== undefined) put(last)
    last = row
  }
  if (last !== undefined) put(last)
  close()
  database.exec('DROP TABLE interval_before_pages')
}
