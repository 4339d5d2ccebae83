import { execFileSync } from 'node:child_process'
import type { Finding } from './finding.ts'

/** What the clock here is held against. */
export interface ClockWitnesses {
  readonly nowMs: number
  /** Whether the system says that its clock is kept by NTP; `undefined` where it does not say. */
  readonly synchronized: boolean | undefined
  /** Time of the newest commit record in the books. */
  readonly followedUntilMs?: number | undefined
  /** How far the clock of the store's server is ahead of ours; 0 where it may be the same. */
  readonly storeAheadMs?: number | undefined
  /** How far each gateway's clock is ahead of the server's, by its own word. */
  readonly gatewaysAheadMs?: readonly number[]
}

/** No gateway, store or server of ours is older. */
const EARLIEST_MS = Date.UTC(2025, 0, 1)
/** What is committed now carries our own time; workers on other machines may be ahead a little. */
const AHEAD_OF_BOOKS_MS = 60_000
/** Clocks that differ by less are no fault. */
const APART_MS = 5_000

const secondsOf = (ms: number): string => `${(ms / 1_000).toFixed(0)} s`

/** Whether systemd says that the clock is synchronised. */
export function systemSynchronized(): boolean | undefined {
  try {
    const said = execFileSync('timedatectl', ['show', '--property=NTPSynchronized', '--value'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 3_000,
    }).trim()
    return said === 'yes' ? true : said === 'no' ? false : undefined
  } catch {
    // No systemd, or none that answers: then it is not known.
    return undefined
  }
}

/**
 * How far the clock of an HTTP server is ahead of ours, by its Date header, which has whole seconds and is of some moment
 * between our question and its answer: 0 where it may be the same. `undefined` where none comes.
 */
export async function serverAheadMs(url: URL, wallMs: () => number): Promise<number | undefined> {
  try {
    const askedMs = wallMs()
    const answer = await fetch(url, { signal: AbortSignal.timeout(3_000), redirect: 'manual' })
    const answeredMs = wallMs()
    await answer.body?.cancel()
    const date = Date.parse(answer.headers.get('date') ?? '')
    if (Number.isNaN(date)) return undefined
    if (date > answeredMs) return date - answeredMs
    return Math.min(0, date + 1_000 - askedMs)
  } catch {
    // That it cannot be reached is the finding of another check.
    return undefined
  }
}

function median(numbers: readonly number[]): number | undefined {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]
}

/** Whether the time here can be believed. Pure. */
export function checkClock(witnesses: ClockWitnesses): Finding[] {
  const { nowMs, synchronized, followedUntilMs, storeAheadMs, gatewaysAheadMs = [] } = witnesses
  const check = 'clock'
  const found: Finding[] = []
  const wrong = (what: string, advice: string): void => {
    found.push({ check, state: 'fault', what, advice })
  }
  const set =
    'Set the clock and keep it set by NTP (chrony or systemd-timesyncd), then start the server again.'
  if (nowMs < EARLIEST_MS) wrong(`It is ${new Date(nowMs).toISOString()} here.`, set)
  if (followedUntilMs !== undefined && followedUntilMs > nowMs + AHEAD_OF_BOOKS_MS) {
    wrong(
      `The books know commits ${secondsOf(followedUntilMs - nowMs)} ahead of the clock: it was set back.`,
      set,
    )
  }
  if (storeAheadMs !== undefined && Math.abs(storeAheadMs) > APART_MS) {
    wrong(
      `The store’s server is ${secondsOf(Math.abs(storeAheadMs))} ${storeAheadMs > 0 ? 'ahead of' : 'behind'} the clock here.`,
      set,
    )
  }
  const apart = median(gatewaysAheadMs)
  // One gateway that is off has a wrong clock; where most are, by the same, ours is.
  if (apart !== undefined && gatewaysAheadMs.length > 1 && Math.abs(apart) > APART_MS) {
    wrong(
      `Most of ${gatewaysAheadMs.length} gateways are ${secondsOf(Math.abs(apart))} ${apart > 0 ? 'ahead of' : 'behind'} this server.`,
      set,
    )
  }
  if (synchronized === false) {
    found.push({
      check,
      state: 'warning',
      what: 'The system’s clock is not synchronised.',
      advice: 'Let chrony or systemd-timesyncd keep it (timedatectl shows it).',
    })
  }
  if (found.length > 0) return found
  const kept = synchronized === true ? 'kept by NTP' : 'whether NTP keeps it the system does not say'
  const agreed = [
    ...(storeAheadMs === undefined ? [] : ['the store’s server']),
    ...(followedUntilMs === undefined ? [] : ['the books']),
    ...(apart === undefined ? [] : [`${gatewaysAheadMs.length} gateways`]),
  ]
  const with_ = agreed.length === 0 ? '' : `; it agrees with ${agreed.join(', ')}`
  return [{ check, state: 'ok', what: `${new Date(nowMs).toISOString()}, ${kept}${with_}.` }]
}
