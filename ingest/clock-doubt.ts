import type { Clock } from '#contract/clock.ts'
import type { Topic } from '#contract/topics.ts'
import type { Verdict } from './validate.ts'

/**
 * Whether it is our own clock that is wrong where gateways seem to be ahead of it.
 *
 * A reading of the future is refused, and the receipt lets its gateway forget it. Where the clock here is far behind that
 * is every reading of every gateway. So while nearly all gateways that are heard are ahead, what lies ahead of us has no
 * receipt, stays in its gateway's journal and comes again; everything else goes on.
 */

/** A gateway that sent nothing live for so long says nothing of our clock. */
const HEARD_WITHIN_MS = 10 * 60_000
/** Of the gateways that are heard. */
const AHEAD_SHARE = 2 / 3
/** So many readings ahead for each that is not. */
const NEARLY_ALL = 10
/** Our clock was set: it parted from the monotonic one by so much since the last look. */
const SET_MS = 60_000
/** Names without end: a broker without rights lets any through. */
const GATEWAYS_MAX = 100_000

export interface ClockDoubt {
  /** Takes note of a judged payload. True for one that is to have no receipt as long as our clock is in doubt. */
  withholds(topic: Topic, verdict: Verdict): boolean
  /** What speaks against our clock; undefined where nothing does. */
  complaint(): string | undefined
}

export interface ClockDoubtOptions {
  readonly clock: Pick<Clock, 'wallMs' | 'monotonicMs'>
  /**
   * Whether the clock here is kept by somebody who knows the time: true, false, or undefined where nobody says. Then one
   * gateway alone is believed as little as the clock.
   */
  readonly isClockKept: () => boolean | undefined
}

/** True where nearly all of a payload lies ahead: a single wild time is a matter of its own. */
function isAhead({ refused, readings }: Verdict): boolean {
  const ahead = refused.reduce(
    (sum, each) => (each.refusal.code === 'time-in-future' ? sum + each.readings : sum),
    0,
  )
  return ahead > 0 && ahead >= NEARLY_ALL * readings.length
}

/** Judges by the newest live payload of each gateway: a backlog says nothing of the time at which it comes. */
export function watchClock({ clock, isClockKept }: ClockDoubtOptions): ClockDoubt {
  const heard = new Map<string, { readonly atMs: number; readonly isAhead: boolean }>()
  let offsetMs = clock.wallMs() - clock.monotonicMs()

  /** How gateways stood to our clock says nothing of the one that we have since it was set. */
  function noticeSetting(): void {
    const nowMs = clock.wallMs() - clock.monotonicMs()
    if (Math.abs(nowMs - offsetMs) > SET_MS) heard.clear()
    offsetMs = nowMs
  }

  function counts(): { heard: number; ahead: number } {
    noticeSetting()
    const fromMs = clock.monotonicMs() - HEARD_WITHIN_MS
    let ahead = 0
    for (const [gateway, last] of heard) {
      if (last.atMs < fromMs) heard.delete(gateway)
      else if (last.isAhead) ahead += 1
    }
    return { heard: heard.size, ahead }
  }

  function complaint(): string | undefined {
    const of = counts()
    if (of.ahead === 0) return undefined
    if (of.heard === 1)
      return isClockKept() === true
        ? undefined
        : 'the only gateway that is heard is ahead of the clock here, and nothing says that this one is kept'
    return of.ahead >= 2 && of.ahead >= AHEAD_SHARE * of.heard
      ? `${of.ahead} of ${of.heard} gateways are ahead of the clock here`
      : undefined
  }

  return {
    withholds: (topic, verdict) => {
      const ahead = isAhead(verdict)
      noticeSetting()
      if (topic.leaf === 'live' && (heard.size < GATEWAYS_MAX || heard.has(topic.gateway)))
        heard.set(topic.gateway, { atMs: clock.monotonicMs(), isAhead: ahead })
      return ahead && complaint() !== undefined
    },
    complaint,
  }
}
