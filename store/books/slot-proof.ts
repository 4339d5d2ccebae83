import { createHash } from 'node:crypto'
import { add, type Amount } from '#contract/amount.ts'
import { SLOT_MS, type Period } from '#contract/grid.ts'
import { intervalMethods, type IntervalMethod } from '#contract/interval.ts'
import type { QuantityName } from '#contract/quantities.ts'
import type { RevisionRun, SlotProof } from '../port.ts'
import { intervalOf } from './interval-text.ts'
import type { IntervalBook, KeptSlot } from './intervals.ts'
import { textOfContent } from './slot-content.ts'

/**
 * A month of a meter, added up together with the proof of which revisions it is the sum of. These are 3,000, so ordinary
 * ones are taken as they are kept, and the usual form of an interval's text is read without its boundaries.
 */

type Row = KeptSlot

/** Elements of a known interval's usual text before its undecided stretches, and of a missing one's. */
const KNOWN_ELEMENTS = 7
const MISSING_ELEMENTS = 1

interface Slot {
  readonly energy: Amount | undefined
  readonly method: IntervalMethod | undefined
  readonly undecided: boolean
}

const isMethod = (text: unknown): text is IntervalMethod => intervalMethods.some((method) => method === text)

/** What a slot adds to the sum. */
function slotOf(meter: string, quantity: QuantityName, { slotMs, content }: Row): Slot {
  if (typeof content !== 'string') {
    const { energyCount: count, resolution } = content
    return { energy: { count, resolution }, method: 'measured', undecided: false }
  }
  const parsed: unknown = JSON.parse(content)
  if (Array.isArray(parsed)) {
    const [count, resolution, method]: unknown[] = parsed
    if (typeof count === 'number' && typeof resolution === 'string' && isMethod(method))
      return { energy: { count, resolution }, method, undecided: parsed.length > KNOWN_ELEMENTS }
    if (typeof count === 'string')
      return { energy: undefined, method: undefined, undecided: parsed.length > MISSING_ELEMENTS }
  }
  const interval = intervalOf({ meter, quantity, slotMs }, content)
  const undecided = interval.undecided.length > 0
  return interval.state === 'known'
    ? { energy: interval.energy, method: interval.method, undecided }
    : { energy: undefined, method: undefined, undecided }
}

/** Adds counts of one resolution as plain numbers, and joins those of several at the end. */
class Sum {
  readonly #counts = new Map<string, number>()

  add({ count, resolution }: Amount): void {
    this.#counts.set(resolution, (this.#counts.get(resolution) ?? 0) + count)
  }

  /** Throws `amount-overflow` where it cannot be held exactly. */
  total(): Amount | undefined {
    let total: Amount | undefined
    for (const [resolution, count] of this.#counts)
      total = add(total ?? { count: 0, resolution }, { count, resolution })
    return total
  }
}

const sameRun = (run: RevisionRun | undefined, { slotMs, revision }: Row): run is RevisionRun =>
  run !== undefined && run[2] === revision && run[0] + run[1] * SLOT_MS === slotMs

/** Reads proofs out of the intervals of the books. */
export function openSlotProofs({ seriesOf, keptBetween, revisionAt }: IntervalBook) {
  function* rowsOf(
    meter: string,
    quantity: QuantityName,
    period: Period,
    runs: readonly RevisionRun[] | undefined,
  ): Generator<Row> {
    const series = seriesOf(meter, quantity)
    if (series === undefined) return
    if (runs === undefined) {
      yield* keptBetween(series, period)
      return
    }
    for (const [firstMs, slots, revision] of runs) {
      const run = { fromMs: firstMs, toMs: firstMs + slots * SLOT_MS }
      for (const kept of keptBetween(series, run)) {
        const slot = kept.revision === revision ? kept : revisionAt(series, kept.slotMs, revision)
        if (slot !== undefined) yield slot
      }
    }
  }

  return function slotProof(
    meter: string,
    quantity: QuantityName,
    period: Period,
    asked?: readonly RevisionRun[],
  ): SlotProof {
    const hash = createHash('sha256')
    const whole = new Sum()
    const methods = new Map<IntervalMethod, Sum>()
    const runs: RevisionRun[] = []
    const counts = { known: 0, missing: 0, undecided: 0 }
    for (const each of rowsOf(meter, quantity, period, asked)) {
      hash.update(`${each.slotMs} ${each.revision} ${textOfContent(each.content)}\n`)
      const last = runs.at(-1)
      if (sameRun(last, each)) runs[runs.length - 1] = [last[0], last[1] + 1, last[2]]
      else runs.push([each.slotMs, 1, each.revision])
      const { energy, method, undecided } = slotOf(meter, quantity, each)
      if (undecided) counts.undecided += 1
      if (energy === undefined || method === undefined) {
        counts.missing += 1
        continue
      }
      counts.known += 1
      whole.add(energy)
      const sum = methods.get(method) ?? new Sum()
      methods.set(method, sum)
      sum.add(energy)
    }
    const byMethod = [...methods].flatMap(([method, sum]) => {
      const energy = sum.total()
      return energy === undefined ? [] : [{ method, energy }]
    })
    return { runs, digest: hash.digest('hex'), energy: whole.total(), ...counts, byMethod }
  }
}
