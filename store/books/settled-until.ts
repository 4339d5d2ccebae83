import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { SETTLE_MS, SLOT_MS, slotStart } from '#contract/grid.ts'

/**
 * Up to where the slots of each series were settled when something of it was recorded. What was settled stays final, also
 * where the clock is set back.
 */

const untilRow = z.object({ until_ms: z.number() })

/** Every function belongs into a transaction of the caller. */
export function openSettledUntil(database: DatabaseSync) {
  const find = database.prepare('SELECT until_ms FROM settled_until WHERE series = ?')
  const put = database.prepare('INSERT OR REPLACE INTO settled_until VALUES (?, ?)')

  /** Before this instant the slots of a series were settled. */
  function of(series: number): number {
    return untilRow.optional().parse(find.get(series))?.until_ms ?? 0
  }

  /** Something of a series was recorded, up to a slot: a clock that is ahead settles nothing beyond that. */
  function reach(series: number, slotMs: number, nowMs: number): void {
    const untilMs = Math.min(slotMs + SLOT_MS, slotStart(Math.max(0, nowMs - SETTLE_MS)))
    if (untilMs > of(series)) put.run(series, untilMs)
  }

  return { of, reach }
}
