import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from 'react'
import type { z } from 'zod'
import type { Access } from '#contract/access.ts'
import { sessionInfo, type SessionInfo } from '#dashboards/api/session-shape.ts'
import { faultBody } from '#dashboards/api/shapes.ts'

/** Who is signed in here, and changes on their behalf. */

/** The header in which a change repeats the session's change token: dashboards/access/guard.ts. */
const CHANGE_HEADER = 'x-tanbiao-change'

type FaultBody = z.output<typeof faultBody>

/** What the server said to a change that it did not make. */
export class Refused extends Error {
  readonly fault: FaultBody

  constructor(fault: FaultBody) {
    super(fault.message)
    this.fault = fault
  }
}

export interface SessionControl {
  /** Undefined until the server has said. */
  readonly info: SessionInfo | undefined
  /** The server does not say who is signed in; it is asked again. */
  readonly isAway: boolean
  /** Somebody was signed in here, and is no more. */
  readonly hasEnded: boolean
  readonly may: (access: Access) => boolean
  /** Asks the server again who is signed in: a session may have ended, or been ended. */
  readonly recheck: () => void
  /** Sends a change; throws `Refused` with the server's words. */
  readonly change: (method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: object) => Promise<unknown>
  /** The same for a change that opens a session. */
  readonly open: (path: string, body: object) => Promise<void>
  readonly signOut: () => Promise<void>
}

const SessionContext = createContext<SessionControl | undefined>(undefined)

/** The answer, where it is one; throws `Refused` with the server's words. */
export async function refuseFailed(response: Response): Promise<Response> {
  if (!response.ok) throw new Refused(faultBody.parse(await response.json()))
  return response
}

/** The body of an answer; throws `Refused` with the server's words. */
export async function answerOf(response: Response): Promise<unknown> {
  const { status } = await refuseFailed(response)
  return status === 204 ? undefined : response.json()
}

/** Who is signed in is asked again after this. */
const RETRY_MS = 5_000

interface Session {
  readonly info: SessionInfo
  readonly hasEnded: boolean
}

/** What is known after the server has said who is signed in; the same where it is nothing new. */
function after(before: Session | undefined, info: SessionInfo): Session {
  if (before !== undefined && JSON.stringify(before.info) === JSON.stringify(info)) return before
  const was = before?.info.user ?? null
  return { info, hasEnded: info.user === null && (was !== null || before?.hasEnded === true) }
}

export function SessionProvider({ children }: { children: ReactNode }): ReactNode {
  const [session, setSession] = useState<Session>()
  const setInfo = useCallback((info: SessionInfo) => setSession((before) => after(before, info)), [])
  const [isAway, setAway] = useState(false)
  const recheck = useCallback(() => {
    const load = async (): Promise<void> => {
      setInfo(sessionInfo.parse(await answerOf(await fetch('api/v1/session'))))
      setAway(false)
    }
    load().catch((error: unknown) => {
      globalThis.reportError(error)
      setAway(true)
    })
  }, [setInfo])
  useEffect(recheck, [recheck])
  useEffect(() => {
    if (!isAway) return undefined
    const again = window.setInterval(recheck, RETRY_MS)
    return () => window.clearInterval(again)
  }, [isAway, recheck])
  const { info, hasEnded = false } = session ?? {}

  const changeToken = info?.changeToken
  const control = useMemo((): SessionControl => {
    const change: SessionControl['change'] = async (method, path, body) => {
      const headers = {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(typeof changeToken === 'string' ? { [CHANGE_HEADER]: changeToken } : {}),
      }
      const request = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
      return answerOf(await fetch(path, request))
    }
    return {
      info,
      isAway,
      hasEnded,
      recheck,
      may: (access) => info?.access.includes(access) ?? false,
      change,
      open: async (path, body) => setInfo(sessionInfo.parse(await change('POST', path, body))),
      signOut: async () => {
        await change('DELETE', 'api/v1/session')
        // Nothing that was seen stays in this page.
        window.location.reload()
      },
    }
  }, [info, isAway, hasEnded, changeToken, recheck, setInfo])
  return <SessionContext value={control}>{children}</SessionContext>
}

export function useSession(): SessionControl {
  const control = useContext(SessionContext)
  if (control === undefined) throw new Error('useSession outside of SessionProvider')
  return control
}
