import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { DAY_MS } from '#contract/duration.ts'
import type { Period } from '#contract/grid.ts'
import type { QuantityName } from '#contract/catalogue.ts'
import { isQuantityName } from '#contract/catalogue.ts'

/** Between which moments readings stand; empty where fromMs > toMs. */
export interface Span {
  /** All readings. */
  readonly any: Period
  readonly usable: Period
}

const none: Period = { fromMs: Number.MAX_SAFE_INTEGER, toMs: 0 }

const holds = (period: Period, day: Period): boolean => period.fromMs <= day.fromMs && period.toMs >= day.toMs
const both = (a: Period, b: Period): Period => ({
  fromMs: Math.min(a.fromMs, b.fromMs),
  toMs: Math.max(a.toMs, b.toMs),
})

/** The UTC day of a moment. */
export function utcDay(atMs: number): Period {
  const fromMs = atMs - (atMs % DAY_MS)
  return { fromMs, toMs: fromMs + DAY_MS }
}

/**
 * Between which moments each quantity of a meter was read, in whole days, so that a search for the nearest reading of one
 * that was given up years ago does not look through all that came since. What is deleted does not narrow it.
 */
export class Spans {
  readonly #upsert: StatementSync
  readonly #select: StatementSync
  readonly #selectOne: StatementSync

  constructor(database: DatabaseSync) {
    this.#upsert = database.prepare(`
      INSERT INTO series VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
        from_ms = min(from_ms, excluded.from_ms), to_ms = max(to_ms, excluded.to_ms),
        usable_from_ms = min(usable_from_ms, excluded.usable_from_ms),
        usable_to_ms = max(usable_to_ms, excluded.usable_to_ms)`)
    this.#select = database.prepare('SELECT * FROM series WHERE meter = ?')
    this.#selectOne = database.prepare('SELECT * FROM series WHERE meter = ? AND quantity = ?')
  }

  /** Widens the span of a quantity to a day. `known` is what the caller remembers of it; returns what it is now. */
  widen(
    meter: number,
    quantity: QuantityName,
    day: Period,
    isUsable: boolean,
    known: Span | undefined,
  ): Span {
    const span = known ?? { any: none, usable: none }
    if (holds(span.any, day) && (!isUsable || holds(span.usable, day))) return span
    const wider = { any: both(span.any, day), usable: isUsable ? both(span.usable, day) : span.usable }
    const { any, usable } = wider
    this.#upsert.run(meter, quantity, any.fromMs, any.toMs, usable.fromMs, usable.toMs)
    return wider
  }

  /** The spans of all quantities that a meter ever had, or of one of them. */
  of(meter: number, only?: QuantityName): Map<QuantityName, Span> {
    const found = new Map<QuantityName, Span>()
    for (const row of only === undefined ? this.#select.all(meter) : this.#selectOne.all(meter, only)) {
      const quantity = row['quantity']
      if (typeof quantity !== 'string' || !isQuantityName(quantity))
        throw new RangeError(`no quantity "${String(quantity)}"`)
      found.set(quantity, {
        any: { fromMs: Number(row['from_ms']), toMs: Number(row['to_ms']) },
        usable: { fromMs: Number(row['usable_from_ms']), toMs: Number(row['usable_to_ms']) },
      })
    }
    return found
  }
}
