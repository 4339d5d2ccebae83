/**
 * An address as it may be shown and logged: without user and password. Up to the last "@", because passwords have such
 * signs too; rather too little is shown than a part of one.
 */
export function withoutPassword(url: string): string {
  return url.replace(/\/\/.*@/s, '//…@')
}
