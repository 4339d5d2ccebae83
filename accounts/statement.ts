import { isDoubtful } from './factor.ts'
import type { UnsignedClosing } from '#contract/closing.ts'
import { scopes, type Posting, type Scope } from '#contract/entry.ts'
import type { AccountState } from './account-state.ts'
import { decimal, textOf, type Decimal } from './decimal.ts'
import { registerUnitFactor } from './record-unit.ts'
import { halfWidth, shareText } from './uncertainty.ts'

/** A statement of account: sums of what a state holds, exact, with all that limits them said beside them. */

/** A figure with its parts apart. Undefined: nothing of it is known. Scope 1 and 2 are the total; the others never. */
export interface Totals {
  /** Scope 1 + 2, by location, with adjustments. */
  readonly total: string | undefined
  /** The same with electricity by market. */
  readonly totalMarketBased: string | undefined
  readonly byScope: Readonly<Partial<Record<Scope, string>>>
  /** Adjustments that are in the figures, by scope. */
  readonly adjustments: Readonly<Partial<Record<Scope, string>>>
  /** Half-width of the 95 % interval of what is known of the total, as a share of it; undefined where nothing has one. */
  readonly uncertainty: string | undefined
  /** What the uncertainty says nothing of; undefined where it speaks of the whole total. */
  readonly uncertaintyLacks: UncertaintyLacks | undefined
}

/** Missing data is no error of a meter, and no interval speaks of it: how much there is of it is said instead. */
export interface UncertaintyLacks {
  /** Slots missing of those expected of the meters of scopes 1 and 2, as a share. */
  readonly slots: string
  /** Sizes of figures that have no uncertainty, as a share of all sizes. */
  readonly figures: string
  /** Postings without a result. */
  readonly unknown: number
}

export interface StatementLine {
  readonly month: string
  readonly source: string
  /** Its entry; undefined for a figure that is computed and not posted. */
  readonly entry: number | undefined
  readonly posting: Posting
  /** Codes of factors that were not seen in print. */
  readonly doubtful: readonly string[]
}

export interface Statement {
  readonly from: string
  readonly to: string
  readonly totals: Totals
  readonly months: readonly (Totals & {
    readonly month: string
    readonly state: 'open' | 'closed' | 'provisional'
    readonly restatements: number
  })[]
  readonly lines: readonly StatementLine[]
  /** Months of the period without a posting: their emissions are in no total. */
  readonly missing: readonly string[]
  /** Sources whose figure lacks slots, or has none: `month source`. */
  readonly incomplete: readonly string[]
  /** Entries that say of a clock that it was ahead, where that makes uncertain what was known when. */
  readonly clocks: readonly { readonly entry: number; readonly wallMs: number; readonly datedMs: number }[]
  readonly differences: readonly {
    readonly entry: number
    readonly month: string
    readonly source: string
    readonly because: string
    readonly tCo2: string | undefined
  }[]
}

const ZERO = decimal('0')

const plus = (a: Decimal | undefined, b: Decimal): Decimal => (a ?? ZERO).plus(b)
const text = (value: Decimal | undefined): string | undefined =>
  value === undefined ? undefined : textOf(value)

function doubtfulOf({ factors }: Posting): string[] {
  return factors.filter((factor) => isDoubtful(factor)).map(({ code }) => code)
}

/** True for a posting that has no figure, or whose meters have slots of which nothing is known. */
export function lacksSlots({ tCo2, completeness }: Posting): boolean {
  return tCo2 === undefined || (completeness !== undefined && completeness !== '1')
}

/** True for a posting whose figure is not that of the whole month: a slot is missing, or waits for a person's decision. */
export function isIncomplete(posting: Posting): boolean {
  return lacksSlots(posting) || posting.evidence.meters.some(({ slots }) => slots.undecided > 0)
}

/**
 * Errors of one source add up over months, those of several sources in quadrature (accounts/uncertainty.ts). A meter errs
 * the same way wherever it stands: its error is added up, with its sign, over all sources that it has a part in.
 */
function uncertaintyOf(
  postings: readonly Posting[],
  total: Decimal | undefined,
): Pick<Totals, 'uncertainty' | 'uncertaintyLacks'> {
  const rests = new Map<string, number>()
  const meters = new Map<string, number>()
  const add = (to: Map<string, number>, key: string, half: number): unknown =>
    to.set(key, (to.get(key) ?? 0) + half)
  const lacks = { slots: 0, expected: 0, size: 0, sizes: 0, figure: ZERO, unknown: 0 }
  for (const posting of postings) {
    const { source, tCo2, uncertainty, scope, evidence } = posting
    if (scope !== '1' && scope !== '2') continue
    for (const { slots } of evidence.meters) {
      lacks.slots += slots.missing
      lacks.expected += slots.expected
    }
    if (tCo2 === undefined) {
      lacks.unknown += 1
      continue
    }
    const size = Math.abs(Number(tCo2))
    if (size === 0) continue
    lacks.sizes += size
    if (uncertainty === undefined) {
      lacks.size += size
      lacks.figure = lacks.figure.plus(decimal(tCo2))
      continue
    }
    const half = size * Number(uncertainty.share)
    let variance = 0
    for (const { key, error } of meterErrors(posting)) {
      add(meters, key, error)
      variance += error ** 2
    }
    add(rests, source, Math.sqrt(Math.max(0, half ** 2 - variance)))
  }
  const share = (part: number, whole: number): string => shareText(whole === 0 ? 0 : part / whole)
  const known = Math.abs((total ?? ZERO).minus(lacks.figure).toNumber())
  const isWhole = lacks.slots === 0 && lacks.size === 0 && lacks.unknown === 0
  return {
    uncertainty:
      known === 0 || rests.size === 0
        ? undefined
        : shareText(Math.hypot(...rests.values(), ...meters.values()) / known),
    uncertaintyLacks: isWhole
      ? undefined
      : {
          slots: share(lacks.slots, lacks.expected),
          figures: share(lacks.size, lacks.sizes),
          unknown: lacks.unknown,
        },
  }
}

/** What each meter's error makes of a posting's result, in tCO2, with the sign that it has in it. */
function meterErrors({
  evidence,
  activity,
  tCo2,
}: Posting): { readonly key: string; readonly error: number }[] {
  const amount = Number(activity?.amount ?? 0)
  if (activity === undefined || amount === 0) return []
  const perUnit = Number(tCo2 ?? 0) / amount
  return evidence.meters.flatMap(({ meter, quantity, unit, energy, share, accuracy }) => {
    const factor = registerUnitFactor(unit, activity.unit)
    if (energy === undefined || factor === undefined) return []
    const size = Number(energy) * Number(share) * Number(factor.toString()) * perUnit
    return [{ key: `${meter} ${quantity}`, error: Math.sign(size) * halfWidth(size, accuracy.percent) }]
  })
}

/** Sums of postings and adjustments. */
export function totalsOf(
  postings: readonly Posting[],
  adjustments: readonly { readonly scope: Scope; readonly tCo2: string }[],
): Totals {
  const byScope = new Map<Scope, Decimal>()
  const adjusted = new Map<Scope, Decimal>()
  let market: Decimal | undefined
  const isTotal = (scope: Scope): boolean => scope === '1' || scope === '2'
  for (const { scope, tCo2, tCo2MarketBased } of postings) {
    if (tCo2 === undefined) continue
    byScope.set(scope, plus(byScope.get(scope), decimal(tCo2)))
    if (isTotal(scope)) market = plus(market, decimal(tCo2MarketBased ?? tCo2))
  }
  for (const { scope, tCo2 } of adjustments) {
    byScope.set(scope, plus(byScope.get(scope), decimal(tCo2)))
    adjusted.set(scope, plus(adjusted.get(scope), decimal(tCo2)))
    if (isTotal(scope)) market = plus(market, decimal(tCo2))
  }
  const [one, two] = [byScope.get('1'), byScope.get('2')]
  const total = one === undefined && two === undefined ? undefined : (one ?? ZERO).plus(two ?? ZERO)
  const texts = (of: ReadonlyMap<Scope, Decimal>): Partial<Record<Scope, string>> =>
    Object.fromEntries(
      scopes.flatMap((scope) => {
        const value = of.get(scope)
        return value === undefined ? [] : [[scope, textOf(value)]]
      }),
    )
  return {
    total: text(total),
    totalMarketBased: text(market),
    byScope: texts(byScope),
    adjustments: texts(adjusted),
    ...uncertaintyOf(postings, total),
  }
}

/**
 * The statement of a state for whole months, both included.
 * @param months names of all months of the period, in order
 * @param provisional figures of months that are not posted yet: shown, and in their month's totals, never in those of the
 *   statement
 */
export function statementOf(
  state: AccountState,
  months: readonly string[],
  provisional: readonly Posting[] = [],
): Statement {
  const asked = new Set(months)
  const posted = [...state.postings.values()]
    .filter(({ body }) => asked.has(body.month))
    .toSorted((a, b) => a.number - b.number)
  const adjustments = [...state.adjustments.values()].filter(({ body }) => asked.has(body.month))
  const postedMonths = new Set(posted.map(({ body }) => body.month))
  const running = provisional.filter(({ month }) => asked.has(month) && !postedMonths.has(month))
  const lineOf = (posting: Posting, entry?: number): StatementLine => ({
    month: posting.month,
    source: posting.source,
    entry,
    posting,
    doubtful: doubtfulOf(posting),
  })
  const lines = [
    ...posted.map(({ number, body }) => lineOf(body, number)),
    ...running.map((each) => lineOf(each)),
  ]
  const byMonth = Map.groupBy(lines, ({ month }) => month)
  const entered = Map.groupBy(adjustments, ({ body }) => body.month)
  const sourceOf = new Map(posted.map(({ number, body }) => [number, body.source]))
  return {
    from: months[0] ?? '',
    to: months.at(-1) ?? '',
    totals: totalsOf(
      posted.map(({ body }) => body),
      adjustments.map(({ body }) => body),
    ),
    months: months
      .filter((month) => byMonth.has(month) || entered.has(month))
      .map((month) => ({
        month,
        state: state.closings.has(month)
          ? ('closed' as const)
          : postedMonths.has(month) || !byMonth.has(month)
            ? ('open' as const)
            : ('provisional' as const),
        restatements: state.restatements.get(month) ?? 0,
        ...totalsOf(
          (byMonth.get(month) ?? []).map(({ posting }) => posting),
          (entered.get(month) ?? []).map(({ body }) => body),
        ),
      })),
    lines: lines.toSorted((a, b) => (a.month < b.month ? -1 : a.month > b.month ? 1 : 0)),
    missing: months.filter((month) => !byMonth.has(month)),
    incomplete: lines
      .filter(({ posting }) => isIncomplete(posting))
      .map(({ month, source }) => `${month} ${source}`),
    clocks: state.clocks.map(({ number, recordedAtMs, body }) => ({
      entry: number,
      wallMs: body.wallMs,
      datedMs: recordedAtMs,
    })),
    differences: [...state.differences.values()]
      .filter(({ body }) => asked.has(body.month))
      .map(({ number, body }) => ({
        entry: number,
        month: body.month,
        source: sourceOf.get(body.posting) ?? '',
        because: body.because,
        tCo2: body.tCo2,
      })),
  }
}

/**
 * What a closing says of its month, before it is signed.
 * @param isLacking which postings it names as incomplete; closings of before named those that lack slots alone
 */
export function closingOf(
  state: AccountState,
  month: string,
  by: string,
  isLacking = isIncomplete,
): UnsignedClosing {
  const postings = state.postingsOf(month).map(({ body }) => body)
  const adjustments = [...state.adjustments.values()]
    .map(({ body }) => body)
    .filter((each) => each.month === month)
  const { total, byScope } = totalsOf(postings, adjustments)
  return {
    kind: 'closing',
    month,
    ...(total === undefined ? {} : { total }),
    byScope,
    entries: state.last,
    incomplete: postings.filter((posting) => isLacking(posting)).map(({ source }) => source),
    by,
  }
}
