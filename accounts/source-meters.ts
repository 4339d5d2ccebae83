import type { Carrier } from '#contract/carriers.ts'
import { quantityOf, type QuantityName } from '#contract/quantities.ts'
import type { EmissionSource } from './accounting-plan.ts'
import type { EnergyItems } from './energy-item.ts'

/** Carriers whose meters can measure a source of a kind. */
const carriersOf: Readonly<Record<EmissionSource['kind'], readonly Carrier[] | undefined>> = {
  fuel: ['naturalGas', 'solidFuel', 'liquidFuel'],
  'electricity-purchased': ['electricity'],
  'electricity-sold': ['electricity'],
  'heat-purchased': ['heat', 'steam'],
  'heat-sold': ['heat', 'steam'],
  process: undefined,
  biomass: undefined,
  scope3: undefined,
}

/**
 * Why a register cannot be an activity of a source; undefined where it can. Gas at working conditions is no standard gas:
 * at k bar absolute it is about k times as much, and nothing here knows k.
 */
export function meterContradiction(
  { kind, item }: EmissionSource,
  quantity: QuantityName,
  items: EnergyItems,
): string | undefined {
  const { carrier } = quantityOf(quantity)
  const allowed = carriersOf[kind]
  if (carrier === 'product' && kind !== 'process' && kind !== 'scope3')
    return `${quantity} counts what is made, and is no activity of kind ${kind}`
  if (quantity === 'gasVolumeActual') return 'its volume is that at working conditions, not at standard ones'
  if (allowed?.includes(carrier) === false) return `${quantity} (${carrier}) is no activity of kind ${kind}`
  const ofItem = item === undefined ? [] : (items[item]?.carriers ?? [])
  return kind === 'fuel' && ofItem.length > 0 && !ofItem.includes(carrier)
    ? `${quantity} (${carrier}) does not measure ${item}`
    : undefined
}
