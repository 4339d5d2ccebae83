import { Fault } from './fault.ts'

/** Exact arithmetic with amounts (amount.ts), without their schemas, which take longer to load: for threads that need no more. */

/** A decimal in the quantity's canonical unit: amount.ts has the schema. */
export type Resolution = string

/** A whole number of a resolution. */
export interface Amount {
  readonly count: number
  readonly resolution: Resolution
}

/** Decimals that a resolution or a factor may have. */
export const DECIMALS_MAX = 9
export const NANO = 10n ** BigInt(DECIMALS_MAX)

/** Resolutions as whole numbers: a park has a handful, and each interval asks for some. */
const knownNano = new Map<Resolution, bigint>()
const KNOWN_NANO_MAX = 1_000

/** A resolution as a whole number of 10⁻⁹ canonical units. */
function nanoUnits(text: Resolution): bigint {
  const known = knownNano.get(text)
  if (known !== undefined) return known
  const [whole = '0', fraction = ''] = text.split('.')
  const nano = BigInt(whole) * NANO + BigInt(fraction.padEnd(DECIMALS_MAX, '0'))
  if (knownNano.size >= KNOWN_NANO_MAX) knownNano.clear()
  knownNano.set(text, nano)
  return nano
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : greatestCommonDivisor(b, a % b)
}

/** A whole number of 10⁻⁹ as the shortest decimal text. */
export function decimalOfNano(nano: bigint): Resolution {
  const whole = nano / NANO
  const fraction = (nano % NANO).toString().padStart(DECIMALS_MAX, '0').replace(/0+$/, '')
  return fraction === '' ? whole.toString() : `${whole}.${fraction}`
}

function countOf(big: bigint): number {
  const count = Number(big)
  if (!Number.isSafeInteger(count)) {
    throw new Fault('amount-overflow', `A count of ${big} cannot be held exactly.`)
  }
  return count
}

/** The coarsest resolution in which counts of both can be written exactly. */
function commonResolution(a: Resolution, b: Resolution): Resolution {
  return a === b ? a : decimalOfNano(greatestCommonDivisor(nanoUnits(a), nanoUnits(b)))
}

/** The same amount in a resolution that divides its own. Throws `amount-overflow` where it cannot be exact. */
function rescale(value: Amount, to: Resolution): Amount {
  if (value.resolution === to) return value
  return {
    count: countOf((BigInt(value.count) * nanoUnits(value.resolution)) / nanoUnits(to)),
    resolution: to,
  }
}

/** a + b, exact. */
export function add(a: Amount, b: Amount): Amount {
  if (a.resolution === b.resolution) {
    const count = a.count + b.count
    // Counts are safe integers, so a sum that is one as well was not rounded.
    if (Number.isSafeInteger(count)) return { count, resolution: a.resolution }
  }
  const common = commonResolution(a.resolution, b.resolution)
  const sum = BigInt(rescale(a, common).count) + BigInt(rescale(b, common).count)
  return { count: countOf(sum), resolution: common }
}

/** a − b, exact. */
export function subtract(a: Amount, b: Amount): Amount {
  return add(a, { count: -b.count, resolution: b.resolution })
}

/** Sum of any number of amounts, exact; `undefined` for none, because nothing measured is not zero. */
export function sum(amounts: Iterable<Amount>): Amount | undefined {
  let total: Amount | undefined
  for (const each of amounts) total = total === undefined ? each : add(total, each)
  return total
}

/** Negative, zero or positive as a is below, equal to or above b; also where their difference could not be held. */
export function compare(a: Amount, b: Amount): number {
  if (a.resolution === b.resolution) return Math.sign(a.count - b.count)
  const difference = BigInt(a.count) * nanoUnits(a.resolution) - BigInt(b.count) * nanoUnits(b.resolution)
  return difference === 0n ? 0 : difference < 0n ? -1 : 1
}

/** True when both are the same quantity of energy, whatever their resolutions. */
export function equal(a: Amount, b: Amount): boolean {
  return compare(a, b) === 0
}

/** The amount as a floating-point number in the canonical unit, for display and charts; never for sums. */
export function toNumber(value: Amount): number {
  return Number(BigInt(value.count) * nanoUnits(value.resolution)) / 1e9
}

/** The amount as an exact decimal text in the canonical unit, with the decimals of its resolution. */
export function toDecimal(value: Amount): string {
  const decimals = (value.resolution.split('.')[1] ?? '').length
  const scaled = (BigInt(value.count) * nanoUnits(value.resolution)) / 10n ** BigInt(DECIMALS_MAX - decimals)
  if (decimals === 0) return scaled.toString()
  const negative = scaled < 0n
  const digits = (negative ? -scaled : scaled).toString().padStart(decimals + 1, '0')
  return `${negative ? '-' : ''}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`
}

const DECIMAL_TEXT = /^(-?)(\d+)(?:\.(\d{1,9}))?$/

/** A decimal text as a whole number of 10⁻⁹. Throws RangeError. */
function nanoOfText(text: string): bigint {
  const [, sign = '', whole = '', fraction = ''] = DECIMAL_TEXT.exec(text) ?? []
  if (whole === '') throw new RangeError(`"${text}" is no decimal with at most ${DECIMALS_MAX} decimals`)
  const nano = BigInt(whole) * NANO + BigInt(fraction.padEnd(DECIMALS_MAX, '0'))
  return sign === '-' ? -nano : nano
}

/**
 * What `toDecimal` writes, or a person: a decimal without exponent, at most nine decimals, as a count of a resolution; by
 * default of the last decimal that is written. Throws RangeError for any other text, one that is no whole number of steps, and
 * one that cannot be counted exactly.
 */
export function fromDecimal(text: string, to?: Resolution): Amount {
  const nano = nanoOfText(text)
  const decimals = DECIMAL_TEXT.exec(text)?.[3]?.length ?? 0
  const step = to ?? (decimals === 0 ? '1' : `0.${'1'.padStart(decimals, '0')}`)
  const unit = nanoOfText(step)
  if (unit <= 0n || nano % unit !== 0n) throw new RangeError(`${text} is no whole number of steps of ${step}`)
  const count = Number(nano / unit)
  if (!Number.isSafeInteger(count))
    throw new RangeError(`${text} is too many steps of ${step} to be counted exactly`)
  return { count, resolution: step }
}

/**
 * Counts numbers (of a float register, say) in a resolution: gives the nearest count. For who counts much, made once.
 * It throws `amount-overflow` for what is not finite or cannot be counted exactly.
 */
export function counterIn(to: Resolution): (value: number) => number {
  const nano = nanoUnits(to)
  const perUnit = NANO % nano === 0n ? Number(NANO / nano) : undefined
  const units = Number(nano) / 1e9
  return (value) => {
    // Multiplying by an exact whole number rounds once; dividing by 0.01 would round twice.
    const count = Math.round(perUnit === undefined ? value / units : value * perUnit)
    if (!Number.isSafeInteger(count)) {
      throw new Fault('amount-overflow', `${value} cannot be counted in steps of ${to}.`)
    }
    return count === 0 ? 0 : count
  }
}

/** The amount nearest to a number in a resolution. Throws as `counterIn` says. */
export function fromNumber(value: number, to: Resolution): Amount {
  return { count: counterIn(to)(value), resolution: to }
}

/** The resolution times a whole or decimal factor, exact: '0.01' × 40 = '0.4'. */
export function multiplyResolution(a: Resolution, factor: Resolution): Resolution {
  const product = nanoUnits(a) * nanoUnits(factor)
  if (product % NANO !== 0n) {
    throw new Fault('amount-overflow', `${a} × ${factor} has more than ${DECIMALS_MAX} decimals.`)
  }
  return decimalOfNano(product / NANO)
}

/** The amount times a factor, exact: 3 counts of 0.01 × 40 = 3 counts of 0.4. Throws `amount-overflow` as above. */
export function multiply(value: Amount, factor: Resolution): Amount {
  return factor === '1'
    ? value
    : { count: value.count, resolution: multiplyResolution(value.resolution, factor) }
}
