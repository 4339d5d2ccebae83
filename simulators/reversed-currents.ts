import type { QuantityName } from '#contract/quantities.ts'
import type { ValueOf } from './meter-values.ts'
import { shownAt, type ValuesAt } from './served-meter.ts'

/** What a meter shows whose current transformers are turned round on some phases: their power has the other sign. */

type Phase = 'l1' | 'l2' | 'l3'
const PHASES: readonly Phase[] = ['l1', 'l2', 'l3']

const sumOver = (of: (phase: Phase) => number): number => PHASES.reduce((sum, phase) => sum + of(phase), 0)

/** Powers and power factors; currents have no sign, and the neutral is measured by a transformer of its own. */
function stateOf(
  quantity: QuantityName,
  values: ValueOf,
  sign: (phase: Phase) => number,
): number | undefined {
  const value = values(quantity)
  if (value === undefined) return undefined
  const [family = '', place = ''] = quantity.split('.')
  const phase = PHASES.find((each) => each === place)
  const signed = family === 'activePower' || family === 'reactivePower' || family === 'powerFactor'
  if (phase !== undefined) return signed ? sign(phase) * value : value
  if (place !== 'total') return value
  const active = sumOver((each) => sign(each) * (values(`activePower.${each}`) ?? 0))
  const reactive = sumOver((each) => sign(each) * (values(`reactivePower.${each}`) ?? 0))
  const apparent = Math.hypot(active, reactive)
  if (family === 'activePower') return active
  if (family === 'reactivePower') return reactive
  if (family === 'apparentPower') return apparent
  if (family === 'powerFactor') return apparent === 0 ? 1 : active / apparent
  const trueActive = values('activePower.total') ?? 0
  return family === 'activeDemand' && trueActive !== 0 ? (value * active) / trueActive : value
}

/** Net energy that a meter with turned phases has counted between two instants: import above zero. */
function netAdvance(from: ValueOf, to: ValueOf, sign: (phase: Phase) => number): number {
  const advance = (quantity: QuantityName): number => (to(quantity) ?? 0) - (from(quantity) ?? 0)
  // No meter of a source splits its export by phase: it is taken as even.
  const exported = advance('activeEnergyExport.total') / PHASES.length
  return sumOver((phase) => sign(phase) * (advance(`activeEnergyImport.${phase}`) - exported))
}

/** Advance of a register while phases are turned. */
function registerAdvance(
  quantity: QuantityName,
  from: ValueOf,
  to: ValueOf,
  sign: (phase: Phase) => number,
): number {
  const advance = (to(quantity) ?? 0) - (from(quantity) ?? 0)
  const [family = '', place = ''] = quantity.split('.')
  const phase = PHASES.find((each) => each === place)
  if (phase !== undefined) return sign(phase) < 0 ? 0 : advance
  const net = netAdvance(from, to, sign)
  if (family === 'activeEnergyImport') return Math.max(0, net)
  if (family === 'activeEnergyExport') return Math.max(0, -net)
  if (family === 'activeEnergySum') return Math.abs(net)
  // Reactive energy is not split by phase: each is taken as a third of it.
  const reactive = (to('reactiveEnergyImport.total') ?? 0) - (from('reactiveEnergyImport.total') ?? 0)
  const netReactive = (reactive * sumOver(sign)) / PHASES.length
  if (family === 'reactiveEnergyImport') return Math.max(0, netReactive)
  if (family === 'reactiveEnergyExport') return Math.max(0, -netReactive)
  return advance
}

/** The view of current transformers that are turned round on these phases for a time. */
export function reversedCurrents(
  phases: readonly Phase[],
  { beginMs, endMs }: { readonly beginMs: number; readonly endMs: number },
): (inner: ValuesAt) => ValuesAt {
  const sign = (phase: Phase): number => (phases.includes(phase) ? -1 : 1)
  return (inner) => {
    const [then, atEnd] = [shownAt(inner, beginMs), shownAt(inner, endMs)]
    return (atMs) => {
      const values = inner(atMs)
      if (atMs < beginMs) return values
      const until = atMs < endMs ? values : atEnd
      return (quantity) => {
        const value = values(quantity)
        if (value === undefined) return undefined
        if (!/^(?:re)?activeEnergy/.test(quantity))
          return atMs < endMs ? stateOf(quantity, values, sign) : value
        const since = value - (until(quantity) ?? 0)
        return (then(quantity) ?? 0) + registerAdvance(quantity, then, until, sign) + since
      }
    }
  }
}
