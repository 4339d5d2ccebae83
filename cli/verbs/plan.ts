import { z } from 'zod'
import { busDemand } from '#edge/demand.ts'
import { readGatewayFile, type BusDescription } from '#firmware-config/gateway.ts'
import { openProfiles, type ProfileLibrary } from '#firmware-config/profile-library.ts'
import { gatewayFiles, jsonOption, text } from '../options.ts'
import { misfits, planText, type PlannedBus } from '../plan-report.ts'
import { verb } from '../verb.ts'

const options = z.object({
  config: gatewayFiles('A gateway file'),
  profiles: text.optional().meta({ description: 'A folder with profiles of your own' }),
  json: jsonOption,
})

/** The same bus on a line of another speed; a network has none. */
function withBaudRate(description: BusDescription, baudRate: number): BusDescription {
  const { transport } = description
  if (transport.kind !== 'tcp') return { ...description, transport: { ...transport, baudRate } }
  if (transport.line === undefined) return description
  return { ...description, transport: { ...transport, line: { ...transport.line, baudRate } } }
}

function planned(description: BusDescription, { load }: ProfileLibrary): PlannedBus {
  const demandOf = (of: BusDescription): PlannedBus['demand'] =>
    busDemand(of, (line) => load(line.profile, line.ratios))
  return {
    description,
    demand: demandOf(description),
    atBaudRate: (baudRate) => demandOf(withBaudRate(description, baudRate)),
  }
}

/** Numbers without the noise of floating point; quantities by their names. */
function json(gateway: string, bus: PlannedBus): object {
  const { description, demand } = bus
  return {
    gateway,
    bus: description.id,
    share: Number(demand.share.toFixed(6)),
    requests: demand.requests,
    bytes: demand.bytes,
    cycleUs: demand.cycleUs,
    misfits: misfits(bus),
    meters: demand.meters.map(({ meter, unit, share, cycleUs, coincidences }) => ({
      meter,
      unit,
      share: Number(share.toFixed(6)),
      cycleUs,
      polls: coincidences.map(({ everyMs, perSecond, requests }) => ({
        everyMs,
        perSecond: Number(perSecond.toFixed(6)),
        requests: requests.map((request) => ({
          function: request.function,
          address: request.address,
          count: request.quantity,
          bytes: request.bytes,
          us: request.us,
          quantities: request.registers.map(({ quantity }) => quantity),
        })),
      })),
    })),
  }
}

/** What a gateway will ask on its lines, what that costs, and what does not fit. */
export const plan = verb(
  'Show the requests of a gateway file, their time, and what does not fit',
  options,
  (given) => {
    const profiles = openProfiles(given.profiles)
    const buses = given.config.flatMap((file) => {
      const { gateway, buses } = readGatewayFile(file).value
      return buses.map((description) => ({ gateway, bus: planned(description, profiles) }))
    })
    if (given.json)
      console.log(
        JSON.stringify(
          buses.map(({ gateway, bus }) => json(gateway, bus)),
          undefined,
          2,
        ),
      )
    else console.log(buses.map(({ bus }) => planText(bus)).join('\n\n'))
    if (buses.some(({ bus }) => misfits(bus).length > 0)) process.exitCode = 1
    return Promise.resolve()
  },
  { bare: 'config' },
)
