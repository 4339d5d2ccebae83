import { resolution } from '#contract/amount.ts'
import { Fault } from '#contract/fault.ts'
import { identifier } from '#contract/identity.ts'
import { isQuantityName } from '#contract/quantities.ts'
import { badCauses, valueFits, type Reading } from '#contract/reading.ts'
import { strengthOf } from './quality-order.ts'

/**
 * What every reading store takes and refuses alike, so that which server stands behind it makes no difference.
 */

/** Last whole millisecond that fits the 64-bit nanoseconds of InfluxDB's time axis, in April 2262. */
export const LAST_STORABLE_MS = 9_223_372_036_853

/** Bound of the memory for names that were found valid: far above the meters of any park. */
const REMEMBERED_MAX = 100_000

/** Remembers which texts passed, because a batch repeats the same few names thousands of times. */
function remembering(passes: (text: string) => boolean): (text: string) => boolean {
  const passed = new Set<string>()
  return (text) => {
    if (passed.has(text)) return true
    if (!passes(text)) return false
    if (passed.size >= REMEMBERED_MAX) passed.clear()
    passed.add(text)
    return true
  }
}

/** True for an identifier of contract/identity.ts: the only names that ever stand in a query. */
export const isIdentifier = remembering((text) => identifier.safeParse(text).success)
/** True for a resolution of contract/amount.ts. */
export const isResolution = remembering((text) => resolution.safeParse(text).success)

function faultOfValue(value: number | { count: number; resolution: string }): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : `${value} is not a number`
  if (!Number.isSafeInteger(value.count)) return `a count of ${value.count} is not exact`
  return isResolution(value.resolution) ? undefined : `"${value.resolution}" is not a resolution`
}

function reasonAgainst(reading: Reading): string | undefined {
  if (!isIdentifier(reading.meter)) return `"${reading.meter}" is not an identifier`
  if (!isQuantityName(reading.quantity)) return `"${String(reading.quantity)}" is not a quantity`
  // epochMs, without its schema's overhead for each of millions.
  if (!Number.isSafeInteger(reading.atMs) || reading.atMs < 0 || reading.atMs > LAST_STORABLE_MS) {
    return `${reading.atMs} is not a storable time`
  }
  if (strengthOf(reading.quality) < 0) return `"${reading.quality}" is not a quality`
  if (reading.quality === 'bad') {
    return reading.cause in badCauses ? undefined : `"${reading.cause}" is not a cause`
  }
  return (
    faultOfValue(reading.value) ??
    (valueFits(reading.quantity, reading.value)
      ? undefined
      : 'the kind of its value does not fit its quantity')
  )
}

/** The fault of a reading that no store may take; `undefined` for a sound one. */
export function refusalOf(reading: Reading): Fault | undefined {
  const reason = reasonAgainst(reading)
  return reason === undefined
    ? undefined
    : new Fault('store-refused', `The reading was not stored: ${reason}.`, {
        place: { path: `${reading.meter} ${reading.quantity} ${reading.atMs}` },
      })
}

/** One reading per moment, in order of time: the stronger quality where servers keep several. */
export function onePerMoment<T extends Reading>(readings: readonly T[]): T[] {
  const byMoment = new Map<number, T>()
  for (const reading of readings) {
    const other = byMoment.get(reading.atMs)
    if (other === undefined || strengthOf(reading.quality) > strengthOf(other.quality)) {
      byMoment.set(reading.atMs, reading)
    }
  }
  return [...byMoment.values()].sort((a, b) => a.atMs - b.atMs)
}
