import { useEffect, useMemo, useState } from 'react'
import type { z } from 'zod'

/** What the HTTP API answers, checked against the shape that the server writes by. */

export interface Fetched<T> {
  /** The newest answer; it stays while the next one is under way. */
  readonly data: T | undefined
  readonly failed: boolean
}

/** A failed request is made again after this. */
const RETRY_MS = 5_000

/**
 * GETs a path (undefined: nothing) and again whenever `refresh` changes. An answer to an earlier path is never shown.
 */
export function useAnswer<T extends z.ZodType>(
  schema: T,
  path: string | undefined,
  refresh: string | number,
): Fetched<z.output<T>> {
  const [answer, setAnswer] = useState<{ path: string; data: z.output<T> }>()
  const [failedPath, setFailedPath] = useState<string>()
  const [attempt, setAttempt] = useState(0)
  // A new request for each path, refresh and attempt.
  const request = useMemo(() => ({ path, refresh, attempt }), [path, refresh, attempt])

  useEffect(() => {
    const { path } = request
    if (path === undefined) return undefined
    const abort = new AbortController()
    let retry: number | undefined
    const load = async (): Promise<void> => {
      const response = await fetch(path, { signal: abort.signal })
      if (!response.ok) throw new Error(`${path}: ${response.status}`)
      const data = schema.parse(await response.json())
      setAnswer({ path, data })
      setFailedPath(undefined)
    }
    load().catch((error: unknown) => {
      if (abort.signal.aborted) return
      globalThis.reportError(error)
      setFailedPath(path)
      retry = window.setTimeout(() => setAttempt((count) => count + 1), RETRY_MS)
    })
    return () => {
      abort.abort()
      window.clearTimeout(retry)
    }
  }, [schema, request])

  return {
    data: answer?.path === path ? answer?.data : undefined,
    failed: failedPath === path && path !== undefined,
  }
}
