import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readReportFiles } from '#cli/accounting-files.ts'
import { readPostingRules } from '#cli/posting-rules.ts'
import { march, planWith, PostingBench, smallPark } from '#cli/posting.test-support.ts'
import { SETTLE_MS, SLOT_MS } from '#contract/grid.ts'
import { digestOf } from '../access/secrets.ts'
import { ServerBench } from '../server.test-support.ts'
import { dayView } from './day-shapes.ts'

const SECRET = 'a-token-of-this-test'
let posting: PostingBench
let bench: ServerBench

beforeEach(async () => {
  posting = new PostingBench()
  bench = new ServerBench()
  const stretch = { fromMs: march.fromMs, toMs: march.fromMs + 4 * SLOT_MS }
  posting.fill('steel-incoming', stretch)
  const { books, rules } = posting
  const plan = planWith()
  bench.clock.advance(stretch.toMs + SETTLE_MS - bench.clock.wallMs())
  const user = bench.access.addUser({ name: 'own', role: 'enterprise-user', enterprise: 'food' }, 1)
  bench.access.addToken(digestOf(SECRET), { name: 'own', user: user.id, access: ['read'] }, 1, undefined)
  await bench.start({
    park: smallPark,
    accounts: { plan, rules, books, commits: { commitsSince: async () => [] } },
    reports: { ...readReportFiles(), ...readPostingRules(), plan, books },
  })
})
afterEach(async () => {
  await bench.stop()
  posting.remove()
})

describe('the day', () => {
  test('beside other days, of which nothing is known, as null and never as nothing', async () => {
    const day = dayView.parse(await bench.json('/api/v1/day'))
    const steel = day.stretches.map(({ which, accounts }) => [
      which,
      accounts.find(({ account }) => account === 'steel')?.tCo2,
    ])
    expect(steel).toEqual([
      ['today', expect.stringMatching(/^0\.0\d+$/)],
      ['yesterday', null],
      ['weekBefore', null],
    ])
    const [used] = day.energy.filter(({ account }) => account === 'steel')
    expect(used?.items.find(({ item }) => item === 'electricity')?.tce).toBeGreaterThan(0)
    expect(day.flow.links.map(({ from, to }) => `${from} > ${to}`)).toContain(
      'item electricity > account steel',
    )
  })

  test('shows an enterprise user its own account alone', async () => {
    const headers = { authorization: `Bearer ${SECRET}` }
    const answer = await fetch(`${bench.server.url}/api/v1/day`, { headers })
    expect(answer.status).toBe(200)
    const text = await answer.text()
    expect(text).not.toContain('steel')
    expect(text).toContain('food')
  })
})
