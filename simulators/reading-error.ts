import type { Amount } from '#contract/amount.ts'
import { toNumber } from '#contract/amount.ts'
import type { Period } from '#contract/grid.ts'
import { TRUTH_RESOLUTION } from './truth-energy.ts'

/** What a reader of a meter's register cannot know of it. */
export interface RegisterFacts {
  /** What flowed; below zero where the period runs backwards. */
  readonly truthIn: (period: Period) => Amount
  /** The register's step in its unit; what two readings may differ by from the truth. */
  readonly step: number
  /** True for a register that is a 32-bit float: its steps grow with its value. */
  readonly isFloat32: boolean
  /** Dated events of the register, UTC ms: their final and initial readings are rounded too. */
  readonly eventsMs: readonly number[]
}

/** Readings at both ends of a stretch of which the register tells how much flowed, UTC ms. */
export interface ReadStretch {
  readonly openedMs: number
  readonly closedMs: number
}

/** By how much the advance of a register may be below and above what flowed, in its unit; both positive. */
export interface ReadingError {
  readonly below: number
  readonly above: number
}

/** A 32-bit float keeps 24 bits. */
const FLOAT32_STEPS = 2 ** 23
/** Clocks of two processes disagree by a millisecond of the machine's, where an answer travels for some tens of them. */
const CLOCK_SHARE = 0.1

/**
 * What the difference of two readings cannot tell. A register is rounded down to its step; its moment is at most
 * `answerMs` before the stamp (the answer travels), or a tenth of it after (clocks disagree): what really flowed in that
 * time is what may be missing at one end and be too much at the other. Several stretches add up.
 * @param register the highest value, for the steps of a float
 */
export function readingError(
  { truthIn, step, isFloat32, eventsMs }: RegisterFacts,
  stretches: readonly ReadStretch[],
  register: number,
  answerMs: number,
): ReadingError {
  const float = isFloat32 ? 2 ** Math.ceil(Math.log2(Math.max(register, 1))) / FLOAT32_STEPS : 0
  const steps = step + float + 2 * Number(TRUTH_RESOLUTION)
  const flowed = (fromMs: number, toMs: number): number =>
    fromMs === toMs ? 0 : toNumber(truthIn({ fromMs, toMs }))
  const early = answerMs
  const late = Math.round(answerMs * CLOCK_SHARE)
  let below = 0
  let above = 0
  for (const { openedMs, closedMs } of stretches) {
    const events = eventsMs.filter((atMs) => openedMs < atMs && atMs <= closedMs).length
    const rounded = steps * (1 + events)
    below += rounded + flowed(closedMs - early, closedMs) + flowed(openedMs, openedMs + late)
    above += rounded + flowed(openedMs - early, openedMs) + flowed(closedMs, closedMs + late)
  }
  return { below, above }
}
