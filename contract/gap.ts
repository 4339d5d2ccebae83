import { z } from 'zod'
import { epochIdentifier, epochMs, identifier } from './identity.ts'

/**
 * A gap entry: something that should be there and is not, with its bounds, its cause and what became of it. Entries are
 * opened and filled by the owner of the books, and accepted by a person; none is ever removed.
 */
export const gapKinds = {
  /** Numbers of a gateway's journal that have not arrived. */
  batches: { zh: '未到批次', en: 'batches not arrived' },
  /** Numbers that a gateway said it has lost. */
  declared: { zh: '网关声明丢失', en: 'declared lost by the gateway' },
  /** A gateway of which nothing comes. */
  gateway: { zh: '网关静默', en: 'silent gateway' },
  /** Slots of a meter that no readings cover, or only in part. */
  meter: { zh: '仪表缺数', en: 'meter without readings' },
  /** Slots of a register of which a stretch is in no energy until a person has said what happened. */
  undecided: { zh: '表码待裁定', en: 'register to be decided on' },
  /** Readings for a time whose readings had been let go: they are stored and count for nothing. */
  late: { zh: '迟到未计入', en: 'came too late to count' },
} as const
export type GapKind = keyof typeof gapKinds

/** Whether it is measured in time; of the others numbers of batches are missing. */
export const isOfTime = (kind: GapKind): boolean => kind !== 'batches' && kind !== 'declared'

/** Of what came late nothing is missing: its entry says of which time it was. */
export const isMissing = (kind: GapKind): boolean => kind !== 'late'

const gapCauses = [
  'not-arrived',
  'quota',
  'age',
  'damaged',
  'stopped',
  'disk',
  'silent',
  'gateway-silent',
  'no-readings',
  'register-decreased',
  'beyond-rating',
  'readings-let-go',
] as const

/** open: something of it is missing. filled: nothing is any more. accepted: a person has let it be. */
export const gapStates = ['open', 'filled', 'accepted'] as const
export type GapState = (typeof gapStates)[number]

/** Who decided, why, and when. */
export const gapDecision = z.strictObject({ by: z.string().min(1), reason: z.string().min(1), atMs: epochMs })

export const gapKindNames = Object.keys(gapKinds).filter((kind): kind is GapKind => kind in gapKinds)

export const gapEntry = z.strictObject({
  id: z.int(),
  kind: z.enum(gapKindNames),
  gateway: identifier,
  meter: identifier.optional(),
  epoch: epochIdentifier.optional(),
  first: z.int().meta({ description: 'First number of a batch, or first UTC ms' }),
  last: z.int().meta({ description: 'Last one, included' }),
  missing: z.int().min(0).meta({ description: 'How much of it is missing: batches, or ms' }),
  fromMs: epochMs.meta({ description: 'Start in time; for batches when the one before it arrived' }),
  toMs: epochMs.optional().meta({ description: 'End in time; absent while it goes on' }),
  cause: z.enum(gapCauses),
  state: z.enum(gapStates),
  openedMs: epochMs,
  changedMs: epochMs,
  decision: gapDecision.optional(),
})
export type GapEntry = z.infer<typeof gapEntry>
export type GapDecision = z.infer<typeof gapDecision>

/** A gap as it is seen now. Those of one subject (kind, gateway, meter, epoch) do not overlap. */
export type SeenGap = Pick<
  GapEntry,
  'kind' | 'gateway' | 'meter' | 'epoch' | 'first' | 'last' | 'fromMs' | 'toMs' | 'cause'
>

/** What is to be written so that the entries say what is seen. */
export interface GapChanges {
  readonly opened: readonly SeenGap[]
  readonly changed: readonly Pick<GapEntry, 'id' | 'last' | 'missing' | 'toMs' | 'state'>[]
}
