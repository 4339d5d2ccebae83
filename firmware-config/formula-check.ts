import { wayBack } from '#contract/formula.ts'
import { integrationFactor } from '#contract/integration.ts'
import { formulaOf, type ParkDescription } from '#contract/park.ts'
import { quantityOf } from '#contract/quantities.ts'

type MeterDescription = ParkDescription['meters'][number]

type MetersById = ReadonlyMap<string, MeterDescription>

/** What is wrong with a meter that is read, by a gateway or by persons. */
function sourceContradictions(meter: MeterDescription): [field: string, message: string][] {
  const found: [string, string][] = []
  const { energyFrom, gateway, power, estimate } = meter
  if (gateway === undefined && energyFrom !== 'manual')
    found.push(['id', 'has neither a gateway that reads it nor a formula'])
  if (gateway !== undefined && energyFrom === 'manual')
    found.push(['gateway', 'is read by persons only: `energyFrom: manual` has no gateway'])
  if (energyFrom === 'power') {
    if (power === undefined) found.push(['energyFrom', 'is computed from its power, but has no `power`'])
    else if (integrationFactor(meter.register, power) === undefined)
      found.push(['power', `${power} cannot be integrated to ${meter.register}`])
  }
  if (estimate?.method === 'pro-rata' && energyFrom !== 'register' && energyFrom !== 'manual')
    found.push(['estimate', 'pro rata is between two known registers: the meter has none'])
  return found
}

/** What is wrong with how a meter comes to its energy: read by a gateway, or by a formula over others. */
export function formulaContradictions(
  meter: MeterDescription,
  byId: MetersById,
): [field: string, message: string][] {
  if (meter.formula === undefined) return sourceContradictions(meter)
  const found: [string, string][] = []
  if (meter.gateway !== undefined)
    found.push(['gateway', 'has a formula: what a gateway reads of it would be left out'])
  for (const field of ['power', 'wrapsAt'] as const) {
    if (meter[field] !== undefined) found.push([field, 'has a formula: it has no register and is not read'])
  }
  if (meter.energyFrom !== 'register')
    found.push(['energyFrom', 'has a formula: its energy is from nothing else'])
  if (meter.estimate !== undefined) found.push(['estimate', 'has a formula: estimates belong to its inputs'])
  if (meter.events.length > 0) found.push(['events', 'has a formula: events belong to its inputs'])
  const formula = formulaOf(meter)
  if (formula === undefined) return found
  const { unit, carrier } = quantityOf(meter.register)
  for (const term of formula.terms) {
    const input = byId.get(term.meter)
    if (input === undefined) {
      found.push(['formula', `there is no meter "${term.meter}" in this park`])
      continue
    }
    const other = quantityOf(term.quantity ?? input.register)
    if (other.unit !== unit)
      found.push(['formula', `${term.meter} counts ${other.name} in ${other.unit}, not in ${unit}`])
    else if ((other.carrier === 'product') !== (carrier === 'product'))
      found.push(['formula', `${term.meter}: products and energy are no part of one another`])
  }
  const cycle = wayBack(meter.id, (id) => {
    const other = byId.get(id)
    return (other === undefined ? undefined : formulaOf(other))?.terms.map((term) => term.meter) ?? []
  })
  if (cycle !== undefined) found.push(['formula', `feeds itself: ${cycle.join(' ← ')}`])
  return found
}
