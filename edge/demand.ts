import type { BusDescription, MeterLine } from '#firmware-config/gateway.ts'
import type { MappedRegister, RegisterMap } from '#firmware-config/profile.ts'
import { exchangeBytes, exchangeUs, lineCost, type LineCost } from './line-cost.ts'
import { plan, type ReadRequest } from './plan.ts'
import { tasksOf, type ReadingTask } from './tasks.ts'

/** One request of a plan with what it costs. */
export interface CostedRequest extends ReadRequest {
  readonly bytes: number
  readonly us: number
}

/** What is asked of a meter when a set of its tasks falls due together. */
export interface Coincidence {
  /** Intervals of the tasks, shortest first. */
  readonly everyMs: readonly number[]
  /** How often exactly these tasks fall due, per second. */
  readonly perSecond: number
  readonly requests: readonly CostedRequest[]
}

export interface MeterDemand {
  readonly meter: string
  readonly unit: number
  readonly coincidences: readonly Coincidence[]
  /** Part of the line's time that this meter takes, 1 for all of it. */
  readonly share: number
  /** Time that one poll of everything takes from this meter, its pauses included. */
  readonly cycleUs: number
}

export interface BusDemand {
  readonly bus: string
  readonly meters: readonly MeterDemand[]
  readonly share: number
  readonly requests: number
  readonly bytes: number
  /** The least time in which everything on the bus can be read once by the best plan. */
  readonly cycleUs: number
  /** Time of the longest single exchange. */
  readonly longestUs: number
}

const sum = (values: readonly number[]): number => values.reduce((all, each) => all + each, 0)

const leastCommonMultiple = (a: number, b: number): number => {
  let [big, small] = [a, b]
  while (small > 0) [big, small] = [small, big % small]
  return (a / big) * b
}

/** Moments per second at which all of these intervals have a slot, whatever else has. */
const together = (everyMs: readonly number[]): number => 1_000 / everyMs.reduce(leastCommonMultiple, 1)

/** Every selection of tasks but the empty one. A meter has few: those of its rates, and the quarter hours. */
function selections<T>(of: readonly T[]): T[][] {
  return of.reduce<T[][]>((all, each) => [...all, ...all.map((some) => [...some, each])], [[]]).slice(1)
}

/**
 * The sets of tasks that fall due at the same moment and nothing else with them, and how often: by inclusion and
 * exclusion over the slots they share (all are multiples of their interval since 1970).
 */
function coincidencesOf(tasks: readonly ReadingTask[]): { due: ReadingTask[]; perSecond: number }[] {
  const all = selections(tasks)
  const found = all.map((due) => {
    const wider = all.filter((other) => due.every((task) => other.includes(task)))
    const counted = wider.map(
      (other) => together(other.map(({ everyMs }) => everyMs)) * (-1) ** (other.length - due.length),
    )
    return { due, perSecond: sum(counted) }
  })
  // What remains of sums that cancel each other is not a coincidence.
  return found.filter(({ perSecond }) => perSecond > 1e-9)
}

const costed = (request: ReadRequest, cost: LineCost): CostedRequest => ({
  ...request,
  bytes: exchangeBytes(cost, request.quantity),
  us: exchangeUs(cost, request.quantity),
})

function meterDemand(line: MeterLine, map: RegisterMap, cost: LineCost): MeterDemand {
  const tasks = tasksOf(line, map)
  const planned = (of: readonly ReadingTask[]): CostedRequest[] => {
    const registers = new Set<MappedRegister>(of.flatMap((task) => task.registers))
    return plan([...registers], map.limits, cost).map((request) => costed(request, cost))
  }
  const coincidences = coincidencesOf(tasks).map(({ due, perSecond }) => ({
    everyMs: [...new Set(due.map(({ everyMs }) => everyMs))].toSorted((a, b) => a - b),
    perSecond,
    requests: planned(due),
  }))
  return {
    meter: line.meter,
    unit: line.unit,
    coincidences,
    share: sum(
      coincidences.map(({ perSecond, requests }) => (perSecond * sum(requests.map(({ us }) => us))) / 1e6),
    ),
    cycleUs: sum(planned(tasks).map(({ us }) => us + Math.ceil(cost.pauseUs))),
  }
}

/**
 * What the meters of a bus want of their line by the best plan. `cycleUs` is the theoretical minimum that a benchmark
 * compares with: the line is never idle but for silences, unless one meter with its own pauses takes longer than that.
 *
 * Throws `file-invalid` for quantities that a profile does not have or that cannot be read.
 */
export function busDemand(
  description: BusDescription,
  profileOf: (line: MeterLine) => RegisterMap,
): BusDemand {
  const everything: CostedRequest[] = []
  const meters = description.meters.map((line) => {
    const map = profileOf(line)
    const cost = lineCost(description.transport, map.limits)
    const registers = new Set<MappedRegister>(tasksOf(line, map).flatMap((task) => task.registers))
    everything.push(...plan([...registers], map.limits, cost).map((request) => costed(request, cost)))
    return meterDemand(line, map, cost)
  })
  return {
    bus: description.id,
    meters,
    share: sum(meters.map(({ share }) => share)),
    requests: everything.length,
    bytes: sum(everything.map(({ bytes }) => bytes)),
    cycleUs: Math.max(sum(everything.map(({ us }) => us)), ...meters.map(({ cycleUs }) => cycleUs)),
    longestUs: Math.max(...everything.map(({ us }) => us)),
  }
}
