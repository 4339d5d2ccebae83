import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { NO_PROGRESS, type ChangedMonth, type PostingProgress } from '../port.ts'

/** Which months have changed, and how far each account has been posted. */

const changedRow = z.object({
  id: z.number(),
  meter: z.string(),
  quantity: z.string(),
  month: z.string(),
  changed_at_ms: z.number(),
})
const idRow = z.object({ id: z.number().nullable() })
const progressRow = z.object({ changes: z.number(), records: z.number(), rules: z.string() }).optional()

/** Progress and changed months of the books. All writing functions belong into a transaction of the caller. */
export function openPostingProgress(database: DatabaseSync) {
  const zone = database.prepare('SELECT time_zone FROM calendar')
  const touch = database.prepare(
    'INSERT OR REPLACE INTO changed_month (series, month, changed_at_ms) VALUES (?, ?, ?)',
  )
  const forget = database.prepare('DELETE FROM changed_month')
  const again = database.prepare(
    `INSERT INTO changed_month (series, month, changed_at_ms)
     SELECT DISTINCT series, strftime('%Y-%m', (from_ms + 43200000) / 1000, 'unixepoch'), 0 FROM day_sum ORDER BY 2, 1`,
  )
  const changed = database.prepare(
    `SELECT changed_month.id, meter, quantity, month, changed_at_ms FROM changed_month
     JOIN series ON series.id = changed_month.series WHERE changed_month.id > ? ORDER BY changed_month.id LIMIT ?`,
  )
  const lastId = database.prepare('SELECT max(id) AS id FROM changed_month')
  const progress = database.prepare('SELECT changes, records, rules FROM posting_progress WHERE account = ?')
  const setProgress = database.prepare('INSERT OR REPLACE INTO posting_progress VALUES (?, ?, ?, ?)')

  let timeZone = String(zone.get()?.['time_zone'])
  /** The mark made last: slots of a series come in order, and a month needs one mark a transaction. */
  let last = { series: 0, fromMs: 0, toMs: 0, atMs: -1 }

  /** Another calendar has other months. */
  function useCalendar(name: string): void {
    if (name === timeZone) return
    timeZone = name
    last = { series: 0, fromMs: 0, toMs: 0, atMs: -1 }
    forget.run()
    again.run()
  }

  /** A slot of a series was revised. */
  function mark(series: number, slotMs: number, nowMs: number): void {
    if (series === last.series && nowMs === last.atMs && slotMs >= last.fromMs && slotMs < last.toMs) return
    const start = Temporal.Instant.fromEpochMilliseconds(slotMs)
      .toZonedDateTimeISO(timeZone)
      .with({ day: 1 })
      .startOfDay()
    const toMs = start.add({ months: 1 }).startOfDay().epochMilliseconds
    last = { series, fromMs: start.epochMilliseconds, toMs, atMs: nowMs }
    touch.run(series, start.toPlainDate().toPlainYearMonth().toString(), nowMs)
  }

  /** To be called before every transaction: each marks what it changes itself. */
  function forgetLast(): void {
    last = { series: 0, fromMs: 0, toMs: 0, atMs: -1 }
  }

  function changedMonths(after: number, limit: number): ChangedMonth[] {
    return changed.all(after, limit).map((row): ChangedMonth => {
      const { changed_at_ms: changedAtMs, ...found } = changedRow.parse(row)
      return { ...found, changedAtMs }
    })
  }

  const lastChange = (): number => idRow.parse(lastId.get()).id ?? 0

  function progressOf(account: string): PostingProgress {
    return progressRow.parse(progress.get(account)) ?? NO_PROGRESS
  }

  function setProgressOf(account: string, { changes, records, rules }: PostingProgress): void {
    setProgress.run(account, changes, records, rules)
  }

  return { useCalendar, mark, forgetLast, changedMonths, lastChange, progressOf, setProgressOf }
}
