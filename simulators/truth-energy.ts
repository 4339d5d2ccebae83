import { subtract, type Amount } from '#contract/amount.ts'
import type { Carrier } from '#contract/carriers.ts'
import type { Period } from '#contract/grid.ts'
import type { Park } from '#contract/park.ts'
import { quantityOf, type QuantityName } from '#contract/quantities.ts'
import type { Unit } from '#contract/units.ts'
import { carrierOfFlow } from './flow-carrier.ts'
import { meterValues } from './meter-values.ts'
import type { Plant } from './plant.ts'
import type { Scenario } from './scenario.ts'

/**
 * What really flowed through every node of a park, whatever any register says of it. The integral since the start of
 * the registers is counted in millionths and only then subtracted, so that the truth of a period is exactly the sum
 * of the truths of its parts.
 */

/** Finer than the step of any meter by a factor of 100 and more; a count of it holds up to 9 × 10⁹ units exactly. */
export const TRUTH_RESOLUTION = '0.000001'
const STEPS_PER_UNIT = 1_000_000

/**
 * meter: the quantity of its register. flow: any flow of the scenario that no meter measures.
 * enterprise: what it bought of one carrier, the sum of its boundary meters.
 */
export interface TruthNode {
  /** A meter's or flow's id, or `enterprise:carrier`. */
  readonly id: string
  readonly kind: 'meter' | 'flow' | 'enterprise'
  /** Null for a flow of which nothing says what it is. */
  readonly unit: Unit | null
}

export interface Truth {
  readonly nodes: readonly TruthNode[]
  /** What flowed in [fromMs, toMs), exact. Throws RangeError for a node that is not there. */
  energyOf(node: string, period: Period): Amount
}

type Register = (atMs: number) => number

interface Counted extends TruthNode {
  readonly register: Register
}

const isBought = (register: QuantityName): boolean => !register.includes('Export')

/** The units in which carriers are counted. */
const countedIn: Record<Carrier, Unit | null> = {
  electricity: 'kWh',
  naturalGas: 'm³',
  steam: 't',
  heat: 'GJ',
  cooling: 'GJ',
  water: 'm³',
  compressedAir: 'm³',
  solidFuel: 't',
  liquidFuel: 't',
  environment: null,
  product: null,
}

function unitOfFlow(name: string, scenario: Scenario, park: Park): Unit | null {
  const carrier = carrierOfFlow(name, scenario, park)
  return carrier === undefined ? null : countedIn[carrier]
}

function enterpriseNodes(park: Park, meters: ReadonlyMap<string, Counted>): Counted[] {
  return park.description.enterprises.flatMap(({ id }) => {
    const bought = [...park.meters.values()].filter(
      (meter) => meter.enterprise === id && meter.role === 'boundary' && isBought(meter.register),
    )
    return [...Map.groupBy(bought, ({ carrier }) => carrier)].map(([carrier, parts]) => {
      const registers = parts.flatMap((part) => meters.get(part.id)?.register ?? [])
      const unit = parts[0] === undefined ? null : quantityOf(parts[0].register).unit
      const register: Register = (atMs) => registers.reduce((sum, part) => sum + part(atMs), 0)
      return { id: `${id}:${carrier}`, kind: 'enterprise' as const, unit, register }
    })
  })
}

/** The truth of a plant. Any instant may be asked for; before the start of the registers nothing flowed. */
export function truthOf(scenario: Scenario, park: Park, plant: Plant): Truth {
  const meters = new Map<string, Counted>()
  for (const { id, register } of park.meters.values()) {
    if (scenario.flows[id] === undefined) continue
    const unit = quantityOf(register).unit
    const count: Register = (atMs) => meterValues(plant, id, atMs)(register) ?? 0
    meters.set(id, { id, kind: 'meter', unit, register: count })
  }
  const flows = Object.keys(scenario.flows)
    .filter((name) => !meters.has(name))
    .map((id) => ({
      id,
      kind: 'flow' as const,
      unit: unitOfFlow(id, scenario, park),
      register: (atMs: number) => plant.energyAt(id, atMs),
    }))
  const all = [...meters.values(), ...flows, ...enterpriseNodes(park, meters)]
  const byId = new Map(all.map((node) => [node.id, node]))
  const counted = (register: Register, atMs: number): Amount => ({
    count: Math.round(register(atMs) * STEPS_PER_UNIT),
    resolution: TRUTH_RESOLUTION,
  })
  return {
    nodes: all.map(({ id, kind, unit }) => ({ id, kind, unit })),
    energyOf: (node, { fromMs, toMs }) => {
      const register = byId.get(node)?.register
      if (register === undefined) throw new RangeError(`the truth knows no node "${node}"`)
      return subtract(counted(register, toMs), counted(register, fromMs))
    },
  }
}
