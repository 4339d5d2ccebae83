import { compare } from '#contract/amount.ts'
import {
  usableQuality,
  badCause,
  type BadCause,
  type Reading,
  type UsableQuality,
} from '#contract/reading.ts'
import { measuringPoint } from '#contract/park.ts'
import { quantities, type QuantityName } from '#contract/quantities.ts'
import { isResolution, limitsOf, type Limits } from './limits.ts'
import { PARTS_MAX, type SampleRules } from './sample.ts'

/**
 * The common sample, looked at without building anything but its readings. Whatever is unusual is left to
 * ingest/sample.ts, whose schema is the contract: a test holds that both agree wherever this one answers.
 */

const byName = new Map<unknown, { readonly name: QuantityName; readonly isCumulative: boolean }>(
  quantities.map(({ name, kind }) => [name, { name, isCumulative: kind === 'cumulative' }]),
)
const qualities = new Map<unknown, UsableQuality>(usableQuality.options.map((quality) => [quality, quality]))
const causes = new Map<unknown, BadCause>(badCause.options.map((cause) => [cause, cause]))

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
  return isLimited && compare(amount, register.below) >= 0 ? undefined : amount
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
  const limit = limitsOf(meter)
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
