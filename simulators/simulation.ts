import type { Clock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import type { Park } from '#contract/park.ts'
import type { BusDescription, GatewayFile, MeterLine } from '#firmware-config/gateway.ts'
import { loadProfile, type RegisterMap, type TransformerRatios } from '#firmware-config/profile.ts'
import { startMeterServer, type MeterServer, type Served, type SimulationLog } from './meter-server.ts'
import { meterValues } from './meter-values.ts'
import { makePlant, type Plant } from './plant.ts'
import type { Scenario } from './scenario.ts'
import type { ServedMeter } from './served-meter.ts'
import { openServedLog } from './truth.ts'

/** The composition of this room: a plant, and a Modbus server for every bus of the gateways. */

export interface SimulationOptions {
  readonly scenario: Scenario
  readonly park: Park
  readonly gateways: readonly GatewayFile[]
  readonly clock: Clock
  readonly log: SimulationLog
  /** Address to listen on. */
  readonly host: string
  /** Ports instead of those of the gateway files, by `busKey`; 0 for any free one. */
  readonly ports?: ReadonlyMap<string, number>
  /** Where meter profiles come from; those of firmware-config by default. */
  readonly profile?: (id: string, ratios: TransformerRatios) => RegisterMap
  /** File that every reply is appended to. */
  readonly servedLog?: string
}

export interface Simulation {
  readonly plant: Plant
  /** The port that each bus listens on, by `busKey`. */
  readonly ports: ReadonlyMap<string, number>
  /** Makes a meter dead (no reply at all) or alive again. Throws RangeError for one that is not simulated. */
  silence(meter: string, silent: boolean): void
  /** Closes all ports and the served log. Twice is once. */
  stop(): Promise<void>
}

/** Names a bus among those of all gateways. */
export function busKey(gateway: string, bus: string): string {
  return `${gateway}/${bus}`
}

function servedMeter(line: MeterLine, map: RegisterMap, plant: Plant, startMs: number): ServedMeter {
  const values = meterValues(plant, line.meter, startMs)
  const unknown = map.registers.filter(({ quantity }) => values(quantity) === undefined)
  if (unknown.length > 0) {
    const names = unknown.map(({ quantity }) => quantity).join(', ')
    throw new Fault('quantity-unknown', `No plant has ${names}, which ${map.id} shows at "${line.meter}".`)
  }
  return {
    meter: line.meter,
    unit: line.unit,
    map,
    valuesAt: (atMs) => meterValues(plant, line.meter, atMs),
  }
}

/**
 * Starts the meters of a scenario. Throws `port-taken`, `folder-unusable`, `profile-unknown` or `quantity-unknown`;
 * then nothing is left running.
 */
export async function startSimulation(options: SimulationOptions): Promise<Simulation> {
  const { gateways, clock, log, host, profile = loadProfile } = options
  const plant = makePlant(options.scenario, options.park)
  const startMs = clock.wallMs()
  const buses = gateways.flatMap(({ gateway, buses }) =>
    buses.map((bus: BusDescription) => ({
      key: busKey(gateway, bus.id),
      port: options.ports?.get(busKey(gateway, bus.id)) ?? ('port' in bus.transport ? bus.transport.port : 0),
      meters: bus.meters.map((line) => servedMeter(line, profile(line.profile, line.ratios), plant, startMs)),
    })),
  )
  const served = options.servedLog === undefined ? undefined : openServedLog(options.servedLog)
  const servers = new Map<string, MeterServer>()
  const stop = async (): Promise<void> => {
    await Promise.all([...servers.values()].map((server) => server.stop()))
    served?.close()
  }
  try {
    for (const { key, port, meters } of buses) {
      const onServed = served === undefined ? {} : { onServed: (reply: Served) => served.record(reply) }
      const server = await startMeterServer({ host, port, meters, clock, log, ...onServed })
      servers.set(key, server)
      log.info({ bus: key, host, port: server.port, meters: meters.length }, 'simulated meters answer')
    }
  } catch (error) {
    await stop()
    throw error
  }
  return {
    plant,
    ports: new Map([...servers].map(([key, { port }]) => [key, port])),
    silence: (meter, silent) => {
      const bus = buses.find(({ meters }) => meters.some((each) => each.meter === meter))
      const server = bus === undefined ? undefined : servers.get(bus.key)
      if (server === undefined) throw new RangeError(`"${meter}" is not simulated`)
      server.silence(meter, silent)
    },
    stop,
  }
}
