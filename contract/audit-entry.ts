import { canonicalText } from './canonical-text.ts'

/** An entry of the audit log: what somebody did or tried to, 1, 2, 3 … without holes. */
export interface AuditEntry {
  readonly id: number
  readonly atMs: number
  readonly user: string
  readonly address: string
  readonly action: string
  readonly detail: string
}

/** The text whose SHA-256 is an entry's hash. `previous` is that of the entry before, 64 zeros for the first (`NO_HASH`). */
export function auditText({ id, atMs, user, address, action, detail }: AuditEntry, previous: string): string {
  return `tanbiao audit entry 1\n${previous}\n${canonicalText({ id, atMs, user, address, action, detail })}`
}
