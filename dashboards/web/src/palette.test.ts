import { expect, test } from 'vitest'
import { coloursApart, enterpriseColour, seriesColoursOn } from './palette.ts'

const forty = Array.from({ length: 40 }, (_, index) => ({ id: `enterprise-${index}` }))

test('no enterprise has the colour of the park', () => {
  for (const { id } of forty)
    expect(enterpriseColour(forty, id, 'dark')).not.toBe(enterpriseColour(forty, undefined, 'dark'))
})

test('as many enterprises as there are colours are told apart, whichever they are', () => {
  const ids = [0, 7, 14, 21, 3, 10, 39].map((index) => `enterprise-${index}`)
  const colours = coloursApart(forty, ids, 'light')
  expect(new Set(colours.values()).size).toBe(seriesColoursOn.light.length - 1)
  expect(colours.get('enterprise-0')).toBe(enterpriseColour(forty, 'enterprise-0', 'light'))
})
