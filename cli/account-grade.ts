import { accountMonthOf, monthNameAt } from '#accounts/account-month.ts'
import type { AccountPlan, AccountingPlan } from '#accounts/accounting-plan.ts'
import { decimal, ofAmount, quotient, presented, textOf, type Decimal } from '#accounts/decimal.ts'
import { evidenceOf, registerOf } from '#accounts/evidence.ts'
import { postingsOf, type PostingRules } from '#accounts/posting.ts'
import type { MeterEvidence, Posting } from '#contract/entry.ts'
import type { Period } from '#contract/grid.ts'
import type { Meter, Park } from '#contract/park.ts'
import { quantityOf } from '#contract/quantities.ts'
import type { DifferenceCause, MeterGrade } from '#simulators/grade.ts'
import { causesIn, causesOf, figureCells, roundingOf, type GradedFigure } from './graded-difference.ts'
import { tableLines } from './table.ts'

/** Carbon accounts of a simulated park against the truth: the same factors on what really flowed. */

/** One source of an account in the graded period, in tCO2. */
export interface GradedSource extends GradedFigure {
  readonly account: string
  readonly source: string
}

export interface AccountGrades {
  readonly graded: readonly GradedSource[]
  /** Sources with a meter that was not graded, which says nothing of them. */
  readonly leftOut: readonly string[]
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

type EnergyOf = (grade: MeterGrade) => Decimal

/** Grades the accounts of a plan, source by source. */
export function gradeAccounts(
  plan: AccountingPlan,
  park: Park,
  rules: PostingRules,
  period: Period,
  grades: ReadonlyMap<string, MeterGrade>,
): AccountGrades {
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
          const grade = grades.get(term.meter)
          if (register === undefined || grade === undefined) return []
          const evidence = evidenceWith(register.meter, energyOf(grade), period)
          return [evidenceOf(evidence, term, register.meter, rules.assumptions)]
        }),
      [],
      rules,
    )
  const causes = new Map([...grades].map(([meter, grade]) => [meter, causesOf(grade)]))
  const isGraded = ({ measured }: AccountPlan['sources'][number]): boolean =>
    measured.every(({ meter, quantity }) => grades.has(meter) && quantity === undefined)
  const leftOut = plan.accounts.flatMap(({ account, sources }) =>
    sources
      .filter((source) => source.measured.length > 0 && !isGraded(source))
      .map(({ id }) => `${account} ${id}`),
  )
  const graded = plan.accounts.flatMap((given): GradedSource[] => {
    const sources = given.sources.filter((source) => source.measured.length > 0 && isGraded(source))
    const account = { ...given, sources }
    const tonnesWith = (of: AccountPlan, energyOf: EnergyOf): Decimal[] =>
      postingsWith(of, energyOf).map(({ tCo2 }) => decimal(tCo2 ?? '0'))
    const platform = tonnesWith(account, (grade) => ofAmount(grade.platform))
    const truth = tonnesWith(account, (grade) => ofAmount(grade.truth))
    const meters = sources.flatMap(({ measured }) => measured.map(({ meter }) => meter))
    const occurring = new Set(meters.flatMap((meter) => [...(causes.get(meter)?.keys() ?? [])]))
    const caused = [...occurring].map((cause): [DifferenceCause, Decimal[]] => [
      cause,
      tonnesWith(account, ({ meter }) => causes.get(meter)?.get(cause) ?? decimal('0')),
    ])
    // Rounding has no sign: each term counts with the size of its share.
    const sized = {
      ...account,
      sources: sources.map((source) => ({
        ...source,
        measured: source.measured.map((term) => ({ ...term, share: term.share.replace('-', '') })),
      })),
    }
    const rounding = tonnesWith(sized, roundingOf)
    return sources.map((source, index) => ({
      account: account.account,
      source: source.id,
      platform: platform[index] ?? decimal('0'),
      truth: truth[index] ?? decimal('0'),
      causes: new Map(
        caused.flatMap(([cause, tonnes]) => {
          const caused = tonnes[index]
          return caused === undefined || caused.eq(0) ? [] : [[cause, caused] as const]
        }),
      ),
      rounding: rounding[index]?.abs() ?? decimal('0'),
    }))
  })
  return { graded, leftOut }
}

/** The grade of accounts as lines of a table. */
export function accountGradeLines({ graded, leftOut }: AccountGrades): string[] {
  const causes = causesIn(graded)
  const rows = graded.map((source) => {
    const { truth, platform } = source
    const share = truth.eq(0) ? decimal('0') : quotient(platform.minus(truth), truth).times('100')
    return [source.account, source.source, ...figureCells(source, causes, 6), `${presented(share, 4)} %`]
  })
  const head = ['account', 'source', 'truth tCO2', 'platform', ...causes, 'left', 'rounding', 'difference']
  return [
    ...tableLines([head, ...rows], new Set(head.keys().drop(2))),
    ...leftOut.map((source) => `not graded: ${source}, of which not all meters were`),
  ]
}
