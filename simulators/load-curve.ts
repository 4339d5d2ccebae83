import { DAY_MS, HOUR_MS } from '#contract/duration.ts'

/**
 * A flow over time whose integral is known in closed form: a piecewise-linear envelope times a sum of sinusoids.
 *
 *   flow(t) = envelope(t) · (1 + Σ shareₖ · sin(ωₖ t + φₖ)),  Σ shareₖ < 1, envelope ≥ 0
 *
 * Over one straight piece v(t) = v₀ + s·(t − t₀) the integral of v · sin(ωt + φ) is −v·cos(ωt + φ)/ω + s·sin(ωt + φ)/ω².
 * Flows are in a unit per hour, so times below are in hours since a local midnight.
 */

/** A corner of the envelope; between two corners it is straight. */
export interface Corner {
  readonly minute: number
  readonly value: number
}

/**
 * The corners of one local day, numbered from 1970-01-01: in order of time, the first at minute 0. The first corner of
 * the next day ends the last piece, so the envelope has no jumps.
 */
export type Envelope = (day: number) => readonly Corner[]

export interface Ripple {
  readonly share: number
  readonly periodHours: number
  readonly phase: number
}

export interface LoadCurve {
  /** Flow at an instant, in its unit per hour. */
  at(atMs: number): number
  /** Exact integral of the flow since the start of the registers; 0 before it. Never decreases. */
  integralAt(atMs: number): number
}

/** The time by which a plant lives. */
export interface PlantTime {
  /** Instant from which the integrals count. */
  readonly startMs: number
  /** Local time minus UTC. */
  readonly offsetMs: number
}

/** Number of the local day that an instant lies in, from 1970-01-01. */
export const dayOfInstant = (atMs: number, { offsetMs }: PlantTime): number =>
  Math.floor((atMs + offsetMs) / DAY_MS)

/** Instant of a minute of a local day. */
export const instantOf = (day: number, minute: number, { offsetMs }: PlantTime): number =>
  day * DAY_MS + minute * 60_000 - offsetMs

/** One day laid out: corners in hours since local midnight, values, and the integral from midnight up to each corner. */
interface DayPieces {
  day: number
  /** Corners in use, the first at 0 h and the last at 24 h. */
  count: number
  /** The piece that was asked for last. */
  lastPiece: number
  readonly hours: Float64Array
  readonly values: Float64Array
  readonly upTo: Float64Array
  /** Phase of each ripple at midnight, in radians: small, so that its sine is quick and exact. */
  readonly phases: Float64Array
}

/**
 * Days kept laid out. Reads are of now and of a quarter of an hour ago; tests and charts walk from day to day. The
 * integrals up to all midnights are kept besides.
 */
const DAYS_KEPT = 3

const TURN = 2 * Math.PI

/**
 * The curve of an envelope and its ripples. `beforeDay` holds the integrals from the first day's midnight up to the
 * midnight of each day that was summed up before; the curve goes on with it.
 */
export function loadCurve(
  envelope: Envelope,
  ripples: readonly Ripple[],
  time: PlantTime,
  beforeDay: number[] = [0],
): LoadCurve {
  const { startMs } = time
  const firstDay = dayOfInstant(startMs, time)
  const omegas = Float64Array.from(ripples, ({ periodHours }) => TURN / periodHours)
  const shares = Float64Array.from(ripples, ({ share }) => share)
  const laidOut: DayPieces[] = []
  let next: { readonly day: number; readonly corners: readonly Corner[] } | undefined

  const angleAt = (pieces: DayPieces, wave: number, hour: number): number =>
    (omegas[wave] ?? 0) * hour + (pieces.phases[wave] ?? 0)

  /** Integral over the first `width` hours of a piece. */
  const pieceIntegral = (pieces: DayPieces, index: number, width: number): number => {
    const from = pieces.hours[index] ?? 0
    const value = pieces.values[index] ?? 0
    const slope = slopeOf(pieces, index)
    const ending = value + slope * width
    let integral = ((value + ending) / 2) * width
    for (let wave = 0; wave < omegas.length; wave += 1) {
      const omega = omegas[wave] ?? 1
      const begin = angleAt(pieces, wave, from)
      const end = angleAt(pieces, wave, from + width)
      const turned = value * Math.cos(begin) - ending * Math.cos(end)
      integral +=
        ((shares[wave] ?? 0) * (turned + (slope * (Math.sin(end) - Math.sin(begin))) / omega)) / omega
    }
    return integral
  }

  /** Adds the integrals of all pieces of a day to `upTo`: as `pieceIntegral`, with one sine and cosine a corner. */
  const integrateDay = (pieces: DayPieces): void => {
    const { hours, values, upTo, count } = pieces
    upTo[0] = 0
    for (let index = 0; index + 1 < count; index += 1) {
      const width = (hours[index + 1] ?? 0) - (hours[index] ?? 0)
      upTo[index + 1] = (((values[index] ?? 0) + (values[index + 1] ?? 0)) / 2) * width
    }
    for (let wave = 0; wave < omegas.length; wave += 1) {
      const omega = omegas[wave] ?? 1
      const share = (shares[wave] ?? 0) / omega
      let sin = Math.sin(angleAt(pieces, wave, 0))
      let turned = (values[0] ?? 0) * Math.cos(angleAt(pieces, wave, 0))
      for (let index = 0; index + 1 < count; index += 1) {
        const angle = angleAt(pieces, wave, hours[index + 1] ?? 0)
        const nextSin = Math.sin(angle)
        const nextTurned = (values[index + 1] ?? 0) * Math.cos(angle)
        const swing = turned - nextTurned + (slopeOf(pieces, index) * (nextSin - sin)) / omega
        upTo[index + 1] = (upTo[index + 1] ?? 0) + share * swing
        sin = nextSin
        turned = nextTurned
      }
    }
    for (let index = 1; index < count; index += 1) upTo[index] = (upTo[index] ?? 0) + (upTo[index - 1] ?? 0)
  }

  /** Room for a day: that of the oldest one kept, where it is large enough, because walking over years makes many. */
  const emptyDay = (count: number): DayPieces => {
    const oldest = laidOut.length >= DAYS_KEPT ? laidOut.shift() : undefined
    if (oldest !== undefined && oldest.values.length >= count) {
      oldest.count = count
      oldest.lastPiece = 0
      return oldest
    }
    const room = count + Math.ceil(count / 8)
    return {
      day: Number.NaN,
      count,
      lastPiece: 0,
      hours: new Float64Array(room),
      values: new Float64Array(room),
      upTo: new Float64Array(room),
      phases: new Float64Array(ripples.length),
    }
  }

  const cornersOf = (day: number): readonly Corner[] => (next?.day === day ? next.corners : envelope(day))

  const layOut = (day: number): DayPieces => {
    const newest = laidOut.at(-1)
    if (newest?.day === day) return newest
    const kept = laidOut.find((pieces) => pieces.day === day)
    if (kept !== undefined) return kept
    const corners = cornersOf(day)
    next = { day: day + 1, corners: cornersOf(day + 1) }
    const pieces = emptyDay(corners.length + 1)
    pieces.day = day
    ripples.forEach(({ periodHours, phase }, wave) => {
      const turns = ((day - firstDay) * 24) / periodHours + phase / TURN
      pieces.phases[wave] = (turns - Math.floor(turns)) * TURN
    })
    for (let index = 0; index < corners.length; index += 1) {
      const corner = corners[index]
      pieces.hours[index] = (corner?.minute ?? 0) / 60
      pieces.values[index] = corner?.value ?? 0
    }
    pieces.hours[corners.length] = 24
    pieces.values[corners.length] = next.corners[0]?.value ?? 0
    integrateDay(pieces)
    laidOut.push(pieces)
    // Whoever walks over the days for their flows, as a transformer's loss does, has summed them up as well.
    if (beforeDay.length === day - firstDay + 1) beforeDay.push((beforeDay.at(-1) ?? 0) + endOf(pieces))
    return pieces
  }

  const integralBefore = (day: number): number => {
    while (beforeDay.length <= day - firstDay) {
      const summed = beforeDay.length
      const pieces = layOut(firstDay + summed - 1)
      // Nothing was added where the day lay there already, laid out before its turn.
      if (beforeDay.length === summed) beforeDay.push((beforeDay.at(-1) ?? 0) + endOf(pieces))
    }
    return beforeDay[day - firstDay] ?? 0
  }

  const integralSinceFirstMidnight = (atMs: number): number => {
    const day = dayOfInstant(atMs, time)
    const before = integralBefore(day)
    const pieces = layOut(day)
    const hour = (atMs - instantOf(day, 0, time)) / HOUR_MS
    const index = pieceAt(pieces, hour)
    const inPiece = pieceIntegral(pieces, index, hour - (pieces.hours[index] ?? 0))
    return before + ((pieces.upTo[index] ?? 0) + inPiece)
  }

  const flowAt = (atMs: number): number => {
    const day = dayOfInstant(atMs, time)
    const pieces = layOut(day)
    const hour = (atMs - instantOf(day, 0, time)) / HOUR_MS
    const index = pieceAt(pieces, hour)
    let factor = 1
    for (let wave = 0; wave < omegas.length; wave += 1) {
      factor += (shares[wave] ?? 0) * Math.sin((omegas[wave] ?? 0) * hour + (pieces.phases[wave] ?? 0))
    }
    const value = (pieces.values[index] ?? 0) + slopeOf(pieces, index) * (hour - (pieces.hours[index] ?? 0))
    // A straight line down to zero may miss it by the last bit.
    return Math.max(0, value) * factor
  }

  let beforeStart: number | undefined
  let latestMs = Number.NaN
  let latest = 0
  return {
    at: flowAt,
    integralAt: (atMs) => {
      if (atMs <= startMs) return 0
      // One poll asks for a register and what derives from it, all of one instant.
      if (atMs !== latestMs) {
        beforeStart ??= startMs === instantOf(firstDay, 0, time) ? 0 : integralSinceFirstMidnight(startMs)
        latest = integralSinceFirstMidnight(atMs) - beforeStart
        latestMs = atMs
      }
      return latest
    },
  }
}

/** Integral over the whole day. */
const endOf = ({ upTo, count }: DayPieces): number => upTo[count - 1] ?? 0

/** Rise an hour over a piece; 0 over one that has no width, as rounding may leave it. */
function slopeOf({ hours, values }: DayPieces, index: number): number {
  const width = (hours[index + 1] ?? 0) - (hours[index] ?? 0)
  return width === 0 ? 0 : ((values[index + 1] ?? 0) - (values[index] ?? 0)) / width
}

/** Index of the piece that an hour of the day lies in; most often that of the last question or the next one. */
function pieceAt(pieces: DayPieces, hour: number): number {
  const { hours, count, lastPiece } = pieces
  for (let index = lastPiece; index < lastPiece + 2 && index < count - 1; index += 1) {
    if ((hours[index] ?? 0) <= hour && hour < (hours[index + 1] ?? 0)) return (pieces.lastPiece = index)
  }
  let low = 0
  let high = count - 2
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((hours[middle] ?? 0) <= hour) low = middle
    else high = middle - 1
  }
  pieces.lastPiece = low
  return low
}

/** A flow that never changes. */
export function constantCurve(value: number, { startMs }: PlantTime): LoadCurve {
  return { at: () => value, integralAt: (atMs) => (value * Math.max(0, atMs - startMs)) / HOUR_MS }
}

/**
 * The corners of a quantity that has no closed integral of its own, such as a loss that grows with the square of a
 * load: exact at every step of the day and straight between, so that its energy is exact for what it is.
 */
export function sampledEnvelope(
  stepMinutes: number,
  valueAt: (day: number, minute: number) => number,
): Envelope {
  return (day) => {
    const corners: Corner[] = []
    for (let minute = 0; minute < 1_440; minute += stepMinutes) {
      corners.push({ minute, value: valueAt(day, minute) })
    }
    return corners
  }
}
