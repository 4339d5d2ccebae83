import fc from 'fast-check'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { balanceTable, partsInScope } from '#accounts/balance-table.ts'
import { atOnce } from '#accounts/steps.ts'
import { readReportFiles } from '#cli/accounting-files.ts'
import { requiredPlan } from '#cli/account-files.ts'
import { readPostingRules } from '#cli/posting-rules.ts'
import { quantityOf } from '#contract/quantities.ts'
import type { LiveValue } from './api/shapes.ts'
import { energyFlow, type EnergyFlow, type FlowGround } from './energy-flow.ts'
import { flowGroundSteps } from './flow-ground.ts'
import { hourAhead } from './power-flow.ts'

const parkFile = new URL('../firmware-config/examples/demo-park/park.yaml', import.meta.url)
const { park, plan } = requiredPlan(fileURLToPath(parkFile))
const ids = [...park.meters.keys()]

/** The demo park with these powers, each in the unit of its meter; a meter that is not named has none. */
function groundWith(powers: Readonly<Record<string, number>>, of: typeof plan = plan): FlowGround {
  const live = (id: string): LiveValue | null => {
    const power = park.meters.get(id)?.power
    const value = powers[id]
    if (power === undefined || value === undefined) return null
    const { unit } = quantityOf(power)
    return { value, exact: null, unit, quality: 'good', atMs: 0, ageMs: 0, fresh: true }
  }
  const ground = {
    ...readReportFiles(),
    ...readPostingRules(),
    park,
    plan: of,
    records: [],
    measured: hourAhead(({ id }) => ({ power: live(id) })),
  }
  return atOnce(flowGroundSteps(ground, '2026-03-10'))
}

/** kW, m³/h, t/h: what the demo park may well have at noon. */
const noon: Readonly<Record<string, number>> = {
  'park-incoming': 2_600,
  'park-pv': 300,
  'park-chp-gas': 110,
  'park-gas-incoming': 110,
  'park-chp-power': 420,
  'park-chp-heat': 450,
  'steel-incoming': 1_500,
  'food-incoming': 640,
  'computing-incoming': 1_000,
  'food-gas-incoming': 92,
  'food-boiler-gas': 80,
  'food-boiler-steam': 1.1,
  'food-cooking-steam': 0.7,
  'food-cleaning-steam': 0.4,
  'food-canteen-gas': 12,
}
const all = Object.fromEntries(ids.map((id) => [id, noon[id] ?? 0]))

const sum = ({ links }: EnergyFlow, at: (link: EnergyFlow['links'][number]) => boolean): number =>
  links.filter(at).reduce((total, { tce }) => total + tce, 0)
const pairs = ({ links }: EnergyFlow): string[] => links.map(({ from, to }) => `${from} > ${to}`)

describe('the flow of energy', () => {
  test('goes from sources through engine and boiler, which lose what they do not give out, to accounts', () => {
    const flow = energyFlow(groundWith(all))
    expect(pairs(flow)).toEqual(
      expect.arrayContaining([
        'source inflow electricity > item electricity',
        'source primary-production electricity > item electricity',
        'item naturalGas > conversion demo-park gas-engine-power',
        'conversion demo-park gas-engine-power > item electricity',
        'conversion demo-park gas-engine-power > loss',
        'conversion demo-park gas-engine-heat > item heat',
        'item naturalGas > conversion food steam-boiler',
        'conversion food steam-boiler > item heat',
        'item heat > account food',
        'item electricity > account steel',
        'account steel > loss',
      ]),
    )
    // All gas of the engine is turned into something: none of it is left for the park itself.
    expect(pairs(flow)).not.toContain('item naturalGas > account demo-park')
    expect(flow.incomplete).toBe(false)
    const levelOf = (id: string): number | undefined => flow.nodes.find((node) => node.id === id)?.level
    expect([
      levelOf('item naturalGas'),
      levelOf('conversion food steam-boiler'),
      levelOf('item electricity'),
      levelOf('account computing'),
      levelOf('loss'),
    ]).toEqual([0, 1, 2, 3, 4])
  })

  test('what a boiler burnt is not counted again in its workshop', () => {
    const flow = energyFlow(groundWith(all))
    const [boilerHouse] = flow.nodes.filter(
      ({ id }) => id.startsWith('process food') && id.includes('boiler'),
    )
    expect(boilerHouse).toBeUndefined()
    const got = sum(flow, ({ to }) => to === 'account food')
    const passedOn = sum(flow, ({ from }) => from === 'account food')
    expect(passedOn).toBeLessThanOrEqual(got * (1 + 1e-9))
  })

  test('has the numbers of the balance table, whatever flows where every machine runs', () => {
    const powers = fc.array(fc.integer({ min: 1, max: 3_000 }), {
      minLength: ids.length,
      maxLength: ids.length,
    })
    fc.assert(
      fc.property(powers, (values) => {
        const ground = groundWith(Object.fromEntries(ids.map((id, index) => [id, values[index] ?? 0])))
        const flow = energyFlow(ground)
        const { lines, items } = balanceTable(
          partsInScope(ground.parts, undefined),
          ground.rows,
          ground.items,
        )
        const cell = (row: string, item: string): number =>
          Number(lines.find((line) => line.row.id === row)?.cells.get(item)?.figure.coal.calorific ?? 0)
        for (const item of items.filter((each) => ground.items[each]?.media === false)) {
          const id = `item ${item}`
          const turned =
            sum(flow, ({ from, to }) => from.startsWith('conversion') && to === id) -
            sum(flow, ({ from, to }) => from === id && to.startsWith('conversion'))
          expect(turned).toBeCloseTo(cell('transformation', item), 6)
          const used = sum(flow, ({ from, to }) => from === id && to.startsWith('account'))
          // Less only where the meters of an account contradict one another, and it would have got less than nothing.
          expect(used).toBeGreaterThanOrEqual(cell('supply', item) + turned - 1e-6)
        }
        for (const { id } of flow.nodes.filter(({ kind }) => kind === 'conversion')) {
          const given = sum(flow, ({ from, to }) => from === id && to !== 'loss')
          const lost = Math.max(0, sum(flow, ({ to }) => to === id) - given)
          expect(sum(flow, ({ from, to }) => from === id && to === 'loss')).toBeCloseTo(lost, 6)
        }
        const known = new Set(flow.nodes.map(({ id }) => id))
        for (const { from, to, tce } of flow.links)
          expect(known.has(from) && known.has(to) && tce > 0).toBe(true)
        const levels = new Map(flow.nodes.map(({ id, level }) => [id, level]))
        for (const { from, to } of flow.links) expect(levels.get(from)).toBeLessThan(levels.get(to) ?? 0)
      }),
      { numRuns: 30 },
    )
  })

  test('of an enterprise is that of its own account, which got its power from the park', () => {
    const ground = groundWith(all)
    const flow = energyFlow(ground, new Set(['food']))
    expect(JSON.stringify(flow)).not.toMatch(/steel|computing|demo-park/)
    const whole = energyFlow(ground)
    const got = (of: EnergyFlow): number => sum(of, ({ to }) => to === 'account food')
    expect(got(flow)).toBeCloseTo(got(whole), 9)
    expect(pairs(flow)).toContain('item electricity > account food')
  })

  test('a conversion of which a part is not known stays within its account, and that is said', () => {
    const { 'park-chp-heat': _, ...rest } = all
    const flow = energyFlow(groundWith(rest))
    expect(flow.incomplete).toBe(true)
    expect(pairs(flow).filter((each) => each.includes('gas-engine-heat'))).toEqual([])
    // The gas that it took is what the park's own account got then.
    expect(pairs(flow)).toContain('item naturalGas > account demo-park')
  })

  test('an engine that stands still is not there, and nothing is missing for it', () => {
    const still = { 'park-chp-gas': 0, 'park-gas-incoming': 0, 'park-chp-power': 0, 'park-chp-heat': 0 }
    const flow = energyFlow(groundWith({ ...all, ...still }))
    expect(flow.incomplete).toBe(false)
    expect(pairs(flow).filter((each) => each.includes('gas-engine'))).toEqual([])
  })

  test('what makes what it is made from goes round no circle', () => {
    const accounts = plan.accounts.map((account) =>
      account.account === 'food'
        ? {
            ...account,
            conversions: [
              ...account.conversions,
              {
                id: 'steam-to-gas',
                name: { zh: '汽制气', en: 'Gas of steam' },
                row: 'gas-making',
                inputs: [{ meter: 'food-cleaning-steam', share: '1' }],
                outputs: [{ meter: 'food-canteen-gas', share: '1' }],
              },
            ],
          }
        : account,
    )
    const flow = energyFlow(groundWith(all, { ...plan, accounts }))
    expect(pairs(flow).filter((each) => each.includes('steam-to-gas'))).toEqual([])
    expect(pairs(flow)).toContain('item naturalGas > conversion food steam-boiler')
    expect(flow.incomplete).toBe(true)
  })

  test('where nothing is known nothing flows', () => {
    expect(energyFlow(groundWith({}))).toEqual({ nodes: [], links: [], incomplete: true })
  })
})
