import type { Carrier } from '#contract/carriers.ts'
import type { Park } from '#contract/park.ts'
import type { Flow } from './flow-kinds.ts'
import type { Scenario } from './scenario.ts'

/** What a conversion makes of the flow that it names as its output. */
const outputCarriers: Partial<Record<Flow['kind'], Carrier>> = {
  boiler: 'steam',
  compressor: 'compressedAir',
  chiller: 'cooling',
  pump: 'water',
}

/** Kinds of flow that are of one carrier by themselves. */
const ownCarriers: Partial<Record<Flow['kind'], Carrier>> = {
  boiler: 'naturalGas',
  'chp-gas': 'naturalGas',
  'chp-heat': 'heat',
  chp: 'electricity',
  compressor: 'electricity',
  chiller: 'electricity',
  pump: 'electricity',
  lighting: 'electricity',
  machines: 'electricity',
  photovoltaic: 'electricity',
  transformer: 'electricity',
}

/**
 * The carrier of any flow of a scenario: that of its meter, of its kind, of the conversion that makes it, or of the sums
 * that it is in. Undefined where nothing says it: such a flow is a number without unit.
 */
export function carrierOfFlow(
  name: string,
  scenario: Scenario,
  park: Park,
  seen: ReadonlySet<string> = new Set(),
): Carrier | undefined {
  const measured = park.meters.get(name)?.carrier
  const flow = scenario.flows[name]
  const own = measured ?? (flow === undefined ? undefined : ownCarriers[flow.kind])
  if (own !== undefined) return own
  const within = new Set([...seen, name])
  for (const [other, each] of Object.entries(scenario.flows)) {
    if ('output' in each && each.output === name) return outputCarriers[each.kind]
    if (each.kind !== 'sum' || seen.has(other)) continue
    const neighbours = other === name ? each.of : each.of.includes(name) ? [other] : []
    for (const neighbour of neighbours) {
      const carrier = seen.has(neighbour) ? undefined : carrierOfFlow(neighbour, scenario, park, within)
      if (carrier !== undefined) return carrier
    }
  }
  return undefined
}
