import { SLOT_MS } from '#contract/grid.ts'
import type { Boundary, Interval, IntervalIdentity } from '#contract/interval.ts'
import { intervalOf, SIMULATED, textOf, UNCERTAIN } from './interval-text.ts'

/**
 * What the books keep of an interval beside its key: a few numbers where it is as usual, a text where it is not. Two
 * intervals of a slot are equal exactly when their contents are.
 */
export type SlotContent = PlainContent | string

/**
 * The ordinary slot: its register was read at both lines, nothing lies open, and its energy is the advance between them.
 * All counts are of one resolution.
 */
export interface PlainContent {
  readonly resolution: string
  /** 1 for simulated + 2 for uncertain */
  readonly marks: number
  /** The reading at the slot's start, milliseconds from there, and its count. */
  readonly openingOffsetMs: number
  readonly openingCount: number
  /** The reading at its end, milliseconds from there. */
  readonly closingOffsetMs: number
  /** Never below zero. */
  readonly energyCount: number
}

export const isSimulated = (marks: number): boolean => (marks & SIMULATED) !== 0
export const isUncertain = (marks: number): boolean => (marks & UNCERTAIN) !== 0

/** True for a boundary that is one reading at its line. */
function isRead(
  { atMs, method, register, before, after }: Boundary,
  lineMs: number,
  resolution: string,
): boolean {
  return (
    atMs === lineMs &&
    method === 'measured' &&
    register.resolution === resolution &&
    before.register.count === register.count &&
    before.register.resolution === resolution &&
    (before === after ||
      (before.atMs === after.atMs &&
        after.register.count === register.count &&
        after.register.resolution === resolution))
  )
}

/** Throws a ZodError for an interval that does not fit contract/interval.ts. */
export function contentOf(interval: Interval): SlotContent {
  if (
    interval.state !== 'known' ||
    interval.basis !== 'register' ||
    interval.method !== 'measured' ||
    interval.coverage !== 1 ||
    interval.undecided.length > 0
  )
    return textOf(interval)
  const { energy, slotMs, opening, closing } = interval
  const { count, resolution } = energy
  const isPlain =
    Number.isSafeInteger(slotMs / SLOT_MS) &&
    isRead(opening, slotMs, resolution) &&
    isRead(closing, slotMs + SLOT_MS, resolution) &&
    count >= 0 &&
    opening.register.count >= 0 &&
    closing.register.count - opening.register.count === count
  if (!isPlain) return textOf(interval)
  return {
    resolution,
    marks: (interval.simulated ? SIMULATED : 0) + (interval.uncertain ? UNCERTAIN : 0),
    openingOffsetMs: opening.before.atMs - slotMs,
    openingCount: opening.register.count,
    closingOffsetMs: closing.before.atMs - slotMs - SLOT_MS,
    energyCount: count,
  }
}

function boundaryOf(lineMs: number, offsetMs: number, count: number, resolution: string): Boundary {
  const register = { count, resolution }
  const read = { atMs: lineMs + offsetMs, register }
  return { atMs: lineMs, register, method: 'measured', before: read, after: read }
}

/** An interval out of its key and its content. */
export function intervalFrom(identity: IntervalIdentity, content: SlotContent): Interval {
  if (typeof content === 'string') return intervalOf(identity, content)
  const { meter, quantity, slotMs } = identity
  const { resolution, marks, openingOffsetMs, openingCount, closingOffsetMs, energyCount } = content
  return {
    meter,
    quantity,
    slotMs,
    state: 'known',
    basis: 'register',
    energy: { count: energyCount, resolution },
    method: 'measured',
    coverage: 1,
    opening: boundaryOf(slotMs, openingOffsetMs, openingCount, resolution),
    closing: boundaryOf(slotMs + SLOT_MS, closingOffsetMs, openingCount + energyCount, resolution),
    simulated: isSimulated(marks),
    uncertain: isUncertain(marks),
    undecided: [],
  }
}

export function isSameContent(a: SlotContent, b: SlotContent): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b
  return (
    a.energyCount === b.energyCount &&
    a.openingCount === b.openingCount &&
    a.openingOffsetMs === b.openingOffsetMs &&
    a.closingOffsetMs === b.closingOffsetMs &&
    a.marks === b.marks &&
    a.resolution === b.resolution
  )
}

/** The text of a content (interval-text.ts): for a revision that is kept by itself, and for digests. */
export function textOfContent(content: SlotContent): string {
  if (typeof content === 'string') return content
  const { resolution, marks, openingOffsetMs, openingCount, closingOffsetMs, energyCount } = content
  const boundary = (lineMs: number, offsetMs: number, count: number): string =>
    offsetMs === 0
      ? `[${lineMs},${count},"measured"]`
      : `[${lineMs},${count},"measured",[${lineMs + offsetMs},${count}]]`
  const opening = boundary(0, openingOffsetMs, openingCount)
  const closing = boundary(SLOT_MS, closingOffsetMs, openingCount + energyCount)
  return `[${energyCount},${JSON.stringify(resolution)},"measured",1,${marks},${opening},${closing}]`
}
