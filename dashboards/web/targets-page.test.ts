import { afterAll, beforeAll, expect, test } from 'vitest'
import { monthNames } from '#accounts/account-month.ts'
import { targetFile } from '#accounts/targets/target.ts'
import { readReportFiles } from '#cli/accounting-files.ts'
import { planWith, PostingBench, smallPark } from '#cli/posting.test-support.ts'
import { posting as postingBody } from '#contract/entry.ts'
import { indexPark, parkDescription } from '#contract/park.ts'
import { describeWith } from '#test/support/servers.ts'
import { PageBench, PAGES_MS_MAX } from './page.test-support.ts'

const source = 'invented for this test'
const target = { year: 2026, document: source, confidence: 'unverified' }
const targets = targetFile.parse({
  park: 'park',
  targets: [
    { ...target, id: 'park-carbon', account: 'park', of: 'carbon', limit: '250' },
    { ...target, id: 'steel-carbon', account: 'steel', of: 'carbon', limit: '100' },
    { ...target, id: 'steel-energy', account: 'steel', of: 'energy', limit: '100' },
  ],
  warnings: {
    document: source,
    grades: [
      { id: 'fine', name: { zh: '正常', en: 'Fine' }, colour: 'green', from: '0' },
      { id: 'over', name: { zh: '超标', en: 'Exceeded' }, colour: 'red', from: '1' },
    ],
  },
  peak: { year: 2029, document: source },
  scenarios: [
    {
      id: 'planned',
      name: { zh: '规划情景', en: 'As planned' },
      of: 'carbon',
      until: 2032,
      growth: [
        { from: 2027, rate: { percent: '2', low: '1', high: '3', document: source } },
        { from: 2030, rate: { percent: '-2', low: '-3', high: '-1', document: source } },
      ],
    },
  ],
})

/** The park of the posting tests, a year older. */
const oldPark = indexPark(
  parkDescription.parse(
    JSON.parse(JSON.stringify(smallPark.description).replaceAll('2026-01-01T', '2025-01-01T')),
  ),
)

describeWith(['chromium'], 'the page of targets', () => {
  const posting = new PostingBench()
  const bench = new PageBench()

  beforeAll(async () => {
    await bench.open()
    const { books, rules, clock } = posting
    const plan = planWith()
    for (const account of ['steel', 'food']) {
      const bodies = monthNames('2026-01', '2026-04').map((month) =>
        postingBody.parse({
          kind: 'posting',
          month,
          source: 'electricity',
          sourceKind: 'electricity-purchased',
          scope: '2',
          formula: 'electricity',
          factors: [],
          tCo2: account === 'steel' ? '10' : '5',
          completeness: '1',
          methods: {},
          evidence: { meters: [], records: [] },
        }),
      )
      // A longer past, so that models can be tried.
      const past = monthNames('2025-01', '2025-12').map((month) => ({ ...bodies[0], month }))
      books.post(
        account,
        [...past, ...bodies].map((body) => postingBody.parse(body)),
        clock.wallMs(),
      )
    }
    const allowance = { kind: 'allowance', year: 2026, amount: '130', unit: 'tCO2', by: 'office' } as const
    books.post('steel', [{ ...allowance, reference: 'Q-2026-7', document: source }], clock.wallMs())
    const subject = { kind: 'target', id: 'steel-carbon' } as const
    const pace = { rule: 'pace', kind: 'target-pace', severity: 'warning', detail: {} } as const
    books.settleAlarms([{ ...pace, subject, enterprise: 'steel' }], clock.wallMs())
    const sources = { ...readReportFiles(), library: rules.library, plan, books }
    await bench.start({
      park: oldPark,
      books,
      clock,
      targets: { ...sources, targets },
      reports: sources,
      accounts: { plan, rules, books, commits: { commitsSince: async () => [] } },
    })
  })
  afterAll(async () => {
    await bench.stop()
    posting.remove()
  })

  test(
    'shows where each target stands, its forecast with band and error, and what cannot be said',
    async () => {
      const page = await bench.page('/targets')
      const steel = page.getByTestId('target-steel-carbon')
      await steel.getByText('超标').waitFor()
      const text = await steel.textContent()
      // 40 t known, and 245 days like the mean of the three months before: 122.6 t.
      expect(text).toContain('累计至 2026-0440.00')
      expect(text).toContain('全年预测122.6 tCO₂')
      expect(text).toMatch(/剩余空间60\.00/)
      expect(text).toContain('最大误差')
      expect(text).toContain('未核实')
      await steel.getByRole('img', { name: '碳排放总量' }).waitFor()
      await page.getByTestId('target-park-carbon').getByText('正常').waitFor()
      // No slot was measured: months are missing, and nothing is a zero.
      const energy = page.getByTestId('target-steel-energy')
      await energy.getByText('有月份缺数，不作预测： 2026-01').waitFor()
      expect(await energy.textContent()).not.toMatch(/累计至 2026-040/)
      await page.getByTestId('curve-planned').getByText('峰值年份：预期 2029').waitFor()
      const preview = page.getByTestId('target-preview')
      await preview.getByRole('combobox', { name: '目标' }).click()
      await page
        .locator('.ant-select-item-option')
        .getByText(/steel.*碳排放总量 2026/)
        .click()
      await preview.getByRole('textbox', { name: '拟定目标值' }).fill('200')
      await preview.getByRole('row', { name: /剩余空间 60\.00 160\.0/ }).waitFor()
      await preview.getByRole('row', { name: /预测等级 超标 正常/ }).waitFor()
      expect(await steel.textContent()).toContain('超标')
      expect(bench.errors).toEqual([])
    },
    PAGES_MS_MAX,
  )

  test(
    'the park’s carbon opens in the accounts that it is the sum of, and alarms of targets have their names',
    async () => {
      const page = await bench.page('/targets')
      await page.getByTestId('target-park-carbon').locator('.traced').first().click()
      // Four months of 10 t and of 5 t.
      await page.locator('.trace-sum').getByText('60.000').waitFor()
      await page.getByTestId('carbon-food').getByText('20.000').waitFor()
      await page.getByTestId('carbon-steel').getByText('40.000').click()
      await page.getByTestId('account-lines').waitFor()
      for (const path of ['/', '/alarms']) {
        await page.goto(`${bench.server.url}/#${path}`)
        await page.getByText('steel · 碳排放总量').first().waitFor()
        expect(await page.getByText('steel-carbon', { exact: true }).count()).toBe(0)
      }
      expect(bench.errors).toEqual([])
    },
    PAGES_MS_MAX,
  )

  test(
    'in English on a phone, and on the account’s page beside its statement',
    async () => {
      const page = await bench.page('/targets', { width: 390, height: 844 })
      await page.getByText('EN', { exact: true }).click()
      await page.getByTestId('target-steel-carbon').getByText('Exceeded').waitFor()
      await page.getByTestId('curve-planned').getByText('expected 2029').waitFor()
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
      await page.evaluate(() => {
        window.location.hash = '#/account'
      })
      await page.getByTestId('target-steel-carbon').getByText('122.6').waitFor()
      expect(await page.getByTestId('target-park-carbon').count()).toBe(0)
      // 130 t of allowances less 40 t that are posted.
      const quota = page.getByTestId('account-quota')
      await quota.getByText('90.000').waitFor()
      expect(await quota.textContent()).toMatch(/30\.8% of 130\.000.*by forecast: -?\d.*Q-2026-7/)
      await page.evaluate(() => window.localStorage.clear())
      expect(bench.errors).toEqual([])
    },
    PAGES_MS_MAX,
  )
})
