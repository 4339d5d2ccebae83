import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { DayView } from '#dashboards/api/day-shapes.ts'
import { foldFlow } from './flow-fold.ts'

type Flow = DayView['flow']

const levels: Readonly<Partial<Record<Flow['nodes'][number]['kind'], number>>> = { item: 0, account: 1 }
const named = (id: string, kind: Flow['nodes'][number]['kind']): Flow['nodes'][number] => ({
  id,
  kind,
  level: levels[kind] ?? 2,
  name: { zh: id, en: id },
  carrier: null,
})

/** Items to accounts, accounts to processes of their own and to what is nobody's. */
const flows = fc
  .array(
    fc.record({ uses: fc.array(fc.integer({ min: 1, max: 999 }), { maxLength: 6 }), rest: fc.nat(50) }),
    {
      minLength: 1,
      maxLength: 40,
    },
  )
  .map((accounts): Pick<Flow, 'nodes' | 'links'> => {
    const nodes = [named('item electricity', 'item')]
    const links: Flow['links'] = []
    if (accounts.some(({ rest }) => rest > 0)) nodes.push(named('rest', 'rest'))
    for (const [index, { uses, rest }] of accounts.entries()) {
      const id = `account ${index}`
      nodes.push(named(id, 'account'))
      links.push({ from: 'item electricity', to: id, tce: uses.reduce((a, b) => a + b, rest + 1) })
      for (const [place, tce] of uses.entries()) {
        nodes.push(named(`process ${index} ${place}`, 'process'))
        links.push({ from: id, to: `process ${index} ${place}`, tce })
      }
      if (rest > 0) links.push({ from: id, to: 'rest', tce: rest })
    }
    return { nodes, links }
  })

const sum = (links: Flow['links'], at: (link: Flow['links'][number]) => boolean): number =>
  links.filter(at).reduce((total, { tce }) => total + tce, 0)
const limits = fc.record({
  accounts: fc.integer({ min: 2, max: 12 }),
  processes: fc.integer({ min: 2, max: 20 }),
})

test('what flows to the accounts is the same, however many of them are drawn', () => {
  fc.assert(
    fc.property(flows, limits, (flow, given) => {
      const fromItems = ({ from }: { from: string }): boolean => from.startsWith('item ')
      expect(sum(foldFlow(flow, given).links, fromItems)).toBe(sum(flow.links, fromItems))
    }),
  )
})

test('no more are drawn than asked for, and every account drawn hands on what it handed on', () => {
  fc.assert(
    fc.property(flows, limits, (flow, given) => {
      const { nodes, links, rows } = foldFlow(flow, given)
      const count = (kind: 'account' | 'process'): number =>
        nodes.filter((node) => node.kind === kind || (node.kind === 'others' && node.of === kind)).length
      expect(count('account')).toBeLessThanOrEqual(given.accounts)
      expect(count('process')).toBeLessThanOrEqual(given.processes)
      expect(rows).toBeLessThanOrEqual(Math.max(given.accounts, given.processes + 1))
      const ids = new Set(nodes.map(({ id }) => id))
      for (const { from, to } of links) expect(ids.has(from) && ids.has(to)).toBe(true)
      for (const { id, kind } of nodes) {
        if (kind === 'account')
          expect(sum(links, ({ from }) => from === id)).toBe(sum(flow.links, ({ from }) => from === id))
      }
    }),
  )
})

test('what stands for others says for how many, and those are the smallest', () => {
  const flow = {
    nodes: [
      named('item gas', 'item'),
      ...['a', 'b', 'c', 'd'].map((id) => named(`account ${id}`, 'account')),
    ],
    links: [
      { from: 'item gas', to: 'account a', tce: 1 },
      { from: 'item gas', to: 'account b', tce: 7 },
      { from: 'item gas', to: 'account c', tce: 2 },
      { from: 'item gas', to: 'account d', tce: 9 },
    ],
  }
  const { nodes, links } = foldFlow(flow, { accounts: 3, processes: 3 })
  expect(nodes.map(({ id, count }) => [id, count])).toEqual([
    ['item gas', undefined],
    ['account b', undefined],
    ['account d', undefined],
    ['others account 1', 2],
  ])
  expect(links).toContainEqual({ from: 'item gas', to: 'others account 1', tce: 3 })
})

test('of many conversions those of one level stand together, and nothing is made of itself', () => {
  const made = (id: string, level: number): Flow['nodes'][number] => ({ ...named(id, 'conversion'), level })
  const nodes = [
    named('item gas', 'item'),
    ...['a', 'b', 'c'].map((id) => made(`conversion ${id}`, 1)),
    { ...named('item heat', 'item'), level: 2 },
    made('conversion d', 3),
    { ...named('item power', 'item'), level: 4 },
  ]
  const links = [
    ...['a', 'b', 'c'].flatMap((id, index) => [
      { from: 'item gas', to: `conversion ${id}`, tce: index + 1 },
      { from: `conversion ${id}`, to: 'item heat', tce: index + 1 },
    ]),
    { from: 'item heat', to: 'conversion d', tce: 2 },
    { from: 'conversion d', to: 'item power', tce: 2 },
  ]
  const folded = foldFlow({ nodes, links }, { accounts: 2, processes: 2 })
  expect(folded.links).toEqual([
    { from: 'item gas', to: 'others conversion 1', tce: 3 },
    { from: 'others conversion 1', to: 'item heat', tce: 3 },
    { from: 'item gas', to: 'conversion c', tce: 3 },
    { from: 'conversion c', to: 'item heat', tce: 3 },
    { from: 'item heat', to: 'conversion d', tce: 2 },
    { from: 'conversion d', to: 'item power', tce: 2 },
  ])
})

test('a flow that is small enough stays as it is', () => {
  fc.assert(
    fc.property(flows, (flow) => {
      const { nodes, links } = foldFlow(flow, { accounts: 99, processes: 999 })
      expect(nodes.filter(({ kind }) => kind === 'others')).toEqual([])
      expect(links).toEqual(flow.links)
    }),
  )
})
