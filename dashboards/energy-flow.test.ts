import { describe, expect, test } from 'vitest'
import { decimal } from '#accounts/decimal.ts'
import { energyFlow, type UsedEnergy } from './energy-flow.ts'
import { smallPark } from './small-park.test-support.ts'

const name = { zh: '名', en: 'name' }
const nameOfItem = (): typeof name => name
const line = (path: string[], item: string, tce: number | undefined): UsedEnergy => {
  const level = path.length === 1 ? 'account' : path.length === 2 ? 'process' : 'equipment'
  return { path, name, level, item, tce: tce === undefined ? undefined : decimal(String(tce)) }
}
const park = smallPark.description.id

describe('the flow of energy', () => {
  test('what the enterprises got is not counted again at the park’s own boundary', () => {
    const { links } = energyFlow(
      smallPark,
      [
        line([park], 'electricity', 10),
        line(['forge'], 'electricity', 6),
        line(['chemical'], 'electricity', 3),
      ],
      nameOfItem,
    )
    expect(links).toEqual([
      { from: 'item electricity', to: `account ${park}`, tce: 1 },
      { from: 'item electricity', to: 'account forge', tce: 6 },
      { from: 'item electricity', to: 'account chemical', tce: 3 },
    ])
  })

  test('what an account has beyond its processes is its rest, and never less than nothing', () => {
    const lines = [
      line(['forge'], 'electricity', 6),
      line(['forge', 'hammer'], 'electricity', 4),
      line(['forge', 'hammer', 'press'], 'electricity', 2),
      line(['chemical'], 'electricity', 3),
      line(['chemical', 'reactor'], 'electricity', 3.01),
    ]
    const { links } = energyFlow(smallPark, lines, nameOfItem)
    expect(links.filter(({ from }) => from.startsWith('account'))).toEqual([
      { from: 'account forge', to: 'process forge hammer', tce: 4 },
      { from: 'account forge', to: 'rest', tce: 2 },
      { from: 'account chemical', to: 'process chemical reactor', tce: 3.01 },
    ])
  })

  test('what its processes took to the last digit leaves no rest', () => {
    const lines = [
      line([park], 'electricity', 0.8),
      line(['forge'], 'electricity', 0.1),
      line(['chemical'], 'electricity', 0.7),
      line(['forge', 'hammer'], 'electricity', 0.1),
      line(['chemical', 'reactor'], 'electricity', 0.6),
      line(['chemical', 'dryer'], 'electricity', 0.1),
    ]
    const { links } = energyFlow(smallPark, lines, nameOfItem)
    expect(links.filter(({ to }) => to === 'rest' || to === `account ${park}`)).toEqual([])
  })

  test('what is not known flows nowhere, and is said', () => {
    const known = energyFlow(smallPark, [line(['forge'], 'electricity', 6)], nameOfItem)
    expect(known.incomplete).toBe(false)
    const lines = [line(['forge'], 'electricity', 6), line(['forge'], 'naturalGas', undefined)]
    const { links, incomplete } = energyFlow(smallPark, lines, nameOfItem)
    expect(incomplete).toBe(true)
    expect(links).toEqual([{ from: 'item electricity', to: 'account forge', tce: 6 }])
  })

  test('every link has its two ends', () => {
    const lines = [line(['forge'], 'electricity', 6), line(['forge', 'hammer'], 'electricity', 4)]
    const { nodes, links } = energyFlow(smallPark, lines, nameOfItem)
    const ids = nodes.map(({ id }) => id)
    expect(new Set(links.flatMap(({ from, to }) => [from, to]))).toEqual(new Set(ids))
    expect(new Set(ids).size).toBe(ids.length)
  })
})
