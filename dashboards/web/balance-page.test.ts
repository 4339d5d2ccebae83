import { afterAll, beforeAll, expect, test } from 'vitest'
import { readReportFiles } from '#cli/accounting-files.ts'
import { march, planWith, PostingBench, smallPark } from '#cli/posting.test-support.ts'
import { describeWith } from '#test/support/servers.ts'
import { PageBench } from './page.test-support.ts'

describeWith(['chromium'], 'the page of the energy balance table', () => {
  const posting = new PostingBench()
  const bench = new PageBench()

  beforeAll(async () => {
    await bench.open()
    posting.fill('steel-incoming', march)
    posting.fill('food-incoming', { ...march, toMs: march.fromMs + 24 * 3_600_000 }, 500)
    // A day in April: the month that is over is the one that is shown first.
    posting.clock.advance(-20 * 24 * 3_600_000)
    const { books, rules, clock } = posting
    const sources = { ...readReportFiles(), library: rules.library, plan: planWith(), books }
    await bench.start({ park: smallPark, books, clock, reports: sources })
  })
  afterAll(async () => {
    await bench.stop()
    posting.remove()
  })

  test('shows the rows of the form; a sum that lacks a part is starred, and a cell opens down to the registers', async () => {
    const page = await bench.page('/balance')
    await page.getByRole('heading', { level: 2, name: '能源平衡表' }).waitFor()
    await page.getByText('园区合计 · 2026年03月').waitFor()
    // 29,760 kWh of the works, and 480 of the day that is known of the other.
    const cell = page.getByTestId('cell-inflow-electricity')
    await cell.getByText('3.024*').waitFor()
    expect(await page.getByRole('row', { name: /出口量/ }).count()).toBe(0)
    await page.getByText('显示空行').click()
    await page.getByRole('row', { name: /出口量（-）/ }).waitFor()
    await page.getByTestId('balance-closures').getByText('数据不全').waitFor()

    await cell.click()
    const parts = page.getByTestId('balance-parts')
    await parts.getByText('29,760').waitFor()
    await parts.getByText('96 / 2976').waitFor()
    await parts
      .getByRole('row', { name: /steel-incoming/ })
      .getByRole('button')
      .click()
    const day = parts.getByRole('row', { name: /^\D*2026-03-31/ })
    await day.getByText('960').waitFor()
    await day.getByRole('button').click()
    await parts.getByRole('row', { name: /^23:45.*10\.00.*实测/ }).waitFor()
    expect(bench.errors).toEqual([])
  })

  test('by account, quarter and standard coal, in English, and as a file', async () => {
    const page = await bench.page('/balance')
    await page.getByText('EN', { exact: true }).click()
    await page.getByRole('combobox', { name: 'Account' }).click()
    await page.locator('.ant-select-item-option').getByText('steel', { exact: true }).click()
    await page.getByText('Quarter', { exact: true }).click()
    await page.getByText('steel · 2026 Q1').waitFor()
    await page.getByText('Standard coal, calorific').click()
    // 29,760 kWh × 0.1229 kgce/kWh
    await page.getByTestId('cell-consumption-total').getByText('3.658').waitFor()
    await page.getByText('Standard coal, equivalent').click()
    await page.getByTestId('cell-consumption-total').getByText('no value for the year').waitFor()
    const href = await page.getByRole('link', { name: 'Download XLSX' }).getAttribute('href')
    expect(href).toBe('api/v1/accounts/steel/reports/balance/file?period=2026-Q1&format=xlsx&language=en')
    await page.getByText('Year', { exact: true }).click()
    await page.getByRole('combobox', { name: 'Period' }).click()
    await page.locator('.ant-select-item-option').getByText('2024', { exact: true }).click()
    await page.getByText('Nothing was measured or recorded in this period.').waitFor()
    await page.evaluate(() => window.localStorage.clear())
    expect(bench.errors).toEqual([])
  })

  test('fits a phone: the table scrolls in its place, and so does what a cell opens', async () => {
    const page = await bench.page('/balance', { width: 390, height: 844 })
    const width = (): Promise<number> => page.evaluate(() => document.documentElement.scrollWidth)
    await page.getByTestId('cell-inflow-electricity').waitFor()
    expect(await width()).toBeLessThanOrEqual(390)
    await page.getByTestId('cell-inflow-electricity').click()
    await page.getByTestId('balance-parts').getByText('29,760').waitFor()
    expect(await width()).toBeLessThanOrEqual(390)
  })
})
