import { byteWords, type ByteWords } from '#contract/byte-words.ts'
import { measuringPoint, type Meter, type Park, type Sensor } from '#contract/park.ts'
import { limitsOf, type Limits } from './limits.ts'

/** A meter or sensor of a gateway, and how a sample of it begins. */
export interface Point {
  readonly id: string
  readonly meter: Meter | Sensor
  readonly limits: Limits
  readonly beginning: ByteWords
}

/** Of a batch: further ones are looked up by name. */
const PLACES_REMEMBERED_MAX = 1_000

/**
 * In what order each gateway of a park sends its meters: from batch to batch it is nearly always the same. Nobody has to
 * believe it: what stands at a place is compared with what is expected there.
 */
export class PointOrder {
  /** The park that was asked for last. */
  #park: Park | undefined
  #gateway = ''
  readonly #points = new Map<string, Point>()
  readonly #orders = new Map<string, Point[]>()
  #order: Point[] = []

  /** A batch of a gateway of the park begins. */
  begin(gateway: string, park: Park): void {
    if (park !== this.#park) {
      this.#park = park
      this.#points.clear()
      this.#orders.clear()
    }
    this.#gateway = gateway
    const known = this.#orders.get(gateway)
    this.#order = known ?? []
    if (known === undefined) this.#orders.set(gateway, this.#order)
  }

  /** The one that stood at this place of the gateway's last batch. */
  at(place: number): Point | undefined {
    return this.#order[place]
  }

  /** The point of a name, where it is one of this gateway. */
  named(id: string): Point | undefined {
    const known = this.#points.get(id)
    if (known !== undefined) return known.meter.gateway === this.#gateway ? known : undefined
    const meter = this.#park === undefined ? undefined : measuringPoint(this.#park, id)
    if (meter === undefined || meter.gateway !== this.#gateway) return undefined
    const point = { id, meter, limits: limitsOf(meter), beginning: byteWords(`{"meter":"${id}","atMs":`) }
    this.#points.set(id, point)
    return point
  }

  /** That it stands at this place. */
  note(place: number, point: Point): void {
    if (place < PLACES_REMEMBERED_MAX) this.#order[place] = point
  }
}
