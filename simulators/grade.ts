import { add, compare, subtract, toNumber, type Amount } from '#contract/amount.ts'
import { SLOT_MS, slotsBetween, type Period } from '#contract/grid.ts'
import type { Interval, IntervalMethod, KnownInterval, RegisterInterval } from '#contract/interval.ts'
import { reasonsFor, type Reason } from './grade-reasons.ts'
import { TRUTH_RESOLUTION } from './truth-energy.ts'

/**
 * A meter's intervals against what really flowed. Between two readings at quarters of an hour the platform may differ
 * from the truth by the register's step and no more, whatever it interpolated in between.
 */

/** lost: no interval. short: an interval, but with too little. invented: with more than flowed. */
export const findingCauses = ['lost', 'short', 'invented'] as const
export type FindingCause = (typeof findingCauses)[number]

export interface Finding {
  readonly meter: string
  readonly cause: FindingCause
  readonly fromMs: number
  readonly toMs: number
  readonly truth: Amount
  /** Null where there is no interval. */
  readonly platform: Amount | null
  /** What explains it: gap records and injected faults. Empty: nothing visible does. */
  readonly reasons: readonly string[]
}

/** How far the intervals of one method are from the truth of their own slots. */
export interface MethodGrade {
  slots: number
  /** Sum of the differences, platform less truth, with their signs and without. */
  net: Amount
  absolute: Amount
}

export interface MeterGrade {
  readonly meter: string
  readonly slots: number
  readonly missing: number
  readonly truth: Amount
  readonly platform: Amount
  readonly methods: ReadonlyMap<IntervalMethod, MethodGrade>
  readonly findings: readonly Finding[]
}

export interface GradedMeter {
  readonly meter: string
  /** Newest revisions, in order of time. */
  readonly intervals: readonly Interval[]
  readonly truthIn: (period: Period) => Amount
  /** The register's step in its unit; what two readings may differ by from the truth. */
  readonly step: number
  /** True for a register that is a 32-bit float: its steps grow with its value. */
  readonly isFloat32: boolean
  /** The most that flows, in the register's unit an hour. */
  readonly ratingPerHour: number
}

export interface GradeRules {
  readonly period: Period
  readonly reasons: readonly Reason[]
  /** A reading's stamp may be later than the register's state in it by this much: how long an answer travels. */
  readonly answerMs: number
}

const HOUR_MS = 3_600_000
/** A 32-bit float keeps 24 bits. */
const FLOAT32_STEPS = 2 ** 23

const zero: Amount = { count: 0, resolution: TRUTH_RESOLUTION }
const sizeOf = (value: Amount): Amount => (value.count < 0 ? { ...value, count: -value.count } : value)

/** From one reading at a line to the next such one: what lies between is decided by the register alone. */
interface Run {
  readonly openedMs: number
  readonly fromMs: number
  energy: Amount
  /** What flowed in the stretches that the platform left open. */
  open: Amount
  /** Readings that the energy is a difference of; two, and two more for each stretch left open. */
  readings: number
}

class MeterGrading {
  readonly #graded: GradedMeter
  readonly #rules: GradeRules
  readonly #methods = new Map<IntervalMethod, MethodGrade>()
  readonly #findings: Finding[] = []
  #run: Run | undefined
  #lost: { fromMs: number; toMs: number } | undefined
  #missing = 0
  #platform: Amount = zero

  constructor(graded: GradedMeter, rules: GradeRules) {
    this.#graded = graded
    this.#rules = rules
  }

  grade(): MeterGrade {
    const { meter, intervals, truthIn } = this.#graded
    const { period } = this.#rules
    const bySlot = new Map(intervals.map((interval) => [interval.slotMs, interval]))
    let slots = 0
    for (const slotMs of slotsBetween(period.fromMs, period.toMs)) {
      slots += 1
      const interval = bySlot.get(slotMs)
      if (interval?.state === 'known') this.#takeKnown(interval)
      else {
        this.#missing += 1
        this.#run = undefined
        this.#lose(slotMs, slotMs + SLOT_MS)
      }
    }
    this.#endLost()
    return {
      meter,
      slots,
      missing: this.#missing,
      truth: truthIn(period),
      platform: this.#platform,
      methods: this.#methods,
      findings: this.#findings.toSorted((a, b) => a.fromMs - b.fromMs),
    }
  }

  #takeKnown(interval: KnownInterval): void {
    this.#platform = add(this.#platform, interval.energy)
    if (interval.basis === 'register') this.#takeRegister(interval)
    // Nothing was read at its lines that the truth could be held against.
    else this.#run = undefined
  }

  #takeRegister(interval: RegisterInterval): void {
    const { slotMs, opening, closing, undecided } = interval
    const endMs = slotMs + SLOT_MS
    const open = [
      [slotMs, opening.atMs] as const,
      ...undecided.map(({ from, to }) => [Math.max(from.atMs, slotMs), Math.min(to.atMs, endMs)] as const),
      [closing.atMs, endMs] as const,
    ]
    for (const [fromMs, toMs] of open.toSorted((a, b) => a[0] - b[0])) this.#lose(fromMs, toMs)
    this.#compareSlot(interval)
    this.#goOn(interval)
  }

  /** Carries the run through an interval; what is undecided within it counts neither as truth nor as energy. */
  #goOn({ slotMs, energy, method, opening, closing, undecided }: RegisterInterval): void {
    if (opening.method === 'measured') {
      this.#run = {
        openedMs: opening.after.atMs,
        fromMs: opening.atMs,
        energy: zero,
        open: zero,
        readings: 2,
      }
    } else if (opening.atMs > slotMs) this.#run = undefined
    const run = this.#run
    if (method === 'manual' || run === undefined) {
      this.#run = undefined
      return
    }
    run.energy = add(run.energy, energy)
    for (const { from, to } of undecided) {
      if (from.atMs < opening.atMs || to.atMs > closing.atMs) continue
      run.open = add(run.open, this.#graded.truthIn({ fromMs: from.atMs, toMs: to.atMs }))
      run.readings += 2
    }
    if (closing.method === 'measured') {
      this.#endRun(closing.before.atMs, closing.atMs, toNumber(closing.register))
    } else if (closing.atMs < slotMs + SLOT_MS) this.#run = undefined
  }

  /** How far an interval is from the truth of the part of its slot that it speaks of. */
  #compareSlot({ method, energy, opening, closing, undecided }: RegisterInterval): void {
    if (undecided.length > 0) return
    const truth = this.#graded.truthIn({ fromMs: opening.atMs, toMs: closing.atMs })
    const difference = subtract(energy, truth)
    const grade = this.#methods.get(method) ?? { slots: 0, net: zero, absolute: zero }
    grade.slots += 1
    grade.net = add(grade.net, difference)
    grade.absolute = add(grade.absolute, sizeOf(difference))
    this.#methods.set(method, grade)
  }

  #endRun(closedMs: number, toMs: number, register: number): void {
    const run = this.#run
    this.#run = undefined
    if (run === undefined) return
    const flowed = this.#graded.truthIn({ fromMs: run.openedMs, toMs: closedMs })
    const truth = subtract(flowed, run.open)
    const difference = toNumber(subtract(run.energy, truth))
    if (Math.abs(difference) <= (this.#tolerance(register) * run.readings) / 2) return
    this.#find(difference > 0 ? 'invented' : 'short', run.fromMs, toMs, truth, run.energy)
  }

  /** Of the difference of two readings: both round down to the step; the truth is counted in millionths; answers travel. */
  #tolerance(register: number): number {
    const { step, isFloat32, ratingPerHour } = this.#graded
    const floatStep = isFloat32 ? 2 ** Math.ceil(Math.log2(Math.max(register, 1))) / FLOAT32_STEPS : 0
    const travelled = (ratingPerHour * this.#rules.answerMs) / HOUR_MS
    return step + floatStep + 2 * Number(TRUTH_RESOLUTION) + travelled
  }

  /** A stretch of which there is no energy, in order of time; those that touch are one. */
  #lose(fromMs: number, toMs: number): void {
    if (toMs <= fromMs) return
    if (this.#lost !== undefined && fromMs <= this.#lost.toMs)
      this.#lost.toMs = Math.max(toMs, this.#lost.toMs)
    else {
      this.#endLost()
      this.#lost = { fromMs, toMs }
    }
  }

  #endLost(): void {
    if (this.#lost === undefined) return
    const { fromMs, toMs } = this.#lost
    this.#lost = undefined
    const truth = this.#graded.truthIn({ fromMs, toMs })
    if (compare(truth, zero) !== 0) this.#find('lost', fromMs, toMs, truth, null)
  }

  #find(cause: FindingCause, fromMs: number, toMs: number, truth: Amount, platform: Amount | null): void {
    const { meter } = this.#graded
    const reasons = reasonsFor(this.#rules.reasons, meter, { fromMs, toMs })
    this.#findings.push({ meter, cause, fromMs, toMs, truth, platform, reasons })
  }
}

/** Grades one meter over a period of whole slots. Pure. */
export function gradeMeter(graded: GradedMeter, rules: GradeRules): MeterGrade {
  return new MeterGrading(graded, rules).grade()
}

/** True when nothing is lost, short or invented without a visible reason. */
export function isClean(grades: readonly MeterGrade[]): boolean {
  return grades.every(({ findings }) => findings.every(({ reasons }) => reasons.length > 0))
}

const isWhole = (interval: Interval): boolean =>
  interval.state === 'known' &&
  interval.basis === 'register' &&
  interval.opening.atMs === interval.slotMs &&
  interval.closing.atMs === interval.slotMs + SLOT_MS

/** True where an interval ends in the middle of its slot: its readings may still be on their way. */
const isUnderWay = (interval: Interval | undefined): boolean =>
  interval?.state === 'known' &&
  interval.basis === 'register' &&
  interval.closing.atMs < interval.slotMs + SLOT_MS

/**
 * From the first to the last slot that any meter knows in full: before it the platform was not there yet, after it the
 * readings of the slot under way are still to come, as they are in that last one while any meter is in its middle.
 * `undefined` where no meter knows one.
 */
export function gradablePeriod(meters: readonly (readonly Interval[])[]): Period | undefined {
  const firsts = meters.flatMap((intervals) => intervals.find(isWhole)?.slotMs ?? [])
  const lasts = meters.flatMap((intervals) => intervals.findLast(isWhole)?.slotMs ?? [])
  if (firsts.length === 0) return undefined
  const fromMs = Math.min(...firsts)
  const lastMs = Math.max(...lasts)
  const awaited = meters.some((intervals) =>
    isUnderWay(intervals.findLast(({ slotMs }) => slotMs === lastMs)),
  )
  const toMs = awaited ? lastMs : lastMs + SLOT_MS
  return fromMs < toMs ? { fromMs, toMs } : undefined
}
