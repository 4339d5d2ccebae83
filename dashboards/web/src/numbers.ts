import { dayOf } from './days.ts'
import type { Speech } from './language.tsx'

/** Numbers and times as the screens show them. */

/** What rounds to nothing has no sign. */
const signed = { signDisplay: 'negative' } as const

/** A measured value: the more digits before the point, the fewer behind it. What is small does not look like nothing. */
export function valueText(value: number, locale: string): string {
  const magnitude = Math.abs(value)
  const isSmall = magnitude >= 0.000_05 && magnitude < 0.1
  const decimals = magnitude >= 10_000 ? 0 : magnitude >= 100 ? 1 : isSmall ? 4 : 2
  return value.toLocaleString(locale, {
    ...signed,
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  })
}

/** An exact decimal text with its thousands grouped; no digit is rounded away. */
export function exactText(decimal: string): string {
  const [whole = '', fraction] = decimal.split('.')
  const grouped = whole.replaceAll(/\B(?=(\d{3})+$)/g, ',')
  return fraction === undefined ? grouped : `${grouped}.${fraction}`
}

/** An exact decimal where it is one figure among others: with the digits of a measured value. */
export function roundText(decimal: string, locale: string): string {
  return valueText(Number(decimal), locale)
}

/** Units of the data files with the digits of their formulas below the line. */
export function writtenUnit(unit: string): string {
  return unit.replaceAll(/(?<=CO|N)2(?!\d)/g, '₂').replaceAll('CH4', 'CH₄')
}

/** A unit with ten thousand in it as each language writes it. */
export function myriadUnit(unit: string, language: 'zh' | 'en'): string {
  return language === 'zh' ? unit.replaceAll('10⁴', '万') : unit
}

/** The unit of a rate: energy an hour is power. */
export function rateUnit(unit: string): string {
  return unit === 'kWh' ? 'kW' : `${unit}/h`
}

/** A figure among others in one picture: the places behind the point do not depend on what stands before it. */
export function placesText(value: number, locale: string): string {
  const places = Math.abs(value) < 1 ? 3 : 2
  return value.toLocaleString(locale, {
    ...signed,
    minimumFractionDigits: places,
    maximumFractionDigits: places,
  })
}

/** Some of a kind, one after the other. */
export function listText(items: readonly string[], language: 'zh' | 'en'): string {
  return items.join(language === 'zh' ? '、' : ', ')
}

/** Money of a bill, to the fen. */
export function moneyText(decimal: string, locale: string): string {
  return Number(decimal).toLocaleString(locale, {
    ...signed,
    minimumFractionDigits: 2,
    maximumFractionDigits: 2,
  })
}

/** Tonnes of a statement on a screen: three decimals, ties to even as GB/T 8170 rounds. */
export function tonnesText(decimal: string, locale: string): string {
  return Number(decimal).toLocaleString(locale, {
    ...signed,
    minimumFractionDigits: 3,
    maximumFractionDigits: 3,
    roundingMode: 'halfEven',
  })
}

export function percentText(share: number, locale: string): string {
  return share.toLocaleString(locale, { ...signed, style: 'percent', maximumFractionDigits: 1 })
}

/** The same for a column, in which the points stand below each other. */
export function percentColumnText(share: number, locale: string): string {
  return share.toLocaleString(locale, {
    ...signed,
    style: 'percent',
    minimumFractionDigits: 1,
    maximumFractionDigits: 1,
  })
}

export function ageText(ageMs: number, t: Speech['t']): string {
  const seconds = Math.max(0, Math.floor(ageMs / 1000))
  const [s, m, h] = [seconds % 60, Math.floor(seconds / 60) % 60, Math.floor(seconds / 3600)]
  if (seconds < 60) return t('age.seconds', { s })
  if (seconds < 3600) return t('age.minutes', { m, s })
  return h < 48 ? t('age.hours', { h, m }) : t('age.days', { d: Math.floor(h / 24) })
}

const clockParts = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const
/** HH:MM in a zone. */
export function minuteText(atMs: number, locale: string, timeZone: string): string {
  return new Intl.DateTimeFormat(locale, { ...clockParts, timeZone }).format(atMs)
}

/** HH:MM:SS in a zone. */
export function secondText(atMs: number, locale: string, timeZone: string): string {
  return new Intl.DateTimeFormat(locale, { ...clockParts, second: '2-digit', timeZone }).format(atMs)
}

/** The last and first instant that a date can be. */
const INSTANT_MS_MAX = 8.64e15

/**
 * Date and HH:MM in a zone. Never throws, because one bad line must not take a table with it: what is no instant is "—",
 * and where the browser does not know the zone it is said in UTC, with its Z.
 */
export function momentText(atMs: number, locale: string, timeZone: string): string {
  if (!(Math.abs(atMs) <= INSTANT_MS_MAX)) return '—'
  try {
    return `${dayOf(atMs, timeZone)} ${minuteText(atMs, locale, timeZone)}`
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return new Date(atMs)
      .toISOString()
      .replace('T', ' ')
      .replace(/:\d\d\.\d+Z$/, 'Z')
  }
}

/** How far a clock is ahead (+) or behind (-), in seconds to the millisecond. */
export function offsetText(aheadMs: number, locale: string): string {
  return `${(aheadMs / 1_000).toLocaleString(locale, {
    signDisplay: 'exceptZero',
    minimumFractionDigits: 3,
    maximumFractionDigits: 3,
  })}\u00A0s`
}

/** So many batches. */
export function batchesText(rows: number, { t, locale }: Speech): string {
  return t(rows === 1 ? 'gateway.row' : 'gateway.rows', { rows: rows.toLocaleString(locale) })
}

/** A length of time in its two largest units. */
export function spanText(spanMs: number, t: Speech['t']): string {
  const minutes = Math.round(spanMs / 60_000)
  const [m, h, d] = [minutes % 60, Math.floor(minutes / 60) % 24, Math.floor(minutes / 1_440)]
  if (minutes < 60) return t('span.minutes', { m })
  return d === 0 ? t('span.hours', { h, m }) : t('span.days', { d, h })
}

export function weekdayText(atMs: number, locale: string, timeZone: string): string {
  return new Intl.DateTimeFormat(locale, { weekday: 'short', timeZone }).format(atMs)
}
