import fc from 'fast-check'
import { expect, test } from 'vitest'
import { badCauses, type BadCause, type Reading } from '#contract/reading.ts'
import { distinctReadings } from '../conformance/any-readings.ts'
import { encodeSample, isUniform, readingsIn, resolutionOf } from './sample-content.ts'

const at = { meter: 'm-1', atMs: 1_790_000_000_000 }
const partsOf = (readings: readonly Reading[]) =>
  readings.map((reading) => ({ quantity: reading.quantity, resolution: resolutionOf(reading) }))
const through = (readings: readonly Reading[]): Reading[] => {
  const content = encodeSample(readings, 0, readings.length).slice()
  return readingsIn({ ...at, content }, partsOf(readings))
}

test('any sample comes back from its bytes to the last bit', () => {
  fc.assert(
    fc.property(distinctReadings, (any) => {
      const readings = any.map((reading) => ({ ...reading, ...at }))
      expect(through(readings)).toEqual(readings)
    }),
  )
})

test('every cause has a number', () => {
  const causes = Object.keys(badCauses).filter((each): each is BadCause => each in badCauses)
  const readings = causes.map(
    (cause) => ({ ...at, quantity: 'activePower.total', quality: 'bad', cause }) as const,
  )
  expect(through(readings)).toEqual(readings)
})

test('the bytes are these: files of years ago are read by them', () => {
  const value = (quality: 'good' | 'uncertain', number: number) =>
    ({ ...at, quantity: 'voltage.l1', quality, value: number }) as const
  const bytesOf = (readings: readonly Reading[]) =>
    Buffer.from(encodeSample(readings, 0, readings.length)).toString('hex')
  expect(bytesOf([value('good', 1), value('good', -2)])).toBe('03000000000000f03f00000000000000c0')
  const timeout = { ...at, quantity: 'voltage.l1', quality: 'bad', cause: 'timeout' } as const
  const unknown = { ...timeout, cause: 'not-a-number' } as const
  expect(bytesOf([value('uncertain', 1), timeout, unknown])).toBe(
    `0002101c000000000000f03f${'00'.repeat(16)}`,
  )
})

test('one quality for all takes one byte', () => {
  const readings = Array.from({ length: 200 }, (_, index): Reading => {
    return { ...at, quantity: 'activePower.total', quality: 'good', value: index }
  })
  const content = encodeSample(readings, 0, 200)
  expect(content.length).toBe(1 + 200 * 8)
  expect(isUniform(content)).toBe(true)
})

test('bytes that are too short, or of a later version, are an error and no number', () => {
  const part = [{ quantity: 'activePower.total', resolution: undefined }] as const
  for (const content of [
    [],
    [3],
    [3, 0, 0],
    [0],
    [0, 250, 0, 0, 0, 0, 0, 0, 0, 0],
    [99, 0, 0, 0, 0, 0, 0, 0, 0],
  ])
    expect(() => readingsIn({ ...at, content: Uint8Array.from(content) }, part)).toThrow(RangeError)
})
