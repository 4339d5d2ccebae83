import { join, type EnergySum } from '#contract/energy-sum.ts'
import { SETTLE_MS, SLOT_MS, slotStart, type Period } from '#contract/grid.ts'
import type { Meter } from '#contract/park.ts'
import { quantityOf, type QuantityName } from '#contract/quantities.ts'
import type { Unit } from '#contract/units.ts'
import { rollUp } from '#intervals/rollup.ts'
import type { Books } from '#store/port.ts'
import { ofAmount, type Decimal } from './decimal.ts'

/** What one meter measured in whole days of the park's calendar: the ground of every account and table. */
export interface MeasuredEnergy extends Period {
  readonly meter: Meter
  readonly quantity: QuantityName
  readonly unit: Unit
  /** Of the known slots; undefined where none is known, because missing is never zero. */
  readonly energy: Decimal | undefined
  /** Slots that should be there (`expectedSlots`). */
  readonly expected: number
  readonly missing: number
  readonly sum: EnergySum
}

/**
 * How many slots of a period a meter should have by now: from its installation to the end of the period or to the last
 * slot that is settled. Nothing is missing of a slot under way, or while its last readings travel.
 */
export function expectedSlots(meter: Meter, period: Period, nowMs: number): number {
  const fromMs = slotStart(Math.max(period.fromMs, meter.installedMs))
  // The last slot of a period that ends within it is expected whole, as it is counted whole.
  const periodSlots = Math.ceil((period.toMs - fromMs) / SLOT_MS)
  const settledSlots = Math.floor((nowMs - SETTLE_MS - fromMs) / SLOT_MS)
  return Math.max(0, Math.min(periodSlots, settledSlots))
}

/**
 * Energy of a meter in a period of whole days, from the kept sums of the books.
 * @param period begins and ends with days of the park's calendar
 */
export function measuredEnergy(
  books: Pick<Books, 'sumsOver'>,
  meter: Meter,
  period: Period,
  nowMs: number,
  quantity: QuantityName = meter.register,
): MeasuredEnergy {
  const sum = join(books.sumsOver(meter.id, quantity, period).map((each) => each.sum))
  return measuredOf(meter, quantity, period, sum, nowMs)
}

/** What a meter measured in each of some pieces of a period, in their order. */
export type MeasuredPieces = (meter: Meter, quantity: QuantityName) => readonly MeasuredEnergy[]

/** A piece of a period; the names of its days, where they are known, tell whether it is whole months. */
export interface MeasuredPiece extends Period {
  /** First day, and the first day that is no more of it: "2026-03-01". */
  readonly from?: string
  readonly to?: string
}

const isOfMonths = ({ from, to }: MeasuredPiece): boolean =>
  from?.endsWith('-01') === true && to?.endsWith('-01') === true

/** Pieces that can be asked for at once: whole months that follow one another; any other one by itself. */
function runsOf(pieces: readonly MeasuredPiece[]): (readonly MeasuredPiece[])[] {
  const runs: MeasuredPiece[][] = []
  for (const piece of pieces) {
    const before = runs.at(-1)
    const last = before?.at(-1)
    const goesOn = last !== undefined && isOfMonths(last) && isOfMonths(piece) && last.toMs === piece.fromMs
    if (goesOn) before?.push(piece)
    else runs.push([piece])
  }
  return runs
}

/**
 * The same for pieces that follow one another, each meter and quantity read from the books once, however often it is
 * asked for. To be made anew for each report: what was read stays as it was.
 */
export function measuredFromBooks(
  books: Pick<Books, 'sumsOver'>,
  nowMs: number,
): (pieces: readonly MeasuredPiece[]) => MeasuredPieces {
  const made = new Map<string, MeasuredPieces>()
  return (pieces) => {
    const name = pieces.map(({ fromMs, toMs }) => `${fromMs} ${toMs}`).join(', ')
    const before = made.get(name)
    if (before !== undefined) return before
    const known = new Map<string, readonly MeasuredEnergy[]>()
    const runs = runsOf(pieces)
    const measuredPieces: MeasuredPieces = (meter, quantity) => {
      const key = `${meter.id} ${quantity}`
      const found = known.get(key)
      if (found !== undefined) return found
      const measured = runs.flatMap((run) => {
        const whole = { fromMs: run[0]?.fromMs ?? 0, toMs: run.at(-1)?.toMs ?? 0 }
        return rollUp(books.sumsOver(meter.id, quantity, whole), run).map(({ sum }, index) =>
          measuredOf(meter, quantity, run[index] ?? whole, sum, nowMs),
        )
      })
      known.set(key, measured)
      return measured
    }
    made.set(name, measuredPieces)
    return measuredPieces
  }
}

function measuredOf(
  meter: Meter,
  quantity: QuantityName,
  period: Period,
  sum: EnergySum,
  nowMs: number,
): MeasuredEnergy {
  const expected = Math.max(expectedSlots(meter, period, nowMs), sum.known)
  return {
    ...period,
    meter,
    quantity,
    unit: quantityOf(quantity).unit,
    energy: sum.energy === undefined ? undefined : ofAmount(sum.energy),
    expected,
    missing: expected - sum.known,
    sum,
  }
}
