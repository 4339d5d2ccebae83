import { BUNDLE_BYTES_MAX, bundleOf, bytesInBundle } from '#contract/bundle.ts'
import type { Due } from './lanes.ts'
import type { Lane } from './window.ts'

/** Of a message with several rows: a new batch that waits behind one waits no longer than behind a long row. */
export const BYTES_TOGETHER_MAX = BUNDLE_BYTES_MAX / 4

/** One message, with the rows that are in it. */
export interface Outgoing {
  readonly lane: Lane
  readonly payload: Uint8Array
  readonly rows: readonly Due[]
}

/**
 * Rows that are due, as messages: new ones each by itself and at once, those of the backlog as many together as they may be.
 * A row that is alone, or long, travels as it is.
 *
 * @param togetherMax how many rows a message may have; asked anew for each
 */
export function* outgoing(due: Iterable<Due>, togetherMax: () => number): Generator<Outgoing> {
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
  for (const one of due) {
    if (one.lane === 'live') {
      yield { lane: 'live', payload: one.row.payload, rows: [one] }
      continue
    }
    const more = bytesInBundle(one.row.payload)
    if (bytes + more > BYTES_TOGETHER_MAX) yield* flush()
    rows.push(one)
    bytes += more
    if (rows.length >= togetherMax()) yield* flush()
  }
  yield* flush()
}
