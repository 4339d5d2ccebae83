import { Fault } from '#contract/fault.ts'
import type { MappedRegister, ReadFunction, RegisterMap } from '#firmware-config/profile.ts'

/** One request on the line, and the values that its answer holds. */
export interface ReadRequest {
  readonly function: ReadFunction
  /** First register, as on the wire. */
  readonly address: number
  /** Number of registers. */
  readonly quantity: number
  readonly registers: readonly MappedRegister[]
}

export type PlanLimits = Pick<RegisterMap['limits'], 'registersPerRequest' | 'bridgeGaps' | 'forbidden'>

const endOf = (register: MappedRegister): number => register.address + register.words

/** True when a register of [from, to) is in one of the ranges. */
function touches(ranges: PlanLimits['forbidden'], from: number, to: number): boolean {
  return ranges.some(([first, last]) => first < to && from <= last)
}

function requestOf(registers: readonly [MappedRegister, ...MappedRegister[]]): ReadRequest {
  const [first] = registers
  return {
    function: first.function,
    address: first.address,
    quantity: Math.max(...registers.map(endOf)) - first.address,
    registers,
  }
}

/**
 * The requests that read all registers: every value is whole in exactly one request, every request starts and ends
 * on a value, is no longer than the meter allows, reads over no wider gap than `bridgeGaps`, and touches no forbidden
 * register. Two quantities may share registers.
 *
 * Throws `file-invalid` for a value that is itself forbidden or longer than a request.
 */
export function plan(registers: readonly MappedRegister[], limits: PlanLimits): ReadRequest[] {
  const sorted = registers.toSorted(
    (a, b) => a.function - b.function || a.address - b.address || a.words - b.words,
  )
  const requests: ReadRequest[] = []
  let open: [MappedRegister, ...MappedRegister[]] | undefined
  let openEnd = 0
  for (const register of sorted) {
    const end = endOf(register)
    if (register.words > limits.registersPerRequest || touches(limits.forbidden, register.address, end)) {
      throw new Fault(
        'file-invalid',
        `${register.quantity} at ${register.address} cannot be read within the limits of its profile.`,
        { place: { path: `registers.${register.quantity}` } },
      )
    }
    const start = open?.[0].address ?? 0
    const joins =
      open !== undefined &&
      open[0].function === register.function &&
      register.address - openEnd <= limits.bridgeGaps &&
      Math.max(openEnd, end) - start <= limits.registersPerRequest &&
      !touches(limits.forbidden, start, Math.max(openEnd, end))
    if (open !== undefined && joins) {
      open.push(register)
      openEnd = Math.max(openEnd, end)
      continue
    }
    if (open !== undefined) requests.push(requestOf(open))
    open = [register]
    openEnd = end
  }
  if (open !== undefined) requests.push(requestOf(open))
  return requests
}
