import type { BadCause } from '#contract/reading.ts'

/**
 * Who can be heard: the rules by which a gateway or a meter is shown as present, failing or silent. Pure: the server's
 * clock comes in as `nowMs`, and nothing here turns fresh again by the passing of time.
 */

/** Why a gateway is shown as silent. */
export const silences = ['never-heard', 'no-message', 'stopped', 'connection-lost'] as const
export type Silence = (typeof silences)[number]

export interface GatewayEvidence {
  readonly silentAfterMs: number
  /** Server time of its newest message; undefined when there was none. */
  readonly heardMs: number | undefined
  /** Its last word, when that was a death that nothing has contradicted. */
  readonly death: Extract<Silence, 'stopped' | 'connection-lost'> | undefined
}

export type GatewayPresence =
  | { readonly state: 'online' }
  | { readonly state: 'silent'; readonly why: Silence }

/** A gateway is silent after a death, after `silentAfterMs` without a message, and before its first one. */
export function gatewayPresence(evidence: GatewayEvidence, nowMs: number): GatewayPresence {
  if (evidence.death !== undefined) return { state: 'silent', why: evidence.death }
  if (evidence.heardMs === undefined) return { state: 'silent', why: 'never-heard' }
  if (nowMs - evidence.heardMs > evidence.silentAfterMs) return { state: 'silent', why: 'no-message' }
  return { state: 'online' }
}

export const meterStates = ['ok', 'failing', 'silent', 'never-read', 'gateway-silent'] as const
export type MeterState = (typeof meterStates)[number]

export interface MeterEvidence {
  readonly gateway: GatewayPresence['state']
  /** Age beyond which a value is no longer taken for the present one. */
  readonly limitMs: number
  /** Time of its newest usable reading. */
  readonly usableMs: number | undefined
  /** The newest reading of a quantity that its power or energy rests on, when that one is bad. */
  readonly bad: { readonly atMs: number; readonly cause: BadCause } | undefined
}

export type MeterPresence =
  | { readonly state: Exclude<MeterState, 'failing'> }
  | { readonly state: 'failing'; readonly cause: BadCause }

/**
 * The first that holds: its gateway is silent; its newest reading is bad and recent; it was never read; its newest usable
 * reading is older than the limit. Otherwise it is ok.
 */
export function meterPresence(evidence: MeterEvidence, nowMs: number): MeterPresence {
  const { gateway, limitMs, usableMs, bad } = evidence
  if (gateway === 'silent') return { state: 'gateway-silent' }
  if (bad !== undefined && nowMs - bad.atMs <= limitMs) return { state: 'failing', cause: bad.cause }
  if (usableMs === undefined && bad === undefined) return { state: 'never-read' }
  if (usableMs === undefined || bad !== undefined || nowMs - usableMs > limitMs) return { state: 'silent' }
  return { state: 'ok' }
}

/** A meter may miss two of its polls before it counts as silent. */
const POLLS_TO_SILENCE = 3

/** The age limit of a meter: three of its typical poll intervals, and never below its gateway's own. */
export function silenceLimitMs(typicalMs: number | undefined, silentAfterMs: number): number {
  return Math.max(POLLS_TO_SILENCE * (typicalMs ?? 0), silentAfterMs)
}

/** The median distance between moments in order of time; undefined for fewer than two. */
export function typicalSpacingMs(momentsMs: readonly number[]): number | undefined {
  const spacings = momentsMs.slice(1).map((moment, index) => moment - (momentsMs[index] ?? moment))
  return spacings.toSorted((a, b) => a - b)[Math.floor(spacings.length / 2)]
}
