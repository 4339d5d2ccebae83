import { DAY_MS } from '#contract/duration.ts'
import { quantityOf, type QuantityName } from '#contract/quantities.ts'
import type { RegisterMap } from '#firmware-config/profile.ts'
import type { FaultOf } from './fault-kinds.ts'
import type { InjectedFault } from './fault-schedule.ts'
import { AS_INSTALLED, type Setting } from './identity-image.ts'
import { reversedCurrents } from './reversed-currents.ts'
import { registerCapacity, shownRange } from './register-image.ts'
import { seededStream } from './seeded.ts'
import { shownAt, type ValuesAt } from './served-meter.ts'

/**
 * Value faults as views upon what a meter would show. Each is a pure function of the instant, so that they can be laid
 * upon one another, and a meter's past can be asked for as its present can.
 */
type View = (inner: ValuesAt) => ValuesAt

const isCumulative = (quantity: QuantityName): boolean => quantityOf(quantity).kind === 'cumulative'

/** What is in force from `beginMs` up to `endMs`. */
export interface Period {
  readonly beginMs: number
  readonly endMs: number
}

/** Changes each value while the fault lasts. */
function during(
  { beginMs, endMs }: Period,
  change: (quantity: QuantityName, value: number, atMs: number) => number,
): View {
  return (inner) => (atMs) => {
    const values = inner(atMs)
    if (atMs < beginMs || atMs >= endMs) return values
    return (quantity) => {
      const value = values(quantity)
      return value === undefined ? undefined : change(quantity, value, atMs)
    }
  }
}

/** Registers count on from a value that was set at one moment. */
function setAt(
  beginMs: number,
  touches: (quantity: QuantityName) => boolean,
  show: (quantity: QuantityName, advance: number) => number,
): View {
  return (inner) => {
    const then = shownAt(inner, beginMs)
    return (atMs) => {
      const values = inner(atMs)
      if (atMs < beginMs) return values
      return (quantity) => {
        const value = values(quantity)
        if (value === undefined || !isCumulative(quantity) || !touches(quantity)) return value
        return show(quantity, value - (then(quantity) ?? 0))
      }
    }
  }
}

const among =
  (quantities: readonly QuantityName[] | undefined, otherwise: (quantity: QuantityName) => boolean) =>
  (quantity: QuantityName): boolean =>
    quantities?.includes(quantity) ?? otherwise(quantity)

const isState = (quantity: QuantityName): boolean => !isCumulative(quantity)

function stuck(order: FaultOf<'stuck'>, { beginMs, endMs }: Period): View {
  const touches = among(order.quantities, () => true)
  return (inner) => {
    const then = shownAt(inner, beginMs)
    return (atMs) => {
      const values = inner(atMs)
      if (atMs < beginMs || atMs >= endMs) return values
      return (quantity) => (touches(quantity) ? then(quantity) : values(quantity))
    }
  }
}

function spike(order: FaultOf<'spike'>, period: Period, seed: number, id: string): View {
  const touches = among(order.quantities, isState)
  const chance = seededStream(seed, id)
  return during(period, (quantity, value, atMs) =>
    touches(quantity) && chance(atMs) < order.share ? value * order.factor : value,
  )
}

function noise(order: FaultOf<'noise'>, period: Period, seed: number, id: string): View {
  const touches = among(order.quantities, isState)
  return during(period, (quantity, value, atMs) =>
    touches(quantity)
      ? value * (1 + order.share * (2 * seededStream(seed, `${id} ${quantity}`)(atMs) - 1))
      : value,
  )
}

const DEMANDS = ['activeDemand', 'activeDemandMax', 'apparentDemand']
const TARIFFS = ['sharp', 'peak', 'flat', 'valley']

/** Demand windows and tariff registers go by the meter's own clock; all else by what flows. */
function byMeterClock(quantity: QuantityName): boolean {
  const [family = '', place = ''] = quantity.split('.')
  return DEMANDS.includes(family) || TARIFFS.includes(place)
}

function clockDrift(
  { offsetSeconds, secondsPerDay }: FaultOf<'clock-drift'>,
  { beginMs, endMs }: Period,
): View {
  return (inner) => (atMs) => {
    const values = inner(atMs)
    if (atMs < beginMs || atMs >= endMs) return values
    const seconds = offsetSeconds + ((atMs - beginMs) / DAY_MS) * secondsPerDay
    const byOwnClock = inner(Math.round(atMs + seconds * 1_000))
    return (quantity) => (byMeterClock(quantity) ? byOwnClock(quantity) : values(quantity))
  }
}

function rollover(order: FaultOf<'rollover'>, { beginMs }: Period, map: RegisterMap): View {
  const capacities = new Map(
    map.registers.map((register) => [register.quantity, order.wrapsAt ?? registerCapacity(register)]),
  )
  const touches = among(order.quantities, () => true)
  return setAt(beginMs, touches, (quantity, advance) => {
    const wrapsAt = capacities.get(quantity) ?? Infinity
    if (wrapsAt === Infinity) return advance
    return (wrapsAt - order.remaining + advance) % wrapsAt
  })
}

const BY_CURRENT = [...DEMANDS, 'current', 'activePower', 'reactivePower', 'apparentPower']

/** Currents, powers and demands are shown times the factor; registers advance by it, and keep what they have counted. */
function currentRatio(factor: number, { beginMs, endMs }: Period): View {
  return (inner) => {
    const [then, atEnd] = [shownAt(inner, beginMs), shownAt(inner, endMs)]
    return (atMs) => {
      const values = inner(atMs)
      if (atMs < beginMs) return values
      const until = atMs < endMs ? values : atEnd
      return (quantity) => {
        const value = values(quantity)
        if (value === undefined) return undefined
        if (isCumulative(quantity))
          return value + (factor - 1) * ((until(quantity) ?? 0) - (then(quantity) ?? 0))
        return atMs < endMs && BY_CURRENT.includes(quantity.split('.')[0] ?? '') ? value * factor : value
      }
    }
  }
}

const unchanged: View = (inner) => inner

/** The view of one fault; faults of the wire change no value. */
function viewOf({ id, order, ...period }: InjectedFault, map: RegisterMap, seed: number): View {
  switch (order.kind) {
    case 'stuck':
      return stuck(order, period)
    case 'spike':
      return spike(order, period, seed, id)
    case 'noise':
      return noise(order, period, seed, id)
    case 'clock-drift':
      return clockDrift(order, period)
    case 'rollover':
      return rollover(order, period, map)
    case 'reset':
      return setAt(
        period.beginMs,
        among(order.quantities, () => true),
        (_quantity, advance) => order.to + advance,
      )
    case 'replacement':
      return setAt(
        period.beginMs,
        () => true,
        (_quantity, advance) => order.initial + advance,
      )
    case 'ct-ratio':
      return currentRatio(order.factor, period)
    case 'swapped-ct':
      return reversedCurrents(order.phases, period)
    case 'dead':
    case 'slow':
    case 'intermittent':
    case 'wrong-crc':
    case 'late-reply':
    case 'exception':
    case 'power-cut':
    case 'cable-cut':
      break
  }
  return unchanged
}

/** What the faults up to an instant have changed of the meter itself, rather than of its values. */
export function settingUnder(faults: readonly InjectedFault[], atMs: number): Setting {
  if (faults.length === 0) return AS_INSTALLED
  let { currentRatio, replaced } = AS_INSTALLED
  for (const { order, beginMs, endMs } of faults) {
    if (atMs < beginMs) continue
    if (order.kind === 'replacement') replaced += 1
    // A meter that counts secondary values shows more of them behind transformers of a smaller ratio.
    if (order.kind === 'ct-ratio' && order.register === 'changed' && atMs < endMs)
      currentRatio /= order.factor
  }
  return currentRatio === 1 && replaced === 0 ? AS_INSTALLED : { currentRatio, replaced }
}

/** What no register can show is shown as the most or least that it can, as meters do. */
function withinRange(map: RegisterMap): View {
  const ranges = new Map(map.registers.map((register) => [register.quantity, shownRange(register)]))
  return (inner) => (atMs) => {
    const values = inner(atMs)
    return (quantity) => {
      const value = values(quantity)
      const range = ranges.get(quantity)
      return value === undefined || range === undefined
        ? value
        : Math.min(Math.max(value, range[0]), range[1])
    }
  }
}

/** What a meter shows under its faults, those that begin first beneath those that begin later. */
export function shownUnder(
  faults: readonly InjectedFault[],
  { map, valuesAt }: { readonly map: RegisterMap; readonly valuesAt: ValuesAt },
  seed: number,
): ValuesAt {
  let shown = valuesAt
  for (const fault of faults.toSorted((a, b) => a.beginMs - b.beginMs)) {
    shown = viewOf(fault, map, seed)(shown)
  }
  return shown === valuesAt ? valuesAt : withinRange(map)(shown)
}
