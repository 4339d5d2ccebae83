import { indexPark, parkDescription, type Park } from '#contract/park.ts'
import { gatewayFile, type GatewayFile } from '#firmware-config/gateway.ts'
import { scenarioFile, type Scenario } from '#simulators/scenario.ts'

/** The parks of benchmarks: meters of one profile, by default 200 units behind each Modbus TCP port. */
export const UNITS_PER_PORT = 200
export const PROFILE = 'eastron-sdm630'

/** Registers that began long ago take the simulator long to sum up before it answers. */
const REGISTERS_SINCE_MS = 86_400_000

const name = { zh: '基准', en: 'benchmark' }
const meterIds = (meters: number): string[] => Array.from({ length: meters }, (_, index) => `m${index + 1}`)

export interface SimulatedParkOptions {
  readonly transport?: object
  readonly unitsPerBus?: number
  /** Further keys of each meter's line in the gateway file. */
  readonly line?: object
  readonly uplink?: object
}

export function simulatedPark(
  meters: number,
  {
    transport = { kind: 'tcp', host: '127.0.0.1', port: 1 },
    unitsPerBus = UNITS_PER_PORT,
    line = {},
    uplink = { url: 'mqtt://127.0.0.1:1883' },
  }: SimulatedParkOptions = {},
): { park: Park; scenario: Scenario; gateway: GatewayFile } {
  const ids = meterIds(meters)
  const park = indexPark(
    parkDescription.parse({
      id: 'bench',
      name,
      gateways: [{ id: 'g', name }],
      meters: ids.map((id) => ({
        id,
        name,
        carrier: 'electricity',
        role: 'boundary',
        gateway: 'g',
        register: 'activeEnergyImport.total',
        ratingPerHour: 1_000,
        installed: '2025-01-01T00:00:00Z',
      })),
    }),
  )
  const scenario = {
    ...scenarioFile.parse({
      park: 'bench',
      seed: 1,
      registersFrom: new Date(Date.now() - REGISTERS_SINCE_MS).toISOString(),
      utcOffset: '+08:00',
      latitude: 39.1,
      flows: Object.fromEntries(
        ids.map((id, index) => [
          id,
          {
            kind: 'shift',
            peak: 100 + (index % 400),
            workDay: [
              ['00:00', 0.1],
              ['06:00', 0.2],
              ['08:00', 0.9],
              ['12:00', 0.7],
              ['18:00', 0.9],
              ['22:00', 0.2],
            ],
            restDay: [['00:00', 0.1]],
            variation: 0.05,
            ripple: [
              { share: 0.06, periodMinutes: 7.3 },
              { share: 0.02, periodMinutes: 0.7 },
            ],
          },
        ]),
      ),
    }),
    series: new Map(),
  }
  const gateway = gatewayFile.parse({
    gateway: 'g',
    park: 'bench',
    uplink,
    buses: Array.from({ length: Math.ceil(meters / unitsPerBus) }, (_, bus) => ({
      id: `b${bus + 1}`,
      transport,
      meters: ids
        .slice(bus * unitsPerBus, (bus + 1) * unitsPerBus)
        .map((meter, index) => ({ meter, unit: index + 1, profile: PROFILE, ...line })),
    })),
  })
  return { park, scenario, gateway }
}
