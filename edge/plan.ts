import { Fault } from '#contract/fault.ts'
import type { MappedRegister, ReadFunction, RegisterMap } from '#firmware-config/profile.ts'
import { exchangeUs, lineCost, type LineCost } from './line-cost.ts'

/** One request on the line, and the values that its answer holds. */
export interface ReadRequest {
  readonly function: ReadFunction
  /** First register, as on the wire. */
  readonly address: number
  /** Number of registers. */
  readonly quantity: number
  readonly registers: readonly MappedRegister[]
}

/** What a meter allows in one request. */
export interface PlanLimits extends Pick<
  RegisterMap['limits'],
  'registersPerRequest' | 'bridgeGaps' | 'forbidden'
> {
  /** Addresses before which a request must end or at which it must begin. */
  readonly cuts?: readonly { readonly function: ReadFunction; readonly address: number }[]
}

/** Where nothing is known of the line: a meter on the network. */
const SOME_NETWORK: LineCost = lineCost({ kind: 'tcp', host: '-', port: 502 }, { pauseMs: 0 })

/** First address behind a register. */
export const endOf = (register: MappedRegister): number => register.address + register.words

/** The order in which requests are made of values: by function, then by address. */
export const byPlace = (a: MappedRegister, b: MappedRegister): number =>
  a.function - b.function || a.address - b.address || a.words - b.words

/** The request that reads these values, sorted `byPlace` and of one function. */
export function requestOf(registers: readonly [MappedRegister, ...MappedRegister[]]): ReadRequest {
  const [first] = registers
  return {
    function: first.function,
    address: first.address,
    quantity: Math.max(...registers.map(endOf)) - first.address,
    registers,
  }
}

/** True when a request for [from, to) is within the limits, but for its gaps. */
function allowed(code: ReadFunction, from: number, to: number, limits: PlanLimits): boolean {
  return (
    to - from <= limits.registersPerRequest &&
    limits.forbidden.every(([first, last]) => to <= first || last < from) &&
    (limits.cuts ?? []).every((cut) => cut.function !== code || cut.address <= from || to <= cut.address)
  )
}

/** The cheapest way found to read all values from one on: how long, in how many requests, and where the first ends. */
interface Way {
  readonly us: number
  readonly requests: number
  readonly next: number
}

/** Time that a request takes from the meter: the line's, and the pause before it can be asked again. */
const requestUs = (cost: LineCost, quantity: number): number =>
  exchangeUs(cost, quantity) + Math.ceil(cost.pauseUs)

/**
 * The requests that read all registers in the least time: every value is whole in exactly one request, every request
 * starts and ends on a value, is no longer than the meter allows, reads over no wider gap than `bridgeGaps`, touches no
 * forbidden register and crosses no cut. Two quantities may share registers. Of ways that take the same time, one with
 * the fewest requests.
 *
 * It is enough to look at runs of values in the order of their addresses (dynamic programming over where the first
 * request ends): in any set of requests, one that lies within another can be left out; the others then begin and end in
 * the same order, and each value can move to the last one that begins at or before it. That shortens requests or leaves
 * them alone, and opens no gap. plan.test.ts compares with every partition there is.
 *
 * Throws `file-invalid` for a value that is itself forbidden, cut or longer than a request.
 */
export function plan(
  registers: readonly MappedRegister[],
  limits: PlanLimits,
  cost: LineCost = SOME_NETWORK,
): ReadRequest[] {
  const sorted = registers.toSorted(byPlace)
  const ways: Way[] = Array.from({ length: sorted.length + 1 })
  ways[sorted.length] = { us: 0, requests: 0, next: sorted.length }
  for (let index = sorted.length - 1; index >= 0; index -= 1) {
    ways[index] = cheapestFrom(sorted, index, ways, limits, cost)
  }
  const requests: ReadRequest[] = []
  for (let index = 0; index < sorted.length;) {
    const next = ways[index]?.next ?? sorted.length
    const [first, ...others] = sorted.slice(index, next)
    if (first !== undefined) requests.push(requestOf([first, ...others]))
    index = next
  }
  return requests
}

function cheapestFrom(
  sorted: readonly MappedRegister[],
  index: number,
  ways: readonly Way[],
  limits: PlanLimits,
  cost: LineCost,
): Way {
  let best: Way | undefined
  const first = sorted[index]
  let end = first?.address ?? 0
  for (let next = index; next < sorted.length; next += 1) {
    const register = sorted[next]
    if (register === undefined || first === undefined || register.function !== first.function) break
    if (register.address - end > limits.bridgeGaps) break
    end = Math.max(end, endOf(register))
    // What is not allowed now is not allowed with more values either.
    if (!allowed(first.function, first.address, end, limits)) break
    const rest = ways[next + 1]
    if (rest === undefined) break
    const us = requestUs(cost, end - first.address) + rest.us
    const requests = 1 + rest.requests
    if (best === undefined || us < best.us || (us === best.us && requests < best.requests)) {
      best = { us, requests, next: next + 1 }
    }
  }
  if (best !== undefined) return best
  throw new Fault(
    'file-invalid',
    `${first?.quantity} at ${first?.address} cannot be read within the limits of its profile.`,
    { place: { path: `registers.${first?.quantity}` } },
  )
}
