import { createHash } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { add, type Amount } from '#contract/amount.ts'
import { SLOT_MS, type Period } from '#contract/grid.ts'
import { intervalMethods, type IntervalMethod } from '#contract/interval.ts'
import type { QuantityName } from '#contract/quantities.ts'
import type { RevisionRun, SlotProof } from '../port.ts'
import { intervalOf } from './interval-text.ts'

/**
 * A month of a meter, added up together with the proof of which rows it is the sum of. It reads 3,000 rows, so the usual
 * form of an interval's text is read without its boundaries.
 */

const row = z.object({ slot_ms: z.number(), revision: z.number(), content: z.string() })
type Row = z.output<typeof row>

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
function slotOf(meter: string, quantity: QuantityName, { slot_ms: slotMs, content }: Row): Slot {
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

const sameRun = (run: RevisionRun | undefined, { slot_ms: slotMs, revision }: Row): run is RevisionRun =>
  run !== undefined && run[2] === revision && run[0] + run[1] * SLOT_MS === slotMs

/** Reads proofs out of the intervals of the books. */
export function openSlotProofs(database: DatabaseSync) {
  const newest = database.prepare(
    `SELECT slot_ms, max(revision) AS revision, content FROM interval
     WHERE series = (SELECT id FROM series WHERE meter = ? AND quantity = ?) AND slot_ms >= ? AND slot_ms < ?
     GROUP BY slot_ms ORDER BY slot_ms`,
  )
  const ofRevision = database.prepare(
    `SELECT slot_ms, revision, content FROM interval
     WHERE series = (SELECT id FROM series WHERE meter = ? AND quantity = ?) AND slot_ms >= ? AND slot_ms < ?
       AND revision = ? ORDER BY slot_ms`,
  )

  function* rowsOf(
    meter: string,
    quantity: QuantityName,
    { fromMs, toMs }: Period,
    runs: readonly RevisionRun[] | undefined,
  ): Generator<Row> {
    if (runs === undefined) {
      for (const each of newest.iterate(meter, quantity, fromMs, toMs)) yield row.parse(each)
      return
    }
    for (const [firstMs, slots, revision] of runs) {
      const found = ofRevision.iterate(meter, quantity, firstMs, firstMs + slots * SLOT_MS, revision)
      for (const each of found) yield row.parse(each)
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
      hash.update(`${each.slot_ms} ${each.revision} ${each.content}\n`)
      const last = runs.at(-1)
      if (sameRun(last, each)) runs[runs.length - 1] = [last[0], last[1] + 1, last[2]]
      else runs.push([each.slot_ms, 1, each.revision])
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
