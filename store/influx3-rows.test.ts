import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Reading } from '#contract/reading.ts'
import { counted, value } from './conformance/sample-readings.ts'
import { readingOf, rowsOf } from './influx3-rows.ts'
import type { Point } from './line-protocol.ts'

const numbers = fc
  .double({ noNaN: true, noDefaultInfinity: true })
  .map((number): Reading => value(0, number === 0 ? 0 : number))
const registers = fc
  .tuple(fc.maxSafeInteger(), fc.constantFrom('0.01', '1', '10', '0.000000001'))
  .map(([count, resolution]): Reading => counted(0, count === 0 ? 0 : count, resolution))

const columnsOf = ({ tags, fields, timeNs }: Point) => ({
  ...Object.fromEntries(tags),
  ...Object.fromEntries([...fields].map(([name, field]) => [name, field.value])),
  at_ms: Number(timeNs / 1_000_000n),
})

test('whatever of two writes of one identity a server keeps, one of the two is read back and never a mixture', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.tuple(numbers, numbers), fc.tuple(registers, registers)),
      fc.array(fc.boolean(), { minLength: 10, maxLength: 10 }),
      (both, isSecond) => {
        const [first, second] = rowsOf(both).map(columnsOf)
        const kept = Object.fromEntries(
          Object.entries({ ...first, ...second }).map(([name, held], place) => [
            name,
            isSecond[place] === true
              ? held
              : Object.entries({ ...first }).find(([each]) => each === name)?.[1],
          ]),
        )
        expect(both).toContainEqual(readingOf(kept))
      },
    ),
  )
})

test.each([undefined, null, 7, '', '7', '*0.01', '7*', 'seven*0.01', '1.5*0.01', '9999999999999999*1'])(
  'the text %j is no register',
  (exact) => {
    const [row] = rowsOf([counted(0, 7)]).map(columnsOf)
    expect(readingOf({ ...row, exact })).toBeUndefined()
  },
)
