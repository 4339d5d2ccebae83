import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseFormula } from './formula.ts'

/** Terms as `±share meter`, or the fault. */
function read(text: string): string[] | string {
  const formula = parseFormula(text)
  if ('error' in formula) return formula.error
  return formula.terms.map(
    ({ meter, quantity, isNegative, share }) =>
      `${isNegative ? '-' : '+'}${share} ${meter}${quantity === undefined ? '' : `:${quantity}`}`,
  )
}

describe('a formula', () => {
  test.each([
    ['steel-incoming - steel-drawing-line', ['+1 steel-incoming', '-1 steel-drawing-line']],
    ['0.35 * services-incoming', ['+0.35 services-incoming']],
    ['35 % * (a + b) - c', ['+0.35 a', '+0.35 b', '-1 c']],
    ['a × 0.5 − -b', ['+0.5 a', '+1 b']],
    ['2 * a - a', ['+1 a']],
    ['incoming - incoming:activeEnergyExport.total', ['+1 incoming', '-1 incoming:activeEnergyExport.total']],
    ['-(a - 12.5%*b-2)', ['-1 a', '+0.125 b-2']],
    ['35 * 3f-west', ['+35 3f-west']],
  ])('%s', (text, terms) => {
    expect(read(text)).toEqual(terms)
  })

  test.each([
    ['a * b', 'meters can be added and subtracted; one of two factors is a number'],
    ['a + 5', 'a number alone is no energy of a meter'],
    ['5', 'a number alone is no energy of a meter'],
    ['0', 'there is no meter in it'],
    ['', 'a meter or a number is missing'],
    ['a - a', '"a" cancels itself out'],
    ['(a + b', 'a ")" is missing'],
    ['a b', 'there is an operator missing before "b"'],
    ['a -', 'a meter or a number is missing'],
    ['a / 3', '"/ 3" cannot be read'],
    ['a:voltage', 'there is no quantity "voltage"'],
    ['0.0000000001 * a', '0.0000000001 has more than 9 decimals'],
    ['0.00001 * (0.00001 * a)', 'a share has more than 9 decimals'],
  ])('%s is refused', (text, error) => {
    expect(read(text)).toBe(error)
  })

  test('any text is read or refused with words', () => {
    const piece = fc.constantFrom('a', 'b-2', '0.5', '7', ' ', '+', '-', '*', '(', ')', '%', '−', '/', 'A')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        expect(read(pieces.join(''))).not.toBe('')
      }),
    )
  })
})
