import { z } from 'zod'
import type { Finding } from './finding.ts'

const readiness = z.object({ reasons: z.array(z.object({ about: z.string(), what: z.string() })) })

/** What a running server says of itself. */
export async function checkServer(url: string): Promise<Finding[]> {
  const check = 'server'
  const look = 'Read the server’s log; if it stands still, start it again: nothing is lost by that.'
  let status: number
  let body: unknown
  try {
    const answer = await fetch(new URL('/readyz', url), { signal: AbortSignal.timeout(10_000) })
    status = answer.status
    body = await answer.json()
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return [{ check, state: 'fault', what: `${url} does not answer: ${why}.`, advice: look }]
  }
  const parsed = readiness.safeParse(body)
  if (!parsed.success) return [{ check, state: 'fault', what: `${url} answered ${status}.`, advice: look }]
  const { reasons } = parsed.data
  if (reasons.length === 0) return [{ check, state: 'ok', what: `${url} is ready.` }]
  return reasons.map(({ about, what }) => ({
    check,
    state: 'fault',
    what: `${url} is not ready: ${about}: ${what}.`,
    advice:
      about === 'clock'
        ? 'Set the clock of this machine (NTP). It takes readings again by itself, and gateways have kept them. Is it right, and the gateways’ are wrong: serve --trust-clock.'
        : `See what is said of the ${about} here; the server takes readings again by itself.`,
  }))
}
