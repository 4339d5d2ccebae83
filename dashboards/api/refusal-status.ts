import type { FaultCode } from '#contract/fault.ts'

/** What HTTP says of each fault that is no fault of the server's. */
const statusByCode = {
  'not-found': 404,
  'request-invalid': 400,
  'sign-in-needed': 401,
  'sign-in-refused': 401,
  'not-allowed': 403,
  'link-ended': 410,
  'name-taken': 409,
  'too-many-requests': 429,
  // RFC 9110 §15.5.20: not a server for that host.
  'host-unknown': 421,
  'sign-in-unavailable': 503,
  'viewers-full': 503,
  'font-missing': 501,
  'configuration-outdated': 409,
  'closing-untrusted': 409,
  'gap-closed': 409,
  'event-contradicts': 409,
  'quarantine-closed': 409,
  'quarantine-refused': 409,
  'alarm-acknowledged': 409,
  'entry-invalid': 409,
  'month-closed': 409,
  'certificate-used': 409,
  'correction-invalid': 409,
  // What was entered, or the plan, leaves no figure: nothing is wrong with the server.
  'factor-missing': 422,
  'factor-ambiguous': 422,
  'unit-mismatch': 422,
  'record-refused': 422,
  'steam-state-invalid': 422,
  'broker-unavailable': 503,
  'store-unavailable': 503,
  'books-unusable': 503,
} as const satisfies Partial<Record<FaultCode, number>>

/** Codes that the API answers with; pages have a text for each. */
export type AnsweredCode = keyof typeof statusByCode | 'unexpected-error'

const statuses: Partial<Record<FaultCode, number>> = statusByCode

/** The status of an answer; 500 for what is the server's own. */
export function statusOf(code: FaultCode): number {
  return statuses[code] ?? 500
}
