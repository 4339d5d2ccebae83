import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { DAY_MS } from '#contract/duration.ts'
import { SLOT_MS } from '#contract/grid.ts'
import { emptyPage, pageBytes, pageOf, type DayPage, type PageSlot } from './day-page.ts'

/**
 * Revisions before the newest, never changed or removed: pages of what was displaced together, and rows of their own from
 * before there were such pages.
 */

const pageRow = z.object({ content: z.instanceof(Uint8Array) })
const textRow = z.object({ revision: z.number(), content: z.string() })

/** The past revisions of the books. `put` belongs into a transaction of the caller. */
export function openPastRevisions(database: DatabaseSync) {
  const putPage = database.prepare(
    `INSERT INTO interval_past_day
     SELECT ?1, ?2, 1 + coalesce(max(number), 0), ?3 FROM interval_past_day WHERE series = ?1 AND from_ms = ?2`,
  )
  const pagesOf = database.prepare(
    'SELECT content FROM interval_past_day WHERE series = ? AND from_ms = ? ORDER BY number',
  )
  const textsOf = database.prepare(
    'SELECT revision, content FROM interval_past WHERE series = ? AND slot_ms = ?',
  )
  /** A month that is proved asks for slot after slot of one day. */
  let read: { series: number; dayMs: number; pages: readonly DayPage[] } | undefined

  function pages(series: number, dayMs: number): readonly DayPage[] {
    if (read?.series !== series || read.dayMs !== dayMs) {
      const rows = pagesOf.all(series, dayMs).map((row) => pageRow.parse(row))
      read = { series, dayMs, pages: rows.map(({ content }) => pageOf(content)) }
    }
    return read.pages
  }

  /** What one piece of work displaces of a day: gathered, then written as a whole. */
  function gather(series: number, dayMs: number) {
    let page: DayPage | undefined
    const put = (): void => {
      if (page === undefined) return
      putPage.run(series, dayMs, pageBytes(page))
      page = undefined
      read = undefined
    }
    return {
      add: (index: number, slot: PageSlot): void => {
        // A slot that is displaced twice has a place in each of two pages.
        if (page?.[index] !== undefined) put()
        page ??= emptyPage()
        page[index] = slot
      },
      put,
    }
  }

  /** Of one slot, oldest first. */
  function of(series: number, slotMs: number): PageSlot[] {
    const dayMs = slotMs - (slotMs % DAY_MS)
    const index = (slotMs - dayMs) / SLOT_MS
    const inPages = pages(series, dayMs).flatMap((page) => page[index] ?? [])
    const alone = textsOf.all(series, slotMs).map((row) => textRow.parse(row))
    return [...alone, ...inPages].toSorted((a, b) => a.revision - b.revision)
  }

  return { gather, of }
}
