import { accountMonthOf, monthNameAt } from '#accounts/account-month.ts'
import type { AccountPlan, AccountingPlan } from '#accounts/accounting-plan.ts'
import { decimal, ofAmount, presented, quotient, textOf, type Decimal } from '#accounts/decimal.ts'
import { evidenceOf, registerOf } from '#accounts/evidence.ts'
import { postingsOf, type PostingRules } from '#accounts/posting.ts'
import { toNumber } from '#contract/amount.ts'
import type { MeterEvidence, Posting } from '#contract/entry.ts'
import type { Period } from '#contract/grid.ts'
import type { Interval } from '#contract/interval.ts'
import type { Meter, Park } from '#contract/park.ts'
import { quantityOf } from '#contract/quantities.ts'
import type { GradedMeter, MeterGrade } from '#simulators/grade.ts'
import { tableLines } from './table.ts'

/**
 * Carbon accounts of a simulated park against the truth: the same factors on what really flowed. What the grade of the
 * meters declares (lost, short, invented) is taken from the difference; what is left must be the rounding of registers.
 */

/** One source of an account in the graded period, in tCO2. */
export interface GradedSource {
  readonly account: string
  readonly source: string
  readonly platform: Decimal
  readonly truth: Decimal
  /** What the meters' findings come to, with its sign. */
  readonly declared: Decimal
  /** The most that the registers' steps can come to. */
  readonly rounding: Decimal
}

/** A meter's grade with what its register cannot tell apart. */
export interface AccountMeter {
  readonly grade: MeterGrade
  /** In the register's unit; both ends of the period, and of every finding. */
  readonly rounding: number
}

const HOUR_MS = 3_600_000
const FLOAT32_STEPS = 2 ** 23
/** The truth itself is kept in steps; sums of many slots round once each end. */
const TRUTH_STEP = 0.00001

/** A slot whose boundary was not read at its line says so by its method: how far such slots are from the truth. */
function unmeasuredOf({ methods }: Pick<MeterGrade, 'methods'>): number {
  let sum = 0
  for (const [method, { absolute }] of methods) if (method !== 'measured') sum += toNumber(absolute)
  return sum
}

/**
 * What the ends of a graded meter's stretches may round away: steps of the register, the time that an answer travelled,
 * and what the methods of the slots declare as not measured.
 */
export function roundingOf(
  {
    step,
    isFloat32,
    intervals,
    ratingPerHour,
  }: Pick<GradedMeter, 'step' | 'isFloat32' | 'intervals' | 'ratingPerHour'>,
  { findings, methods }: Pick<MeterGrade, 'findings' | 'methods'>,
  answerMs: number,
): number {
  const travelled = (ratingPerHour * answerMs) / HOUR_MS
  const last = intervals.findLast((each: Interval) => each.state === 'known')
  const register = last?.state === 'known' && last.basis === 'register' ? toNumber(last.closing.register) : 0
  const float = isFloat32 ? 2 ** Math.ceil(Math.log2(Math.max(1, register))) / FLOAT32_STEPS : 0
  return (step + float + TRUTH_STEP + travelled) * (1 + findings.length) + unmeasuredOf({ methods })
}

/** Sum of a grade's differences, platform less truth, that are declared. */
function declaredOf({ findings }: MeterGrade): Decimal {
  let sum = decimal('0')
  for (const { truth, platform } of findings)
    sum = sum.plus(platform === null ? decimal('0') : ofAmount(platform)).minus(ofAmount(truth))
  return sum
}

function evidenceWith(meter: Meter, energy: Decimal, period: Period): Parameters<typeof evidenceOf>[0] {
  const text = textOf(energy)
  const { register: quantity } = meter
  return {
    meter: meter.id,
    quantity,
    unit: quantityOf(quantity).unit,
    energy: text,
    ...period,
    slots: { expected: 1, known: 1, missing: 0, undecided: 0 },
    byMethod: { measured: text },
    runs: [],
    digest: '0'.repeat(64),
  }
}

type EnergyOf = (graded: AccountMeter) => Decimal

/** Grades the accounts of a plan; sources with a meter that was not graded are left out. */
export function gradeAccounts(
  plan: AccountingPlan,
  park: Park,
  rules: PostingRules,
  period: Period,
  meters: ReadonlyMap<string, AccountMeter>,
): GradedSource[] {
  const month = {
    ...accountMonthOf(monthNameAt(period.fromMs, park.description.timeZone), park.description.timeZone),
    ...period,
  }
  const postingsWith = (account: AccountPlan, energyOf: EnergyOf): Posting[] =>
    postingsOf(
      account,
      month,
      ({ measured }) =>
        measured.flatMap((term): MeterEvidence[] => {
          const register = registerOf(term, park)
          const graded = meters.get(term.meter)
          if (register === undefined || graded === undefined) return []
          const evidence = evidenceWith(register.meter, energyOf(graded), period)
          return [evidenceOf(evidence, term, register.meter, rules.assumptions)]
        }),
      [],
      rules,
    )
  return plan.accounts.flatMap((given) => {
    const sources = given.sources.filter(
      ({ measured }) =>
        measured.length > 0 &&
        measured.every(({ meter, quantity }) => meters.has(meter) && quantity === undefined),
    )
    const account = { ...given, sources }
    const platform = postingsWith(account, ({ grade }) => ofAmount(grade.platform))
    const truth = postingsWith(account, ({ grade }) => ofAmount(grade.truth))
    const declared = postingsWith(account, ({ grade }) => declaredOf(grade))
    // Rounding has no sign: each term counts with the size of its share.
    const sized = {
      ...account,
      sources: sources.map((source) => ({
        ...source,
        measured: source.measured.map((term) => ({ ...term, share: term.share.replace('-', '') })),
      })),
    }
    const rounding = postingsWith(sized, (graded) => decimal(String(Number(graded.rounding.toFixed(9)))))
    const tonnes = (postings: readonly Posting[], index: number): Decimal =>
      decimal(postings[index]?.tCo2 ?? '0')
    return sources.map((source, index) => ({
      account: account.account,
      source: source.id,
      platform: tonnes(platform, index),
      truth: tonnes(truth, index),
      declared: tonnes(declared, index),
      rounding: tonnes(rounding, index).abs(),
    }))
  })
}

/** True where all that is not declared is rounding. */
export function accountsAgree(graded: readonly GradedSource[]): boolean {
  return graded.every(({ platform, truth, declared, rounding }) =>
    platform.minus(truth).minus(declared).abs().lte(rounding),
  )
}

/** The grade of accounts as lines of a table. */
export function accountGradeLines(graded: readonly GradedSource[]): string[] {
  const rows = graded.map(({ account, source, platform, truth, declared, rounding }) => {
    const share = truth.eq(0) ? decimal('0') : quotient(platform.minus(truth), truth).times('100')
    return [
      account,
      source,
      presented(truth, 6),
      presented(platform, 6),
      presented(declared, 6),
      presented(platform.minus(truth).minus(declared), 6),
      presented(rounding, 6),
      `${presented(share, 4)} %`,
    ]
  })
  const head = ['account', 'source', 'truth tCO2', 'platform', 'declared', 'left', 'rounding', 'difference']
  return tableLines([head, ...rows], new Set([2, 3, 4, 5, 6, 7]))
}
