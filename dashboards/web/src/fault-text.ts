import type { TextKey } from '#dashboards/web/src/language.tsx'

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
}

export function faultTextKey(code: string): TextKey {
  return keys[code] ?? 'fault.other'
}
