import { SLOT_MS, type Period } from '#contract/grid.ts'
import type { Interval, RecordedInterval } from '#contract/interval.ts'
import type { MeterEntry, RecordedEntry } from '#contract/meter-entry.ts'
import { indexPark, parkDescription, type Meter } from '#contract/park.ts'
import type { QuantityName } from '#contract/quantities.ts'
import { isRegisterReading, type Reading } from '#contract/reading.ts'
import type { DirtyWindow, RegisterSeries } from '#store/port.ts'
import { computeWindow } from './compute.ts'
import { dependentsIn } from './dependents.ts'

const qualities = ['bad', 'simulated', 'uncertain', 'good', 'manual']

/** A whole park in memory: readings and entries come in, windows become dirty, and all of them are computed again. */
export class MemoryPark {
  readonly #readings = new Map<string, Reading>()
  readonly #entries: RecordedEntry[] = []
  readonly #slots = new Map<string, RecordedInterval[]>()
  readonly #park
  #dirty: DirtyWindow[] = []

  constructor(meters: readonly Meter[], timeZone = 'Asia/Shanghai') {
    const name = { zh: '园', en: 'park' }
    const empty = indexPark(parkDescription.parse({ id: 'p', name, timeZone, gateways: [] }))
    this.#park = { ...empty, meters: new Map(meters.map((meter) => [meter.id, meter])) }
  }

  /** As `ReadingStore.append`, and the touched windows that follow from it. */
  read(readings: readonly Reading[]): void {
    for (const reading of readings) {
      const key = `${reading.meter} ${reading.quantity} ${reading.atMs}`
      const kept = this.#readings.get(key)
      if (kept !== undefined && qualities.indexOf(kept.quality) > qualities.indexOf(reading.quality)) continue
      this.#readings.set(key, reading)
      this.#dirty.push({ meter: reading.meter, fromMs: reading.atMs, toMs: reading.atMs })
    }
  }

  enter(digest: string, entry: MeterEntry, touched: Period): void {
    if (entry.kind === 'withdrawal') {
      for (const [index, each] of this.#entries.entries())
        if (each.digest === entry.entry) this.#entries[index] = { ...each, isWithdrawn: true }
    } else this.#entries.push({ digest, entry, enteredMs: this.#entries.length, isWithdrawn: false })
    this.#dirty.push({ meter: entry.meter, ...touched })
  }

  /** Makes all recorded slots of a meter dirty. Others are left alone: computing them first is news, an estimate even. */
  touch({ id: meter, gapSeconds }: Meter): void {
    const recorded = this.#extentOf(meter)
    if (recorded === undefined) return
    // What is touched reaches as far as the expected gap around it.
    const marginMs = gapSeconds * 1_000
    const [fromMs, toMs] = [recorded.fromMs + marginMs, recorded.toMs - marginMs]
    if (fromMs <= toMs) this.#dirty.push({ meter, fromMs, toMs })
  }

  /** Computes until nothing is dirty any more. Returns how many revisions were written. */
  async settle(nowMs = Number.MAX_SAFE_INTEGER / 2): Promise<number> {
    const dependents = dependentsIn(this.#park, (...asked) => this.intervals(...asked))
    let written = 0
    for (let window = this.#dirty.shift(); window !== undefined; window = this.#dirty.shift()) {
      const meter = this.#park.meters.get(window.meter)
      if (meter === undefined) continue
      const books = {
        intervals: (id: string, quantity: QuantityName, period: Period) =>
          this.intervals(id, quantity, period),
        extentOf: (id: string) => this.#extentOf(id),
        standing: () => undefined,
        meterEntries: (id: string) => this.#entries.filter(({ entry }) => entry.meter === id),
      }
      await computeWindow(
        window,
        meter,
        { store: this.#store, books, park: this.#park, nowMs },
        {
          record: (_, intervals) => {
            const changed = intervals.filter((interval) => this.#revise(interval))
            written += changed.length
            this.#dirty.push(...dependents(changed))
            return changed.length
          },
        },
      )
    }
    return written
  }

  intervals(meter: string, quantity: QuantityName, { fromMs, toMs }: Period): RecordedInterval[] {
    const found: RecordedInterval[] = []
    for (let slotMs = fromMs - (fromMs % SLOT_MS); slotMs < toMs; slotMs += SLOT_MS) {
      const newest = this.#slots.get(`${meter} ${quantity} ${slotMs}`)?.at(-1)
      if (newest !== undefined && slotMs >= fromMs) found.push(newest)
    }
    return found
  }

  #extentOf(meter: string): Period | undefined {
    const slots = [...this.#slots.values()].flatMap(([first]) =>
      first?.meter === meter ? [first.slotMs] : [],
    )
    return slots.length === 0
      ? undefined
      : { fromMs: Math.min(...slots), toMs: Math.max(...slots) + SLOT_MS - 1 }
  }

  /** The newest revisions of everything, without their numbers and without those of their inputs. */
  contents(): unknown[] {
    return [...this.#slots]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([, revisions]) =>
        JSON.parse(JSON.stringify({ ...revisions.at(-1), revision: 0 }, withoutRevision)),
      )
  }

  #revise(interval: Interval): boolean {
    const key = `${interval.meter} ${interval.quantity} ${interval.slotMs}`
    const revisions = this.#slots.get(key) ?? []
    const { revision = 0, ...last } = revisions.at(-1) ?? {}
    if (JSON.stringify(last) === JSON.stringify(interval)) return false
    this.#slots.set(key, [...revisions, { ...interval, revision: revision + 1 }])
    return true
  }

  readonly #store = {
    readings: (meter: string, quantity: QuantityName, { fromMs, toMs }: Period): Promise<Reading[]> =>
      Promise.resolve(this.#of(meter, quantity).filter(({ atMs }) => atMs >= fromMs && atMs < toMs)),
    registerSeries: (
      meter: string,
      quantity: QuantityName,
      { fromMs, toMs }: Period,
    ): Promise<RegisterSeries> => {
      const usable = this.#of(meter, quantity).filter((reading) => isRegisterReading(reading))
      return Promise.resolve({
        before: usable.findLast(({ atMs }) => atMs < fromMs),
        within: usable.filter(({ atMs }) => atMs >= fromMs && atMs < toMs),
        after: usable.find(({ atMs }) => atMs >= toMs),
      })
    },
  }

  #of(meter: string, quantity: QuantityName): Reading[] {
    return [...this.#readings.values()]
      .filter((reading) => reading.meter === meter && reading.quantity === quantity)
      .toSorted((a, b) => a.atMs - b.atMs)
  }
}

/** How often something was revised depends on the order in which things arrive; what it says must not. */
const withoutRevision = (key: string, value: unknown): unknown => (key === 'revision' ? 0 : value)
