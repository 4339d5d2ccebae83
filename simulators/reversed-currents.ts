import type { QuantityName } from '#contract/quantities.ts'
import type { ValueOf } from './meter-values.ts'
import { shownAt, type ValuesAt } from './served-meter.ts'
import { isTariffName } from './tariff-registers.ts'

/** What a meter shows whose current transformers are turned round on some phases: their power has the other sign. */

type Phase = 'l1' | 'l2' | 'l3'
type Sign = (phase: Phase) => number
const PHASES: readonly Phase[] = ['l1', 'l2', 'l3']

const phaseOf = (place: string): Phase | undefined => PHASES.find((each) => each === place)
const sumOver = (of: (phase: Phase) => number): number => PHASES.reduce((sum, phase) => sum + of(phase), 0)

const DEGREES = 180 / Math.PI
/** An angle of half a turn more, within −180° to 180°. */
const turned = (degrees: number): number => (degrees > 0 ? degrees - 180 : degrees + 180)

/** Powers, their factors and angles; currents have no sign, and the neutral is measured by a transformer of its own. */
function stateOf(quantity: QuantityName, values: ValueOf, sign: Sign): number | undefined {
  const value = values(quantity)
  if (value === undefined) return undefined
  const [family = '', place = ''] = quantity.split('.')
  const phase = phaseOf(place)
  if (phase !== undefined) {
    if (sign(phase) > 0) return value
    if (family === 'phaseAngle') return turned(value)
    return family === 'activePower' || family === 'reactivePower' || family === 'powerFactor' ? -value : value
  }
  if (place !== 'total') return value
  const active = sumOver((each) => sign(each) * (values(`activePower.${each}`) ?? 0))
  const reactive = sumOver((each) => sign(each) * (values(`reactivePower.${each}`) ?? 0))
  const apparent = Math.hypot(active, reactive)
  if (family === 'activePower') return active
  if (family === 'reactivePower') return reactive
  if (family === 'apparentPower') return apparent
  if (family === 'powerFactor') return apparent === 0 ? 1 : active / apparent
  if (family === 'phaseAngle') return Math.atan2(reactive, active) * DEGREES
  const trueActive = values('activePower.total') ?? 0
  return family === 'activeDemand' && trueActive !== 0 ? (value * active) / trueActive : value
}

/** What a meter with turned phases counts between two instants: active import and inductive above zero. */
class NetAdvance {
  readonly #from: ValueOf
  readonly #to: ValueOf
  readonly #sign: Sign

  constructor(from: ValueOf, to: ValueOf, sign: Sign) {
    this.#from = from
    this.#to = to
    this.#sign = sign
  }

  /** Advance of a register as if nothing were turned. */
  of(quantity: QuantityName): number {
    return (this.#to(quantity) ?? 0) - (this.#from(quantity) ?? 0)
  }

  active(place: string): number {
    const phase = phaseOf(place)
    if (phase !== undefined) {
      const net = this.of(`activeEnergyImport.${phase}`) - this.of(`activeEnergyExport.${phase}`)
      return this.#sign(phase) * net
    }
    const total = sumOver((each) => this.active(each))
    if (!isTariffName(place)) return total
    // Which phase flowed in which tariff no register says: each tariff has its share of all.
    const sums = (['total', place] as const).map(
      (each) => this.of(`activeEnergyImport.${each}`) + this.of(`activeEnergyExport.${each}`),
    )
    const [all = 0, part = 0] = sums
    return all === 0 ? 0 : (total * part) / all
  }

  reactive(place: string): number {
    const phase = phaseOf(place)
    if (phase === undefined) return sumOver((each) => this.reactive(each))
    const net = this.of(`reactiveEnergyImport.${phase}`) - this.of(`reactiveEnergyExport.${phase}`)
    return this.#sign(phase) * net
  }

  /** Reactive energy counts in one quadrant: Q1 import inductive, Q2 export capacitive and so on, as IEC 62053-23. */
  inQuadrant(quadrant: string): number {
    const [active, reactive] = [this.active('total'), this.reactive('total')]
    const here = active >= 0 ? (reactive >= 0 ? 'Q1' : 'Q4') : reactive >= 0 ? 'Q2' : 'Q3'
    return here === quadrant ? Math.abs(reactive) : 0
  }
}

/** Advance of a register while phases are turned. */
function registerAdvance(quantity: QuantityName, net: NetAdvance): number {
  const [family = '', place = ''] = quantity.split('.')
  switch (family) {
    case 'activeEnergyImport':
      return Math.max(0, net.active(place))
    case 'activeEnergyExport':
      return Math.max(0, -net.active(place))
    case 'activeEnergySum':
      return Math.abs(net.active(place))
    case 'reactiveEnergyImport':
      return Math.max(0, net.reactive(place))
    case 'reactiveEnergyExport':
      return Math.max(0, -net.reactive(place))
    default:
      return net.inQuadrant(family.slice('reactiveEnergy'.length))
  }
}

/** The view of current transformers that are turned round on these phases for a time. */
export function reversedCurrents(
  phases: readonly Phase[],
  { beginMs, endMs }: { readonly beginMs: number; readonly endMs: number },
): (inner: ValuesAt) => ValuesAt {
  const sign: Sign = (phase) => (phases.includes(phase) ? -1 : 1)
  return (inner) => {
    const [then, atEnd] = [shownAt(inner, beginMs), shownAt(inner, endMs)]
    return (atMs) => {
      const values = inner(atMs)
      if (atMs < beginMs) return values
      const until = atMs < endMs ? values : atEnd
      const net = new NetAdvance(then, until, sign)
      return (quantity) => {
        const value = values(quantity)
        if (value === undefined) return undefined
        if (!/^(?:re)?activeEnergy/.test(quantity))
          return atMs < endMs ? stateOf(quantity, values, sign) : value
        const since = value - (until(quantity) ?? 0)
        return (then(quantity) ?? 0) + registerAdvance(quantity, net) + since
      }
    }
  }
}
