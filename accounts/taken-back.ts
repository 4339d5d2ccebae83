import type { EntryBody } from '#contract/entry.ts'
import { Fault } from '#contract/fault.ts'

/** Who takes an entry back, and why. */
interface Person {
  readonly by: string
  readonly reason: string
}

/**
 * The entry by which a person takes another one back. Throws `entry-invalid` for a posting; what else cannot be taken
 * back the books refuse.
 * @param body what that one says; undefined where there is none
 */
export function takenBack(
  number: number,
  body: EntryBody | undefined,
  { by, reason }: Person,
): Extract<EntryBody, { kind: 'reversal' }> {
  if (body?.kind === 'posting')
    throw new Fault(
      'entry-invalid',
      'A posting is restated by what it is computed of, not taken back by hand.',
    )
  const month = body !== undefined && 'month' in body && body.month !== undefined ? { month: body.month } : {}
  return { kind: 'reversal', ...month, reverses: number, cause: 'correction', reason, by }
}
