import { Fault } from '#contract/fault.ts'
import type { QuantityName } from '#contract/quantities.ts'
import type { RegisterMap } from '#firmware-config/profile.ts'
import { plan, type ReadRequest } from '../plan.ts'

/** The requests that read a meter once: all of its profile, or some quantities. Throws `file-invalid`. */
export function requestsOf(map: RegisterMap, quantities?: readonly QuantityName[]): ReadRequest[] {
  const missing = (quantities ?? []).filter((name) =>
    map.registers.every(({ quantity }) => quantity !== name),
  )
  if (missing.length > 0) {
    throw new Fault('file-invalid', `The profile ${map.id} has no ${missing.join(', ')}.`)
  }
  const registers = map.registers.filter(({ quantity }) => quantities?.includes(quantity) ?? true)
  return plan(registers, map.limits)
}
