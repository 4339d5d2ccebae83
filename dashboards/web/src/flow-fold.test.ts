import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { DayView } from '#dashboards/api/day-shapes.ts'
import { foldFlow } from './flow-fold.ts'

type Flow = DayView['flow']

const named = (id: string, kind: Flow['nodes'][number]['kind']): Flow['nodes'][number] => ({
  id,
  kind,
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
    ['others account', 2],
  ])
  expect(links).toContainEqual({ from: 'item gas', to: 'others account', tce: 3 })
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
