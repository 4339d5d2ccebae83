import { SLOT_MS, slotStart, type Period } from '#contract/grid.ts'
import type { DirtyWindow, RegisterSeries } from '#store/port.ts'

/** The whole slots that touch a stretch of time of which both ends count. */
export function slotsTouching({ fromMs, toMs }: Omit<DirtyWindow, 'meter'>): Period {
  return { fromMs: slotStart(fromMs), toMs: slotStart(toMs) + SLOT_MS }
}

/**
 * The slots that readings in a touched window (both ends included) can change: from the slot of the nearest usable
 * reading before it to the slot of the nearest after it, because all between was interpolated over them before.
 *
 * Nothing outside can change. Readings before the nearest one and after the other keep their neighbours, so their
 * stretches and places stay. The two nearest themselves may lose their place at a grid line to a touched reading
 * that is closer to it; it then lies on the line's other side, so the line is an end of the slot that they were
 * taken in, and the slot beyond it lies towards the touched window.
 *
 * @param series of a period that holds the touched window; the nearest readings are looked for in it
 */
export function dirtyPeriod(touched: Omit<DirtyWindow, 'meter'>, series: RegisterSeries): Period {
  const before = series.within.findLast(({ atMs }) => atMs < touched.fromMs) ?? series.before
  const after = series.within.find(({ atMs }) => atMs > touched.toMs) ?? series.after
  return slotsTouching({
    fromMs: before?.atMs ?? touched.fromMs,
    toMs: after?.atMs ?? touched.toMs,
  })
}
