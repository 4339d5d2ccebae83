/**
 * A flow over time whose integral is known in closed form: a piecewise-linear envelope times a sum of sinusoids.
 *
 *   flow(t) = envelope(t) · (1 + Σ shareₖ · sin(ωₖ t + φₖ)),  Σ shareₖ < 1, envelope ≥ 0
 *
 * Over one straight piece v(t) = v₀ + s·(t − t₀) the integral of v · sin(ωt + φ) is −v·cos(ωt + φ)/ω + s·sin(ωt + φ)/ω².
 * Flows are in a unit per hour, so times below are in hours since the curve's origin.
 */

export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS

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

interface CurveTime {
  /** Instant from which the integral counts. */
  readonly startMs: number
  /** Local time minus UTC. */
  readonly offsetMs: number
}

/** One day laid out: corners in ms since local midnight, values, and the integral from midnight up to each corner. */
interface DayPieces {
  readonly corners: readonly Corner[]
  readonly upTo: Float64Array
}

/** Days kept laid out. Reads are of now, tests and charts of neighbouring days; the integrals of all days are kept. */
const DAYS_KEPT = 8

/** The curve of an envelope and its ripples. */
export function loadCurve(envelope: Envelope, ripples: readonly Ripple[], time: CurveTime): LoadCurve {
  const { startMs, offsetMs } = time
  const firstDay = Math.floor((startMs + offsetMs) / DAY_MS)
  const originMs = firstDay * DAY_MS - offsetMs
  const waves = ripples.map(({ share, periodHours, phase }) => ({
    share,
    phase,
    omega: (2 * Math.PI) / periodHours,
  }))
  const laidOut = new Map<number, DayPieces>()
  /** Integral from the first day's midnight up to the midnight of each day. */
  const beforeDay: number[] = [0]

  /** Integral over the first `hours` of a piece that begins at `fromHours` with `value` and rises by `slope` an hour. */
  const pieceIntegral = (fromHours: number, value: number, slope: number, hours: number): number => {
    let integral = value * hours + (slope * hours * hours) / 2
    for (const { share, phase, omega } of waves) {
      const from = omega * fromHours + phase
      const to = omega * (fromHours + hours) + phase
      const ending = value + slope * hours
      integral +=
        share *
        ((value * Math.cos(from) - ending * Math.cos(to)) / omega +
          (slope * (Math.sin(to) - Math.sin(from))) / (omega * omega))
    }
    return integral
  }

  const piece = (day: number, { corners }: DayPieces, index: number) => {
    const from = corners[index]
    const to = corners[index + 1]
    if (from === undefined || to === undefined) throw new RangeError(`day ${day} has no piece ${index}`)
    const slope = (to.value - from.value) / ((to.minute - from.minute) / 60)
    return { from, to, slope, fromHours: (day - firstDay) * 24 + from.minute / 60 }
  }

  const layOut = (day: number): DayPieces => {
    const kept = laidOut.get(day)
    if (kept !== undefined) return kept
    const next = envelope(day + 1)[0]
    const corners = [...envelope(day), ...(next === undefined ? [] : [{ minute: 1_440, value: next.value }])]
    const upTo = new Float64Array(corners.length)
    const pieces = { corners, upTo }
    for (let index = 0; index + 1 < corners.length; index += 1) {
      const { from, to, slope, fromHours } = piece(day, pieces, index)
      upTo[index + 1] =
        (upTo[index] ?? 0) + pieceIntegral(fromHours, from.value, slope, (to.minute - from.minute) / 60)
    }
    const [oldest] = laidOut.keys()
    if (laidOut.size >= DAYS_KEPT && oldest !== undefined) laidOut.delete(oldest)
    laidOut.set(day, pieces)
    return pieces
  }

  const integralBefore = (day: number): number => {
    while (beforeDay.length <= day - firstDay) {
      const last = layOut(firstDay + beforeDay.length - 1).upTo.at(-1) ?? 0
      beforeDay.push((beforeDay.at(-1) ?? 0) + last)
    }
    return beforeDay[day - firstDay] ?? 0
  }

  /** The piece that an instant lies in, and how far into it. */
  const locate = (atMs: number) => {
    const day = Math.floor((atMs - originMs) / DAY_MS) + firstDay
    const pieces = layOut(day)
    const minute = (atMs - originMs - (day - firstDay) * DAY_MS) / 60_000
    let low = 0
    let high = pieces.corners.length - 2
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((pieces.corners[middle]?.minute ?? 0) <= minute) low = middle
      else high = middle - 1
    }
    const found = piece(day, pieces, low)
    return { day, pieces, index: low, hours: (minute - found.from.minute) / 60, ...found }
  }

  const integralSinceMidnight = (atMs: number): number => {
    const { day, pieces, index, from, slope, fromHours, hours } = locate(atMs)
    const inPiece = pieceIntegral(fromHours, from.value, slope, hours)
    return integralBefore(day) + ((pieces.upTo[index] ?? 0) + inPiece)
  }

  const beforeStart = integralSinceMidnight(startMs)
  return {
    at: (atMs) => {
      const { from, slope, fromHours, hours } = locate(atMs)
      let factor = 1
      for (const { share, phase, omega } of waves)
        factor += share * Math.sin(omega * (fromHours + hours) + phase)
      return (from.value + slope * hours) * factor
    },
    integralAt: (atMs) => (atMs <= startMs ? 0 : integralSinceMidnight(atMs) - beforeStart),
  }
}
