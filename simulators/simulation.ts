import { setImmediate as turn } from 'node:timers/promises'
import type { Clock } from '#contract/clock.ts'
import { DAY_MS } from '#contract/duration.ts'
import { Fault } from '#contract/fault.ts'
import type { Park } from '#contract/park.ts'
import type { QuantityName } from '#contract/quantities.ts'
import type { GatewayFile, MeterLine } from '#firmware-config/gateway.ts'
import { loadProfile, type RegisterMap, type TransformerRatios } from '#firmware-config/profile.ts'
import { BusMeter } from './bus-meter.ts'
import { controlOf, type Control } from './control.ts'
import type { DaySums } from './day-sums.ts'
import { environmentValue } from './environment.ts'
import { FaultBoard } from './fault-board.ts'
import { openFaultLog, type FaultEntry } from './fault-entry.ts'
import { noBehaviour, type Behaviour, type FaultSubjects } from './fault-schedule.ts'
import { turnaroundOf } from './manners.ts'
import type { Served, SimulationLog } from './meter-bus.ts'
import { meterValues, type ValueOf } from './meter-values.ts'
import type { LineExchange } from './paced-line.ts'
import { makePlant, type Plant } from './plant.ts'
import { plantTime, type Scenario } from './scenario.ts'
import { hasLine, serveBus, type ServedBus } from './served-bus.ts'
import { isTariffName } from './tariff-registers.ts'
import { truthOf } from './truth-energy.ts'
import { openServedLog } from './truth.ts'

/** The composition of this room: a plant, and meters that answer on every bus of the gateways. */

export interface SimulationOptions {
  readonly scenario: Scenario
  /** What a plant of the scenario has summed up before. */
  readonly daySums?: DaySums
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
  /** Serial devices instead of those of the gateway files, by `busKey`. */
  readonly devices?: ReadonlyMap<string, string>
  /** Folder in which every serial line is made of pseudo-terminals instead. */
  readonly ptyFolder?: string
  /** Response times and scheduled faults. */
  readonly behaviour?: Behaviour
  /** File that every reply is appended to. */
  readonly servedLog?: string
  /** File that every fault's begin and end is appended to. */
  readonly faultLog?: string
  /** Told of each exchange on a serial line, when it is over. */
  readonly onExchange?: (bus: string, exchange: LineExchange) => void
}

export interface Simulation {
  readonly plant: Plant
  /** The port that each bus over TCP listens on, by `busKey`. */
  readonly ports: ReadonlyMap<string, number>
  /** The device that a gateway opens for each serial line, by `busKey`. */
  readonly paths: ReadonlyMap<string, string>
  /** Faults on command, and what there is to see. */
  readonly control: Control
  /**
   * Calls for each fault that begins, happens or ends. A `power-cut` drops and refuses the connections of its gateway
   * by itself; the power of the gateway's own process is for the listener to cut.
   */
  onFault(listener: (entry: FaultEntry) => void): () => void
  /**
   * Sums up the days since the registers' start and asks every meter for all that it shows, once, because not every
   * client would wait for that. Requests are answered in between; `progress` is told how much is done, 0 to 1. Ends early,
   * without an error, when `signal` is aborted.
   */
  sumUp(options?: { progress?: (share: number) => void; signal?: AbortSignal }): Promise<void>
  /** Closes all ports, devices and logs. Twice is once. */
  stop(): Promise<void>
}

/** Names a bus among those of all gateways. */
export function busKey(gateway: string, bus: string): string {
  return `${gateway}/${bus}`
}

/** What faults of a file can befall in a simulation of these gateways. */
export function faultSubjects(
  gateways: readonly GatewayFile[],
  profile: SimulationOptions['profile'] = loadProfile,
): FaultSubjects {
  const mapOf = mapLibrary(profile)
  return {
    meters: new Map(
      gateways.flatMap(({ buses }) =>
        buses.flatMap(({ meters }) => meters.map((line) => [line.meter, mapOf(line)] as const)),
      ),
    ),
    buses: new Set(gateways.flatMap(({ gateway, buses }) => buses.map(({ id }) => busKey(gateway, id)))),
    gateways: new Set(gateways.map(({ gateway }) => gateway)),
  }
}

/** Register maps, one for all meters of a profile with the same ratios. */
function mapLibrary(load: NonNullable<SimulationOptions['profile']>): (line: MeterLine) => RegisterMap {
  const known = new Map<string, RegisterMap>()
  return ({ profile, ratios }) => {
    const key = `${profile} ${ratios.current} ${ratios.voltage}`
    const map = known.get(key) ?? load(profile, ratios)
    known.set(key, map)
    return map
  }
}

/** Some milliseconds of work for a register that is summed up day by day. */
const SUMMED_AT_A_TIME_MS = 20 * DAY_MS

/** When a register is asked for while all are summed up: the last of these is now. */
function* askedAt(quantity: QuantityName, startMs: number, nowMs: number): Generator<number, void> {
  const [family, place = ''] = quantity.split('.')
  if (family === 'apparentEnergy' || isTariffName(place)) {
    for (let atMs = startMs; atMs < nowMs; atMs += SUMMED_AT_A_TIME_MS) yield atMs
  }
  yield nowMs
}

/** Faults that nobody asks after come and go with this delay at most. */
const SCHEDULE_LOOK_MS = 250

async function followSchedule(board: FaultBoard, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await clock.sleep(SCHEDULE_LOOK_MS, signal)
    } catch (error) {
      if (signal.aborted) return
      throw error
    }
    board.advance(clock.wallMs())
  }
}

/**
 * Starts the meters of a scenario. Throws `port-taken`, `folder-unusable`, `serial-device-unusable`, `program-missing`,
 * `profile-unknown` or `quantity-unknown`; then nothing is left running.
 */
export async function startSimulation(options: SimulationOptions): Promise<Simulation> {
  const { clock, log, host, scenario, behaviour = noBehaviour, onExchange } = options
  const plant = makePlant(scenario, options.park, options.daySums)
  const startMs = clock.wallMs()
  const mapOf = mapLibrary(options.profile ?? loadProfile)
  const stopping = new AbortController()
  const served = options.servedLog === undefined ? undefined : openServedLog(options.servedLog)
  const faults = options.faultLog === undefined ? undefined : openFaultLog(options.faultLog)
  const buses: ServedBus[] = []
  const stop = async (): Promise<void> => {
    stopping.abort()
    await Promise.all(buses.map((bus) => bus.stop()))
    served?.close()
    faults?.close()
  }

  const busMeter = (line: MeterLine, onSerialLine: boolean): BusMeter => {
    const { meter, unit } = line
    const map = mapOf(line)
    // At the start of the registers: nothing has to be summed up to know what the plant can show.
    const valuesAt = (atMs: number): ValueOf =>
      map.carrier === 'environment'
        ? (quantity) => environmentValue(quantity, () => plant.environmentAt(atMs))
        : meterValues(plant, meter, atMs)
    const values = valuesAt(plantTime(scenario).startMs)
    const unknown = map.registers.filter(({ quantity }) => values(quantity) === undefined)
    if (unknown.length > 0) {
      const names = unknown.map(({ quantity }) => quantity).join(', ')
      throw new Fault('quantity-unknown', `No plant has ${names}, which ${map.id} shows at "${meter}".`)
    }
    const turnaroundMs = turnaroundOf(line, behaviour.manners, onSerialLine)
    return new BusMeter({ meter, unit, map, valuesAt }, turnaroundMs, scenario.seed)
  }

  try {
    // Asked before each answer: with nothing due it is one comparison.
    let board: FaultBoard | undefined
    const onRequest = (wallMs: number): void => {
      if (board !== undefined && wallMs >= board.nextMs) board.advance(wallMs)
    }
    for (const { gateway, buses: described } of options.gateways) {
      for (const { id, transport, meters } of described) {
        const key = busKey(gateway, id)
        const [port, path] = [options.ports?.get(key), options.devices?.get(key)]
        const bus = await serveBus({
          key,
          gateway,
          transport,
          meters: meters.map((line) => busMeter(line, hasLine(transport))),
          clock,
          log,
          host,
          onRequest,
          ...(port === undefined ? {} : { port }),
          ...(path === undefined ? {} : { path }),
          ...(options.ptyFolder === undefined ? {} : { ptyFolder: options.ptyFolder }),
          ...(served === undefined ? {} : { onServed: (reply: Served) => served.record(reply) }),
          ...(onExchange === undefined ? {} : { onExchange: (each: LineExchange) => onExchange(key, each) }),
        })
        buses.push(bus)
        const where = bus.path === undefined ? { host, port: bus.port } : { path: bus.path }
        log.info({ bus: key, ...where, meters: meters.length }, 'simulated meters answer')
      }
    }
    board = new FaultBoard({ buses, schedule: behaviour.faults, seed: scenario.seed, startMs })
    board.subscribe((entry) => {
      faults?.record(entry)
      const { id, phase, kind, target } = entry
      log.info({ fault: id, kind, ...target }, `a fault ${phase}`)
    })
    board.advance(startMs)
    void followSchedule(board, clock, stopping.signal)
    return {
      plant,
      ports: new Map(buses.flatMap(({ key, port }) => (port === undefined ? [] : [[key, port]]))),
      paths: new Map(buses.flatMap(({ key, path }) => (path === undefined ? [] : [[key, path]]))),
      control: controlOf({ buses, board, truth: truthOf(scenario, options.park, plant), clock }),
      onFault: (listener) => board.subscribe(listener),
      sumUp: async ({ progress, signal = stopping.signal } = {}) => {
        for (const share of plant.summing(clock.wallMs())) {
          progress?.(share)
          await turn()
          if (signal.aborted) return
        }
        for (const { meters } of buses) {
          for (const { served } of meters) {
            for (const { quantity } of served.map.registers) {
              for (const atMs of askedAt(quantity, plantTime(scenario).startMs, clock.wallMs())) {
                served.valuesAt(atMs)(quantity)
                await turn()
                if (signal.aborted) return
              }
            }
          }
        }
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}
