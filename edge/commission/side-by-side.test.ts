import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodings, wordOrder } from '#firmware-config/encodings.ts'
import { rawValue } from '../raw-value.ts'
import { sideBySide, textsIn } from './side-by-side.ts'

const words = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 1, maxLength: 8 })

test('every view says what the decoder says of its words', () => {
  fc.assert(
    fc.property(words, fc.integer({ min: 0, max: 0xff00 }), (given, address) => {
      for (const view of sideBySide(address, given)) {
        const start = view.address - address
        const part = given.slice(start, start + encodings[view.encoding].words)
        for (const order of wordOrder.options) {
          const raw = rawValue(part, view.encoding, order)
          const said = view.values[order]
          if (said === undefined) continue
          if (typeof raw === 'bigint') expect(BigInt(said)).toBe(raw)
          else if (raw !== undefined && Number.isFinite(raw)) {
            expect(Math.abs(Number(said) - raw)).toBeLessThanOrEqual(Math.abs(raw) * 1e-6)
          }
        }
      }
    }),
  )
})

test('a meter’s voltage is found whatever its order', () => {
  // 0x43663333 is 230.2 as a 32-bit float.
  const orders = {
    ABCD: [0x4366, 0x3333],
    CDAB: [0x3333, 0x4366],
    BADC: [0x6643, 0x3333],
    DCBA: [0x3333, 0x6643],
  }
  for (const [order, given] of Object.entries(orders)) {
    const view = sideBySide(0, given).find(({ encoding }) => encoding === 'f32')
    expect(Object.entries(view?.values ?? {}).filter(([, value]) => value === '230.2')).toEqual([
      [order, '230.2'],
    ])
  }
})

test('digits that are none have no value, and one word has no word order', () => {
  const views = new Map(sideBySide(7, [0x1a34]).map((view) => [view.encoding, view]))
  expect(views.get('bcd4')?.values).toEqual({
    ABCD: undefined,
    CDAB: undefined,
    BADC: undefined,
    DCBA: undefined,
  })
  expect(views.get('u16')?.values).toMatchObject({
    ABCD: '6708',
    CDAB: undefined,
    BADC: '13338',
    DCBA: undefined,
  })
})

test('texts are shown where the words are some', () => {
  expect(textsIn([0x534f, 0x434f])).toEqual([
    { kind: 'text, two characters a register', text: 'SOCO' },
    { kind: 'text, bytes swapped', text: 'OSOC' },
  ])
  expect(textsIn([0x0053, 0x004f])).toContainEqual({ kind: 'letters, one a register', text: 'SO' })
  expect(textsIn([0x4366, 0x0001])).not.toContainEqual(
    expect.objectContaining({ kind: 'letters, one a register' }),
  )
})
