import type { StateMessage } from '#contract/messages.ts'
import type { BadCause } from '#contract/reading.ts'
import type { SlotCounts } from './agenda.ts'
import type { LineUse } from './due-queue.ts'
import type { RatioContradiction } from './ratio-check.ts'
import { FAILURES_BEFORE_BACK_OFF } from './schedule.ts'

/** What one poll of a meter came to. */
export interface PollOutcome {
  /** When it ended, UTC milliseconds. */
  readonly atMs: number
  /** Requests that were answered with registers. */
  readonly answered: number
  /** Why others were not; the last such cause. */
  readonly cause: BadCause | undefined
}

/** How a meter has been doing. */
export interface MeterHealth {
  readonly state: 'ok' | 'failing' | 'silent'
  /** Polls in a row without any registers. */
  readonly failuresInRow: number
  readonly lastGoodMs: number | undefined
  readonly cause: BadCause | undefined
}

export const UNTRIED: MeterHealth = { state: 'ok', failuresInRow: 0, lastGoodMs: undefined, cause: undefined }

/** Nothing was heard of the meter itself. */
const silences: readonly BadCause[] = ['timeout', 'disconnected', 'gateway-target', 'gateway-path']

/** True when asking the same meter for more is no use in this poll. */
export function endsPoll(cause: BadCause): boolean {
  return silences.includes(cause) || cause === 'frame-invalid'
}

/**
 * Health after one more poll. ok: all was answered. failing: something was not. silent: nothing was heard for several
 * polls in a row.
 */
export function healthAfter(before: MeterHealth, { atMs, answered, cause }: PollOutcome): MeterHealth {
  const failuresInRow = answered > 0 ? 0 : before.failuresInRow + 1
  const lastGoodMs = answered > 0 ? atMs : before.lastGoodMs
  if (cause === undefined) return { state: 'ok', failuresInRow, lastGoodMs, cause }
  const silent = failuresInRow >= FAILURES_BEFORE_BACK_OFF && silences.includes(cause)
  return { state: silent ? 'silent' : 'failing', failuresInRow, lastGoodMs, cause }
}

/** One meter's line in the state message. */
export function meterState(
  meter: string,
  {
    health: { state, lastGoodMs, cause },
    slots,
    ratios,
  }: {
    readonly health: MeterHealth
    readonly slots: SlotCounts
    readonly ratios: readonly RatioContradiction[]
  },
  bus?: string,
): NonNullable<StateMessage['meters']>[number] {
  return {
    meter,
    ...(bus === undefined ? {} : { bus }),
    state,
    ...(lastGoodMs === undefined ? {} : { lastGoodMs }),
    ...(cause === undefined ? {} : { cause }),
    ...(ratios.length === 0 ? {} : { ratios: ratios.map((each) => contradictionState(each)) }),
    slots,
  }
}

function contradictionState({ register: { ratio, expected }, inMeter }: RatioContradiction) {
  return { ratio, inFile: expected, ...(inMeter === undefined ? {} : { inMeter }) }
}

/** One line's part of the state message; whole milliseconds. */
export function busState(
  bus: string,
  { sinceMs, busyMs, requests, unanswered }: LineUse,
  nowMs: number,
): NonNullable<StateMessage['buses']>[number] {
  return {
    bus,
    observedMs: Math.max(0, Math.round(nowMs - sinceMs)),
    busyMs: Math.round(busyMs),
    requests,
    unanswered,
  }
}
