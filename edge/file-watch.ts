import { watch } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { Logger } from 'pino'
import type { Clock } from '#contract/clock.ts'
import { slept } from './deadline.ts'

/** Editors write in several steps: a file is looked at when it was quiet for so long … */
const QUIET_MS = 300
/** … but at the latest after so many times of it. */
const LOOKS_MAX = 20

/**
 * Calls when a file was written, replaced or made, once for changes that come together, until the signal is aborted.
 * Its folder is watched, since a file that is replaced is another one. A folder that cannot be watched is logged.
 */
export function watchFile(
  file: string,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
  changed: () => void,
  signal: AbortSignal,
): void {
  let changes = 0
  const settle = async (): Promise<void> => {
    for (let looks = 0; looks < LOOKS_MAX; looks += 1) {
      const seen = changes
      if (!(await slept(clock, QUIET_MS, signal))) return
      if (changes === seen) break
    }
    changes = 0
    changed()
  }
  const told = (name: string | null): void => {
    if (name !== null && name !== basename(file)) return
    changes += 1
    if (changes === 1) void settle()
  }
  const lost = (error: unknown): void => {
    log.warn({ err: error, file }, 'changes of the file are not noticed: send SIGHUP after one')
  }
  try {
    const watcher = watch(dirname(file), { signal, persistent: false }, (_event, name) => told(name))
    watcher.on('error', lost)
  } catch (error) {
    lost(error)
  }
}
