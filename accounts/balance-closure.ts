import type { BalancePart } from './balance-parts.ts'
import type { BalanceRows } from './balance-row.ts'
import { decimal, type Decimal } from './decimal.ts'

/**
 * Whether an item's balance closes as well as its meters' accuracy classes allow. For rectangular errors the standard
 * uncertainty of the difference is u = √Σ(class% × E / √3)² (GUM), with E a meter's net part in the difference: one that
 * stands in several rows errs the same way in all of them. Up to 2u is allowed.
 */
export interface BalanceClosure {
  readonly difference: Decimal
  /** 2u, in the unit of the item; undefined where it cannot be said. */
  readonly allowed: number | undefined
  /**
   * closes: within 2u. beyond: more than the meters can explain. cannot-be-judged: `unknown` have no accuracy class.
   * incomplete: a part of the period is missing, and with it a part of the difference.
   */
  readonly verdict: 'closes' | 'beyond' | 'cannot-be-judged' | 'incomplete'
  /** Meters without a class, records, and flows that were written down: what keeps it from being judged. */
  readonly unknown: readonly string[]
}

/** With which sign the sections of the table stand in the difference: supply + transformation − losses − terminal. */
export const sectionSigns: Readonly<Record<string, 1 | -1>> = {
  supply: 1,
  transformation: 1,
  losses: -1,
  terminal: -1,
}

/** The sign with which a row stands in the difference: its own and those of all rows that it is added to. */
export function signInDifference(rows: BalanceRows, id: string): 1 | -1 {
  const { of, sign } = rows.row(id)
  if (of === undefined) return sectionSigns[id] ?? 1
  const above = signInDifference(rows, of)
  return sign === '-' ? (above === 1 ? -1 : 1) : above
}

/** Judges the difference of one item's parts; undefined where there is none. */
export function closureOf(parts: readonly BalancePart[], rows: BalanceRows): BalanceClosure | undefined {
  const zero = decimal('0')
  let difference: Decimal | undefined
  const net = new Map<
    string,
    { readonly amount: Decimal; readonly accuracy: number | undefined; readonly name: string }
  >()
  for (const { origin, row, figure } of parts) {
    if (figure.amount === undefined) continue
    const amount = figure.amount.times(signInDifference(rows, row))
    difference = (difference ?? zero).plus(amount)
    const isMeter = origin.kind === 'meter'
    const key = isMeter ? `${origin.meter.id} ${origin.quantity}` : `record ${origin.record}`
    net.set(key, {
      amount: amount.plus(net.get(key)?.amount ?? zero),
      accuracy: isMeter ? origin.meter.accuracyPercent : undefined,
      name: isMeter ? origin.meter.id : key,
    })
  }
  if (difference === undefined) return undefined
  const taking = [...net.values()].filter(({ amount }) => !amount.eq(0))
  const unknown = taking.filter(({ accuracy }) => accuracy === undefined).map(({ name }) => name)
  const variance = taking.reduce(
    (sum, { amount, accuracy = 0 }) => sum + ((accuracy / 100) * Number(amount)) ** 2 / 3,
    0,
  )
  const allowed = unknown.length > 0 ? undefined : 2 * Math.sqrt(variance)
  const incomplete = parts.some(({ figure }) => figure.incomplete)
  const verdict = incomplete
    ? 'incomplete'
    : allowed === undefined
      ? 'cannot-be-judged'
      : Math.abs(Number(difference)) <= allowed || difference.eq(0)
        ? 'closes'
        : 'beyond'
  return { difference, allowed, verdict, unknown }
}
