import { Fault } from '#contract/fault.ts'
import { dataExists, readData, type Finding } from '#firmware-config/document.ts'
import { GOLDEN_TOLERANCE, readGolden, wordsAt, type Golden } from '#firmware-config/golden.ts'
import { profileFile, toRegisterMap, type RegisterMap } from '#firmware-config/profile.ts'
import { decode } from './decode.ts'
import { identityEvidence } from './identity.ts'
import { plan } from './plan.ts'
import { ratioContradictions } from './ratio-check.ts'

/** What a gap that is read over may hold: anything, for it is no part of a value. */
const GAP_WORD = 0xdead

/**
 * Where a profile, planned and decoded as an agent does it, does not give the readings, the identity or the ratios of
 * its golden file. `map` is that of the golden file's ratios.
 */
export function goldenContradictions(map: RegisterMap, golden: Golden): Finding[] {
  const findings: Finding[] = []
  const say = (path: readonly PropertyKey[], message: string): void => {
    findings.push({ place: golden.placeOf(path), message })
  }
  for (const request of plan(map.registers, map.limits)) {
    const image = golden.image.get(request.function)
    const words = Array.from(
      { length: request.quantity },
      (_, index) => image?.get(request.address + index) ?? GAP_WORD,
    )
    for (const reading of decode(request, words, 1, 'golden', 'good')) {
      const path = ['readings', reading.quantity]
      const expected = golden.readings.get(reading.quantity)
      if (expected === undefined) continue
      if (reading.quality === 'bad') say(path, `the words are ${reading.cause}`)
      else if (typeof expected === 'number' && typeof reading.value === 'number') {
        const tolerance = GOLDEN_TOLERANCE * Math.max(1, Math.abs(expected))
        if (Math.abs(reading.value - expected) > tolerance) say(path, `the words say ${reading.value}`)
      } else if (typeof expected === 'number' || typeof reading.value === 'number') {
        say(path, 'a cumulative quantity is a count with its resolution, any other a number')
      } else if (reading.value.count !== expected.count || reading.value.resolution !== expected.resolution) {
        say(
          path,
          `the words say { count: ${reading.value.count}, resolution: '${reading.value.resolution}' }`,
        )
      }
    }
  }
  for (const { register, told, verdict } of identityEvidence(map, (each) => wordsAt(golden.image, each))) {
    const expected = golden.identity[register.is]
    if (expected !== undefined && told !== expected) {
      say(['identity', register.is], `the words say ${told ?? 'nothing'}`)
    } else if (verdict === 'contradicts' && told !== undefined) {
      say(['identity', register.is], `the profile expects ${register.expect}`)
    }
  }
  for (const { register, message } of ratioContradictions(map, (each) => wordsAt(golden.image, each))) {
    say(['ratios', register.ratio], message)
  }
  return findings
}

/**
 * `goldenContradictions` of a profile's file and the golden file beside it; none where there is no golden file, or where
 * one of the two cannot be read, which `checkFiles` finds.
 */
export function goldenFindings(file: string): Finding[] {
  const beside = file.replace(/\.yaml$/, '.golden.yaml')
  if (!dataExists(beside)) return []
  try {
    const golden = readGolden(beside)
    return goldenContradictions(toRegisterMap(readData(profileFile, file), golden.ratios), golden)
  } catch (error) {
    const foundElsewhere = error instanceof Fault && ['file-invalid', 'file-unreadable'].includes(error.code)
    if (foundElsewhere) return []
    throw error
  }
}
