import { z } from 'zod'
import { identifier } from '#contract/identity.ts'
import { InvalidFile, readData, type DataFile, type Finding } from '#firmware-config/document.ts'
import type { RegisterMap } from '#firmware-config/profile.ts'
import { faultNatures, faultOrder, targetOf, type FaultOrder } from './fault-kinds.ts'
import { showsCurrentRatio } from './identity-image.ts'
import { registerCapacity } from './register-image.ts'

/** How meters behave and misbehave in time: the `manners` and `faults` of a scenario or of a file of their own. */

const manner = z
  .strictObject({
    meter: identifier.optional(),
    profile: identifier.optional(),
    turnaroundMs: z.number().min(0).max(60_000).meta({
      description: 'From the end of a request to the begin of its reply',
    }),
  })
  .refine(
    ({ meter, profile }) => (meter === undefined) !== (profile === undefined),
    'either a meter or a profile',
  )

/** The two lists, to be spread into the schema of a file that holds them. */
export const behaviourFields = {
  manners: z
    .array(manner)
    .default([])
    .meta({ description: 'Response times; those of a meter before those of its profile' }),
  faults: z.array(faultOrder).default([]).meta({ description: 'What goes wrong, and when' }),
}

/** The shape of a file of its own (`--behaviour`). */
export const behaviourFile = z.strictObject(behaviourFields)
export type Behaviour = z.output<typeof behaviourFile>

export const noBehaviour: Behaviour = { manners: [], faults: [] }

/** What faults can befall: the meters with their register maps, and the names of buses and gateways. */
export interface FaultSubjects {
  readonly meters: ReadonlyMap<string, RegisterMap>
  readonly buses: ReadonlySet<string>
  readonly gateways: ReadonlySet<string>
}

interface Problem {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

function meterProblem(order: FaultOrder, meter: string, map: RegisterMap): Problem | undefined {
  const electric = order.kind === 'ct-ratio' || order.kind === 'swapped-ct'
  if (electric && map.carrier !== 'electricity') {
    return { path: ['kind'], message: `"${meter}" has no current transformers: it measures ${map.carrier}` }
  }
  if (
    order.kind === 'ct-ratio' &&
    order.register === 'changed' &&
    !showsCurrentRatio(map, 1 / order.factor)
  ) {
    const message = `the ratio register of ${map.id} cannot show the ratio ÷ ${order.factor}: choose another factor, or say "register: kept"`
    return { path: ['factor'], message }
  }
  const named = 'quantities' in order ? order.quantities : undefined
  for (const [index, quantity] of (named ?? []).entries()) {
    if (map.registers.some((register) => register.quantity === quantity)) continue
    return { path: ['quantities', index], message: `the profile ${map.id} has no ${quantity}` }
  }
  if (order.kind !== 'rollover') return undefined
  const rolling = map.registers.filter(
    ({ quantity, resolution }) => resolution !== undefined && (named?.includes(quantity) ?? true),
  )
  const endless = rolling.find((register) => registerCapacity(register) === Infinity)
  if (endless !== undefined && order.wrapsAt === undefined) {
    const message = `${endless.quantity} of ${map.id} does not wrap by itself (${endless.encoding}): say where it wrapsAt`
    return { path: ['kind'], message }
  }
  if (order.wrapsAt !== undefined && order.remaining > order.wrapsAt) {
    return { path: ['remaining'], message: 'more than the register holds before it wraps' }
  }
  return undefined
}

/** What keeps an order from being carried out. */
export function orderProblem(order: FaultOrder, subjects: FaultSubjects): Problem | undefined {
  const target = targetOf(order)
  const { targets, once } = faultNatures[order.kind]
  const said = targets.join(' or ')
  if (target === undefined) return { path: ['kind'], message: `say which ${said} it befalls, and only one` }
  if (once && order.for !== undefined)
    return { path: ['for'], message: `a ${order.kind} happens once and stays` }
  if ('meter' in target) {
    if (!targets.includes('meter')) return { path: ['meter'], message: `${order.kind} befalls a ${said}` }
    const map = subjects.meters.get(target.meter)
    if (map === undefined) return { path: ['meter'], message: `no meter "${target.meter}" is simulated` }
    return meterProblem(order, target.meter, map)
  }
  if ('bus' in target) {
    if (!targets.includes('bus')) return { path: ['bus'], message: `${order.kind} befalls a ${said}` }
    if (!subjects.buses.has(target.bus))
      return { path: ['bus'], message: `no bus "${target.bus}" is simulated` }
    return undefined
  }
  if (!targets.includes('gateway')) return { path: ['gateway'], message: `${order.kind} befalls a ${said}` }
  if (subjects.gateways.has(target.gateway)) return undefined
  return { path: ['gateway'], message: `no gateway "${target.gateway}" is simulated` }
}

/** Everything in the manners and faults of a file that does not fit what is simulated, with its place. */
export function behaviourFindings(data: DataFile<Behaviour>, subjects: FaultSubjects): Finding[] {
  const findings: Finding[] = []
  const profiles = new Set([...subjects.meters.values()].map(({ id }) => id))
  for (const [index, { meter, profile }] of data.value.manners.entries()) {
    const say = (key: string, message: string): void => {
      findings.push({ place: data.placeOf(['manners', index, key]), message })
    }
    if (meter !== undefined && !subjects.meters.has(meter)) say('meter', `no meter "${meter}" is simulated`)
    if (profile !== undefined && !profiles.has(profile))
      say('profile', `no meter has the profile "${profile}"`)
  }
  for (const [index, order] of data.value.faults.entries()) {
    const problem = orderProblem(order, subjects)
    if (problem === undefined) continue
    findings.push({ place: data.placeOf(['faults', index, ...problem.path]), message: problem.message })
  }
  return findings
}

/** Reads a file of manners and faults. Throws `file-unreadable` or `InvalidFile` with every contradiction. */
export function readBehaviour(file: string, subjects: FaultSubjects): Behaviour {
  const data = readData(behaviourFile, file)
  const findings = behaviourFindings(data, subjects)
  if (findings.length > 0) throw new InvalidFile(file, findings)
  return data.value
}

/** An order with its identity and its times. */
export interface InjectedFault {
  readonly id: string
  readonly order: FaultOrder
  readonly beginMs: number
  /** Infinity for what nobody has ended yet, and for what happens once and stays. */
  readonly endMs: number
}

/** An order as it will be carried out, relative times counted from `startMs`. */
export function timed(id: string, order: FaultOrder, startMs: number): InjectedFault {
  const { at, for: lastsMs } = order
  const beginMs = at === undefined ? startMs : typeof at === 'number' ? at : startMs + at.afterStartMs
  return { id, order, beginMs, endMs: lastsMs === undefined ? Infinity : beginMs + lastsMs }
}
