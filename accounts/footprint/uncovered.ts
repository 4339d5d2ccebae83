import type { Park } from '#contract/park.ts'
import type { AccountPlan, EmissionSource } from '../accounting-plan.ts'
import type { FlowKind, Uncovered } from './footprint.ts'
import { isMeasuredOn, processMeters } from './process-flows.ts'

/**
 * What an account has and no flow of its processes shows: without this a kind of which nothing is measured would look
 * like nothing. A reason names its source, so that it can be put right in the plan.
 */

const kindOf = {
  fuel: 'fuel',
  process: 'process',
  'electricity-purchased': 'electricity',
  'heat-purchased': 'heat-imported',
  'heat-sold': 'heat-exported',
  // What is sold is taken from no process: the purchase is of the process that uses it.
  'electricity-sold': undefined,
  biomass: undefined,
  scope3: undefined,
} as const satisfies Record<EmissionSource['kind'], FlowKind | undefined>

/** Gases that a process gives off and another burns: attributed by the correction for waste gas, which is not made here. */
const wasteGases = new Set(['cokeOvenGas', 'blastFurnaceGas', 'converterGas', 'carbideFurnaceGas'])

function reasonFor(
  park: Park,
  account: AccountPlan,
  source: EmissionSource,
  processes: readonly string[],
): string | undefined {
  if (source.process !== undefined && !processes.includes(source.process)) return undefined
  if (source.kind === 'heat-sold') return `${source.id}: heat that is sold is attributed to no process`
  // What it is recorded or measured by is a flow of the process that it names, or of the meters there.
  if (source.process !== undefined && (source.kind === 'fuel' || source.kind === 'process')) return undefined
  if (source.measured.length === 0)
    return `${source.id}: is recorded for the account, and the plan does not say for which process`
  return isMeasuredOn(park, account, source)
    ? undefined
    : `${source.id}: is measured for the account, and no meter of a process measures its part`
}

/** Kinds that products of these processes may have a part in without a flow that says how much. */
export function uncoveredKinds(park: Park, account: AccountPlan, processes: readonly string[]): Uncovered {
  const found = new Map<FlowKind, string[]>()
  const add = (kind: FlowKind, why: string): unknown => found.set(kind, [...(found.get(kind) ?? []), why])
  for (const source of account.sources) {
    const kind = kindOf[source.kind]
    const why = kind === undefined ? undefined : reasonFor(park, account, source, processes)
    if (kind !== undefined && why !== undefined) add(kind, why)
    if (source.kind === 'fuel' && wasteGases.has(source.fuel) && source.process === undefined)
      add('waste-gas', `${source.id}: the correction for waste gas is not made`)
  }
  for (const { id, outputs } of account.conversions) {
    if (outputs.some(({ meter }) => park.meters.get(meter)?.carrier === 'electricity'))
      add('electricity-produced', `${id}: electricity that is made here is attributed to no process`)
  }
  for (const process of processes) {
    const isStated = account.sources.some((source) => source.process === process)
    if (processMeters(park, account.account, process).length > 0 || isStated) continue
    for (const kind of ['fuel', 'electricity'] as const)
      add(kind, `${process}: no meter measures what it takes`)
  }
  return Object.fromEntries(found)
}
