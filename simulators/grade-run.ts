import { add, subtract, toNumber, type Amount } from '#contract/amount.ts'
import type { Boundary, BoundaryMethod } from '#contract/interval.ts'
import type { ReadStretch, RegisterFacts } from './reading-error.ts'
import { TRUTH_RESOLUTION } from './truth-energy.ts'

export const nothing: Amount = { count: 0, resolution: TRUTH_RESOLUTION }

/** An end of a run: the reading that it rests on, and the line up to which intervals speak. */
export interface RunEnd {
  readonly lineMs: number
  readonly readMs: number
  readonly register: Amount
  /** What the register's advance between reading and line comes to by time; zero where the reading counts as at the line. */
  readonly outside: Amount
  readonly method: BoundaryMethod
}

/**
 * The end that a boundary is. One that was not read at its line rests on the reading beyond it: how much of the advance
 * between its two readings lies beyond is computed again from these, linear in time and rounded down, and not taken from
 * the boundary. Undefined where that cannot be said: the register fell in between, or there is one reading only.
 */
export function runEnd(boundary: Boundary, side: 'opening' | 'closing'): RunEnd | undefined {
  const { atMs: lineMs, method, before, after } = boundary
  const { atMs: readMs, register } = side === 'opening' ? before : after
  if (method === 'measured') return { lineMs, readMs, register, outside: nothing, method }
  const advance = subtract(after.register, before.register)
  if (advance.count < 0 || after.atMs <= before.atMs) return undefined
  const elapsed = (BigInt(advance.count) * BigInt(lineMs - before.atMs)) / BigInt(after.atMs - before.atMs)
  const share: Amount = { count: Number(elapsed), resolution: advance.resolution }
  const outside = side === 'opening' ? share : subtract(advance, share)
  return { lineMs, readMs, register, outside, method }
}

export const isMeasured = ({ method }: RunEnd): boolean => method === 'measured'

/** How far a share by time is from what flowed there: it is the truth of the time between reading and line, less the share. */
export function sharedOut(
  { lineMs, readMs, outside }: RunEnd,
  side: 'opening' | 'closing',
  facts: RegisterFacts,
): Amount {
  const beyond = side === 'opening' ? { fromMs: readMs, toMs: lineMs } : { fromMs: lineMs, toMs: readMs }
  return subtract(facts.truthIn(beyond), outside)
}

/** From one reading at a line to the next such one: what lies between is decided by the register alone. */
export class Run {
  readonly fromMs: number
  readonly opening: RunEnd | undefined
  /** Of the intervals. */
  energy: Amount = nothing
  /** What flowed in the stretches that the platform left open. */
  open: Amount = nothing
  /** The last interval's end. */
  closing: Boundary | undefined
  readonly #undecided: ReadStretch[] = []

  constructor(opening: Boundary) {
    this.fromMs = opening.atMs
    this.opening = runEnd(opening, 'opening')
  }

  take(energy: Amount, closing: Boundary): void {
    this.energy = add(this.energy, energy)
    this.closing = closing
  }

  leaveOpen(openedMs: number, closedMs: number, flowed: Amount): void {
    this.#undecided.push({ openedMs, closedMs })
    this.open = add(this.open, flowed)
  }

  /** The stretches between its readings of which the register tells. */
  stretchesTo(opening: RunEnd, closing: RunEnd): ReadStretch[] {
    const starts = [opening.readMs, ...this.#undecided.map(({ closedMs }) => closedMs)]
    const ends = [...this.#undecided.map(({ openedMs }) => openedMs), closing.readMs]
    return starts.map((openedMs, index) => ({ openedMs, closedMs: ends[index] ?? closing.readMs }))
  }
}

/** Runs that follow one another by the same reading: only the two readings at its ends are rounded. */
export class Chain {
  #stretches: ReadStretch[] = []
  #closing: RunEnd | undefined
  #register = 0

  /** True where the run begins with the very reading that this one ends with. */
  goesOnWith(opening: RunEnd): boolean {
    const last = this.#closing
    return (
      last !== undefined &&
      isMeasured(last) &&
      isMeasured(opening) &&
      last.readMs === opening.readMs &&
      last.lineMs === opening.lineMs &&
      subtract(last.register, opening.register).count === 0
    )
  }

  take(stretches: readonly ReadStretch[], closing: RunEnd): void {
    const [first, ...others] = stretches
    const last = this.#stretches.pop()
    if (last === undefined) this.#stretches.push(...stretches)
    else if (first !== undefined)
      this.#stretches.push({ openedMs: last.openedMs, closedMs: first.closedMs }, ...others)
    this.#closing = closing
    this.#register = Math.max(this.#register, toNumber(closing.register))
  }

  get stretches(): readonly ReadStretch[] {
    return this.#stretches
  }

  get register(): number {
    return this.#register
  }
}
