import type { Refusal } from '#contract/commit.ts'
import type { EntryBody } from '#contract/entry.ts'
import type { GapDecision } from '#contract/gap.ts'
import type { Remark } from '#store/alarm-port.ts'

/** Who decides, and why. */
interface Person {
  readonly by: string
  readonly reason: string
}

/** Where persons' decisions are written: the one way from the pages into the books, given by the composing process. */
export interface Desk {
  /** False where the gap is not open. */
  acceptGap(id: number, decision: GapDecision): boolean
  remark(subject: string, remark: Remark): void
  /** False where there is no such alarm, or somebody has acknowledged it. */
  acknowledgeAlarm(id: number, by: string, atMs: number): boolean
  /** Adds an entry to the end of an account's chain and returns its number. Throws what the books hold against it. */
  enter(account: string, body: EntryBody, nowMs: number): number
  /** Throws `quarantine-closed`, `quarantine-refused`, or what the store throws. */
  replay(
    id: number,
    request: Person & {
      readonly payload?: string | undefined
      readonly gateway?: string | undefined
      readonly isRatingWaived?: boolean | undefined
    },
  ): Promise<{ readonly stored: number; readonly refused: readonly Refusal[] }>
  /** Throws `quarantine-closed`. */
  discard(id: number, person: Person): void
}
