/**
 * The life of a process: it ends on SIGINT or SIGTERM, or when the process that started it is gone
 * (its IPC channel closes), so that nothing is left behind even when the parent is killed.
 */
export interface Lifetime {
  readonly signal: AbortSignal
  /** Resolves when the process should stop. */
  readonly ended: Promise<void>
}

/** Watches for the end of this process. A second signal while stopping ends it at once. */
export function watchLifetime(): Lifetime {
  const controller = new AbortController()
  let asked = false
  const ended = new Promise<void>((resolve) => {
    const stop = (): void => {
      if (asked) process.exit(130)
      asked = true
      controller.abort()
      resolve()
    }
    process.on('SIGINT', stop)
    process.on('SIGTERM', stop)
    if (process.send !== undefined) {
      process.once('disconnect', () => {
        if (!asked) stop()
      })
    }
  })
  return { signal: controller.signal, ended }
}
