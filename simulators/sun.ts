/**
 * Height of the sun over the horizon: declination by Cooper's formula δ = 23.45° · sin(360° · (284 + n) / 365), and
 * sin h = sin φ · sin δ + cos φ · cos δ · cos ω. Minutes are of solar time, which differs from the clock's.
 */

const RADIANS = Math.PI / 180
const DAYS_OF_YEAR = 365.25

/** How far the sun stands north of the equator, in radians. `day` counts from 1970-01-01. */
function declinationOn(day: number): number {
  const dayOfYear = day % DAYS_OF_YEAR
  return 23.45 * RADIANS * Math.sin((2 * Math.PI * (284 + dayOfYear)) / DAYS_OF_YEAR)
}

/**
 * Minutes by which the sun is ahead of a clock that goes evenly: E = 9.87 · sin 2B − 7.53 · cos B − 1.5 · sin B with
 * B = 360° · (n − 81) / 364, within a minute.
 */
export function equationOfTime(day: number): number {
  const turn = (2 * Math.PI * ((day % DAYS_OF_YEAR) + 1 - 81)) / 364
  return 9.87 * Math.sin(2 * turn) - 7.53 * Math.cos(turn) - 1.5 * Math.sin(turn)
}

/** Minutes of solar time at which the sun rises and sets: h = 0, or cos ω = −tan φ · tan δ. */
export function daylight(latitudeDegrees: number, day: number): readonly [rise: number, set: number] {
  const cosine = -Math.tan(latitudeDegrees * RADIANS) * Math.tan(declinationOn(day))
  const half = (Math.acos(Math.min(1, Math.max(-1, cosine))) / (2 * Math.PI)) * 1_440
  return [720 - half, 720 + half]
}

/** Sine of the sun's height; below zero at night. `day` counts from 1970-01-01. */
export function sunHeightSine(latitudeDegrees: number, day: number, minute: number): number {
  const declination = declinationOn(day)
  const hourAngle = ((minute - 720) / 1_440) * 2 * Math.PI
  const latitude = latitudeDegrees * RADIANS
  return (
    Math.sin(latitude) * Math.sin(declination) +
    Math.cos(latitude) * Math.cos(declination) * Math.cos(hourAngle)
  )
}

/** Share of the direct sun that clear air lets through per unit of air mass, raised to the power below (Meinel). */
const CLEAR_AIR = { share: 0.7, exponent: 0.678 }

/**
 * What a level surface gets under a clear sky, as a share of what it gets from the sun overhead: the sine of the
 * sun's height, and the longer way of low light through the air (air mass as 1 ÷ sine of the height).
 */
export function clearSkyShare(heightSine: number): number {
  if (heightSine <= 0) return 0
  const { share, exponent } = CLEAR_AIR
  return heightSine * share ** (heightSine ** -exponent - 1)
}
