import { canonicalText } from '#contract/canonical-text.ts'
import type { MeterEvidence, Posting } from '#contract/entry.ts'
import { startOfDay } from '#contract/grid.ts'
import type { Meter, Park } from '#contract/park.ts'
import type { QuantityName } from '#contract/quantities.ts'
import type { Books } from '#store/port.ts'
import type { AccountMonth } from './account-month.ts'
import type { AccountState } from './account-state.ts'
import type { AccountPlan, EmissionSource } from './accounting-plan.ts'
import { evidenceOf, registerOf, type MeterMonth } from './evidence.ts'
import type { FactorLibrary } from './factor-library.ts'
import { decimal, type Decimal } from './decimal.ts'
import { measuredEnergy } from './measured-energy.ts'
import { postingsOf, type MeteredIn, type PostingRules } from './posting.ts'
import { sourceFactors, type SourceFactors } from './source-factors.ts'

/** From the books to postings: the evidence of a month, and what is computed of it. */

export interface PostingGround {
  /** Sums of days weight own values that change within a month; without them the days do. */
  readonly books: Pick<Books, 'records'> & Partial<Pick<Books, 'sumsOver'>>
  readonly park: Park
  readonly rules: PostingRules
}

/** Records of an account, read once for all of its months that are posted together. */
export function withRecordsOf(
  books: Pick<Books, 'records' | 'sumsOver'>,
  account: string,
): PostingGround['books'] {
  let all: ReturnType<Books['records']> | undefined
  return {
    sumsOver: (...asked) => books.sumsOver(...asked),
    records: ({ from = '', to = '9999-12-31' }) => {
      all ??= books.records({ account })
      return all.filter(({ record }) => record.from < to && record.to > from)
    },
  }
}

const daysBefore = new WeakMap<AccountMonth, string>()

function dayBefore(month: AccountMonth): string {
  const day = daysBefore.get(month) ?? Temporal.PlainDate.from(month.from).subtract({ days: 1 }).toString()
  daysBefore.set(month, day)
  return day
}

/** Records that matter to a month: those of its days, and stocks at the end of the day before. */
function recordsOf(
  books: Pick<Books, 'records'>,
  account: string,
  month: AccountMonth,
): ReturnType<Books['records']> {
  return books.records({ account, from: dayBefore(month), to: month.to })
}

/** Registers' months as they stand in the postings of a month that hold, where they need not be read again. */
export function keptMonths(state: AccountState, month: string): ReadonlyMap<string, MeterMonth> {
  const kept = new Map<string, MeterMonth>()
  for (const { body } of state.postingsOf(month)) {
    for (const { share: _share, accuracy: _accuracy, ...found } of body.evidence.meters)
      kept.set(registerKey(found.meter, found.quantity), found)
  }
  return kept
}

/**
 * What an account's postings of a month would be now. Throws as `postingsOf`.
 * @param measured what a register measured in the month
 */
export function computedPostings(
  { books, park, rules }: PostingGround,
  account: AccountPlan,
  month: AccountMonth,
  measured: (meter: Meter, quantity: QuantityName) => MeterMonth,
): Posting[] {
  const metersOf = (source: EmissionSource): MeterEvidence[] =>
    source.measured.flatMap((term): MeterEvidence[] => {
      const register = registerOf(term, park)
      if (register === undefined) return []
      const { meter, quantity } = register
      return [evidenceOf(measured(meter, quantity), term, meter, rules.assumptions)]
    })
  const meteredIn: MeteredIn = (source, from, to) => {
    if (!hasSums(books)) return undefined
    let sum: Decimal | undefined
    for (const term of source.measured) {
      const register = registerOf(term, park)
      if (register === undefined) continue
      const { timeZone } = park.description
      const days = { fromMs: startOfDay(from, timeZone), toMs: startOfDay(to, timeZone) }
      const { energy } = measuredEnergy(books, register.meter, days, month.toMs, register.quantity)
      if (energy === undefined) return undefined
      sum = (sum ?? decimal('0')).plus(energy.times(decimal(term.share)))
    }
    return sum
  }
  const records = recordsOf(books, account.account, month)
  return postingsOf(account, month, metersOf, records, rules, meteredIn)
}

const hasSums = (books: PostingGround['books']): books is PostingGround['books'] & Pick<Books, 'sumsOver'> =>
  books.sumsOver !== undefined

/** The factors of each source in a month, as one text. Throws `factor-missing` or `factor-ambiguous`. */
export function factorsText(account: AccountPlan, month: AccountMonth, { library }: PostingRules): string {
  const chosen = account.sources.map((source) => sourceFactors(source, account, month, library, []))
  const texts = monthTexts.get(library) ?? new Map<string, string>()
  monthTexts.set(library, texts)
  // Months and accounts with the same factors are many: their long text is made once.
  const key = chosen.map((each) => factorNumber(each)).join(' ')
  const known = texts.get(key)
  if (known !== undefined) return known
  const text = chosen.map((each) => factorsTextOf(each)).join('\n')
  if (texts.size < MONTH_TEXTS_MAX) texts.set(key, text)
  return text
}

const MONTH_TEXTS_MAX = 10_000
const monthTexts = new WeakMap<FactorLibrary, Map<string, string>>()

const factorNumbers = new WeakMap<SourceFactors, number>()
let lastFactorNumber = 0

function factorNumber(chosen: SourceFactors): number {
  const known = factorNumbers.get(chosen)
  if (known !== undefined) return known
  lastFactorNumber += 1
  factorNumbers.set(chosen, lastFactorNumber)
  return lastFactorNumber
}

function factorsTextOf({ factors }: SourceFactors): string {
  return factors
    .map(
      ({ code, what, value, rule, confidence, document }) =>
        `${code} ${what} ${value} ${rule} ${confidence} ${document}`,
    )
    .join('\n')
}

/**
 * Everything but factors, measurements and records that postings are computed by, as one text: where it or the factors
 * of a month differ, the month is computed again.
 */
export function planRulesText(account: AccountPlan, park: Park, rules: PostingRules): string {
  return [ARITHMETIC, planText(account, park), assumptionsText(rules)].join('\n')
}

/** Another text where the arithmetic is another: then every month is computed again by what it is now. */
const ARITHMETIC = 'arithmetic 3'

/** The same for every month: made once for each account and for each set of rules. */
const planTexts = new WeakMap<AccountPlan, string>()
const assumptionTexts = new WeakMap<PostingRules, string>()

function planText(account: AccountPlan, park: Park): string {
  const known = planTexts.get(account)
  if (known !== undefined) return known
  const accuracies = account.sources.map(({ measured }) =>
    measured.map((term) => registerOf(term, park)?.meter.accuracyPercent ?? 0),
  )
  const { sources, certificateYears } = account
  const text = canonicalText({ sources, certificateYears, accuracies })
  planTexts.set(account, text)
  return text
}

function assumptionsText(rules: PostingRules): string {
  const text = assumptionTexts.get(rules) ?? canonicalText(rules.assumptions)
  assumptionTexts.set(rules, text)
  return text
}

/** A register that an account's sources are measured by. */
export interface AccountRegister {
  readonly meter: Meter
  readonly quantity: QuantityName
}

/** All of them, each once. */
export function registersOf(account: AccountPlan, park: Park): AccountRegister[] {
  const found = new Map<string, AccountRegister>()
  for (const { measured } of account.sources) {
    for (const term of measured) {
      const register = registerOf(term, park)
      if (register !== undefined) found.set(registerKey(register.meter.id, register.quantity), register)
    }
  }
  return [...found.values()]
}

export const registerKey = (meter: string, quantity: string): string => `${meter} ${quantity}`
