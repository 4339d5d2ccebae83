import type { Interval } from '#contract/interval.ts'
import type { Park } from '#contract/park.ts'
import { quantityOf } from '#contract/quantities.ts'
import type { Books, LateRegister, PeriodLock } from '#store/port.ts'
import { monthNameAt } from './account-month.ts'
import type { AccountingPlan } from './accounting-plan.ts'
import { ofAmount, textOrNull, type Decimal } from './decimal.ts'
import { registerOf } from './evidence.ts'
import type { LateData } from './late-data-view.ts'

/** What came late to months whose intervals a closing holds, and which accounts it would change. */

function energyOf(intervals: readonly (Interval | undefined)[]): string | null {
  let sum: Decimal | undefined
  for (const interval of intervals) {
    if (interval?.state !== 'known') continue
    const energy = ofAmount(interval.energy)
    sum = sum === undefined ? energy : sum.plus(energy)
  }
  return textOrNull(sum)
}

const isHeldBy =
  ({ fromMs, toMs }: LateRegister) =>
  (lock: PeriodLock): boolean =>
    lock.released === undefined && lock.fromMs < toMs && lock.toMs > fromMs

/** Everything that came late, or what concerns one account and nothing of others. */
export function lateDataOf(
  {
    books,
    park,
    plan,
  }: {
    readonly books: Pick<Books, 'lateRegisters' | 'lateSlots' | 'locks'>
    readonly park: Park
    readonly plan: AccountingPlan
  },
  account?: string,
): LateData[] {
  const locks = books.locks()
  return books.lateRegisters().flatMap((late): LateData[] => {
    const { meter, quantity, fromMs, toMs, slots, notedMs } = late
    const holding = locks.filter(isHeldBy(late)).filter(({ meters }) => meters.includes(meter))
    const closed = new Set(holding.flatMap((lock) => (lock.closing === undefined ? [] : [lock.account])))
    const accounts = plan.accounts.flatMap((each) => {
      const sources = each.sources.filter(({ measured }) =>
        measured.some((term) => {
          const register = registerOf(term, park)
          return register?.meter.id === meter && register.quantity === quantity
        }),
      )
      if (sources.length === 0) return []
      return [
        { account: each.account, sources: sources.map(({ id }) => id), closed: closed.has(each.account) },
      ]
    })
    const isAsked = (each: { readonly account: string }): boolean =>
      account === undefined || each.account === account
    if (account !== undefined && !accounts.some(isAsked)) return []
    const changes = books.lateSlots(meter, quantity, { fromMs, toMs })
    return [
      {
        meter,
        quantity,
        unit: quantityOf(quantity).unit,
        month: monthNameAt(fromMs, park.description.timeZone),
        fromMs,
        toMs,
        slots,
        kept: energyOf(changes.map(({ kept }) => kept)),
        computed: energyOf(changes.map(({ computed }) => computed)),
        notedMs,
        heldBy: holding
          .filter(isAsked)
          .map(({ account: of, closing, by, why }) => ({ account: of, closing: closing ?? null, by, why })),
        heldByOthers: !holding.every(isAsked),
        accounts: accounts.filter(isAsked),
      },
    ]
  })
}
