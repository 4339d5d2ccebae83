/**
 * Height of the sun over the horizon: declination by Cooper's formula δ = 23.45° · sin(360° · (284 + n) / 365), and
 * sin h = sin φ · sin δ + cos φ · cos δ · cos ω. Local clock time is taken as solar time; a park needs no almanac.
 */

const RADIANS = Math.PI / 180
const DAYS_OF_YEAR = 365.25

/** Sine of the sun's height; below zero at night. `day` counts from 1970-01-01. */
export function sunHeightSine(latitudeDegrees: number, day: number, minute: number): number {
  const dayOfYear = day % DAYS_OF_YEAR
  const declination = 23.45 * RADIANS * Math.sin((2 * Math.PI * (284 + dayOfYear)) / DAYS_OF_YEAR)
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
