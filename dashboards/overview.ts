import { toDecimal, toNumber } from '#contract/amount.ts'
import type { Carrier } from '#contract/carriers.ts'
import type { Meter, Park } from '#contract/park.ts'
import { quantityOf } from '#contract/quantities.ts'
import type { Reading, UsableReading } from '#contract/reading.ts'
import type {
  EnergyLine,
  Flow,
  LiveGateway,
  LiveMeter,
  LiveValue,
  Overview,
  PowerLine,
} from './api/shapes.ts'
import type { Board } from './board.ts'
import { energyOfMeters, energyTotalOf, type SlotEnergy } from './energy.ts'

/** What the overview is made of. */
export interface OverviewSources {
  readonly park: Park
  readonly board: Board
  /** Today's energy of a meter. */
  readonly energyOf: (meter: Meter) => SlotEnergy
  /** True when the whole system runs on a simulator. */
  readonly simulated: boolean
}

/** YYYY-MM-DD of an instant in the park's zone. */
export function dayText(atMs: number, timeZone: string): string {
  return Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone).toPlainDate().toString()
}

/** How a meter counts in the totals of its enterprise or park; undefined for one that is never added up. */
export function flowOf(meter: Meter): Flow | undefined {
  if (meter.role === 'production') return 'produced'
  if (meter.role !== 'boundary') return undefined
  return meter.register.startsWith('activeEnergyExport.') ? 'out' : 'in'
}

/**
 * The meters of one flow whose sum is a scope's total. The park's is the sum of its enterprises; the park's own
 * boundary meters stand for a carrier only where no enterprise has one, because they measure the same flow again.
 */
export function metersOfTotal(
  park: Park,
  enterprise: string | undefined,
  carrier: Carrier,
  flow: Flow,
): Meter[] {
  const all = [...park.meters.values()].filter((meter) => meter.carrier === carrier && flowOf(meter) === flow)
  if (enterprise !== undefined) return all.filter((meter) => meter.enterprise === enterprise)
  const ofEnterprises = all.filter((meter) => meter.enterprise !== undefined)
  return flow === 'produced' || ofEnterprises.length === 0 ? all : ofEnterprises
}

/** The park (undefined) and its enterprises. */
export function scopesOf(park: Park): (string | undefined)[] {
  return [undefined, ...park.description.enterprises.map((enterprise) => enterprise.id)]
}

/** A usable reading as a number and, for a register, its exact text. */
export function valueOf(reading: UsableReading): { value: number; exact: string | null } {
  return typeof reading.value === 'number'
    ? { value: reading.value, exact: null }
    : { value: toNumber(reading.value), exact: toDecimal(reading.value) }
}

/** Where the gateway's clock is ahead of the server's, a reading is as young as can be. */
export function ageOf(reading: Reading, nowMs: number): number {
  return Math.max(0, nowMs - reading.atMs)
}

/**
 * A power in the direction that its meter's register counts: a meter of exported energy shows a negative active power
 * while it delivers (IEC 62053-23), and what it delivers is what is shown of it and added up. Its readings stay as read.
 */
export function countedPower({ register }: Meter, value: number): number {
  return register.startsWith('activeEnergyExport.') && value !== 0 ? -value : value
}

export function liveMeterOf({ board, energyOf }: OverviewSources, meter: Meter, nowMs: number): LiveMeter {
  const { presence, limitMs, power, register } = board.meter(meter, nowMs)
  const newest = new Map(board.readings(meter.id).map((reading) => [reading.quantity, reading]))
  const live = (reading: UsableReading | undefined): LiveValue | null => {
    if (reading === undefined) return null
    const ageMs = ageOf(reading, nowMs)
    return {
      ...valueOf(reading),
      unit: quantityOf(reading.quantity).unit,
      quality: reading.quality,
      atMs: reading.atMs,
      ageMs,
      fresh:
        presence.state !== 'gateway-silent' &&
        ageMs <= limitMs &&
        newest.get(reading.quantity)?.quality !== 'bad',
    }
  }
  const counted = live(power)
  return {
    meter: meter.id,
    state: presence.state,
    cause: presence.state === 'failing' ? presence.cause : null,
    limitMs,
    power: counted === null ? null : { ...counted, value: countedPower(meter, counted.value) },
    register: live(register),
    today: energyTotalOf(energyOf(meter)),
  }
}

/** True for a meter whose power can be added to that of others. */
export function hasPower({ power }: Meter): boolean {
  return power !== undefined && quantityOf(power).unit === 'kW'
}

function powerLines(park: Park, live: ReadonlyMap<string, LiveMeter>): PowerLine[] {
  const flows = ['in', 'produced'] as const
  return scopesOf(park).flatMap((enterprise) =>
    flows.flatMap((flow) => {
      const meters = metersOfTotal(park, enterprise, 'electricity', flow).filter(hasPower)
      if (meters.length === 0) return []
      const values = meters.flatMap((meter) => {
        const power = live.get(meter.id)?.power
        return power?.fresh === true ? [power.value] : []
      })
      return {
        enterprise: enterprise ?? null,
        flow,
        value: values.length === 0 ? null : values.reduce((total, value) => total + value, 0),
        unit: 'kW' as const,
        counted: values.length,
        expected: meters.length,
      }
    }),
  )
}

function energyLines({ park, energyOf }: OverviewSources): EnergyLine[] {
  const flows = ['in', 'out', 'produced'] as const
  const carriers = [...new Set([...park.meters.values()].map((meter) => meter.carrier))]
  return scopesOf(park).flatMap((enterprise) =>
    carriers.flatMap((carrier) =>
      flows.flatMap((flow) => {
        const meters = metersOfTotal(park, enterprise, carrier, flow)
        // Steam may be counted in tonnes here and in GJ there: what has no common unit is not added.
        const units = [...new Set(meters.map((meter) => quantityOf(meter.register).unit))]
        return units.map((unit) => {
          const counted = meters.filter((meter) => quantityOf(meter.register).unit === unit)
          const energy = energyTotalOf(energyOfMeters(unit, counted.map(energyOf)))
          return { ...energy, enterprise: enterprise ?? null, carrier, flow }
        })
      }),
    ),
  )
}

function gatewayLines(
  { park, board }: OverviewSources,
  live: readonly LiveMeter[],
  nowMs: number,
): LiveGateway[] {
  return park.description.gateways.map(({ id }) => {
    const { presence, heardMs, waitingRows } = board.gateway(id, nowMs)
    const own = live.filter(({ meter }) => park.meters.get(meter)?.gateway === id)
    return {
      gateway: id,
      state: presence.state,
      why: presence.state === 'silent' ? presence.why : null,
      heardMs: heardMs ?? null,
      ageMs: heardMs === undefined ? null : Math.max(0, nowMs - heardMs),
      waitingRows: waitingRows ?? null,
      metersOk: own.filter(({ state }) => state === 'ok').length,
      meters: own.length,
    }
  })
}

/** The whole park at a moment: power, energy of the day, gateways and meters, each with what is not known of it. */
export function overviewAt(sources: OverviewSources, nowMs: number): Overview {
  const { park, simulated } = sources
  const meters = [...park.meters.values()].map((meter) => liveMeterOf(sources, meter, nowMs))
  return {
    nowMs,
    simulated:
      simulated ||
      meters.some(
        ({ power, register }) => power?.quality === 'simulated' || register?.quality === 'simulated',
      ),
    day: dayText(nowMs, park.description.timeZone),
    power: powerLines(park, new Map(meters.map((live) => [live.meter, live]))),
    energy: energyLines(sources),
    gateways: gatewayLines(sources, meters, nowMs),
    meters,
  }
}
