import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readReportFiles } from '#cli/accounting-files.ts'
import { readFactorFiles } from '#cli/factor-files.ts'
import { march, planWith, PostingBench, smallPark } from '#cli/posting.test-support.ts'
import { readTariffs } from '#cli/tariff-files.ts'
import { SLOT_MS } from '#contract/grid.ts'
import { installedFont } from '#dashboards/report-pdf.ts'
import { describeWith } from '#test/support/servers.ts'
import { PageBench } from './page.test-support.ts'

const kinds = [
  ['balance', '能源平衡表'],
  ['statistics', '能源统计表'],
  ['quality', '数据质量声明'],
  ['forms', '能源购进、消费与库存（205-1、205-2）'],
  ['carbon', '碳排放账户报表'],
] as const

describeWith(['chromium'], 'the pages of reports and factors', () => {
  const posting = new PostingBench()
  const bench = new PageBench()

  beforeAll(async () => {
    await bench.open()
    posting.fill('steel-incoming', { fromMs: march.fromMs, toMs: march.fromMs + 400 * SLOT_MS })
    await posting.post()
    posting.clock.advance(-20 * 24 * 3_600_000)
    const { books, rules, clock } = posting
    const plan = planWith()
    await bench.start({
      park: smallPark,
      books,
      clock,
      reports: { ...readReportFiles(), library: rules.library, plan, books },
      accounts: { plan, rules, books, commits: { commitsSince: async () => [] } },
      reportFont: installedFont(),
      factors: { factors: readFactorFiles(), tariffs: readTariffs() },
    })
  })
  afterAll(async () => {
    await bench.stop()
    posting.remove()
  })

  test('a report stands on the screen as it is printed, and Chromium prints it on A4', async () => {
    const page = await bench.page('/reports')
    const sheet = page.getByTestId('sheet').first()
    await sheet.getByRole('heading', { name: '能源平衡表（实物量）' }).waitFor()
    await sheet.getByRole('row', { name: /区外调入量.*0\.40\*/ }).waitFor()
    await page.emulateMedia({ media: 'print' })
    await page.getByTestId('clock').waitFor({ state: 'hidden' })
    expect(await page.getByRole('button', { name: '打印' }).isVisible()).toBe(false)
    await sheet.getByText('单位负责人：').waitFor()
    const pdf = (await page.pdf({ preferCSSPageSize: true })).toString('latin1')
    // 297 mm × 210 mm in points.
    expect(pdf).toMatch(/MediaBox\s*\[0 0 84[12][.\d]* 59[45]/)
    expect(bench.errors).toEqual([])
  })

  test('forms and carbon statements are of one account', async () => {
    const page = await bench.page('/reports')
    const choose = async (label: string, option: string): Promise<void> => {
      await page.getByRole('combobox', { name: label }).click()
      await page.locator('.ant-select-item-option').getByText(option, { exact: true }).click()
    }
    await choose('报表种类', '碳排放账户报表')
    await page.getByText('此报表按账户编制').waitFor()
    await choose('账户', 'steel')
    // 4,000 kWh × 0.7041 kgCO2/kWh
    await page
      .getByTestId('sheet')
      .first()
      .getByRole('row', { name: /2026-03 2\.816\* 2\.816\*/ })
      .waitFor()
    await page.getByText('数据不完整: 2026-03 electricity').waitFor()
    const href = await page.getByRole('link', { name: '下载 XLSX' }).getAttribute('href')
    const file = await fetch(`${bench.server.url}/${href}`)
    expect(file.status).toBe(200)
    expect(file.headers.get('content-disposition')).toContain('carbon-steel-2026-03.xlsx')
    expect(bench.errors).toEqual([])
  })

  describeWith(['chineseFont'], 'as PDF', () => {
    test.each(kinds)('%s is written by the server and saved under its name', async (kind, name) => {
      const page = await bench.page('/reports')
      const choose = async (label: string, option: string): Promise<void> => {
        await page.getByRole('combobox', { name: label }).click()
        await page.locator('.ant-select-item-option').getByText(option, { exact: true }).click()
      }
      await choose('报表种类', name)
      await choose('账户', 'steel')
      await page.getByTestId('sheet').first().waitFor()
      const saved = page.waitForEvent('download')
      await page.getByRole('button', { name: '下载 PDF' }).click()
      expect((await saved).suggestedFilename()).toBe(`${kind}-steel-2026-03.pdf`)
      expect(await readFile(await (await saved).path(), 'latin1')).toMatch(/^%PDF-1\.\d[\s\S]*%%EOF\s*$/)
      await page.close()
    })
  })

  test('factors carry their documents, doubtful ones stand out, and another factor previews what it would restate', async () => {
    const page = await bench.page('/factors')
    const entries = posting.books.ledger('steel').length
    const factors = page.getByTestId('factors')
    await factors.getByText('未核实或来源不一致').waitFor()
    await factors.getByRole('textbox', { name: '按名称、代码或文件查找' }).fill('grid/tianjin/average/2022')
    await factors
      .getByRole('row', { name: /grid\/tianjin\/average\/2022.*0\.7041.*已核实|0\.7041/ })
      .waitFor()
    const preview = page.getByTestId('preview')
    await preview.getByRole('combobox', { name: '改用哪一年的因子' }).click()
    await page.locator('.ant-select-item-option').getByText('2021 年因子', { exact: true }).click()
    await page.getByTestId('preview-sum').waitFor()
    await preview.getByRole('row', { name: /2026-03 2\.816 .*重述 1 笔过账/ }).waitFor()
    // Any factor, by its value: 4,000 kWh × 0.8 kgCO2/kWh.
    await preview.getByText('改变某一因子的数值').click()
    const choice = preview.getByRole('combobox', { name: '因子：燃料、热力、电网、过程' })
    await choice.click()
    await choice.fill('grid/tianjin/average/2022')
    await page.locator('.ant-select-item-option').getByText('grid/tianjin/average/2022').first().click()
    await preview.getByRole('textbox', { name: '拟用数值' }).fill('0.8')
    await preview.getByRole('row', { name: /2026-03 2\.816 3\.200 0\.384 重述 1 笔过账/ }).waitFor()
    expect(posting.books.ledger('steel').length).toBe(entries)

    await page.getByText('分时电价', { exact: true }).click()
    const tariff = page.getByTestId('tariff-tianjin')
    await tariff.getByText('20:00-22:00').first().waitFor()
    await page.getByText('没有依据文件的电价').first().waitFor()
    expect(bench.errors).toEqual([])
  })

  test('fit a phone, in English', async () => {
    const page = await bench.page('/factors', { width: 390, height: 844 })
    await page.getByText('EN', { exact: true }).click()
    await page.getByTestId('factors').getByRole('row').nth(3).waitFor()
    const width = (): Promise<number> => page.evaluate(() => document.documentElement.scrollWidth)
    await expect.poll(width).toBeLessThanOrEqual(390)
    await page.evaluate(() => {
      window.location.hash = '#/reports'
    })
    await page.getByTestId('sheet').first().waitFor()
    await expect.poll(width).toBeLessThanOrEqual(390)
    await page.evaluate(() => window.localStorage.clear())
    expect(bench.errors).toEqual([])
  })
})
