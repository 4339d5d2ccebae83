import { afterAll, beforeAll, expect, test } from 'vitest'
import { SLOT_MS } from '#contract/grid.ts'
import { knownInterval } from '#dashboards/small-park.test-support.ts'
import { dayStartMs, power, startMs } from '#dashboards/server.test-support.ts'
import { describeWith } from '#test/support/servers.ts'
import { PageBench, PAGES_MS_MAX } from './page.test-support.ts'

describeWith(['chromium'], 'the page of an enterprise', () => {
  const bench = new PageBench()
  const register = 'activeEnergyImport.total'

  beforeAll(async () => {
    await bench.open()
    bench.clock.advance(8 * SLOT_MS)
    bench.books.entered = ['forge-main', 'forging-shop'].flatMap((meter) =>
      [0, 1, 2, 3, 4, 6].map((index) =>
        knownInterval(meter, register, dayStartMs + index * SLOT_MS, index * 5_000, 5_000),
      ),
    )
    bench.books.produced = [
      {
        number: 1,
        enteredAtMs: startMs,
        replacedBy: undefined,
        record: {
          kind: 'production',
          account: 'forge',
          from: '2026-06-01',
          to: '2026-07-01',
          document: 'shift book',
          by: 'planner',
          product: 'forgings',
          quantity: '40',
          unit: 't',
        },
      },
    ]
    await bench.store.append([power('forge-main', bench.clock.wallMs(), 1_234.5)])
    await bench.start()
  }, PAGES_MS_MAX)
  afterAll(() => bench.stop())

  test(
    'is reached from the overview; sums, hours and products are shown, and what is missing is no zero',
    async () => {
      const page = await bench.page('/')
      await page.getByRole('link', { name: '企业详情' }).first().click()
      await page.getByRole('heading', { level: 2, name: '锻造厂' }).waitFor()
      await page.getByTestId('enterprise-power').getByText('1,234.5').waitFor()
      await page.getByTestId('enterprise-carriers').getByText('300.0').waitFor()
      const gas = page.getByTestId('enterprise-carriers').getByRole('row', { name: /天然气/ })
      expect(await gas.textContent()).toContain('—')
      await page.getByTestId('enterprise-nodes').getByText('锻压车间').waitFor()
      await page.getByTestId('enterprise-products').getByText('7.50').waitFor()
      await page.getByTestId('enterprise-demand').getByText('核算方案中没有其购入电力').waitFor()
      const hours = page.getByTestId('enterprise-profile').getByRole('table')
      await hours.getByLabel('2026-06-02 00:00 200.0 kWh').waitFor()
      expect(await hours.getByLabel('2026-06-02 01:00 缺失').getAttribute('class')).toBe('is-missing')
      await page.getByTestId('enterprise-load').getByRole('img').waitFor()
      expect(bench.errors).toEqual([])
    },
    PAGES_MS_MAX,
  )

  test(
    'fits a phone in English, and says so of an enterprise that is not there',
    async () => {
      const page = await bench.page('/enterprises/chemical', { width: 390, height: 844 })
      await page.getByText('EN', { exact: true }).click()
      await page.getByRole('heading', { level: 2, name: 'Fine chemicals works' }).waitFor()
      await page.getByTestId('enterprise-load').getByText('There are no data for this time').waitFor()
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
      await page.evaluate(() => {
        window.location.hash = '#/enterprises/nowhere'
      })
      await page.getByText('There is no enterprise “nowhere”').waitFor()
      expect(bench.errors).toEqual([])
    },
    PAGES_MS_MAX,
  )
})
