import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { SLOT_MS } from '#contract/grid.ts'
import type { DirtyWindow } from '../port.ts'

/** Stretches of meters' time that must be computed again. */

const windowRow = z.object({
  id: z.number(),
  meter: z.string(),
  from_ms: z.number(),
  to_ms: z.number(),
})

const countRow = z.object({ windows: z.number(), oldest_ms: z.number().nullable() })

/** Stretches of the same meter less than a slot apart as one, in any order: what marking one after another comes to. */
export function joined(stretches: readonly DirtyWindow[]): DirtyWindow[] {
  return [...Map.groupBy(stretches, ({ meter }) => meter).values()].flatMap((own) => {
    const all: DirtyWindow[] = []
    for (const next of own.toSorted((a, b) => a.fromMs - b.fromMs)) {
      const last = all.at(-1)
      if (last === undefined || next.fromMs - last.toMs >= SLOT_MS) all.push(next)
      else all[all.length - 1] = { ...last, toMs: Math.max(last.toMs, next.toMs) }
    }
    return all
  })
}

/** The dirty windows of the books. Every function belongs into a transaction of the caller. */
export function openDirtyWindows(database: DatabaseSync) {
  const touching = database.prepare(
    'SELECT * FROM dirty_window WHERE meter = ? AND from_ms <= ? AND to_ms >= ?',
  )
  const remove = database.prepare('DELETE FROM dirty_window WHERE id = ?')
  const insert = database.prepare('INSERT INTO dirty_window (meter, from_ms, to_ms) VALUES (?, ?, ?)')
  const oldest = database.prepare('SELECT * FROM dirty_window ORDER BY from_ms, meter LIMIT ?')
  const count = database.prepare('SELECT count(*) AS windows, min(from_ms) AS oldest_ms FROM dirty_window')
  /** The rows that windows handed out stand for. Touching a window makes it another row. */
  const handedOut = new WeakMap<DirtyWindow, number>()

  /**
   * Marks a stretch, and makes it one with those of the same meter less than a slot away: polls are moments, and each
   * of them would be a window of its own that has the same slots computed again.
   */
  function mark({ meter, fromMs, toMs }: DirtyWindow): void {
    const found = z.array(windowRow).parse(touching.all(meter, toMs + SLOT_MS - 1, fromMs - SLOT_MS + 1))
    for (const { id } of found) remove.run(id)
    insert.run(
      meter,
      Math.min(fromMs, ...found.map((row) => row.from_ms)),
      Math.max(toMs, ...found.map((row) => row.to_ms)),
    )
  }

  /** The windows that begin first. */
  function list(limit: number): DirtyWindow[] {
    return z
      .array(windowRow)
      .parse(oldest.all(Math.max(0, Math.trunc(limit))))
      .map((row) => {
        const window = { meter: row.meter, fromMs: row.from_ms, toMs: row.to_ms }
        handedOut.set(window, row.id)
        return window
      })
  }

  /**
   * Takes out a window that `list` gave, if nothing has touched it since. One that `list` did not give stays: it
   * cannot be known what its maker had seen.
   */
  function clear(window: DirtyWindow): void {
    const id = handedOut.get(window)
    if (id !== undefined) remove.run(id)
  }

  function counts(): { dirtyWindows: number; oldestDirtyMs: number | undefined } {
    const { windows, oldest_ms } = countRow.parse(count.get())
    return { dirtyWindows: windows, oldestDirtyMs: oldest_ms ?? undefined }
  }

  return { mark, list, clear, counts }
}
