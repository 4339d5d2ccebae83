import { toNumber } from '#contract/amount.ts'
import { SLOT_MS } from '#contract/grid.ts'
import type { RecordedInterval } from '#contract/interval.ts'
import { quantityOf } from '#contract/quantities.ts'
import { encodeLine, type FieldValue, type Point } from './line-protocol.ts'
import type { WriteAnswer } from './partial-write.ts'
import type { CopyResult, StretchToCopy } from './port.ts'

/** Finished intervals as points of InfluxDB, for Grafana and others to look at. Nothing of ours reads them back. */

export const INTERVAL_MEASUREMENT = 'interval'

const NS_PER_MS = 1_000_000n

const text = (value: string): FieldValue => ({ kind: 'string', value })
const integer = (value: number): FieldValue => ({ kind: 'integer', value })
const float = (value: number): FieldValue => ({ kind: 'float', value })

/**
 * The point of an interval, at the start of its slot. How it came about is a field and no tag, so that a revision takes
 * the place of the one before it.
 */
export function intervalPoint(interval: RecordedInterval): Point {
  const { meter, quantity, slotMs, revision, undecided } = interval
  const fields = new Map<string, FieldValue>([
    ['state', text(interval.state === 'known' ? 'known' : interval.cause)],
    ['revision', integer(revision)],
    ['undecided', integer(undecided.length)],
  ])
  if (interval.state === 'known') {
    const { energy, method, coverage, simulated, uncertain } = interval
    fields.set('energy', float(toNumber(energy)))
    fields.set('count', integer(energy.count))
    fields.set('resolution', text(energy.resolution))
    fields.set('method', text(method))
    fields.set('coverage', float(coverage))
    fields.set('simulated', integer(simulated ? 1 : 0))
    fields.set('uncertain', integer(uncertain ? 1 : 0))
  }
  return {
    measurement: INTERVAL_MEASUREMENT,
    tags: [
      ['carrier', quantityOf(quantity).carrier],
      ['meter', meter],
      ['quantity', quantity],
    ],
    fields,
    timeNs: BigInt(slotMs) * NS_PER_MS,
  }
}

/** Some hundred kilobytes. */
const POINTS_PER_REQUEST = 2_000

/** Slots without energy of which an earlier revision may stand there with energy, as the longest stretches. */
function* emptied({ intervals, mayReplace }: StretchToCopy): Generator<{ fromMs: number; toMs: number }> {
  let open: { fromMs: number; toMs: number } | undefined
  for (const { state, slotMs, revision } of intervals) {
    if (state !== 'missing' || (revision === 1 && !mayReplace)) continue
    if (open?.toMs === slotMs) open = { fromMs: open.fromMs, toMs: slotMs + SLOT_MS }
    else {
      if (open !== undefined) yield open
      open = { fromMs: slotMs, toMs: slotMs + SLOT_MS }
    }
  }
  if (open !== undefined) yield open
}

export interface CopyTarget {
  /** Sends lines as one request. */
  readonly send: (lines: readonly string[]) => Promise<WriteAnswer>
  /**
   * Takes out the points of a meter's quantity in a period. Absent where each revision is a point of its own: elsewhere
   * the fields that the later one does not have stay, and an energy that is known no longer would be shown for ever.
   */
  readonly takeOut?: (
    stretch: StretchToCopy,
    period: { readonly fromMs: number; readonly toMs: number },
  ) => Promise<void>
  /** An interval as a point; by default `intervalPoint`. */
  readonly layout?: (interval: RecordedInterval) => Point
}

/** Copies stretches of intervals. Throws `store-unavailable`; then nothing may be assumed, and all is copied again. */
export async function copyThrough(
  stretches: readonly StretchToCopy[],
  { send, takeOut, layout = intervalPoint }: CopyTarget,
): Promise<CopyResult> {
  if (takeOut !== undefined)
    for (const stretch of stretches) for (const period of emptied(stretch)) await takeOut(stretch, period)
  const lines = stretches.flatMap(({ intervals }) => intervals.map((each) => encodeLine(layout(each))))
  let refused: string | undefined
  for (let start = 0; start < lines.length; start += POINTS_PER_REQUEST) {
    const answer = await send(lines.slice(start, start + POINTS_PER_REQUEST))
    if (!answer.taken) refused = answer.reason
  }
  return { refused }
}
