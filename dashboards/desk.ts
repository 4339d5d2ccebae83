import type { ClosingDraft } from '#contract/closing.ts'
import type { AccountingRecord } from '#contract/accounting-record.ts'
import type { Refusal } from '#contract/commit.ts'
import type { EntryBody } from '#contract/entry.ts'
import type { GapDecision } from '#contract/gap.ts'
import type { GivenEvent } from '#contract/meter-entry.ts'
import type { Remark } from '#store/alarm-port.ts'
import type { PublishedConfiguration } from '#store/fleet-port.ts'

/** Who decides, and why. */
interface Person {
  readonly by: string
  readonly reason: string
}

/** Which month of which account is closed, and by whom. */
export interface ClosingWish {
  readonly account: string
  readonly month: string
  readonly by: string
}

/** Closes months by signatures that were made where the private keys are: never here. */
export interface ClosingDesk {
  /** Names of the keys whose signature counts. */
  readonly keys: readonly string[]
  /** What is to be signed. Throws `entry-invalid` or `month-closed`. */
  draft(wish: ClosingWish, nowMs: number): ClosingDraft
  /**
   * Enters the closing with its signature and returns its number. Throws as `draft` does, `entry-invalid` where the chain
   * has grown since or a lack was not accepted, and `closing-untrusted`.
   */
  close(
    wish: ClosingWish & {
      /** Hash of the account's last entry when it was signed. */
      readonly previous: string
      readonly signature: string
      /** Somebody has said that slots are missing, and that it is closed all the same. */
      readonly isIncompleteAccepted: boolean
    },
    nowMs: number,
  ): number
}

/** Decides what happened to meters and their registers. The meter is one of the park. */
export interface EventDesk {
  /**
   * Enters an event; it is known in the books a moment later. Throws `request-invalid` for one that would change nothing
   * or was withdrawn, and `event-contradicts` where it contradicts what is there and nobody insists.
   */
  decide(
    meter: string,
    event: GivenEvent,
    person: Person & { readonly anyway: boolean },
  ): Promise<{
    readonly digest: string
    /** What it contradicts all the same. */
    readonly although: readonly string[]
    /** Readings until then were let go: what is known of its time up to there stays as it is. */
    readonly standsUntilMs: number | undefined
  }>
  /** Takes back what a person said of a meter. Throws `not-found` where there is no such entry. */
  withdraw(meter: string, digest: string, person: Person): Promise<void>
}

/** Where persons' decisions are written: the one way from the pages into the books, given by the composing process. */
export interface Desk {
  /** False where the gap is not open. */
  acceptGap(id: number, decision: GapDecision): boolean
  remark(subject: string, remark: Remark): void
  /** False where there is no such alarm, or somebody has acknowledged it. */
  acknowledgeAlarm(id: number, by: string, atMs: number): boolean
  /** What was handed to the broker for a gateway. */
  keepPublished(published: PublishedConfiguration): void
  /** Adds an entry to the end of an account's chain and returns its number. Throws what the books hold against it. */
  enter(account: string, body: EntryBody, nowMs: number): number
  /**
   * Enters records, all of them or none, and returns the number of each; one that is the very same as one of the books is
   * that one. Throws `correction-invalid` or `certificate-used`.
   */
  enterRecords(
    records: readonly AccountingRecord[],
    nowMs: number,
  ): readonly { readonly number: number; readonly isNew: boolean }[]
  /** Throws `quarantine-closed`, `quarantine-refused`, or what the store throws. */
  replay(
    id: number,
    request: Person & {
      readonly payload?: string | undefined
      readonly gateway?: string | undefined
      readonly isRatingWaived?: boolean | undefined
      readonly isArrivalWaived?: boolean | undefined
    },
  ): Promise<{ readonly stored: number; readonly refused: readonly Refusal[] }>
  /** Throws `quarantine-closed`. */
  discard(id: number, person: Person): void
  readonly events: EventDesk
  /** Undefined where nothing is accounted. */
  readonly closings: ClosingDesk | undefined
}
