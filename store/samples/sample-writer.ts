import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Period } from '#contract/grid.ts'
import type { MeterId } from '#contract/identity.ts'
import type { QuantityName } from '#contract/catalogue.ts'
import type { Reading } from '#contract/reading.ts'
import type { Layout, Layouts } from './layouts.ts'
import { samplesIn, strongest, type PackedSamples } from './packed-samples.ts'
import { encodeSample, isUniform, readingsIn } from './sample-content.ts'
import { utcDay, Spans, type Span } from './spans.ts'

/** What is remembered of a meter while its samples are written. */
interface MeterSeen {
  readonly number: number
  readonly id: MeterId
  /** Days in which every quantity of a layout is known to have usable readings. */
  readonly covered: Map<Layout, Period>
  readonly spans: Map<QuantityName, Span>
}

/** One sample that is to be written. */
interface Coming {
  readonly meter: MeterSeen
  readonly atMs: number
  readonly layout: string
  readonly content: Uint8Array
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

  /** Writes samples, in the order of their key: neighbours share pages. */
  write(packed: PackedSamples): void {
    const coming: Coming[] = []
    for (const { meter, ...sample } of samplesIn(packed))
      coming.push({ meter: this.#meter(meter), ...sample })
    // Of equals the later comes later, as the sort is stable.
    coming.sort((a, b) => a.meter.number - b.meter.number || a.atMs - b.atMs)
    for (const each of coming) this.#put(each)
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

  #put({ meter, atMs, layout: text, content }: Coming): void {
    const layout = this.#layouts.named(text)
    const isNew = Number(this.#insertSample.run(meter.number, atMs, layout.id, content).changes) > 0
    const isMixed = !isUniform(content)
    const readings = (): Reading[] => readingsIn({ meter: meter.id, atMs, content }, layout.parts)
    if (!isNew) this.#merge(meter, atMs, readings())
    this.#cover(meter, layout, atMs, isMixed ? readings() : undefined)
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
    const seen: MeterSeen = { number, id, covered: new Map(), spans: new Map() }
    this.#meters.set(id, seen)
    return seen
  }
}
