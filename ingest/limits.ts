import { resolution as resolutionSchema } from '#contract/amount.ts'
import type { Meter, Sensor } from '#contract/park.ts'
import { powerMax, registerLimit } from './sample.ts'

/** What of a meter and of the contract the quick looks at samples ask for again and again, made once. */

/** Resolutions that were seen and are right: a park has a handful; hostile ones must not fill memory. */
const knownResolutions = new Set<string>()
const RESOLUTIONS_MAX = 1_000

/** True for a resolution of the contract. */
export function isResolution(text: string): boolean {
  if (knownResolutions.has(text)) return true
  if (knownResolutions.size >= RESOLUTIONS_MAX || !resolutionSchema.safeParse(text).success) return false
  knownResolutions.add(text)
  return true
}

/** What a meter's readings are held against. */
export interface Limits {
  readonly powerMax: number | undefined
  readonly register: ReturnType<typeof registerLimit>
}
const known = new WeakMap<Meter, Limits>()
/** A sensor has neither a rating nor a register that starts again. */
const NO_LIMITS: Limits = { powerMax: undefined, register: undefined }

/** The limits of a meter, made once. */
export function limitsOf(meter: Meter | Sensor): Limits {
  if (!('register' in meter)) return NO_LIMITS
  const before = known.get(meter)
  if (before !== undefined) return before
  const made = { powerMax: powerMax(meter), register: registerLimit(meter) }
  known.set(meter, made)
  return made
}
