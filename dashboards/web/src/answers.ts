import { useEffect, useMemo, useRef, useState } from 'react'
import type { z } from 'zod'
import { useSession } from './session.tsx'

/** What the HTTP API answers, checked against the shape that the server writes by. */

/** Why there is no answer, as far as a person can do something about it. */
export type WhyNot = 'unreachable' | 'failed' | 'sign-in-needed' | 'not-allowed' | 'not-found'

export interface Failure {
  readonly why: WhyNot
  /** What is shown is of before. */
  readonly stale: boolean
}

export interface Fetched<T> {
  /** The newest answer; it stays while the next one is under way, or does not come. */
  readonly data: T | undefined
  readonly failed: boolean
  readonly failure: Failure | undefined
}

/** A failed request is made again after this. */
const RETRY_MS = 5_000

const byStatus: Readonly<Record<number, WhyNot>> = {
  401: 'sign-in-needed',
  403: 'not-allowed',
  404: 'not-found',
}

/** The server answered, but not with what was asked for. */
class NotAnswered extends Error {
  readonly why: WhyNot

  constructor(path: string, status: number) {
    super(`${path}: ${status}`)
    this.why = byStatus[status] ?? 'failed'
  }
}

/** A proxy without its server is as good as none. */
const isAway = ({ status }: Response): boolean => status === 502 || status === 503 || status === 504

function whyNot(error: unknown): WhyNot {
  if (error instanceof NotAnswered) return error.why
  // What fetch throws where there is no connection; what does not have its shape is the server's fault.
  return error instanceof TypeError ? 'unreachable' : 'failed'
}

/** Asking again does not change who may see what. */
const isFinal = (why: WhyNot): boolean => why === 'not-allowed' || why === 'not-found'

/** A question that was asked and is not answered yet. */
interface Flight {
  readonly path: string
  readonly abort: AbortController
  /** To be asked once more when it is. */
  next: (() => void) | undefined
}

/**
 * GETs a path (undefined: nothing) and again whenever `refresh` changes; one that is under way is waited for, or what is
 * asked anew faster than it is answered would never be. An answer to an earlier path is never shown.
 */
export function useAnswer<T extends z.ZodType>(
  schema: T,
  path: string | undefined,
  refresh: string | number,
): Fetched<z.output<T>> {
  const [answer, setAnswer] = useState<{ path: string; data: z.output<T> }>()
  const [failed, setFailed] = useState<{ path: string; why: WhyNot }>()
  const { recheck } = useSession()
  const [attempt, setAttempt] = useState(0)
  // A new request for each path, refresh and attempt.
  const request = useMemo(() => ({ path, refresh, attempt }), [path, refresh, attempt])
  const flight = useRef<Flight>(undefined)

  useEffect(
    () => () => {
      if (flight.current === undefined) return
      flight.current.next = undefined
      flight.current.abort.abort()
    },
    [],
  )

  useEffect(() => {
    const { path } = request
    if (flight.current !== undefined && flight.current.path !== path) {
      flight.current.abort.abort()
      flight.current = undefined
    }
    if (path === undefined) return undefined
    let retry: number | undefined
    const load = async (signal: AbortSignal): Promise<void> => {
      const response = await fetch(path, { signal })
      if (isAway(response)) throw new TypeError(`${path}: ${response.status}`)
      if (!response.ok) throw new NotAnswered(path, response.status)
      const data = schema.parse(await response.json())
      setAnswer({ path, data })
      setFailed(undefined)
    }
    const ask = (): void => {
      const own: Flight = { path, abort: new AbortController(), next: undefined }
      const { signal } = own.abort
      flight.current = own
      load(signal)
        .catch((error: unknown) => {
          if (signal.aborted) return
          const why = whyNot(error)
          setFailed({ path, why })
          if (why === 'sign-in-needed') recheck()
          if (isFinal(why)) return
          globalThis.reportError(error)
          retry = window.setTimeout(() => setAttempt((count) => count + 1), RETRY_MS)
        })
        .finally(() => {
          if (flight.current !== own) return
          flight.current = undefined
          own.next?.()
        })
    }
    if (flight.current === undefined) ask()
    else flight.current.next = ask
    return () => window.clearTimeout(retry)
  }, [schema, request, recheck])

  const data = answer?.path === path ? answer?.data : undefined
  const why = path !== undefined && failed?.path === path ? failed.why : undefined
  return {
    data,
    failed: why !== undefined,
    failure: why === undefined ? undefined : { why, stale: data !== undefined },
  }
}
