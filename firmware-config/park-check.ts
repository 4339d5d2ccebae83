import { toDecimal } from '#contract/amount.ts'
import { clashesOf } from '#contract/event-order.ts'
import type { ParkDescription } from '#contract/park.ts'
import { quantityOf } from '#contract/quantities.ts'
import type { DataFile, Finding } from './document.ts'
import { formulaContradictions } from './formula-check.ts'

/** What is wrong between the parts of a park file. */

type MeterDescription = ParkDescription['meters'][number]
type Path = readonly (string | number)[]

/** A part of the tree, with where it stands in the file. */
interface Placed<T> {
  readonly value: T
  readonly path: Path
}

interface Node {
  readonly id: string
  readonly meters: readonly MeterDescription[]
}

function* nodesOf(park: ParkDescription): Generator<Placed<Node>> {
  yield { value: park, path: [] }
  for (const [e, enterprise] of park.enterprises.entries()) {
    const enterprisePath = ['enterprises', e]
    yield { value: enterprise, path: enterprisePath }
    for (const [p, process] of enterprise.processes.entries()) {
      const processPath = [...enterprisePath, 'processes', p]
      yield { value: process, path: processPath }
      for (const [q, equipment] of process.equipment.entries()) {
        yield { value: equipment, path: [...processPath, 'equipment', q] }
      }
    }
  }
}

function* metersOf(park: ParkDescription): Generator<Placed<MeterDescription>> {
  for (const node of nodesOf(park)) {
    for (const [m, meter] of node.value.meters.entries()) {
      yield { value: meter, path: [...node.path, 'meters', m] }
    }
  }
}

function duplicateIds(data: DataFile<ParkDescription>): Finding[] {
  const places: Placed<{ id: string }>[] = [
    ...nodesOf(data.value),
    ...metersOf(data.value),
    ...data.value.sensors.map((value, index) => ({ value, path: ['sensors', index] })),
    ...data.value.gateways.map((value, index) => ({ value, path: ['gateways', index] })),
  ]
  const first = new Map<string, number | undefined>()
  const findings: Finding[] = []
  for (const { value, path } of places) {
    const place = data.placeOf([...path, 'id'])
    if (first.has(value.id)) {
      const line = first.get(value.id)
      findings.push({ place, message: `the id "${value.id}" is taken already, in line ${line ?? '?'}` })
    } else first.set(value.id, place.line)
  }
  return findings
}

/** What contradicts the catalogue in one meter: its register, power and carrier. */
function meterContradictions(meter: MeterDescription): [field: string, message: string][] {
  const found: [string, string][] = []
  const register = quantityOf(meter.register)
  if (register.kind !== 'cumulative') {
    found.push(['register', `${meter.register} is not cumulative: energy is computed from a register`])
  }
  if (register.carrier !== meter.carrier) {
    found.push([
      'register',
      `${meter.register} is a quantity of ${register.carrier}, not of ${meter.carrier}`,
    ])
  }
  if ((meter.carrier === 'product') !== (meter.role === 'product-count')) {
    found.push([
      'role',
      `${meter.role} is no role of ${meter.carrier}: products, and only they, are product-count`,
    ])
  }
  if (meter.power === undefined) return found
  const power = quantityOf(meter.power)
  if (power.kind !== 'instantaneous') {
    found.push(['power', `${meter.power} is cumulative: a power or flow is of the moment`])
  }
  if (power.carrier !== meter.carrier) {
    found.push(['power', `${meter.power} is a quantity of ${power.carrier}, not of ${meter.carrier}`])
  }
  return found
}

/** Dated events of one register that cannot all be true. */
function eventContradictions({
  events,
  wrapsAt,
}: MeterDescription): [index: number, field: string, message: string][] {
  return clashesOf(events, wrapsAt).map(({ earlier, later, clash }) => {
    const index = events.indexOf(later)
    switch (clash.kind) {
      case 'ratio':
        return [
          index,
          'before',
          `the ratio event before it leaves the factor at ${clash.left}, not at ${clash.found}`,
        ]
      case 'fell':
        return [
          index,
          'final',
          `the ${earlier.kind} at ${earlier.at} leaves the register at ${toDecimal(clash.from)}, and here it shows ${toDecimal(clash.to)}: it fell in between`,
        ]
      case 'same-moment':
        break
    }
    return [index, 'at', `the ${earlier.kind} before it is of the same moment: only one of them can be`]
  })
}

/** The way upstream from a meter as far as it comes back to a meter it has passed; undefined where it ends. */
function cycleFrom(
  start: MeterDescription,
  byId: ReadonlyMap<string, MeterDescription>,
): string[] | undefined {
  const passed: string[] = []
  let current: MeterDescription | undefined = start
  while (current !== undefined) {
    if (passed.includes(current.id)) return current.id === start.id ? [...passed, start.id] : undefined
    passed.push(current.id)
    current = current.upstream === undefined ? undefined : byId.get(current.upstream)
  }
  return undefined
}

/** Everything in a park file that contradicts itself or the catalogue, with its place. */
export function parkContradictions(data: DataFile<ParkDescription>): Finding[] {
  const meters = [...metersOf(data.value)]
  const byId = new Map(meters.map(({ value }) => [value.id, value]))
  const gateways = new Set(data.value.gateways.map(({ id }) => id))
  const findings = duplicateIds(data)
  for (const [index, { gateway }] of data.value.sensors.entries()) {
    if (gateway !== undefined && !gateways.has(gateway))
      findings.push({
        place: data.placeOf(['sensors', index, 'gateway']),
        message: `there is no gateway "${gateway}" in this park`,
      })
  }
  for (const { value: meter, path } of meters) {
    const say = (field: string, message: string): void => {
      findings.push({ place: data.placeOf([...path, field]), message })
    }
    if (meter.gateway !== undefined && !gateways.has(meter.gateway))
      say('gateway', `there is no gateway "${meter.gateway}" in this park`)
    for (const [field, message] of formulaContradictions(meter, byId)) say(field, message)
    for (const [field, message] of meterContradictions(meter)) say(field, message)
    for (const [index, field, message] of eventContradictions(meter)) {
      findings.push({ place: data.placeOf([...path, 'events', index, field]), message })
    }
    if (meter.upstream === undefined) continue
    const upstream = byId.get(meter.upstream)
    if (upstream === undefined) say('upstream', `there is no meter "${meter.upstream}" in this park`)
    else if (upstream.carrier !== meter.carrier) {
      say('upstream', `${meter.upstream} measures ${upstream.carrier}, not ${meter.carrier}`)
    }
    const cycle = cycleFrom(meter, byId)
    if (cycle !== undefined) say('upstream', `feeds itself: ${cycle.join(' ← ')}`)
  }
  return findings
}
