import { compare, resolution as resolutionSchema, type Amount } from '#contract/amount.ts'
import {
  usableQuality,
  badCause,
  type BadCause,
  type Reading,
  type UsableQuality,
} from '#contract/reading.ts'
import { measuringPoint, type Meter, type Sensor } from '#contract/park.ts'
import { quantities, type QuantityName } from '#contract/quantities.ts'
import { PARTS_MAX, powerMax, registerLimit, type SampleRules } from './sample.ts'

/**
 * The common sample, looked at without building anything but its readings. Whatever is unusual is left to
 * ingest/sample.ts, whose schema is the contract: a test holds that both agree wherever this one answers.
 */

const byName = new Map<unknown, { readonly name: QuantityName; readonly isCumulative: boolean }>(
  quantities.map(({ name, kind }) => [name, { name, isCumulative: kind === 'cumulative' }]),
)
const qualities = new Map<unknown, UsableQuality>(usableQuality.options.map((quality) => [quality, quality]))
const causes = new Map<unknown, BadCause>(badCause.options.map((cause) => [cause, cause]))

/** Resolutions that were seen and are right: a park has a handful; hostile ones must not fill memory. */
const knownResolutions = new Set<string>()
const RESOLUTIONS_MAX = 1_000

function isResolution(text: string): boolean {
  if (knownResolutions.has(text)) return true
  if (knownResolutions.size >= RESOLUTIONS_MAX || !resolutionSchema.safeParse(text).success) return false
  knownResolutions.add(text)
  return true
}

interface Limits {
  readonly powerMax: number | undefined
  readonly register: ReturnType<typeof registerLimit>
}
const limitsOf = new WeakMap<Meter, Limits>()
/** A sensor has neither a rating nor a register that starts again. */
const NO_LIMITS: Limits = { powerMax: undefined, register: undefined }

function limits(meter: Meter | Sensor): Limits {
  if (!('register' in meter)) return NO_LIMITS
  const known = limitsOf.get(meter)
  if (known !== undefined) return known
  const made = { powerMax: powerMax(meter), register: registerLimit(meter) }
  limitsOf.set(meter, made)
  return made
}

type Parts = { readonly [key: string]: unknown }

const isParts = (value: unknown): value is Parts =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A register's value that needs no further look; undefined for any other. */
function registerValue(value: unknown, quantity: QuantityName, { register }: Limits) {
  if (!Array.isArray(value) || value.length !== 2) return undefined
  const parts: readonly unknown[] = value
  const [count, resolution] = parts
  if (typeof count !== 'number' || !Number.isSafeInteger(count) || count < 0) return undefined
  if (typeof resolution !== 'string' || !isResolution(resolution)) return undefined
  const amount = { count, resolution }
  const isLimited = register !== undefined && register.quantities.includes(quantity)
  return isLimited && !isBelow(amount, register.below) ? undefined : amount
}

function isBelow(amount: Amount, limit: Amount): boolean {
  return amount.resolution === limit.resolution ? amount.count < limit.count : compare(amount, limit) < 0
}

/**
 * Appends the readings of a sample of the common shape to `readings`. False, and nothing appended, for any other, which
 * may be right or wrong.
 */
export function fastSample(sample: unknown, rules: SampleRules, readings: Reading[]): boolean {
  if (!isParts(sample)) return false
  const { meter: id, atMs, quality: qualityName, values, bad } = sample
  const keys = Object.keys(sample).length
  if (keys !== ('bad' in sample ? 5 : 4) || ('bad' in sample && !isParts(bad))) return false
  if (typeof id !== 'string' || typeof atMs !== 'number' || !Number.isSafeInteger(atMs)) return false
  const meter = measuringPoint(rules.park, id)
  if (meter === undefined || meter.gateway !== rules.gateway) return false
  if (atMs < 0 || atMs > rules.latestMs || atMs < meter.installedMs) return false
  const quality = qualities.get(qualityName)
  if (quality === undefined || !isParts(values)) return false
  const limit = limits(meter)
  const before = readings.length
  const names = Object.keys(values)
  if (names.length > PARTS_MAX) return false
  // Beside their names: looked up by name each costs more than all the rest.
  const all: readonly unknown[] = Object.values(values)
  for (let place = 0; place < names.length; place += 1) {
    const name = names[place]
    const quantity = byName.get(name)
    const given = all[place]
    let value: number | ReturnType<typeof registerValue>
    if (quantity === undefined) value = undefined
    else if (quantity.isCumulative) value = registerValue(given, quantity.name, limit)
    else value = typeof given === 'number' && Number.isFinite(given) ? given : undefined
    const isBeyond =
      typeof value === 'number' &&
      'power' in meter &&
      meter.power === name &&
      limit.powerMax !== undefined &&
      Math.abs(value) > limit.powerMax
    if (quantity === undefined || value === undefined || isBeyond) {
      readings.length = before
      return false
    }
    readings.push({ meter: id, quantity: quantity.name, atMs, quality, value })
  }
  if (!isParts(bad)) return true
  for (const name of Object.keys(bad)) {
    const quantity = byName.get(name)
    const cause = causes.get(bad[name])
    if (quantity === undefined || cause === undefined) {
      readings.length = before
      return false
    }
    readings.push({ meter: id, quantity: quantity.name, atMs, quality: 'bad', cause })
  }
  return true
}
