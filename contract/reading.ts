import { z } from 'zod'
import { amount, type Amount } from './amount.ts'
import type { MeterId } from './identity.ts'
import { quantityOf, type QuantityName } from './quantities.ts'

/**
 * A reading: one quantity of one meter at one moment, or the fact that it could not be had.
 * Only a usable reading holds a value, so that "missing is never zero" is a type error and not a rule to remember.
 */
export type Reading = UsableReading | BadReading

/** A gateway's clock may be ahead of the server's by this much; what is further ahead would beat every newer reading. */
export const FUTURE_MS_MAX = 5 * 60_000

interface ReadingIdentity {
  readonly meter: MeterId
  readonly quantity: QuantityName
  /** UTC milliseconds at which the meter's reply arrived. (meter, quantity, atMs) is a reading's identity. */
  readonly atMs: number
}

export interface UsableReading extends ReadingIdentity {
  readonly quality: UsableQuality
  /** A count of its resolution for cumulative quantities, a number in the canonical unit for all others. */
  readonly value: number | Amount
}

export interface BadReading extends ReadingIdentity {
  readonly quality: 'bad'
  readonly cause: BadCause
}

/** A usable reading of a cumulative register. */
export interface RegisterReading extends UsableReading {
  readonly value: Amount
}

/**
 * good: read from the meter as it says. uncertain: read, but the meter or the clock casts doubt on it; readings taken
 * under an unset or doubtful clock are, whether their time was corrected or not.
 * simulated: from a simulator, never from hardware. manual: read off and typed in by a person.
 */
export const usableQuality = z.enum(['good', 'uncertain', 'simulated', 'manual'])
export type UsableQuality = z.infer<typeof usableQuality>

/** Why there is no value. */
export const badCauses = {
  timeout: { zh: '超时无应答', en: 'no answer in time' },
  disconnected: { zh: '连接中断', en: 'not connected' },
  'frame-invalid': { zh: '应答帧错误', en: 'faulty frame' },
  'illegal-function': { zh: '不支持的功能码', en: 'illegal function (exception 01)' },
  'illegal-address': { zh: '非法寄存器地址', en: 'illegal address (exception 02)' },
  'illegal-value': { zh: '非法数据', en: 'illegal value (exception 03)' },
  'device-failure': { zh: '设备故障', en: 'device failure (exception 04)' },
  'device-busy': { zh: '设备忙', en: 'device busy (exception 05 or 06)' },
  'gateway-path': { zh: '网关路径不可用', en: 'gateway path unavailable (exception 0A)' },
  'gateway-target': { zh: '网关目标无应答', en: 'gateway target silent (exception 0B)' },
  'exception-other': { zh: '其他异常应答', en: 'other exception' },
  'not-available': { zh: '仪表标记为无效', en: 'marked not available by the meter' },
  'not-a-number': { zh: '数值无法解码', en: 'not a number' },
} as const

export type BadCause = keyof typeof badCauses
export const badCause = z.enum(
  Object.keys(badCauses).filter((cause): cause is BadCause => cause in badCauses),
)

/** A value as it travels: a number, or [count, resolution] for a cumulative register. */
export const readingValue = z.union([z.number(), z.tuple([amount.shape.count, amount.shape.resolution])])

/** True for a usable reading of a cumulative quantity. */
export function isRegisterReading(reading: Reading): reading is RegisterReading {
  return reading.quality !== 'bad' && typeof reading.value !== 'number'
}

/** True when the kind of value fits the quantity: counts for cumulative ones, numbers for all others. */
export function valueFits(quantity: QuantityName, value: number | Amount): boolean {
  return (quantityOf(quantity).kind === 'cumulative') === (typeof value !== 'number')
}
