import type { MeasuredEnergy } from '#accounts/measured-energy.ts'
import { ofAmount } from '#accounts/decimal.ts'
import type { ReportGround } from '#accounts/report.ts'
import { NO_SLOTS } from '#contract/energy-sum.ts'
import type { Meter } from '#contract/park.ts'
import { quantityOf, type QuantityName } from '#contract/quantities.ts'
import type { LiveMeter } from './api/shapes.ts'

/** Power as it is now in place of energy: the same tables and pictures, of what would flow in an hour. Pure. */

/** Of a meter's power, what its register would advance in an hour; of thermal power, kW are 3.6 MJ in an hour. */
const perHour: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  kWh: { kW: 1 },
  GJ: { kW: 0.0036 },
  'm³': { 'm³/h': 1 },
  t: { 't/h': 1 },
}

/** Undefined where the meter has no power now, or one that is not its register's. */
function hourOf(
  meter: Meter,
  quantity: QuantityName,
  { power }: Pick<LiveMeter, 'power'>,
): number | undefined {
  if (power?.fresh !== true || quantity !== meter.register) return undefined
  const factor = perHour[quantityOf(quantity).unit]?.[power.unit]
  return factor === undefined ? undefined : power.value * factor
}

/** Finer than any meter measures. */
const RESOLUTION = '0.000001'
const PER_UNIT = 1_000_000

/** What every meter would measure in an hour if it went on as it runs now. */
export function hourAhead(live: (meter: Meter) => Pick<LiveMeter, 'power'>): ReportGround['measured'] {
  return (pieces) => (meter, quantity) => {
    const hour = hourOf(meter, quantity, live(meter))
    const known = hour === undefined ? 0 : 1
    return pieces.map(({ fromMs, toMs }): MeasuredEnergy => ({
      fromMs,
      toMs,
      meter,
      quantity,
      unit: quantityOf(quantity).unit,
      energy:
        hour === undefined
          ? undefined
          : ofAmount({ count: Math.round(hour * PER_UNIT), resolution: RESOLUTION }),
      expected: 1,
      missing: 1 - known,
      sum: { ...NO_SLOTS, known, missing: 1 - known },
    }))
  }
}
