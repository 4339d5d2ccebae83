import type { AlarmDetail, AlarmRule, AlarmSubject } from '#contract/alarm.ts'
import type { Meter } from '#contract/park.ts'
import type { GatewayPresence, MeterState } from '../presence.ts'
import type { SlotWindow } from './slot-window.ts'

/** What the rules of alarms look at, and what they find. */

export interface GatewayFacts {
  readonly id: string
  readonly presence: GatewayPresence
  readonly heardMs: number | undefined
  readonly silentAfterMs: number
  readonly clock:
    | { readonly condition: 'set' | 'doubtful' | 'unset'; readonly aheadMs?: number | undefined }
    | undefined
  /** When the oldest row that waits was read. */
  readonly oldestMs: number | undefined
  /** Numbers of its journal that came with two contents, and since when; undefined where there are none. */
  readonly reused: { readonly entries: number; readonly sinceMs: number } | undefined
}

export interface MeterFacts {
  readonly meter: Meter
  readonly state: MeterState
  readonly usableMs: number | undefined
  /** Its fresh power or flow in the unit of its register an hour; undefined where it has none now. */
  readonly power: number | undefined
  readonly powerFactor: number | undefined
}

/** What an enterprise's demand comes to by the end of the slot under way, as far as it can be told. */
export interface DemandFacts {
  readonly enterprise: string
  readonly contractKw: number
  readonly projectedKw: number | undefined
}

/** What flowed through a meter in the last whole day, and what of it was measured behind, in one unit. */
export interface ClosureFacts {
  readonly meter: Meter
  readonly dayMs: number
  readonly unit: string
  readonly through: number
  readonly behind: number
  /** What the accuracy classes explain; undefined where a meter has none. */
  readonly tolerance: number | undefined
}

/** Where a target stands after the months that are over. */
export interface TargetFacts {
  readonly target: string
  /** Undefined for the whole park. */
  readonly enterprise: string | undefined
  readonly toDate: number
  /** By the usual course of the year up to now; of an intensity its limit. */
  readonly allowed: number
  readonly unit: string
}

export interface AlarmFacts {
  readonly nowMs: number
  readonly park: string
  readonly gateways: readonly GatewayFacts[]
  readonly meters: readonly MeterFacts[]
  readonly demands: readonly DemandFacts[]
  /** Meters with meters behind them of which all of the last whole day is known. */
  readonly closures: readonly ClosureFacts[]
  /** Targets of the year of which something is known. */
  readonly targets: readonly TargetFacts[]
  /** Entries of quarantine that nobody has decided on. */
  readonly quarantined: number
  /** Settled slots of a meter: their energy, newest last. */
  readonly slots: SlotWindow
}

export interface Found {
  readonly subject: AlarmSubject
  readonly enterprise?: string | undefined
  readonly detail: AlarmDetail
}

export type AlarmRules = {
  readonly [Kind in AlarmRule['kind']]: Extract<AlarmRule, { readonly kind: Kind }>
}

export const since = (sinceMs: number | undefined): AlarmDetail => (sinceMs === undefined ? {} : { sinceMs })
