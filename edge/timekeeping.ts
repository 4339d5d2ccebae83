import type { Logger } from 'pino'
import type { Clock } from '#contract/clock.ts'
import type { Sample, StateMessage } from '#contract/messages.ts'

/** No gateway of ours reads meters before this: an earlier clock was never set (2026-01-01). */
export const PLAUSIBLE_FROM_MS = 1_767_225_600_000
/** The clock is behind the journal's newest reading by more than this: it was set wrongly, or never. */
const BEHIND_MS = 5_000
/**
 * A clock that was behind the journal must be ahead of it again by this, and this share of the time that readings were
 * held: room for those that can only be set 1 ms apart after the newest reading.
 */
const AHEAD_AGAIN_MS = 60_000
const AHEAD_AGAIN_SHARE = 1 / 50
/** Wall and monotonic clock do not part but by setting (CLOCK_MONOTONIC is slewed like CLOCK_REALTIME); less is corrected in silence. */
const STEP_MS = 1_000
/** How far the server's clock may differ from ours when it confirms it. */
const CONFIRMED_WITHIN_MS = 5_000
/** A reading that is not marked uncertain has a time at most this far from the truth, if the server's clock is right. */
export const CLOCK_TOLERANCE_MS = STEP_MS + CONFIRMED_WITHIN_MS

export interface TimekeepingOptions {
  readonly clock: Clock
  readonly log: Logger
  /** UTC ms of the newest reading in the journal; 0 where there is none. */
  readonly newestMs: number
  /** Called when the condition changed or the clock jumped. */
  readonly changed: () => void
}

/** What is to be done with readings. Those to be held have monotonic times. */
export interface Judged {
  readonly fate: 'send' | 'hold'
  readonly sample: Sample
}

const doubted = (sample: Sample): Sample =>
  sample.quality === 'good' ? { ...sample, quality: 'uncertain' } : sample

/**
 * The gateway's time. As a Clock it gives kept time: the system clock while that is trusted, else the monotonic clock
 * from where it was trusted last. So a jump of the system clock moves no reading.
 *
 * set: at the start a possible clock is taken at its word; afterwards trust is lost by a jump, and comes back with the
 * former time or when the server's time (in a receipt) confirms the new one.
 * doubtful: readings are marked uncertain. unset (only from the start on): the clock is before any possible time or
 * before the journal's newest reading; readings are to be held under their monotonic time.
 */
export class Timekeeping implements Clock {
  readonly #options: TimekeepingOptions
  #condition: NonNullable<StateMessage['clock']>['condition'] = 'set'
  /** Kept time − monotonic time. */
  #offsetMs: number
  #heldOffsetMs: number
  /** The offset that was believed last, while there is one. */
  #trustedMs: number | undefined
  #seenMs: number
  readonly #startedMs: number
  #jumps = 0
  #lastJump: { readonly atMs: number; readonly byMs: number } | undefined
  #aheadMs: number | undefined
  #newestHeldMs = 0
  /** Kept time is never before this. */
  #notBeforeMs: number

  constructor(options: TimekeepingOptions) {
    this.#options = options
    const { clock, newestMs, log } = options
    const wallMs = clock.wallMs()
    this.#offsetMs = wallMs - clock.monotonicMs()
    this.#heldOffsetMs = this.#offsetMs
    this.#seenMs = this.#offsetMs
    this.#startedMs = clock.monotonicMs()
    this.#notBeforeMs = newestMs + 1
    if (wallMs >= PLAUSIBLE_FROM_MS && wallMs >= newestMs - BEHIND_MS) this.#trustedMs = this.#offsetMs
    else {
      this.#condition = 'unset'
      this.#notBeforeMs = 0
      log.error({ wallMs, newestMs }, 'the clock is not set: readings wait on disk until it is')
    }
  }

  get condition(): NonNullable<StateMessage['clock']>['condition'] {
    return this.#condition
  }

  /**
   * What held readings get added to their monotonic time: what was true when the clock was set, also if it is corrected
   * before they are released, because later readings were stamped to come after them.
   */
  get heldOffsetMs(): number {
    return this.#heldOffsetMs
  }

  wallMs(): number {
    this.look()
    return Math.max(this.#notBeforeMs, this.#options.clock.monotonicMs() + this.#offsetMs)
  }

  monotonicMs(): number {
    return this.#options.clock.monotonicMs()
  }

  after(durationMs: number, call: () => void): () => void {
    return this.#options.clock.after(durationMs, call)
  }

  sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    return this.#options.clock.sleep(durationMs, signal)
  }

  get standStill(): Clock['standStill'] {
    return this.#options.clock.standStill
  }

  /** Compares the clocks. Called with each reading, and to be called now and then. */
  look(): void {
    const { clock } = this.#options
    const wallMs = clock.wallMs()
    const offsetMs = wallMs - clock.monotonicMs()
    this.#noteJump(wallMs, offsetMs)
    if (this.#condition === 'unset') this.#leaveUnset(wallMs, offsetMs)
    else if (this.#trustedMs === undefined) this.#offsetMs = offsetMs
    else if (Math.abs(offsetMs - this.#trustedMs) <= STEP_MS) {
      this.#offsetMs = offsetMs
      this.#become('set', 'the clock has its former time again')
    } else
      this.#become(
        'doubtful',
        'the clock was changed: readings are uncertain until the server confirms its time',
      )
  }

  /** Decides about the readings of one answer, whose time was just taken from this clock. */
  judge(sample: Sample): Judged {
    const offsetMs = this.#offsetMs
    if (this.#condition === 'unset') {
      const atMs = Math.max(0, Math.floor(sample.atMs - offsetMs))
      this.#newestHeldMs = Math.max(this.#newestHeldMs, atMs)
      return { fate: 'hold', sample: { ...sample, atMs } }
    }
    const keptMs = this.#options.clock.monotonicMs() + offsetMs
    // A clock that was put back is behind the meter's last reading: times go on from there.
    const isShifted = Math.abs(sample.atMs - keptMs) > CONFIRMED_WITHIN_MS
    const isDoubtful = this.#condition === 'doubtful' || isShifted
    return { fate: 'send', sample: isDoubtful ? doubted(sample) : sample }
  }

  /**
   * Compares the system clock with the server's.
   * @param serverMs the server's time at some moment of the last `roundTripMs`
   */
  confirm(serverMs: number, roundTripMs: number): void {
    this.look()
    if (this.#condition === 'unset' || roundTripMs > CONFIRMED_WITHIN_MS) return
    const { clock } = this.#options
    const wallMs = clock.wallMs()
    const aheadMs = wallMs - serverMs
    this.#aheadMs = Math.round(aheadMs - roundTripMs / 2)
    // Our error lies between aheadMs − roundTripMs and aheadMs.
    if (aheadMs <= CONFIRMED_WITHIN_MS && aheadMs - roundTripMs >= -CONFIRMED_WITHIN_MS) {
      if (this.#condition === 'set') return
      this.#offsetMs = wallMs - clock.monotonicMs()
      this.#trustedMs = this.#offsetMs
      this.#become('set', 'the server confirms the time of the clock')
    } else if (
      this.#condition === 'set' &&
      (aheadMs - roundTripMs > CONFIRMED_WITHIN_MS || aheadMs < -CONFIRMED_WITHIN_MS)
    ) {
      this.#trustedMs = undefined
      this.#become('doubtful', 'the clock is not that of the server: readings are uncertain')
    }
  }

  /** What the state message says of it. */
  state(): NonNullable<StateMessage['clock']> {
    return {
      condition: this.#condition,
      jumps: this.#jumps,
      ...(this.#lastJump === undefined ? {} : { lastJump: this.#lastJump }),
      ...(this.#aheadMs === undefined ? {} : { aheadMs: this.#aheadMs }),
    }
  }

  #noteJump(wallMs: number, offsetMs: number): void {
    const byMs = Math.round(offsetMs - this.#seenMs)
    this.#seenMs = offsetMs
    if (Math.abs(byMs) <= STEP_MS) return
    this.#jumps += 1
    this.#lastJump = { atMs: Math.max(0, Math.floor(wallMs)), byMs }
    this.#options.log.warn({ byMs, wallMs }, 'the system clock jumped')
    this.#options.changed()
  }

  #leaveUnset(wallMs: number, offsetMs: number): void {
    const { clock, newestMs } = this.#options
    const marginMs = AHEAD_AGAIN_MS + (clock.monotonicMs() - this.#startedMs) * AHEAD_AGAIN_SHARE
    if (wallMs < PLAUSIBLE_FROM_MS || wallMs < newestMs + marginMs) return
    this.#offsetMs = offsetMs
    this.#heldOffsetMs = offsetMs
    this.#notBeforeMs = this.#newestHeldMs + offsetMs + 1
    this.#become('doubtful', 'the clock was set: readings that were held get their times, and are uncertain')
  }

  #become(condition: NonNullable<StateMessage['clock']>['condition'], what: string): void {
    if (this.#condition === condition) return
    this.#condition = condition
    if (condition === 'doubtful') this.#options.log.warn({ clock: this.state() }, what)
    else this.#options.log.info({ clock: this.state() }, what)
    this.#options.changed()
  }
}
