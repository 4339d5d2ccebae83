import type { Alarm, AlarmCondition } from '#contract/alarm.ts'

/** What the books keep beside readings and energy: alarms, and what persons remark on them and on gaps. */

/** What a person remarks on something. */
export interface Remark {
  readonly atMs: number
  readonly by: string
  readonly text: string
}

/** Which alarms are asked for: at most so many, newest first. */
export interface AlarmWish {
  readonly limit: number
  /** Only those that hold. */
  readonly isStanding?: boolean
  /** Only those of this enterprise; what concerns the park is in none. */
  readonly enterprise?: string | undefined
}

/** What one look at the rules changed. */
export interface AlarmChanges {
  readonly begun: readonly Alarm[]
  readonly ended: readonly Alarm[]
}

/** Calls are synchronous and each is one transaction, as of all books. Throws `books-unusable`. */
export interface AlarmBooks {
  /** What persons remarked on "gap 12" or "alarm 7", oldest first. */
  remarks(subject: string): readonly Remark[]

  addRemark(subject: string, remark: Remark): void

  /**
   * Makes the alarms that hold those of these conditions: each new one begins, what held before and is not among them
   * ends, both at `nowMs`. A rule that still holds of its subject is the same alarm, with what was seen last.
   */
  settleAlarms(conditions: readonly AlarmCondition[], nowMs: number): AlarmChanges

  alarms(wish: AlarmWish): readonly Alarm[]

  alarm(id: number): Alarm | undefined

  /** False where there is no such alarm, or somebody has acknowledged it. */
  acknowledgeAlarm(id: number, by: string, atMs: number): boolean
}
