import { measuringPoint, type Meter, type Park, type Sensor } from '#contract/park.ts'
import type { DataFile, Finding } from './document.ts'
import type { GatewayFile, MeterLine } from './gateway.ts'
import { transportContradictions } from './transport-check.ts'
import type { RegisterMap, TransformerRatios } from './profile.ts'
import { wrapContradiction } from './wrap-check.ts'

/** What is wrong between a gateway file, the park and the profiles. */

/** A profile for the ratios of a site. */
export type ProfileOnSite = (id: string, ratios: TransformerRatios) => RegisterMap | 'faulty' | 'unknown'

/** What a profile cannot give of what the park or the gateway file wants from this meter. */
function profileGaps(
  line: MeterLine,
  meter: Meter | Sensor | undefined,
  map: RegisterMap,
): [string, string][] {
  const found: [string, string][] = []
  const offered = new Set(map.registers.map(({ quantity }) => quantity))
  const read = line.quantities === undefined ? offered : new Set(line.quantities)
  for (const quantity of line.quantities ?? []) {
    if (!offered.has(quantity)) found.push(['quantities', `the profile ${map.id} has no ${quantity}`])
  }
  const rated = new Set<string>()
  for (const [index, { quantities }] of line.rates.entries()) {
    for (const quantity of quantities) {
      const field = `rates.${index}.quantities`
      if (!read.has(quantity)) found.push([field, `${quantity} is not read from this meter`])
      if (rated.has(quantity)) found.push([field, `${quantity} has a poll interval already`])
      rated.add(quantity)
    }
  }
  if (meter === undefined) return found
  if (!('register' in meter)) {
    if (map.carrier !== 'environment')
      found.push([
        'profile',
        `${map.id} measures ${map.carrier}, but "${meter.id}" is a sensor of the environment`,
      ])
    return found
  }
  if (map.carrier !== meter.carrier) {
    found.push([
      'profile',
      `${map.id} measures ${map.carrier}, but "${meter.id}" is a meter of ${meter.carrier}`,
    ])
  }
  for (const wanted of [meter.register, meter.power]) {
    if (wanted === undefined) continue
    if (!offered.has(wanted)) {
      found.push(['profile', `${map.id} has no ${wanted}, which the park file takes from "${meter.id}"`])
    } else if (!read.has(wanted)) {
      found.push(['quantities', `leaves out ${wanted}, which the park file takes from "${meter.id}"`])
    }
  }
  const wrap = wrapContradiction(meter, map)
  if (wrap !== undefined) found.push(['profile', wrap])
  return found
}

/** Everything in a gateway file that contradicts itself, the park or the profiles, with its place. */
export function gatewayContradictions(
  data: DataFile<GatewayFile>,
  park: Park | undefined,
  profileOnSite: ProfileOnSite,
): Finding[] {
  const findings = transportContradictions(data)
  const { gateway, buses } = data.value
  const say = (path: readonly (string | number)[], message: string): void => {
    findings.push({ place: data.placeOf(path), message })
  }
  if (park !== undefined) {
    const id = park.description.id
    if (data.value.park !== id) say(['park'], `the park file is that of "${id}"`)
    if (!park.gateways.has(gateway)) say(['gateway'], `there is no gateway "${gateway}" in the park "${id}"`)
  }
  const seen = new Map<string, string>()
  const busIds = new Set<string>()
  for (const [b, bus] of buses.entries()) {
    if (busIds.has(bus.id)) say(['buses', b, 'id'], `the bus "${bus.id}" is there twice`)
    busIds.add(bus.id)
    const units = new Map<number, string>()
    for (const [m, line] of bus.meters.entries()) {
      const path = ['buses', b, 'meters', m]
      const other = units.get(line.unit)
      if (other !== undefined) {
        say([...path, 'unit'], `unit ${line.unit} of the bus "${bus.id}" is "${other}" already`)
      } else units.set(line.unit, line.meter)
      if (seen.has(line.meter)) {
        say([...path, 'meter'], `"${line.meter}" is read on the bus "${seen.get(line.meter)}" already`)
      } else seen.set(line.meter, bus.id)
      const meter = park === undefined ? undefined : measuringPoint(park, line.meter)
      if (park !== undefined && meter === undefined) {
        say([...path, 'meter'], `there is no meter or sensor "${line.meter}" in the park`)
      } else if (meter !== undefined && meter.gateway !== gateway) {
        say(
          [...path, 'meter'],
          meter.gateway === undefined
            ? `the park gives "${line.meter}" to no gateway`
            : `the park gives "${line.meter}" to the gateway "${meter.gateway}"`,
        )
      }
      const map = profileOnSite(line.profile, line.ratios)
      if (map === 'unknown') say([...path, 'profile'], `there is no profile "${line.profile}"`)
      else if (map !== 'faulty') {
        for (const [field, message] of profileGaps(line, meter, map))
          say([...path, ...field.split('.')], message)
        const { answerMs = 0 } = map.limits
        if (bus.timeoutMs < answerMs) {
          say(
            ['buses', b, 'timeoutMs'],
            `${line.meter} (${map.id}) may take ${answerMs} ms to answer, the bus waits ${bus.timeoutMs} ms`,
          )
        }
      }
    }
  }
  return findings
}
