import { subtract, type Amount } from '#contract/amount.ts'
import type { UndecidedAdvance } from '#contract/interval.ts'
import type { QuantityName } from '#contract/quantities.ts'
import type { RegisterReading } from '#contract/reading.ts'
import { advanceOf, rulesOf, type MeterFacts } from './advance.ts'
import { positionAt } from './boundary.ts'

/**
 * How a reading by hand stands to what was measured around it.
 *
 * used: it is a point of the register. check: the meter was read at the time; `difference` is what was read by hand less
 * what was measured. contradicts: it is used, but the course from or to its neighbours is beyond explanation.
 */
export type ManualCheck =
  | { readonly kind: 'used' }
  | { readonly kind: 'check'; readonly measured: Amount; readonly difference: Amount }
  | { readonly kind: 'contradicts'; readonly reason: UndecidedAdvance['reason'] }

/** @param before and `after`: the nearest measured readings on either side, as far as there are such */
export function manualCheck(
  meter: MeterFacts,
  quantity: QuantityName,
  reading: Pick<RegisterReading, 'atMs' | 'value'>,
  before: RegisterReading | undefined,
  after: RegisterReading | undefined,
): ManualCheck {
  const rules = rulesOf(meter, quantity)
  const point = { atMs: reading.atMs, register: reading.value }
  const [from, to] = [before, after].map((each) =>
    each === undefined ? undefined : { atMs: each.atMs, register: each.value },
  )
  if (from !== undefined && to !== undefined && to.atMs - from.atMs <= meter.gapSeconds * 1_000) {
    const advance = advanceOf(from, to, rules)
    if (advance.kind === 'undecided') return { kind: 'contradicts', reason: advance.reason }
    const placed = (each: typeof from) => ({ point: each, placedMs: each.atMs, quality: 'good' as const })
    const stretch = { from: placed(from), to: placed(to), advance }
    const measured = positionAt(stretch, reading.atMs).boundary.register
    return { kind: 'check', measured, difference: subtract(reading.value, measured) }
  }
  for (const advance of [
    from === undefined ? undefined : advanceOf(from, point, rules),
    to === undefined ? undefined : advanceOf(point, to, rules),
  ])
    if (advance?.kind === 'undecided') return { kind: 'contradicts', reason: advance.reason }
  return { kind: 'used' }
}
