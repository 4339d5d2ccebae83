import { bundleOf, bytesInBundle } from '#contract/bundle.ts'
import type { Due } from './lanes.ts'
import type { Lane } from './window.ts'

/** One message, with the rows that are in it. */
export interface Outgoing {
  readonly lane: Lane
  readonly payload: Uint8Array
  readonly rows: readonly Due[]
}

export interface OutgoingLimits {
  /** How many rows a message may have; asked anew for each. */
  readonly rowsMax: () => number
  /** How long one with several may be. */
  readonly bytesMax: number
}

/**
 * Rows that are due, as messages: new ones each by itself and at once, those of the backlog as many together as they may be.
 * A row that is alone, long, or sent again travels as it is: whatever kept a bundle from its receipt, it can be its length.
 * What was taken out of `due` is sent, whatever becomes of the rest.
 */
export function* outgoing(due: Iterable<Due>, { rowsMax, bytesMax }: OutgoingLimits): Generator<Outgoing> {
  let rows: Due[] = []
  let bytes = 0
  function* flush(): Generator<Outgoing> {
    const [first] = rows
    if (first === undefined) return
    const payload = rows.length === 1 ? first.row.payload : bundleOf(rows.map(({ row }) => row.payload))
    yield { lane: 'backlog', payload, rows }
    rows = []
    bytes = 0
  }
  try {
    for (const one of due) {
      const more = bytesInBundle(one.row.payload)
      if (one.lane === 'live' || one.isAgain || more > bytesMax) {
        yield { lane: one.lane, payload: one.row.payload, rows: [one] }
        continue
      }
      if (bytes + more > bytesMax) yield* flush()
      rows.push(one)
      bytes += more
      if (rows.length >= rowsMax()) yield* flush()
    }
  } catch (error) {
    yield* flush()
    throw error
  }
  yield* flush()
}
