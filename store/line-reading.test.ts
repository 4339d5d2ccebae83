import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readingsOf, type Sample } from '#contract/messages.ts'
import { sample as sampleSchema } from '#contract/messages.ts'
import { distinctReadings, sorted } from './conformance/any-readings.ts'
import { lineSample } from './line-reading.ts'
import { linesOf } from './reading-lines.ts'

const sampleOf = (line: string): Sample => sampleSchema.parse(lineSample(line))

test('any readings are read back from their lines', () => {
  fc.assert(
    fc.property(distinctReadings, (readings) => {
      const back = linesOf(readings).flatMap((line) => readingsOf(sampleOf(line)))
      expect(sorted(back)).toEqual(sorted(readings))
    }),
  )
})

test('what holds no reading is passed over', () => {
  for (const line of [
    '',
    '# DML',
    'commit,gateway=gw-1,epoch=unknown body="{\\"a\\":1}" 1',
    'probe by="tanbiao" 0',
  ])
    expect(lineSample(line)).toBeUndefined()
})

test.each([
  ['electricity,meter=m-1,quality=good activePower.total=1 1500', 'whole milliseconds'],
  ['electricity,meter=m-1,quality=good activePower.total=1', 'its time is missing'],
  ['electricity,meter=m-1,quality=good activePower.total=t 0', '"t" is no value'],
  ['electricity,meter=m-1,quality=good activeEnergyImport.total=1 0', 'has no .count'],
  ['electricity,meter=m-1,quality=good activeEnergyImport.total.count=5i 0', 'has no .count with'],
  ['electricity,quality=good activePower.total=1 0', 'no tag "meter"'],
  ['weather,meter=m-1 temperature=1 0', '"weather" is no carrier'],
  ['electricity,meter activePower.total=1 0', 'a tag without a value'],
  ['electricity,meter=m-1 activePower.total 0', 'a field without a value'],
  ['bad,meter=m-1 activePower.total="timeout 0', 'does not end'],
  ['electricity,meter=m-1,quality=good a=9007199254740993i 0', 'held exactly'],
  ['nonsense', 'a field without a value'],
])('%s says why it is no reading: %s', (line, why) => {
  expect(() => lineSample(line)).toThrow(why)
})
