import type { z } from 'zod'
import type { accountingRecord } from '#contract/accounting-record.ts'
import { SLOT_MS, startOfDay, type Period } from '#contract/grid.ts'
import type { Meter, Park } from '#contract/park.ts'
import { quantityOf } from '#contract/quantities.ts'
import type { AccountingPlan } from '../accounting-plan.ts'
import type { Decimal } from '../decimal.ts'
import type { MeasuredEnergy, MeasuredPiece } from '../measured-energy.ts'
import { registerUnitFactor } from '../record-unit.ts'
import { productionOf } from './production.ts'
import type { PeriodTotal } from './specific.ts'

/** Production of a product: by records, or from a day on by the meter that the accounting plan names for it. */

type Record = z.output<typeof accountingRecord>

export interface OutputGround {
  readonly park: Park
  readonly plan: Pick<AccountingPlan, 'accounts'>
  /** What a meter's register measured in a period of whole days; undefined where there is nothing to ask. */
  readonly measuredIn: (meter: Meter, period: MeasuredPiece) => MeasuredEnergy | undefined
}

/** Whole days, by name and by moment. */
export interface OutputDays extends Period {
  readonly from: string
  readonly to: string
}

/**
 * What one unit of a counting register is in the unit of a product; undefined where nothing leads from one to the other.
 */
export function perRegisterUnit(meter: Pick<Meter, 'register'>, unit: string): Decimal | undefined {
  const { unit: counted, carrier } = quantityOf(meter.register)
  return carrier === 'product' ? registerUnitFactor(counted, unit) : undefined
}

/** The meter that counts a product, where the plan names one that the park has. */
export function meterOfProduct(
  { park, plan }: Pick<OutputGround, 'park' | 'plan'>,
  account: string,
  product: string,
): Meter | undefined {
  const found = plan.accounts
    .find((each) => each.account === account)
    ?.products.find(({ id }) => id === product)
  return found?.meter === undefined ? undefined : park.meters.get(found.meter)
}

/** The first day that is counted by a meter and no longer by records. */
export function countedFrom({ installedMs }: Meter, timeZone: string): string {
  return Temporal.Instant.fromEpochMilliseconds(installedMs)
    .toZonedDateTimeISO(timeZone)
    .toPlainDate()
    .toString()
}

/** True for a record that states production of days that a meter counts. */
function statesCounted(record: Record, account: string, product: string, days: OutputDays): boolean {
  return (
    record.kind === 'production' &&
    record.account === account &&
    record.product === product &&
    record.from < days.to &&
    record.to > days.from
  )
}

/** By the meter: complete where every slot of all days was measured in full, so not before they are over. */
function countedOutput(
  { measuredIn }: OutputGround,
  meter: Meter,
  unit: string,
  days: OutputDays,
): PeriodTotal {
  const perUnit = perRegisterUnit(meter, unit)
  if (perUnit === undefined)
    return {
      total: undefined,
      unit,
      complete: false,
      why: `${meter.id} counts in ${quantityOf(meter.register).unit}, not in ${unit}`,
    }
  const measured = measuredIn(meter, days)
  const slots = (days.toMs - days.fromMs) / SLOT_MS
  const complete =
    measured !== undefined &&
    measured.expected >= slots &&
    measured.missing === 0 &&
    measured.sum.partial === 0 &&
    measured.sum.undecided === 0
  return {
    total: measured?.energy?.times(perUnit),
    unit,
    complete,
    ...(complete ? {} : { why: `${meter.id} did not count all of the period` }),
  }
}

/**
 * Production of a product in whole days. Of days before its meter was installed records count; of the days after, the
 * intervals of the meter alone: what was entered for these as well is a conflict, and there is no figure until one of the
 * two is taken back. Missing is never zero.
 */
export function outputOf(
  ground: OutputGround,
  records: readonly Record[],
  { account, product, unit }: { readonly account: string; readonly product: string; readonly unit: string },
  days: OutputDays,
): PeriodTotal {
  const meter = meterOfProduct(ground, account, product)
  const { timeZone } = ground.park.description
  const cut = meter === undefined ? days.to : countedFrom(meter, timeZone)
  if (meter === undefined || cut >= days.to) return productionOf(records, account, product, unit, days)
  const cutMs = startOfDay(cut, timeZone)
  const counted = cut > days.from ? { ...days, from: cut, fromMs: cutMs } : days
  if (records.some((record) => statesCounted(record, account, product, counted)))
    return {
      total: undefined,
      unit,
      complete: false,
      conflict: true,
      why: `${meter.id} counts ${product} from ${cut} on, and records state it for the same days`,
    }
  const byMeter = countedOutput(ground, meter, unit, counted)
  if (cut <= days.from) return byMeter
  const byRecords = productionOf(records, account, product, unit, { from: days.from, to: cut })
  const { why, total } = byMeter
  return {
    total:
      total === undefined || byRecords.total === undefined
        ? (total ?? byRecords.total)
        : total.plus(byRecords.total),
    unit,
    complete: byMeter.complete && byRecords.complete,
    ...(why === undefined ? {} : { why }),
  }
}

/** The same ground from what reports read. */
export const measuredBy =
  (
    measured: (
      pieces: readonly Period[],
    ) => (meter: Meter, quantity: Meter['register']) => readonly MeasuredEnergy[],
  ) =>
  (meter: Meter, period: MeasuredPiece): MeasuredEnergy | undefined =>
    measured([period])(meter, meter.register)[0]
