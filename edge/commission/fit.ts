import { toNumber } from '#contract/amount.ts'
import { badCauses, type BadCause, type Reading } from '#contract/reading.ts'
import type { QuantityName } from '#contract/quantities.ts'
import type { RegisterMap } from '#firmware-config/profile.ts'
import type { IdentityEvidence } from '../identity.ts'
import { plausibilityOf } from './plausibility.ts'
import { hex } from './presence.ts'
import { relationsIn } from './relations.ts'
import { numberText, valueText } from './value-text.ts'

/** How well a profile fits what a meter answered: points for and against it, each with its reason in plain words. */

/** One thing that was seen. */
export interface Observation {
  readonly points: number
  readonly text: string
}

export interface ProfileFit {
  readonly map: RegisterMap
  /** Sum of the observations' points. */
  readonly points: number
  readonly observations: readonly Observation[]
  /** Registers that were answered, of those that were asked for. */
  readonly answered: number
  readonly asked: number
}

/**
 * What an observation weighs. An expected identity outweighs all values; a refusal outweighs an answer, because meters
 * answer what others hold, and hardly refuse what they hold themselves.
 */
const POINTS = {
  identityFits: 40,
  identityContradicts: -40,
  answered: 1,
  refused: -5,
  telling: 4,
  impossible: -8,
  lawHolds: 6,
  lawFails: -6,
} as const

/** Names of a list that are written out. */
const NAMED_MAX = 4

function namesOf(quantities: readonly string[]): string {
  const rest = quantities.length - NAMED_MAX
  const named = quantities.slice(0, NAMED_MAX).join(', ')
  return rest > 0 ? `${named} and ${rest} more` : named
}

function identityObservations(evidence: readonly IdentityEvidence[]): Observation[] {
  return evidence.map(({ register, told, verdict }) => {
    const where = `${register.is} at ${hex(register.address)}`
    const says = told === undefined ? 'is not answered' : `says "${told}"`
    switch (verdict) {
      case 'fits':
        return { points: POINTS.identityFits, text: `${where} ${says}, as this model does` }
      case 'contradicts':
        return {
          points: POINTS.identityContradicts,
          text: `${where} ${says}; this model says "${register.expect}"`,
        }
      case 'open':
        break
    }
    return { points: 0, text: `${where} ${says}; what this model says is not known` }
  })
}

/** Refusals by cause. What the decoder cannot read is judged with the values. */
function refusalObservations(readings: readonly Reading[]): Observation[] {
  const byCause = new Map<BadCause, QuantityName[]>()
  for (const reading of readings) {
    if (reading.quality !== 'bad' || reading.cause === 'not-available' || reading.cause === 'not-a-number')
      continue
    byCause.set(reading.cause, [...(byCause.get(reading.cause) ?? []), reading.quantity])
  }
  return [...byCause].map(([cause, quantities]) => ({
    points: POINTS.refused * quantities.length,
    text: `does not answer ${namesOf(quantities)}: ${badCauses[cause].en}`,
  }))
}

function valueObservations(readings: readonly Reading[]): Observation[] {
  const zeros: string[] = []
  const possible: string[] = []
  const observations = readings.flatMap((reading): Observation[] => {
    if (reading.quality === 'bad') {
      if (reading.cause !== 'not-a-number') return []
      return [{ points: POINTS.impossible, text: `${reading.quantity} holds no number` }]
    }
    const { quantity, value } = reading
    switch (plausibilityOf(quantity, typeof value === 'number' ? value : toNumber(value))) {
      case 'telling':
        return [{ points: POINTS.telling, text: `${quantity} = ${valueText(reading)} is plausible` }]
      case 'impossible':
        return [{ points: POINTS.impossible, text: `${quantity} = ${valueText(reading)} is impossible` }]
      case 'possible':
        possible.push(quantity)
        return []
      case 'open':
        zeros.push(quantity)
        break
    }
    return []
  })
  if (possible.length > 0) {
    observations.push({ points: 0, text: `possible, but says little: ${namesOf(possible)}` })
  }
  if (zeros.length > 0) observations.push({ points: 0, text: `zero, which says nothing: ${namesOf(zeros)}` })
  return observations
}

function relationObservations(readings: readonly Reading[]): Observation[] {
  const values = new Map<QuantityName, number>()
  for (const reading of readings) {
    if (reading.quality === 'bad') continue
    const { quantity, value } = reading
    values.set(quantity, typeof value === 'number' ? value : toNumber(value))
  }
  return relationsIn((quantity) => values.get(quantity)).map(({ law, holds, left, right }) => ({
    points: holds ? POINTS.lawHolds : POINTS.lawFails,
    text: `${law} ${holds ? 'holds' : 'does not hold'}: ${numberText(left, 4)} and ${numberText(right, 4)}`,
  }))
}

/** Judges a profile by the readings that were decoded with it (bad ones where the meter refused) and its identity registers. */
export function fitOf(
  map: RegisterMap,
  readings: readonly Reading[],
  identity: readonly IdentityEvidence[],
): ProfileFit {
  const answered = readings.filter(
    ({ quality, ...rest }) =>
      quality !== 'bad' ||
      ('cause' in rest && (rest.cause === 'not-available' || rest.cause === 'not-a-number')),
  )
  const held = answered.filter(
    (reading) =>
      reading.quality !== 'bad' &&
      (typeof reading.value === 'number' ? reading.value : reading.value.count) !== 0,
  )
  const observations: Observation[] = [
    ...identityObservations(identity),
    {
      points: POINTS.answered * held.length,
      text: `${answered.length} of ${map.registers.length} registers answered, ${held.length} with a value`,
    },
    ...refusalObservations(readings),
    ...valueObservations(readings),
    ...relationObservations(readings),
  ]
  return {
    map,
    observations,
    points: observations.reduce((sum, { points }) => sum + points, 0),
    answered: answered.length,
    asked: readings.length,
  }
}

/** What the evidence comes to. several: it does not decide between them. none: no profile fits. */
export interface Decision {
  readonly kind: 'one' | 'several' | 'none'
  /** The profiles that may be it, best first. */
  readonly candidates: readonly ProfileFit[]
  /** The best has so few points that a meter without a profile could have given them by chance. */
  readonly weak: boolean
}

/** A profile with fewer points does not fit. */
const POINTS_MIN = 2
/** Below this a few values that happen to be possible could be all there is. */
const POINTS_SURE = 15
/** Profiles this close to the best, as a share of its points and at least in points, are not told apart. */
const CLOSE = { share: 0.1, points: 3 } as const

/** Ranks profiles by their points; equal ones by id. */
export function decide(fits: readonly ProfileFit[]): Decision & { readonly ranked: readonly ProfileFit[] } {
  const ranked = fits.toSorted((a, b) => b.points - a.points || (a.map.id < b.map.id ? -1 : 1))
  const best = ranked[0]?.points ?? 0
  const least = Math.max(POINTS_MIN, best - Math.max(CLOSE.points, CLOSE.share * best))
  const candidates = ranked.filter(({ points }) => points >= least)
  const kind = candidates.length === 0 ? 'none' : candidates.length === 1 ? 'one' : 'several'
  return { kind, candidates, ranked, weak: best < POINTS_SURE }
}
