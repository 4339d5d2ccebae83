import type { AnsweredCode } from '#dashboards/api/refusal-status.ts'
import type { TextKey } from '#dashboards/web/src/language.tsx'
import { Refused } from '#dashboards/web/src/session.tsx'

/** Why ingest refuses a payload, a sample or a value. */
type RefusedReading =
  | 'message-undecodable'
  | 'message-invalid'
  | 'number-reused'
  | 'gateway-mismatch'
  | 'gateway-unknown'
  | 'meter-unknown'
  | 'meter-foreign'
  | 'quantity-unknown'
  | 'value-kind-wrong'
  | 'time-in-future'
  | 'time-before-meter'
  | 'value-beyond-rating'
  | 'register-impossible'
  | 'reading-measured'
  | 'store-refused'

/** What a person is told of each code: the server's own words are in one language. */
const keys = {
  'sign-in-needed': 'fault.sign-in-needed',
  'sign-in-refused': 'fault.sign-in-refused',
  'sign-in-unavailable': 'fault.sign-in-unavailable',
  'not-allowed': 'fault.not-allowed',
  'link-ended': 'fault.link-ended',
  'too-many-requests': 'fault.too-many-requests',
  'name-taken': 'fault.name-taken',
  'request-invalid': 'fault.request-invalid',
  'entry-invalid': 'fault.entry-invalid',
  'month-closed': 'fault.month-closed',
  'closing-untrusted': 'fault.closing-untrusted',
  'font-missing': 'fault.font-missing',
  'not-found': 'fault.not-found',
  'host-unknown': 'fault.host-unknown',
  'viewers-full': 'fault.viewers-full',
  'configuration-outdated': 'fault.configuration-outdated',
  'gap-closed': 'fault.gap-closed',
  'event-contradicts': 'fault.event-contradicts',
  'quarantine-closed': 'fault.quarantine-closed',
  'quarantine-refused': 'fault.quarantine-refused',
  'alarm-acknowledged': 'fault.alarm-acknowledged',
  'certificate-used': 'fault.certificate-used',
  'correction-invalid': 'fault.correction-invalid',
  'factor-missing': 'fault.factor-missing',
  'factor-ambiguous': 'fault.factor-ambiguous',
  'unit-mismatch': 'fault.unit-mismatch',
  'record-refused': 'fault.record-refused',
  'steam-state-invalid': 'fault.steam-state-invalid',
  'broker-unavailable': 'fault.broker-unavailable',
  'store-unavailable': 'fault.store-unavailable',
  'books-unusable': 'fault.books-unusable',
  'message-undecodable': 'fault.message-undecodable',
  'message-invalid': 'fault.message-invalid',
  'number-reused': 'fault.number-reused',
  'gateway-mismatch': 'fault.gateway-mismatch',
  'gateway-unknown': 'fault.gateway-unknown',
  'meter-unknown': 'fault.meter-unknown',
  'meter-foreign': 'fault.meter-foreign',
  'quantity-unknown': 'fault.quantity-unknown',
  'value-kind-wrong': 'fault.value-kind-wrong',
  'time-in-future': 'fault.time-in-future',
  'time-before-meter': 'fault.time-before-meter',
  'value-beyond-rating': 'fault.value-beyond-rating',
  'register-impossible': 'fault.register-impossible',
  'reading-measured': 'fault.reading-measured',
  'store-refused': 'fault.store-refused',
  'unexpected-error': 'fault.other',
} as const satisfies Record<AnsweredCode | RefusedReading, TextKey>

const keyByCode: Readonly<Record<string, TextKey>> = keys

/** The text of a fault code; of one that is not known, that something went wrong. */
export function faultTextKey(code: string): TextKey {
  return keyByCode[code] ?? 'fault.other'
}

/** Why a change was not made: a text in the language of the page, whichever that will be, and the server's own words. */
export interface Refusal {
  readonly key: TextKey
  readonly said?: string
}

/** What a failed change says; what is no refusal is reported to the console as well. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refused) {
    return { key: faultTextKey(error.fault.code), said: error.fault.message }
  }
  globalThis.reportError(error)
  return { key: 'fault.unreachable' }
}
