import type { Period } from '#contract/grid.ts'
import { DAY_MS } from '#contract/duration.ts'
import { Fault } from '#contract/fault.ts'

/**
 * Queries of a server that opens only so many files for one of them: InfluxDB 3 Core writes a file a table and ten minutes
 * and opens 432 (`--query-file-limit`), which is three days. What reaches further is asked piece by piece.
 */

/** The server would have to open too many files; nothing was answered. */
export class TooManyFiles extends Fault {
  constructor(what: string) {
    super('store-unavailable', what)
  }
}

export interface Search<T> {
  /** Rows of a period in which there is one instant at least. Throws `TooManyFiles` where the server does not answer for it. */
  readonly ask: (period: Period) => Promise<readonly T[]>
  /** From which end of the period rows are wanted: in this order they come, piece by piece. */
  readonly from: 'earliest' | 'latest'
  /** Of the rows found so far; by default all are wanted. */
  readonly isEnough?: (found: readonly T[]) => boolean
}

/** Rows of a period: where it reaches over too many files those of its halves. */
export async function inHalves<T>({ fromMs, toMs }: Period, search: Search<T>): Promise<T[]> {
  if (fromMs >= toMs) return []
  try {
    return [...(await search.ask({ fromMs, toMs }))]
  } catch (error) {
    if (!(error instanceof TooManyFiles) || toMs - fromMs <= 1) throw error
  }
  const middleMs = Math.floor((fromMs + toMs) / 2)
  const halves = [
    { fromMs, toMs: middleMs },
    { fromMs: middleMs, toMs },
  ]
  return inTurn(search.from === 'earliest' ? halves : halves.toReversed(), search)
}

async function inTurn<T>(periods: Iterable<Period>, search: Search<T>): Promise<T[]> {
  const found: T[] = []
  for (const period of periods) {
    // A call takes no hundred thousands of arguments.
    for (const row of await inHalves(period, search)) found.push(row)
    if (search.isEnough?.(found) === true) break
  }
  return found
}

/** A period from one end to the other: a day, then two, four and so on. */
function* widening({ fromMs, toMs }: Period, from: 'earliest' | 'latest'): Generator<Period> {
  let [startMs, endMs] = [fromMs, toMs]
  for (let lengthMs = DAY_MS; startMs < endMs; lengthMs *= 2) {
    if (from === 'earliest') {
      const next = Math.min(endMs, startMs + lengthMs)
      yield { fromMs: startMs, toMs: next }
      startMs = next
    } else {
      const next = Math.max(startMs, endMs - lengthMs)
      yield { fromMs: next, toMs: endMs }
      endMs = next
    }
  }
}

/**
 * The rows next to one end of a period, which may reach over all that there is: in one query where the server opens all files
 * for it, and it refuses one quickly for which it does not.
 */
export async function nearest<T>(period: Period, search: Search<T>): Promise<T[]> {
  if (period.fromMs >= period.toMs) return []
  try {
    return [...(await search.ask(period))]
  } catch (error) {
    if (!(error instanceof TooManyFiles)) throw error
  }
  return inTurn(widening(period, search.from), search)
}
