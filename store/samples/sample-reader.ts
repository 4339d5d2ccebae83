import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite'
import type { Period } from '#contract/grid.ts'
import type { MeterId } from '#contract/identity.ts'
import type { QuantityName } from '#contract/catalogue.ts'
import type { Reading } from '#contract/reading.ts'
import type { Layouts } from './layouts.ts'
import { readingAt, readingsIn } from './sample-content.ts'
import { Spans } from './spans.ts'

/** The rows of a meter that hold a quantity; the order comes from the key, whatever SQLite thinks of it. */
const SELECT_QUANTITY = `
  SELECT at_ms, content, place, resolution
  FROM sample CROSS JOIN layout_part ON quantity = ?2 AND layout_part.layout = sample.layout
  WHERE meter = ?1 AND at_ms >= ?3 AND at_ms < ?4`

/** Of the newest samples of a meter, so many are looked into for all its quantities; the others are searched each. */
const NEWEST_SAMPLES = 16

/** Above the meters of any park. */
const METERS_MAX = 100_000

/** Samples that are looked at in one go when old ones are deleted. */
const DELETED_AT_ONCE = 1_000

type Row = Record<string, SQLOutputValue>

/** Reads what SampleWriter wrote. Throws RangeError for what it did not. */
export class SampleReader {
  readonly #layouts: Layouts
  readonly #spans: Spans
  readonly #statements: ReturnType<typeof prepareAll>
  /** Numbers of meters; they never change. */
  readonly #numbers = new Map<MeterId, number>()

  constructor(database: DatabaseSync, layouts: Layouts) {
    this.#layouts = layouts
    this.#spans = new Spans(database)
    this.#statements = prepareAll(database)
  }

  /** Readings of a quantity in a period, in order of time. */
  within(meter: MeterId, quantity: QuantityName, { fromMs, toMs }: Period): Reading[] {
    const span = this.#spanOf(meter, quantity)
    return span === undefined ? [] : this.#within(meter, quantity, span.any, fromMs, toMs)
  }

  /**
   * Usable readings in a period, with the nearest one before and the nearest at or after it; undefined where the quantity
   * was never read.
   */
  around(meter: MeterId, quantity: QuantityName, { fromMs, toMs }: Period) {
    const span = this.#spanOf(meter, quantity)
    if (span === undefined) return undefined
    const { usable } = span
    const { downwards, upwards } = this.#statements
    return {
      before: this.#first(downwards, meter, quantity, usable.fromMs, Math.min(fromMs, usable.toMs), true),
      within: this.#within(meter, quantity, span.any, fromMs, toMs),
      after: this.#first(upwards, meter, quantity, Math.max(toMs, usable.fromMs), usable.toMs, true),
    }
  }

  /** The nearest usable reading before a moment. */
  usableBefore(meter: MeterId, quantity: QuantityName, ms: number): Reading | undefined {
    const span = this.#spanOf(meter, quantity)
    if (span === undefined) return undefined
    const { fromMs, toMs } = span.usable
    return this.#first(this.#statements.downwards, meter, quantity, fromMs, Math.min(ms, toMs), true)
  }

  /** The newest reading of every quantity of a meter. */
  latest(meter: MeterId): Reading[] {
    const number = this.#numberOf(meter)
    if (number === undefined) return []
    const wanted = this.#spans.of(number)
    const found: Reading[] = []
    for (const row of this.#statements.newest.all(number, NEWEST_SAMPLES)) {
      if (wanted.size === 0) break
      const { atMs, layout, content } = sampleOf(row)
      const { parts } = this.#layouts.get(layout)
      for (const [place, part] of parts.entries()) {
        if (!wanted.delete(part.quantity)) continue
        found.push(readingAt({ meter, atMs, content }, part, place))
      }
    }
    for (const [quantity, { any }] of wanted) {
      const { downwards } = this.#statements
      const newest = this.#first(downwards, meter, quantity, any.fromMs, any.toMs, false)
      if (newest !== undefined) found.push(newest)
    }
    return found
  }

  /**
   * Old readings of a meter in a period, in samples, oldest first: at most `limit`, those before the newest usable one
   * before its end; what else stands in their samples is in `kept`.
   */
  *goneWithin(
    meter: MeterId,
    { fromMs: startMs, toMs: beforeMs }: Period,
    limit: number,
  ): Generator<{ atMs: number; gone: number; kept: Reading[] }> {
    const number = this.#numberOf(meter)
    if (number === undefined) return
    const keptFromMs = new Map<string, number>()
    for (const quantity of this.#spans.of(number).keys())
      keptFromMs.set(quantity, this.usableBefore(meter, quantity, beforeMs)?.atMs ?? beforeMs)
    let left = limit
    for (let fromMs = startMs; left > 0;) {
      const rows = this.#statements.oldest.all(number, fromMs, beforeMs, DELETED_AT_ONCE)
      for (const row of rows) {
        const { atMs, layout, content } = sampleOf(row)
        fromMs = atMs + 1
        let gone = 0
        const kept = readingsIn({ meter, atMs, content }, this.#layouts.get(layout).parts).filter(
          ({ quantity }) => {
            const isKept = gone >= left || atMs >= (keptFromMs.get(quantity) ?? 0)
            if (!isKept) gone += 1
            return isKept
          },
        )
        left -= gone
        if (gone > 0) yield { atMs, gone, kept }
        if (left === 0) return
      }
      if (rows.length < DELETED_AT_ONCE) return
    }
  }

  #within(meter: MeterId, quantity: QuantityName, span: Period, fromMs: number, toMs: number): Reading[] {
    const number = this.#numberOf(meter)
    // Nothing of it stands before or after: other quantities of the meter are not looked through.
    const [first, end] = [Math.max(fromMs, span.fromMs), Math.min(toMs, span.toMs)]
    if (number === undefined || first >= end) return []
    return this.#statements.upwards
      .all(number, quantity, first, end)
      .map((row) => readingFrom(row, meter, quantity))
  }

  #first(
    statement: StatementSync,
    meter: MeterId,
    quantity: QuantityName,
    fromMs: number,
    toMs: number,
    isUsable: boolean,
  ): Reading | undefined {
    const number = this.#numberOf(meter)
    if (number === undefined || fromMs >= toMs) return undefined
    for (const row of statement.iterate(number, quantity, fromMs, toMs)) {
      const reading = readingFrom(row, meter, quantity)
      if (!isUsable || reading.quality !== 'bad') return reading
    }
    return undefined
  }

  #spanOf(meter: MeterId, quantity: QuantityName) {
    const number = this.#numberOf(meter)
    return number === undefined ? undefined : this.#spans.of(number, quantity).get(quantity)
  }

  #numberOf(meter: MeterId): number | undefined {
    const known = this.#numbers.get(meter)
    if (known !== undefined) return known
    const id = this.#statements.word.get(meter)?.['id']
    if (typeof id !== 'number') return undefined
    if (this.#numbers.size >= METERS_MAX) this.#numbers.clear()
    this.#numbers.set(meter, id)
    return id
  }
}

/** Rows as arrays: a year of readings is read by the million, and naming the columns of each takes longer than reading it. */
function asArrays(statement: StatementSync): StatementSync {
  statement.setReturnArrays(true)
  return statement
}

function prepareAll(database: DatabaseSync) {
  return {
    word: database.prepare('SELECT id FROM word WHERE text = ?'),
    upwards: asArrays(database.prepare(`${SELECT_QUANTITY} ORDER BY at_ms`)),
    downwards: asArrays(database.prepare(`${SELECT_QUANTITY} ORDER BY at_ms DESC`)),
    newest: database.prepare(
      'SELECT at_ms, layout, content FROM sample WHERE meter = ? ORDER BY at_ms DESC LIMIT ?',
    ),
    oldest: database.prepare(`
      SELECT at_ms, layout, content FROM sample
      WHERE meter = ? AND at_ms >= ? AND at_ms < ? ORDER BY at_ms LIMIT ?`),
  }
}

function sampleOf(row: Row) {
  const { at_ms: atMs, layout, content } = row
  if (typeof atMs !== 'number' || typeof layout !== 'number' || !(content instanceof Uint8Array))
    throw new RangeError('a row that is no sample')
  return { atMs, layout, content }
}

function readingFrom(row: unknown, meter: MeterId, quantity: QuantityName): Reading {
  const [atMs, content, place, resolution]: readonly unknown[] = Array.isArray(row) ? row : []
  if (typeof atMs !== 'number' || typeof place !== 'number' || !(content instanceof Uint8Array))
    throw new RangeError('a row that is no sample')
  const part = { quantity, resolution: typeof resolution === 'string' ? resolution : undefined }
  return readingAt({ meter, atMs, content }, part, place)
}
