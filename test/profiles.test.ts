import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { Amount } from '#contract/amount.ts'
import type { Reading } from '#contract/reading.ts'
import { decode } from '#edge/decode.ts'
import { plan } from '#edge/plan.ts'
import { GOLDEN_TOLERANCE, readGolden } from '#firmware-config/golden.ts'
import { loadProfile, profileFolder } from '#firmware-config/profile.ts'

const folder = fileURLToPath(profileFolder)
const ids = readdirSync(folder)
  .filter((file) => file.endsWith('.golden.yaml'))
  .map((file) => file.replace('.golden.yaml', ''))

describe('Every profile, planned and decoded by the edge', () => {
  it.each(ids)('%s: its golden image gives its golden readings', (id) => {
    const golden = readGolden(`${folder}${id}.golden.yaml`)
    const map = loadProfile(id, golden.ratios)
    const readings = plan(map.registers, map.limits).flatMap((request): Reading[] => {
      const image = golden.image.get(request.function)
      // A gap that is read over may hold anything: it is no part of a value.
      const words = Array.from(
        { length: request.quantity },
        (_, index) => image?.get(request.address + index) ?? 0xdead,
      )
      return decode(request, words, 1, 'golden', 'good')
    })

    expect(new Set(readings.map(({ quantity }) => quantity))).toEqual(new Set(golden.readings.keys()))
    for (const reading of readings) {
      const expected: number | Amount | undefined = golden.readings.get(reading.quantity)
      const value = reading.quality === 'bad' ? reading.cause : reading.value
      if (typeof expected !== 'number') expect(value, reading.quantity).toEqual(expected)
      else {
        expect(value, reading.quantity).toBeTypeOf('number')
        expect(Math.abs(Number(value) - expected), reading.quantity).toBeLessThanOrEqual(
          GOLDEN_TOLERANCE * Math.max(1, Math.abs(expected)),
        )
      }
    }
  })
})
