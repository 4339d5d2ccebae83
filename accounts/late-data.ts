import { z } from 'zod'
import { accountMonth } from '#contract/entry.ts'
import { epochMs, identifier } from '#contract/identity.ts'
import type { Interval } from '#contract/interval.ts'
import type { Park } from '#contract/park.ts'
import { quantityName, quantityOf } from '#contract/quantities.ts'
import type { Books, LateRegister, PeriodLock } from '#store/port.ts'
import { monthNameAt } from './account-month.ts'
import type { AccountingPlan } from './accounting-plan.ts'
import { ofAmount, textOf, type Decimal } from './decimal.ts'
import { registerOf } from './evidence.ts'

/** What came late to months whose intervals a closing holds, and which accounts it would change. */

export const lateData = z.object({
  meter: identifier,
  quantity: quantityName,
  unit: z.string(),
  month: accountMonth,
  fromMs: epochMs,
  toMs: epochMs,
  slots: z.int().meta({ description: 'Slots that would be others' }),
  kept: z
    .string()
    .nullable()
    .meta({ description: 'Energy of these slots as it is kept; null: none is known' }),
  computed: z.string().nullable().meta({ description: 'As it would be now' }),
  notedMs: epochMs.meta({ description: 'When the first of it was noted' }),
  heldBy: z
    .array(z.object({ account: identifier, closing: z.int().nullable(), by: z.string(), why: z.string() }))
    .meta({ description: 'Locks that hold these intervals, with the entry that closed the month' }),
  heldByOthers: z.boolean().meta({ description: 'Other accounts hold them too; their names are not told' }),
  accounts: z
    .array(z.object({ account: identifier, sources: z.array(identifier), closed: z.boolean() }))
    .meta({ description: 'Accounts whose figures rest on them' }),
})
export type LateData = z.output<typeof lateData>

function energyOf(intervals: readonly (Interval | undefined)[]): string | null {
  let sum: Decimal | undefined
  for (const interval of intervals) {
    if (interval?.state !== 'known') continue
    const energy = ofAmount(interval.energy)
    sum = sum === undefined ? energy : sum.plus(energy)
  }
  return sum === undefined ? null : textOf(sum)
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
