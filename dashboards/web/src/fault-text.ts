import type { Speech, TextKey } from '#dashboards/web/src/language.tsx'
import { Refused } from '#dashboards/web/src/session.tsx'

/** What a person is told of a refusal: a text of ours where there is one for its code. */
const keys: Readonly<Record<string, TextKey>> = {
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
}

export function faultTextKey(code: string): TextKey {
  return keys[code] ?? 'fault.other'
}

/** What a person is told of a failed change; what is no refusal is reported to the console as well. */
export function refusalText(error: unknown, t: Speech['t']): string {
  if (error instanceof Refused) return `${t(faultTextKey(error.fault.code))} ${error.fault.message}`
  globalThis.reportError(error)
  return t('fault.unreachable')
}
