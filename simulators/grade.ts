import { add, compare, subtract, toNumber, type Amount } from '#contract/amount.ts'
import { SLOT_MS, slotsBetween, type Period } from '#contract/grid.ts'
import type {
  Boundary,
  Interval,
  IntervalMethod,
  KnownInterval,
  RegisterInterval,
} from '#contract/interval.ts'
import { reasonsFor, type Reason } from './grade-reasons.ts'
import { Chain, isMeasured, nothing, Run, runEnd, sharedOut, type RunEnd } from './grade-run.ts'
import { readingError, type RegisterFacts } from './reading-error.ts'

/**
 * A meter's intervals against what really flowed. Between two readings at quarters of an hour the platform may differ
 * from the truth by the register's step and no more, whatever it interpolated in between. So the whole difference of a
 * period has causes, each with its stretch and amount, but for what the readings at the ends of its stretches round away.
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

/**
 * Why a period's energy differs from the truth, beside the findings. interpolated, apportioned: the line at an end was not
 * read, and the advance over it was shared out by time. beside-line: the line was read a moment early or late. unjudged:
 * a register that fell, or counts in other units since, at such an end. The others: the energy rests on no register.
 */
export type DifferenceCause =
  | FindingCause
  | 'interpolated'
  | 'apportioned'
  | 'beside-line'
  | 'unjudged'
  | Exclude<KnownInterval['basis'], 'register'>

/** A part of a period's difference with its cause. */
export interface Difference extends Period {
  readonly cause: DifferenceCause
  /** Platform less truth. */
  readonly difference: Amount
}

export interface MeterGrade {
  readonly meter: string
  readonly slots: number
  readonly missing: number
  readonly truth: Amount
  readonly platform: Amount
  readonly methods: ReadonlyMap<IntervalMethod, MethodGrade>
  readonly findings: readonly Finding[]
  /** What has a cause of the difference of platform and truth, in order of time; findings among it. */
  readonly differences: readonly Difference[]
  /** What the rest of it may come to, in either direction: what readings cannot tell. */
  readonly rounding: number
}

export interface GradedMeter extends RegisterFacts {
  readonly meter: string
  /** Newest revisions, in order of time. */
  readonly intervals: readonly Interval[]
  /** True where events change what a unit of the register stands for. */
  readonly isScaled: boolean
}

export interface GradeRules {
  readonly period: Period
  readonly reasons: readonly Reason[]
  /** A reading's stamp may be later than the register's state in it by this much: how long an answer travels. */
  readonly answerMs: number
}

const sizeOf = (value: Amount): Amount => (value.count < 0 ? { ...value, count: -value.count } : value)

/** From line to line, and beyond to the readings of lines that were not read. */
const reachOf = (opening: RunEnd, closing: RunEnd): Period => ({
  fromMs: isMeasured(opening) ? opening.lineMs : opening.readMs,
  toMs: isMeasured(closing) ? closing.lineMs : closing.readMs,
})

class MeterGrading {
  readonly #graded: GradedMeter
  readonly #rules: GradeRules
  readonly #methods = new Map<IntervalMethod, MethodGrade>()
  readonly #findings: Finding[] = []
  readonly #differences: Difference[] = []
  #run: Run | undefined
  #chain = new Chain()
  /** Where the last run ended: nothing beside its line if the next one begins with the same reading. */
  #ended: RunEnd | undefined
  #lost: { fromMs: number; toMs: number } | undefined
  #missing = 0
  #platform: Amount = nothing
  #rounding = 0

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
        this.#breakRun()
        this.#lose(slotMs, slotMs + SLOT_MS)
      }
    }
    this.#endLost()
    this.#breakRun()
    this.#leave()
    this.#endChain()
    const inOrder = (a: Period, b: Period): number => a.fromMs - b.fromMs
    return {
      meter,
      slots,
      missing: this.#missing,
      truth: truthIn(period),
      platform: this.#platform,
      methods: this.#methods,
      findings: this.#findings.toSorted(inOrder),
      differences: this.#differences.toSorted(inOrder),
      rounding: this.#rounding,
    }
  }

  #takeKnown(interval: KnownInterval): void {
    this.#platform = add(this.#platform, interval.energy)
    if (interval.basis === 'register') {
      this.#takeRegister(interval)
      return
    }
    // Nothing was read at its lines that the truth could be held against.
    this.#breakRun()
    const slot = { fromMs: interval.slotMs, toMs: interval.slotMs + SLOT_MS }
    this.#declare(interval.basis, slot, subtract(interval.energy, this.#graded.truthIn(slot)))
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
    const { truthIn } = this.#graded
    const within = undecided.filter(({ from, to }) => from.atMs >= opening.atMs && to.atMs <= closing.atMs)
    if (method === 'manual') {
      this.#breakRun()
      const between = { fromMs: opening.atMs, toMs: closing.atMs }
      const flowed = within.reduce(
        (left, { from, to }) => subtract(left, truthIn({ fromMs: from.atMs, toMs: to.atMs })),
        truthIn(between),
      )
      this.#declare('manual', between, subtract(energy, flowed))
      return
    }
    if (opening.method === 'measured' || opening.atMs > slotMs) this.#breakRun()
    this.#run ??= new Run(opening)
    for (const { from, to } of within)
      this.#run.leaveOpen(from.atMs, to.atMs, truthIn({ fromMs: from.atMs, toMs: to.atMs }))
    this.#run.take(energy, closing)
    if (closing.method === 'measured' || closing.atMs < slotMs + SLOT_MS) this.#breakRun()
  }

  /** How far an interval is from the truth of the part of its slot that it speaks of. */
  #compareSlot({ method, energy, opening, closing, undecided }: RegisterInterval): void {
    if (undecided.length > 0) return
    const truth = this.#graded.truthIn({ fromMs: opening.atMs, toMs: closing.atMs })
    const difference = subtract(energy, truth)
    const grade = this.#methods.get(method) ?? { slots: 0, net: nothing, absolute: nothing }
    grade.slots += 1
    grade.net = add(grade.net, difference)
    grade.absolute = add(grade.absolute, sizeOf(difference))
    this.#methods.set(method, grade)
  }

  /** Ends the run where there is one: at a reading at its last line, or at the next one beyond it. */
  #breakRun(): void {
    const run = this.#run
    this.#run = undefined
    if (run?.closing === undefined) return
    const { opening } = run
    const closing = runEnd(run.closing, 'closing')
    const isJudged = opening !== undefined && closing !== undefined && !this.#isScaledBeyond(opening, closing)
    if (isJudged) this.#judge(run, opening, closing)
    else this.#leaveUnjudged(run, run.closing)
  }

  /** True where a share of the register's own advance is needed, and its unit may be another one than the energy's. */
  #isScaledBeyond(opening: RunEnd, closing: RunEnd): boolean {
    return this.#graded.isScaled && !(isMeasured(opening) && isMeasured(closing))
  }

  #judge(run: Run, opening: RunEnd, closing: RunEnd): void {
    const { truthIn } = this.#graded
    const { answerMs } = this.#rules
    const energy = add(add(opening.outside, run.energy), closing.outside)
    const truth = subtract(truthIn({ fromMs: opening.readMs, toMs: closing.readMs }), run.open)
    const difference = subtract(energy, truth)
    const stretches = run.stretchesTo(opening, closing)
    const size = toNumber(difference)
    const error = readingError(this.#graded, stretches, toNumber(closing.register), answerMs)
    this.#open(opening)
    if (-error.below <= size && size <= error.above) {
      if (!this.#chain.goesOnWith(opening)) this.#endChain()
      this.#chain.take(stretches, closing)
    } else {
      this.#endChain()
      const at = { fromMs: run.fromMs, toMs: closing.lineMs }
      this.#find(size > 0 ? 'invented' : 'short', at, truth, energy, reachOf(opening, closing))
    }
    this.#ended = closing
  }

  #leaveUnjudged({ fromMs, energy, open }: Run, { atMs: toMs }: Boundary): void {
    const truth = subtract(this.#graded.truthIn({ fromMs, toMs }), open)
    this.#declare('unjudged', { fromMs, toMs }, subtract(energy, truth))
  }

  /** A run begins: what lies beside its first line is the other side of what lay beside the last one's, or its own. */
  #open(opening: RunEnd): void {
    const ended = this.#ended
    const isSame = ended?.lineMs === opening.lineMs && ended.readMs === opening.readMs
    if (isSame && isMeasured(ended) && isMeasured(opening)) {
      this.#ended = undefined
      return
    }
    this.#leave()
    this.#declareEnd(opening, 'opening')
  }

  #leave(): void {
    const ended = this.#ended
    this.#ended = undefined
    if (ended !== undefined) this.#declareEnd(ended, 'closing')
  }

  #declareEnd(end: RunEnd, side: 'opening' | 'closing'): void {
    const { lineMs, readMs, method } = end
    const at = { fromMs: Math.min(lineMs, readMs), toMs: Math.max(lineMs, readMs) }
    this.#declare(method === 'measured' ? 'beside-line' : method, at, sharedOut(end, side, this.#graded))
  }

  #endChain(): void {
    const { stretches, register } = this.#chain
    if (stretches.length === 0) return
    const { below, above } = readingError(this.#graded, stretches, register, this.#rules.answerMs)
    this.#rounding += Math.max(below, above)
    this.#chain = new Chain()
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
    const lost = this.#lost
    this.#lost = undefined
    const truth = this.#graded.truthIn(lost)
    if (compare(truth, nothing) !== 0) this.#find('lost', lost, truth, null)
  }

  /** @param reach the time whose faults can be its reason, where that is longer */
  #find(cause: FindingCause, at: Period, truth: Amount, platform: Amount | null, reach = at): void {
    const { meter } = this.#graded
    const reasons = reasonsFor(this.#rules.reasons, meter, reach)
    this.#findings.push({ meter, cause, fromMs: at.fromMs, toMs: at.toMs, truth, platform, reasons })
    this.#declare(cause, at, subtract(platform ?? nothing, truth))
  }

  #declare(cause: DifferenceCause, { fromMs, toMs }: Period, difference: Amount): void {
    if (difference.count !== 0) this.#differences.push({ cause, fromMs, toMs, difference })
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
