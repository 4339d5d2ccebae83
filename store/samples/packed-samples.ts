import type { MeterId } from '#contract/identity.ts'
import type { QuantityName } from '#contract/catalogue.ts'
import type { Reading } from '#contract/reading.ts'
import { outweighs } from '../quality-order.ts'
import { fits, partsIn, textOf } from './layouts.ts'
import { encodeSample, type LayoutPart } from './sample-content.ts'

/**
 * Many samples in a few pieces of memory: they go to another thread without an object a reading being copied, and from
 * there into the file as they are.
 */
export interface PackedSamples {
  readonly meters: readonly MeterId[]
  /** Texts of layouts (layouts.ts). */
  readonly layouts: readonly string[]
  /** Four numbers a sample: the place of its meter, its moment, the place of its layout, where its bytes end. */
  readonly places: Float64Array<ArrayBuffer>
  /** What the samples hold (sample-content.ts), one behind the other. */
  readonly contents: Uint8Array<ArrayBuffer>
}

const NUMBERS = 4

/** One sample out of many. */
export interface PackedSample {
  readonly meter: MeterId
  readonly atMs: number
  /** The text of its layout. */
  readonly layout: string
  /** A view into the memory of all. */
  readonly content: Uint8Array
}

/** Takes the samples out one by one, in their order. */
export function* samplesIn({ meters, layouts, places, contents }: PackedSamples): Generator<PackedSample> {
  let start = 0
  for (let place = 0; place < places.length; place += NUMBERS) {
    const meter = meters[places[place] ?? -1]
    const layout = layouts[places[place + 2] ?? -1]
    const [atMs, end] = [places[place + 1], places[place + 3]]
    if (meter === undefined || layout === undefined || atMs === undefined || end === undefined)
      throw new RangeError('samples that are not packed rightly')
    yield { meter, atMs, layout, content: contents.subarray(start, end) }
    start = end
  }
}

/** One reading a quantity: the one that outweighs the others; in the order in which quantities first come. */
export function strongest(readings: readonly Reading[]): Reading[] {
  const byQuantity = new Map<QuantityName, Reading>()
  for (const reading of readings) {
    const other = byQuantity.get(reading.quantity)
    if (other === undefined || outweighs(other, reading)) byQuantity.set(reading.quantity, reading)
  }
  return [...byQuantity.values()]
}

/** What a meter said last: the next sample is likely of the same layout. */
interface LastLayout {
  readonly parts: readonly LayoutPart[]
  readonly text: string
}

/** Above the meters of any park. */
const METERS_MAX = 100_000

/** The number of a text, which is given one where it has none. */
function placeOf(text: string, places: Map<string, number>): number {
  const known = places.get(text)
  if (known !== undefined) return known
  places.set(text, places.size)
  return places.size - 1
}

/** Packs sound readings (store/storable.ts): those of one meter and moment that follow one another are one sample. */
export class SamplePacker {
  readonly #last = new Map<MeterId, LastLayout>()

  /** Packs those of [start, end). */
  pack(readings: readonly Reading[], start = 0, end = readings.length): PackedSamples {
    const meters = new Map<string, number>()
    const layouts = new Map<string, number>()
    const places: number[] = []
    let contents = new Uint8Array((end - start) * 9)
    let length = 0
    for (let first = start; first < end;) {
      const reading = readings[first]
      if (reading === undefined) break
      const { meter, atMs } = reading
      let next = first + 1
      while (next < end && readings[next]?.atMs === atMs && readings[next]?.meter === meter) next += 1
      const { text, own } = this.#layoutOf(meter, readings, first, next)
      const content =
        own === undefined ? encodeSample(readings, first, next) : encodeSample(own, 0, own.length)
      if (length + content.length > contents.length) {
        const larger = new Uint8Array(2 * (length + content.length))
        larger.set(contents.subarray(0, length))
        contents = larger
      }
      contents.set(content, length)
      length += content.length
      places.push(placeOf(meter, meters), atMs, placeOf(text, layouts), length)
      first = next
    }
    return {
      meters: [...meters.keys()],
      layouts: [...layouts.keys()],
      places: Float64Array.from(places),
      contents: contents.subarray(0, length),
    }
  }

  /** `own`: one reading a quantity, where there are several. */
  #layoutOf(
    meter: MeterId,
    readings: readonly Reading[],
    start: number,
    end: number,
  ): { readonly text: string; readonly own?: readonly Reading[] } {
    const last = this.#last.get(meter)
    if (last !== undefined && fits(last.parts, readings, start, end)) return last
    const own = strongest(readings.slice(start, end))
    const parts = partsIn(own)
    const text = textOf(parts)
    if (this.#last.size >= METERS_MAX) this.#last.clear()
    this.#last.set(meter, { parts, text })
    return own.length < end - start ? { text, own } : { text }
  }
}
