import { afterAll, beforeAll, expect, test } from 'vitest'
import { readReportFiles } from '#cli/accounting-files.ts'
import { readFactorFiles } from '#cli/factor-files.ts'
import { march, planWith, PostingBench, smallPark } from '#cli/posting.test-support.ts'
import { accountingRecord } from '#contract/accounting-record.ts'
import { SLOT_MS } from '#contract/grid.ts'
import { ServerBench } from '../server.test-support.ts'
import { changePreview, factorsAnswer, restatementPreview } from './factor-shapes.ts'

const posting = new PostingBench()
const bench = new ServerBench()
const plan = planWith({
  sources: [
    {
      id: 'coal',
      name: { zh: '煤', en: 'Coal' },
      kind: 'fuel',
      fuel: 'bituminousCoal',
      item: 'rawCoal',
    },
  ],
})
const common = { account: 'steel', document: 'invented', by: 'test' }
const month = { from: '2026-03-01', to: '2026-04-01' }
const burnt = { kind: 'energy-used', item: 'rawCoal', quantity: '100', unit: 't', use: 'production' }

beforeAll(async () => {
  const { books, clock, rules } = posting
  posting.fill('steel-incoming', { fromMs: march.fromMs, toMs: march.fromMs + 400 * SLOT_MS })
  books.enterRecords(
    [accountingRecord.parse({ ...common, ...month, ...burnt, source: 'coal' })],
    clock.wallMs(),
  )
  await posting.post(plan)
  await bench.start({
    park: smallPark,
    books,
    clock,
    reports: { ...readReportFiles(), library: rules.library, plan, books },
    accounts: { plan, rules, books, commits: { commitsSince: async () => [] } },
    factors: { factors: readFactorFiles(), tariffs: new Map() },
  })
})
afterAll(async () => {
  await bench.stop()
  posting.remove()
})

test('another coefficient of standard coal changes the consumption of the months that rest on it, and writes nothing', async () => {
  const path = '/api/v1/accounts/steel/coal-preview?year=2026'
  const ask = async (value: string) =>
    changePreview.parse(await bench.json(`${path}&factor=gb2589-2008/electricity/calorific&value=${value}`))
  const { months, unit } = await ask('0.1')
  expect(unit).toBe('tce')
  const found = months.find((each) => each.month === '2026-03')?.figures[0]
  // 4,000 kWh under 0.1229 kgce/kWh and under 0.1; the coal beside them stays.
  expect(Number(found?.before) - Number(found?.after)).toBeCloseTo(4 * (0.1229 - 0.1), 9)
  const same = (await ask('0.1229')).months.find((each) => each.month === '2026-03')?.figures[0]
  expect(same?.after).toBe(same?.before)
  expect(await bench.json(`${path}&factor=none&value=1`)).toMatchObject({ code: 'request-invalid' })
})

test('a value that a laboratory would have measured restates the months of its source, and writes nothing', async () => {
  const { accounts } = factorsAnswer.parse(await bench.json('/api/v1/factors'))
  expect(accounts.find(({ account }) => account === 'steel')?.fuels).toMatchObject([{ id: 'coal', per: 't' }])
  const before = posting.books.ledger('steel').length
  const path = '/api/v1/accounts/steel/restatement-preview?source=coal'
  const of = async (query: string) =>
    restatementPreview
      .parse(await bench.json(`${path}&${query}`))
      .months.find((each) => each.month === '2026-03')
  const [half, whole] = [await of('part=ncv&value=10'), await of('part=ncv&value=20')]
  expect(half?.restated).toBe(1)
  // What is burnt emits in proportion to its heating value.
  expect(Number(whole?.after)).toBeCloseTo(2 * Number(half?.after), 3)
  expect(posting.books.ledger('steel').length).toBe(before)
  for (const query of ['&part=value&value=1', '&part=ncv', '&part=ncv&value=20&electricityYear=2022'])
    expect((await fetch(bench.server.url + path + query)).status, query).toBe(400)
})
