import type { Amount } from '#contract/amount.ts'
import { quantityOf, type QuantityName } from '#contract/quantities.ts'
import { parkDescription, type ParkDescription } from '#contract/park.ts'
import { gatewayFile, type GatewayFile } from '#firmware-config/gateway.ts'
import type { DraftMeter, MeterUse } from './enterprise-kinds.ts'
import { flowNodes } from './flow-tree.ts'
import { GENERATED_MAIN, generatedEnterprises, type GeneratedEnterprise } from './generated-flows.ts'
import type { Generation } from './generation.ts'
import { amountPerFlowHour } from './media.ts'
import type { Scenario } from './scenario.ts'

/** The park and gateway files of a scenario that generates its enterprises. */

interface MeterKind {
  readonly register: QuantityName
  readonly power: QuantityName
  /** Models that such meters are of, in turn. */
  readonly profiles: readonly string[]
  /** Where their register starts again, for meters that may come to it. */
  readonly wrapsAt?: Amount
}

const meterKinds: Readonly<Record<MeterUse, MeterKind>> = {
  supply: {
    register: 'activeEnergyImport.total',
    power: 'activePower.total',
    profiles: ['acrel-adl400'],
    wrapsAt: { count: 2 ** 32, resolution: '0.1' },
  },
  feeder: {
    register: 'activeEnergyImport.total',
    power: 'activePower.total',
    profiles: ['schneider-iem3155', 'carlo-gavazzi-em340', 'chint-dtsu666', 'eastron-sdm630'],
  },
  inverter: { register: 'activeEnergyExport.total', power: 'activePower.total', profiles: ['sungrow-sg'] },
  gas: { register: 'gasVolumeStandard', power: 'gasFlowStandard', profiles: ['fuxin-gas-corrector'] },
  steam: { register: 'steamMass', power: 'steamFlow', profiles: ['bell-vfm60'] },
}

/** Current transformers of the meters that show secondary values: 400 A to 5 A. */
const SECONDARY_RATIOS = { current: '80' }
const SECONDARY_PROFILES: readonly string[] = ['chint-dtsu666']

type MeterDescription = ParkDescription['meters'][number]

/** A generated park: what a hand-written one would be, with the files of its gateways. */
export interface GeneratedPark {
  readonly park: ParkDescription
  readonly gateways: readonly GatewayFile[]
}

/** Room above what may flow, so that a reading near it is no outlier; two digits, as ratings are written. */
function ratingAbove(most: number): number {
  const step = 10 ** (Math.floor(Math.log10(most * 1.1)) - 1)
  return Number((Math.ceil((most * 1.1) / step) * step).toPrecision(2))
}

/** Describes meters of a scenario, each with a rating that its flow keeps. */
class MeterWriter {
  readonly #scenario: Scenario
  readonly #nodes: ReturnType<typeof flowNodes>

  constructor(scenario: Scenario) {
    this.#scenario = scenario
    this.#nodes = flowNodes(scenario)
  }

  meter(
    id: string,
    draft: Pick<DraftMeter, 'name' | 'use' | 'role'>,
    gateway: string,
    upstream: string | undefined,
  ): MeterDescription {
    const node = this.#nodes.get(id)
    if (node === undefined) throw new RangeError(`nothing flows through "${id}"`)
    const { register, power, wrapsAt } = meterKinds[draft.use]
    const { carrier } = quantityOf(register)
    return {
      id,
      name: draft.name,
      carrier,
      role: draft.role,
      gateway,
      ...(upstream === undefined ? {} : { upstream }),
      register,
      power,
      ratingPerHour: ratingAbove(Math.max(node.most, -node.least) * amountPerFlowHour(carrier)),
      ...(wrapsAt === undefined ? {} : { wrapsAt }),
      gapSeconds: 300,
      installed: this.#scenario.registersFrom,
      energyFrom: 'register',
      events: [],
    }
  }
}

function metersOf(enterprise: GeneratedEnterprise): readonly DraftMeter[] {
  return [enterprise.supply, ...enterprise.processes.flatMap(({ meters }) => meters)]
}

function busOf(enterprise: GeneratedEnterprise, index: number, generate: Generation): unknown {
  const meters = metersOf(enterprise).map(({ id, use }, place) => {
    const { profiles } = meterKinds[use]
    const profile = profiles[(index + place) % profiles.length]
    return {
      meter: `${enterprise.id}-${id}`,
      unit: place + 1,
      profile,
      everySeconds: generate.everySeconds,
      ...(profile !== undefined && SECONDARY_PROFILES.includes(profile) ? { ratios: SECONDARY_RATIOS } : {}),
      simulated: true,
    }
  })
  return {
    id: enterprise.id,
    transport: { kind: 'tcp', host: generate.host, port: generate.firstPort + index },
    meters,
  }
}

const gatewayOf = (index: number, { enterprisesPerGateway }: Generation): string =>
  `gateway-${Math.floor(index / enterprisesPerGateway) + 1}`

/** The meter from which another one of its enterprise is fed; gas and steam come from their own intake. */
function upstreamOf({ id, supply }: GeneratedEnterprise, meter: DraftMeter): string | undefined {
  if (meter.use === 'feeder') return `${id}-${supply.id}`
  return meter.id === 'boiler-gas' ? `${id}-gas` : undefined
}

/**
 * The park of a scenario that generates enterprises: beside those of `base` where one is given, which must have the
 * scenario's id and the meter that they are fed from. Throws RangeError for a scenario that generates none.
 */
export function generatePark(scenario: Scenario, base?: ParkDescription): GeneratedPark {
  const { generate } = scenario
  if (generate === undefined) throw new RangeError('the scenario generates no enterprises')
  const writer = new MeterWriter(scenario)
  const enterprises = generatedEnterprises(scenario)
  const main = generate.into ?? GENERATED_MAIN
  const ownMain = generate.into === undefined
  const upstream = ownMain || base?.meters.some(({ id }) => id === main) === true ? main : undefined
  const described = enterprises.map((enterprise, index) => {
    const gateway = gatewayOf(index, generate)
    const at = (id: string): string => `${enterprise.id}-${id}`
    return {
      id: enterprise.id,
      name: enterprise.name,
      meters: [writer.meter(at(enterprise.supply.id), enterprise.supply, gateway, upstream)],
      processes: enterprise.processes.map(({ id, name, meters }) => ({
        id: at(id),
        name,
        meters: meters.map((meter) =>
          writer.meter(at(meter.id), meter, gateway, upstreamOf(enterprise, meter)),
        ),
      })),
    }
  })
  const gatewayIds = [...new Set(enterprises.map((_, index) => gatewayOf(index, generate)))]
  const buses = enterprises.map((enterprise, index) => ({
    gateway: gatewayOf(index, generate),
    bus: busOf(enterprise, index, generate),
  }))
  if (ownMain) {
    buses.unshift({
      gateway: gatewayOf(0, generate),
      bus: {
        id: 'park',
        transport: { kind: 'tcp', host: generate.host, port: generate.firstPort + enterprises.length },
        meters: [
          {
            meter: main,
            unit: 1,
            profile: 'acrel-adl400',
            everySeconds: generate.everySeconds,
            simulated: true,
          },
        ],
      },
    })
  }
  const mainDraft = {
    name: { zh: '园区总进线', en: 'Park incoming' },
    use: 'supply',
    role: 'boundary',
  } as const
  const park = parkDescription.parse({
    id: scenario.park,
    name: base?.name ?? { zh: '生成园区', en: 'Generated park' },
    ...(base === undefined ? {} : { timeZone: base.timeZone }),
    gateways: [
      ...(base?.gateways ?? []),
      ...gatewayIds.map((id) => {
        const number = id.slice('gateway-'.length)
        return { id, name: { zh: `${number} 号网关`, en: `Gateway ${number}` } }
      }),
    ],
    meters: [
      ...(base?.meters ?? []),
      ...(ownMain ? [writer.meter(main, mainDraft, gatewayOf(0, generate), undefined)] : []),
    ],
    enterprises: [...(base?.enterprises ?? []), ...described],
  })
  const gateways = gatewayIds.map((gateway) =>
    gatewayFile.parse({
      gateway,
      park: scenario.park,
      uplink: { url: generate.uplink },
      buses: buses.filter((each) => each.gateway === gateway).map(({ bus }) => bus),
    }),
  )
  return { park, gateways }
}
