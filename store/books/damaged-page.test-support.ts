import type { DatabaseSync } from 'node:sqlite'
import { DAY_MS } from '#contract/duration.ts'
import { SLOT_MS } from '#contract/grid.ts'
import { pageBytes, pageOf, type PageSlot } from './day-page.ts'

/** Changes one slot of a meter in the file behind the books' back, or takes it away. */
export function changePage(
  file: DatabaseSync,
  meter: string,
  slotMs: number,
  change: (slot: PageSlot) => PageSlot | undefined,
): void {
  const dayMs = slotMs - (slotMs % DAY_MS)
  const rows = file
    .prepare(
      'SELECT series, content FROM interval_day JOIN series ON id = series WHERE meter = ? AND from_ms = ?',
    )
    .all(meter, dayMs)
  for (const { series, content } of rows) {
    if (!(content instanceof Uint8Array) || typeof series !== 'number') throw new RangeError('no page')
    const page = pageOf(content)
    const index = (slotMs - dayMs) / SLOT_MS
    const slot = page[index]
    if (slot !== undefined) page[index] = change(slot)
    file
      .prepare('UPDATE interval_day SET content = ? WHERE series = ? AND from_ms = ?')
      .run(pageBytes(page), series, dayMs)
  }
}
