import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Period } from '#contract/grid.ts'
import type { MeterId } from '#contract/identity.ts'
import type { QuantityName } from '#contract/quantities.ts'
import type { Reading } from '#contract/reading.ts'
import { outweighs } from '../storable.ts'
import { fits, type Layout, type Layouts } from './layouts.ts'
import { encodeSample, isUniform, readingsIn } from './sample-content.ts'
import { utcDay, Spans, type Span } from './spans.ts'

/** What is remembered of a meter while its samples are written. */
interface MeterSeen {
  readonly number: number
  readonly id: MeterId
  /** The layout of its last sample: the next one is likely the same. */
  last: Layout | undefined
  /** Days in which every quantity of a layout is known to have usable readings. */
  readonly covered: Map<Layout, Period>
  readonly spans: Map<QuantityName, Span>
}

/** Readings of one meter and moment that follow one another: [start, end) of those that are written. */
interface Run {
  readonly meter: MeterSeen
  readonly atMs: number
  readonly start: number
  readonly end: number
}

/** Above the meters of any park. */
const METERS_MAX = 100_000
/** A meter has a few: what is polled together. */
const LAYOUTS_PER_METER_MAX = 100

/**
 * Writes readings as samples: one row for all that a meter said at one moment. What is there already is merged with what
 * comes: one reading of one identity (`outweighs`). All within the caller's transaction.
 */
export class SampleWriter {
  readonly #layouts: Layouts
  readonly #spans: Spans
  readonly #meters = new Map<MeterId, MeterSeen>()
  readonly #insertWord: StatementSync
  readonly #insertSample: StatementSync
  readonly #selectSample: StatementSync
  readonly #updateSample: StatementSync
  readonly #deleteSample: StatementSync

  constructor(database: DatabaseSync, layouts: Layouts) {
    this.#layouts = layouts
    this.#spans = new Spans(database)
    // Setting a word to itself makes SQLite return its number.
    this.#insertWord = database.prepare(
      'INSERT INTO word (text) VALUES (?) ON CONFLICT DO UPDATE SET text = excluded.text RETURNING id',
    )
    this.#insertSample = database.prepare('INSERT INTO sample VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING')
    this.#selectSample = database.prepare('SELECT layout, content FROM sample WHERE meter = ? AND at_ms = ?')
    this.#updateSample = database.prepare(
      'UPDATE sample SET layout = ?, content = ? WHERE meter = ? AND at_ms = ?',
    )
    this.#deleteSample = database.prepare('DELETE FROM sample WHERE meter = ? AND at_ms = ?')
  }

  /** Writes sound readings (store/storable.ts), those of [start, end). */
  write(readings: readonly Reading[], start = 0, end = readings.length): void {
    const runs: Run[] = []
    for (let first = start; first < end;) {
      const { meter, atMs } = readings[first] ?? {}
      let next = first + 1
      while (next < end && readings[next]?.atMs === atMs && readings[next]?.meter === meter) next += 1
      if (meter !== undefined && atMs !== undefined)
        runs.push({ meter: this.#meter(meter), atMs, start: first, end: next })
      first = next
    }
    // In the order of the key: neighbours share pages. Of equals the later comes later, as the sort is stable.
    runs.sort((a, b) => a.meter.number - b.meter.number || a.atMs - b.atMs)
    for (const run of runs) this.#put(readings, run)
  }

  /** Leaves of a sample only some of its readings; nothing where there are none. */
  replace(id: MeterId, atMs: number, kept: readonly Reading[]): void {
    const { number } = this.#meter(id)
    if (kept.length === 0) this.#deleteSample.run(number, atMs)
    else this.#updateSample.run(this.#layouts.of(kept).id, encodeSample(kept, 0, kept.length), number, atMs)
  }

  /** What was new in a transaction that failed is not in the file. */
  forget(): void {
    this.#meters.clear()
    this.#layouts.forget()
  }

  #put(readings: readonly Reading[], { meter, atMs, start, end }: Run): void {
    const { last } = meter
    if (last === undefined || !fits(last, readings, start, end)) {
      const own = strongest(readings.slice(start, end))
      if (own.length < end - start) return this.#put(own, { meter, atMs, start: 0, end: own.length })
      meter.last = this.#layouts.of(own)
    }
    const layout = meter.last
    if (layout === undefined) return
    const content = encodeSample(readings, start, end)
    const isNew = Number(this.#insertSample.run(meter.number, atMs, layout.id, content).changes) > 0
    if (!isNew) this.#merge(meter, atMs, readings.slice(start, end))
    this.#cover(meter, layout, atMs, isUniform(content) ? undefined : readings.slice(start, end))
  }

  #merge(meter: MeterSeen, atMs: number, added: readonly Reading[]): void {
    const { layout: id, content } = this.#selectSample.get(meter.number, atMs) ?? {}
    if (!(content instanceof Uint8Array)) throw new RangeError('a sample without content')
    const there = readingsIn({ meter: meter.id, atMs, content }, this.#layouts.get(Number(id)).parts)
    const merged = strongest([...there, ...added])
    const layout = this.#layouts.of(merged)
    const bytes = encodeSample(merged, 0, merged.length)
    // Sent again, most likely: nothing to write.
    if (layout.id === id && Buffer.compare(bytes, content) === 0) return
    this.#updateSample.run(layout.id, bytes, meter.number, atMs)
  }

  /** Notes between which days its quantities were read. `mixed`: the readings, where not all are usable alike. */
  #cover(meter: MeterSeen, layout: Layout, atMs: number, mixed: readonly Reading[] | undefined): void {
    const covered = meter.covered.get(layout)
    if (mixed === undefined && covered !== undefined && covered.fromMs <= atMs && atMs < covered.toMs) return
    const day = utcDay(atMs)
    for (const [place, { quantity }] of layout.parts.entries()) {
      const isUsable = mixed === undefined || mixed[place]?.quality !== 'bad'
      const known = meter.spans.get(quantity)
      meter.spans.set(quantity, this.#spans.widen(meter.number, quantity, day, isUsable, known))
    }
    if (mixed !== undefined) return
    if (meter.covered.size >= LAYOUTS_PER_METER_MAX) meter.covered.clear()
    meter.covered.set(layout, day)
  }

  #meter(id: MeterId): MeterSeen {
    const known = this.#meters.get(id)
    if (known !== undefined) return known
    if (this.#meters.size >= METERS_MAX) this.#meters.clear()
    const number = Number(this.#insertWord.get(id)?.['id'])
    const seen: MeterSeen = { number, id, last: undefined, covered: new Map(), spans: new Map() }
    this.#meters.set(id, seen)
    return seen
  }
}

/** One reading a quantity: the one that outweighs the others; in the order in which quantities first come. */
function strongest(readings: readonly Reading[]): Reading[] {
  const byQuantity = new Map<QuantityName, Reading>()
  for (const reading of readings) {
    const other = byQuantity.get(reading.quantity)
    if (other === undefined || outweighs(other, reading)) byQuantity.set(reading.quantity, reading)
  }
  return [...byQuantity.values()]
}
