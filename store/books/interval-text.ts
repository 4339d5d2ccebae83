import { z } from 'zod'
import { amount, type Amount } from '#contract/amount.ts'
import { SLOT_MS } from '#contract/grid.ts'
import {
  boundaryMethods,
  intervalMethods,
  type Boundary,
  type Interval,
  type IntervalIdentity,
  type RegisterPoint,
  type UndecidedAdvance,
} from '#contract/interval.ts'
import { isResolution } from '../storable.ts'
import { otherIntervalOf, otherTextOf } from './other-bases.ts'

/**
 * An interval as the books keep it: a short text of all of it but its identity, which is the row's key. Two intervals are
 * equal exactly when their texts are. A year of one meter is some 35,000 of them, so moments are milliseconds from the
 * start of the slot, and what is as usual is left out:
 *
 *   known:     [energy, resolution, method, coverage, marks, opening, closing, undecided …]
 *   marks:     1 for simulated + 2 for uncertain
 *   missing:   [cause, undecided …]
 *   boundary:  [at, register, method, before, after]: no `after` where it is `before`, neither where both are the boundary
 *   undecided: [reason, from, to]     point: [at, register]
 *   register:  a count of the energy's resolution, or [count, resolution]
 *
 * What rests on no register is an object (other-bases.ts).
 */
/** Marks of an interval, added up. */
export const SIMULATED = 1
export const UNCERTAIN = 2

const registerText = z.union([z.int(), z.tuple([z.int(), amount.shape.resolution])])
const pointText = z.tuple([z.int(), registerText])
const boundaryMethod = z.enum(boundaryMethods)
const boundaryText = z.union([
  z.tuple([z.int(), registerText, boundaryMethod]),
  z.tuple([z.int(), registerText, boundaryMethod, pointText]),
  z.tuple([z.int(), registerText, boundaryMethod, pointText, pointText]),
])
const undecidedText = z.tuple([z.enum(['register-decreased', 'beyond-rating']), pointText, pointText])
const knownText = z
  .tuple([
    z.int(),
    amount.shape.resolution,
    z.enum(intervalMethods),
    z.number().min(0).max(1),
    z
      .int()
      .min(0)
      .max(SIMULATED + UNCERTAIN),
    boundaryText,
    boundaryText,
  ])
  .rest(undecidedText)
const missingText = z.tuple([z.enum(['no-readings', 'undecided'])]).rest(undecidedText)
const intervalText = z.union([knownText, missingText])

/**
 * What the schema of a known interval without undecided stretches says, without building anything: an apportioned day
 * writes and reads 96 of them. What is not told apart here is left to the schema.
 */
function isPlainKnown(value: readonly unknown[]): value is z.output<typeof knownText> {
  const [count, resolution, method, coverage, marks, opening, closing] = value
  return (
    value.length === 7 &&
    Number.isSafeInteger(count) &&
    typeof resolution === 'string' &&
    isResolution(resolution) &&
    methodNames.has(method) &&
    typeof coverage === 'number' &&
    coverage >= 0 &&
    coverage <= 1 &&
    (marks === 0 || marks === SIMULATED || marks === UNCERTAIN || marks === SIMULATED + UNCERTAIN) &&
    isBoundary(opening) &&
    isBoundary(closing)
  )
}

const methodNames: ReadonlySet<unknown> = new Set(intervalMethods)
const boundaryMethodNames: ReadonlySet<unknown> = new Set(boundaryMethods)

function isRegister(value: unknown): boolean {
  if (!Array.isArray(value)) return Number.isSafeInteger(value)
  const parts: readonly unknown[] = value
  const [count, resolution] = parts
  return (
    parts.length === 2 &&
    Number.isSafeInteger(count) &&
    typeof resolution === 'string' &&
    isResolution(resolution)
  )
}

function isPoint(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 2) return false
  const parts: readonly unknown[] = value
  return Number.isSafeInteger(parts[0]) && isRegister(parts[1])
}

function isBoundary(value: unknown): boolean {
  if (!Array.isArray(value) || value.length < 3 || value.length > 5) return false
  const parts: readonly unknown[] = value
  return (
    Number.isSafeInteger(parts[0]) &&
    isRegister(parts[1]) &&
    boundaryMethodNames.has(parts[2]) &&
    parts.slice(3).every(isPoint)
  )
}

/** Both ways of one slot's points: against its start, and without the resolution that it has anyway. */
class Points {
  readonly #slotMs: number
  readonly #resolution: string

  constructor(slotMs: number, resolution: string) {
    this.#slotMs = slotMs
    this.#resolution = resolution
  }

  short({ atMs, register: { count, resolution } }: RegisterPoint): z.output<typeof pointText> {
    return [atMs - this.#slotMs, resolution === this.#resolution ? count : [count, resolution]]
  }

  long([offsetMs, register]: z.output<typeof pointText>): RegisterPoint {
    const value: Amount =
      typeof register === 'number'
        ? { count: register, resolution: this.#resolution }
        : { count: register[0], resolution: register[1] }
    return { atMs: this.#slotMs + offsetMs, register: value }
  }

  shortBoundary(boundary: Boundary): z.output<typeof boundaryText> {
    const { before, after, method } = boundary
    const [at, register] = this.short(boundary)
    if (!isSame(before, after)) return [at, register, method, this.short(before), this.short(after)]
    return isSame(before, boundary) ? [at, register, method] : [at, register, method, this.short(before)]
  }

  longBoundary([at, register, method, ...around]: z.output<typeof boundaryText>): Boundary {
    const { atMs, register: value } = this.long([at, register])
    const before = this.long(around[0] ?? [at, register])
    return {
      atMs,
      register: value,
      method,
      before,
      after: around[1] === undefined ? before : this.long(around[1]),
    }
  }

  shortUndecided({ reason, from, to }: UndecidedAdvance): z.output<typeof undecidedText> {
    return [reason, this.short(from), this.short(to)]
  }

  longUndecided([reason, from, to]: z.output<typeof undecidedText>): UndecidedAdvance {
    return { from: this.long(from), to: this.long(to), reason }
  }
}

function isSame(a: RegisterPoint, b: RegisterPoint): boolean {
  return (
    a.atMs === b.atMs &&
    a.register.count === b.register.count &&
    a.register.resolution === b.register.resolution
  )
}

const onGrid = z.object({ slotMs: z.int().min(0).multipleOf(SLOT_MS) })

/** A missing slot has no energy whose resolution its points could share. */
const NO_RESOLUTION = ''

/** The text of an interval. Throws a ZodError for one that does not fit contract/interval.ts. */
export function textOf(interval: Interval): string {
  const { slotMs } = interval
  if (!Number.isSafeInteger(slotMs) || slotMs < 0 || slotMs % SLOT_MS !== 0) onGrid.parse(interval)
  if (interval.state === 'missing') {
    if (interval.cause === 'input-missing') return otherTextOf(interval)
    const points = new Points(interval.slotMs, NO_RESOLUTION)
    const undecided = interval.undecided.map((each) => points.shortUndecided(each))
    return JSON.stringify(missingText.parse([interval.cause, ...undecided]))
  }
  if (interval.basis !== 'register') return otherTextOf(interval)
  const { energy, method, coverage, simulated, uncertain, opening, closing } = interval
  const points = new Points(interval.slotMs, energy.resolution)
  const short = [
    energy.count,
    energy.resolution,
    method,
    coverage,
    (simulated ? SIMULATED : 0) + (uncertain ? UNCERTAIN : 0),
    points.shortBoundary(opening),
    points.shortBoundary(closing),
    ...interval.undecided.map((each) => points.shortUndecided(each)),
  ]
  return JSON.stringify(isPlainKnown(short) ? short : knownText.parse(short))
}

/** An interval out of its key and its text. */
export function intervalOf({ meter, quantity, slotMs }: IntervalIdentity, text: string): Interval {
  const json: unknown = JSON.parse(text)
  if (!Array.isArray(json)) return otherIntervalOf({ meter, quantity, slotMs }, json)
  const given: readonly unknown[] = json
  const parsed = isPlainKnown(given) ? given : intervalText.parse(given)
  if (isMissing(parsed)) {
    const [cause, ...undecided] = parsed
    const points = new Points(slotMs, NO_RESOLUTION)
    return {
      meter,
      quantity,
      slotMs,
      state: 'missing',
      cause,
      undecided: undecided.map((each) => points.longUndecided(each)),
    }
  }
  const [count, resolution, method, coverage, marks, opening, closing, ...undecided] = parsed
  const points = new Points(slotMs, resolution)
  return {
    meter,
    quantity,
    slotMs,
    state: 'known',
    basis: 'register',
    energy: { count, resolution },
    method,
    coverage,
    opening: points.longBoundary(opening),
    closing: points.longBoundary(closing),
    simulated: (marks & SIMULATED) !== 0,
    uncertain: (marks & UNCERTAIN) !== 0,
    undecided: undecided.map((each) => points.longUndecided(each)),
  }
}

function isMissing(parsed: z.output<typeof intervalText>): parsed is z.output<typeof missingText> {
  return typeof parsed[0] === 'string'
}
