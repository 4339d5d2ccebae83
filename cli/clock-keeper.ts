import { execFile } from 'node:child_process'
import { flag } from './options.ts'

/** Whether somebody who knows the time keeps the clock of this machine. */

export const clockOptions = {
  'trust-clock': flag(
    'The clock here is right, whatever gateways say: what is ahead of it goes to quarantine (without it: while nearly all gateways are ahead, it has no receipt)',
  ),
}

const ASK = ['show', '--property=NTPSynchronized', '--value']
const TIMEOUT_MS = 3_000
/** It is asked for with every payload while gateways are ahead. */
const ASK_EVERY_MS = 60_000

/** Asks systemd now and then, and gives its last answer; undefined where it does not say, or has not answered yet. */
export function clockKeeper(): () => boolean | undefined {
  let said: boolean | undefined
  let askedMs = -Infinity
  return () => {
    const nowMs = performance.now()
    if (nowMs - askedMs >= ASK_EVERY_MS) {
      askedMs = nowMs
      execFile('timedatectl', ASK, { timeout: TIMEOUT_MS }, (error, out) => {
        const word = error === null ? out.trim() : ''
        said = word === 'yes' ? true : word === 'no' ? false : undefined
      })
    }
    return said
  }
}
