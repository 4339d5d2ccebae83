import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { readReportFiles } from '#cli/accounting-files.ts'
import { closingDeskOf } from '#cli/closing.ts'
import { deskOf } from '#cli/desk.ts'
import { readFactorFiles } from '#cli/factor-files.ts'
import { march, planWith, PostingBench, smallPark } from '#cli/posting.test-support.ts'
import { dayOf, SLOT_MS } from '#contract/grid.ts'
import { readTariffs } from '#cli/tariff-files.ts'
import { newSigningKey, readTrust } from '#firmware-config/signature.ts'
import { openReadingStore } from '#store/open.ts'
import type { ReadingStore } from '#store/port.ts'
import { describeWith } from '#test/support/servers.ts'
import { PageBench, PAGES_MS_MAX } from './page.test-support.ts'

const epoch = 'c0ffee'.padEnd(32, '0')
/**
 * Figures with a unit of energy, power, emissions or money that are no way to anywhere, on the page that is open. Without
 * a way stand: what a single meter says now (its name opens it), shares of standard coal, and what is on the trace page.
 */
const UNTRACED = `(() => {
  const unit = /^(kWh|MWh|GJ|m³|kW|tCO₂|t CO₂|元)$/
  const figures = [...document.querySelectorAll('main .number')].filter((figure) => {
    const its = figure.parentElement?.querySelector(':scope > .unit')?.textContent?.trim() ?? ''
    return unit.test(its) && /\\d/.test(figure.textContent ?? '')
  })
  const apart = '[data-testid^="value-"], [data-testid="trace-page"]'
  return {
    found: figures.length,
    untraced: figures
      .filter((figure) => figure.closest('a.traced, button') === null && figure.closest(apart) === null)
      .map((figure) => figure.parentElement?.textContent),
  }
})()`

/** Figures are opened in at most so many clicks: formula and factors, slots with revisions, registers. */
const CLICKS_MAX = 3

describeWith(['chromium'], 'the trace page', () => {
  const posting = new PostingBench()
  const bench = new PageBench()
  const { privatePem, publicText } = newSigningKey()
  let store: ReadingStore

  beforeAll(async () => {
    await bench.open()
    posting.fill('steel-incoming', march)
    await posting.post()
    // Three days into April, of which some hours are known.
    posting.clock.advance(
      Temporal.Instant.from('2026-04-03T10:00+08:00').epochMilliseconds - posting.clock.wallMs(),
    )
    const { books, rules, clock } = posting
    const today = dayOf(clock.wallMs(), 'Asia/Shanghai')
    posting.fill('steel-incoming', { fromMs: today.fromMs, toMs: today.fromMs + 8 * SLOT_MS })
    store = await openReadingStore(`sqlite:${join(bench.folder, 'readings.sqlite')}`)
    await store.appendCommits(
      [march.fromMs, today.fromMs].map((atMs, index) => ({
        gateway: 'gateway',
        epoch,
        seq: 41 + index,
        digest: 'b'.repeat(64),
        committedAtMs: atMs + 500,
        stored: 1,
        touched: [{ meter: 'steel-incoming', fromMs: atMs, toMs: atMs }],
        refused: [],
      })),
    )
    const plan = planWith()
    const trustFile = join(posting.folder, 'closing-keys.yaml')
    writeFileSync(trustFile, `keys:\n  - name: officer\n    key: ${publicText}\n`)
    await bench.start({
      park: smallPark,
      books,
      clock,
      commits: store,
      accounts: { plan, rules, books, commits: store },
      reports: { ...readReportFiles(), library: rules.library, plan, books },
      factors: { factors: readFactorFiles(), tariffs: readTariffs() },
      desk: deskOf({
        books,
        store,
        park: smallPark,
        clock,
        closings: closingDeskOf({ books, park: smallPark, plan }, readTrust(trustFile)),
      }),
    })
  }, PAGES_MS_MAX)
  afterAll(async () => {
    await bench.stop()
    await store.close()
    posting.remove()
  })

  type Place = ReturnType<Page['locator']>
  /** Counts the clicks that it makes. */
  function counting(): { readonly click: (what: Place) => Promise<void>; count: number } {
    const counter = {
      count: 0,
      click: async (what: Place) => {
        counter.count += 1
        await what.first().click()
      },
    }
    return counter
  }
  const registers = (page: Page): Place => page.getByTestId('slot-revisions')
  async function expectRegisters(page: Page, sequence: string): Promise<void> {
    await registers(page).getByText(epoch).waitFor()
    await registers(page).getByRole('cell', { name: sequence, exact: true }).waitFor()
    await registers(page).getByText('gateway', { exact: true }).first().waitFor()
    await registers(page).getByText('本数字所用').waitFor()
  }

  test(
    'from the overview: energy and CO2 of the day, in three clicks each',
    async () => {
      const page = await bench.page('/')
      const energy = counting()
      await energy.click(page.getByTestId('tile-energy').getByRole('link'))
      await page.getByText('合计 = 下列仪表之和').waitFor()
      await energy.click(page.getByTestId('part-steel-incoming'))
      await energy.click(page.getByTestId('trace-slots').getByRole('link', { name: '00:00' }))
      await expectRegisters(page, '42')
      expect(energy.count).toBeLessThanOrEqual(CLICKS_MAX)

      await page.goto(`${bench.server.url}/#/`)
      const carbon = counting()
      await carbon.click(page.getByTestId('tile-co2').getByRole('link'))
      const steel = page.getByTestId('day-of-steel')
      await steel.getByText('grid/tianjin/average/2022').first().waitFor()
      await steel.getByText('电量 × 电力排放因子').waitFor()
      await carbon.click(steel.getByTestId('evidence-steel-incoming'))
      await carbon.click(page.getByTestId('trace-slots').getByRole('link', { name: '00:00' }))
      await expectRegisters(page, '42')
      expect(carbon.count).toBeLessThanOrEqual(CLICKS_MAX)
      expect(bench.errors).toEqual([])
    },
    PAGES_MS_MAX,
  )

  test(
    'from enterprise, balance, account and report, in three clicks each; what is found has an address',
    async () => {
      const ways: readonly (readonly [string, (page: Page) => Place])[] = [
        [
          '/enterprises/steel',
          (page) => page.getByTestId('enterprise-carriers').getByRole('link', { name: /kWh/ }),
        ],
        ['/balance', (page) => page.getByTestId('cell-inflow-electricity')],
        ['/account', (page) => page.locator('.tile .traced')],
        ['/reports', (page) => page.getByTestId('sheet').first().locator('.traced')],
      ]
      for (const [path, figure] of ways) {
        const page = await bench.page(path)
        const counter = counting()
        await counter.click(figure(page))
        const part = page.getByTestId('part-steel-incoming').or(page.getByTestId('evidence-steel-incoming'))
        await counter.click(part)
        await counter.click(page.getByTestId('trace-slots').getByRole('link', { name: '00:00' }))
        await registers(page).getByTestId('revision-1').getByText('起始表码').waitFor()
        expect(counter.count, path).toBeLessThanOrEqual(CLICKS_MAX)
        // The address alone leads there, for whoever it is sent to.
        await page.reload()
        await registers(page).getByTestId('revision-1').waitFor()
        await page.close()
      }
      expect(bench.errors).toEqual([])
    },
    PAGES_MS_MAX,
  )

  test(
    'from energy statistics, forms and closing differences, every number and in three clicks each',
    async () => {
      const page = await bench.page('/reports')
      const choose = async (label: string, option: string): Promise<void> => {
        await page.getByRole('combobox', { name: label }).click()
        await page.locator('.ant-select-item-option').getByText(option, { exact: true }).click()
      }
      const down = async (figure: Place): Promise<void> => {
        const counter = counting()
        await counter.click(figure)
        await counter.click(page.getByTestId('part-steel-incoming'))
        await counter.click(page.getByTestId('trace-slots').getByRole('link', { name: '00:00' }))
        await registers(page).getByTestId('revision-1').getByText('起始表码').waitFor()
        expect(counter.count).toBeLessThanOrEqual(CLICKS_MAX)
      }
      for (const kind of ['能源统计表', '能源购进、消费与库存（205-1、205-2）']) {
        await page.goto(`${bench.server.url}/#/reports`)
        await choose('报表种类', kind)
        await choose('账户', 'steel')
        const sheet = page.getByTestId('sheet').first()
        await sheet.locator('td.is-number .traced').first().waitFor()
        expect(await sheet.locator('td.is-number:not(:has(.traced))').count(), kind).toBe(0)
        await down(sheet.locator('td.is-number .traced'))
      }
      await page.goto(`${bench.server.url}/#/balance`)
      await down(page.getByTestId('balance-closures').locator('.traced'))
      expect(bench.errors).toEqual([])
    },
    PAGES_MS_MAX,
  )

  test(
    'the account page shows the chain; an adjustment is entered with its reason by who may',
    async () => {
      const page = await bench.pageOfAdministrator('/account')
      const ledger = page.getByTestId('account-ledger')
      await ledger.getByText('2 条，哈希链完整').waitFor()
      await ledger.getByRole('button', { name: /调\s*整/ }).click()
      const dialog = page.getByRole('dialog')
      const tonnes = dialog.getByRole('textbox', { name: '吨数，带符号，如 -1.25' })
      await tonnes.fill('half')
      await dialog.getByText('请填写数字，如 -1.25').waitFor()
      await tonnes.fill('-0.5')
      await dialog.getByRole('textbox', { name: '依据文件' }).fill('凭证 7')
      await dialog.getByRole('textbox', { name: '理由（随决定留存）' }).fill('重复计入')
      await dialog.getByRole('button', { name: /确\s*定/ }).click()
      // The fixture posted in May and its clock was set back to April: the ledger says so beside the adjustment.
      await ledger.getByText('4 条，哈希链完整').waitFor()
      await ledger.getByRole('row', { name: /时钟.*2026-04-03 10:00/ }).waitFor()
      await ledger.getByRole('row', { name: /调整.*-0\.500 tCO₂.*重复计入.*凭证 7.*admin/ }).waitFor()
      expect(bench.errors).toEqual([])
    },
    PAGES_MS_MAX,
  )

  test(
    'a month is closed in two steps with a key that stays in the browser, and reopened with a reason',
    async () => {
      const page = await bench.pageOfAdministrator('/account')
      const ledger = page.getByTestId('account-ledger')
      await ledger.getByRole('button', { name: '结账锁定…' }).click()
      const dialog = page.getByRole('dialog')
      await dialog.getByRole('button', { name: '生成待签内容' }).click()
      await dialog.getByRole('row', { name: /结账人.*admin/ }).waitFor()
      const submit = dialog.getByRole('button', { name: '签名并结账' })
      await dialog.getByRole('checkbox', { name: /所签即所见/ }).check()
      expect(await submit.isDisabled()).toBe(true)
      const file = { name: 'key.pem', mimeType: 'application/x-pem-file' }
      const choose = async (text: string): Promise<void> =>
        dialog.getByLabel('私钥文件（PEM）：').setInputFiles({ ...file, buffer: Buffer.from(text) })
      await choose('no key')
      await dialog.getByText('该文件不含未加密码的 Ed25519 私钥。').waitFor()
      const sent: string[] = []
      page.on('request', (request) => sent.push(request.postData() ?? ''))
      await choose(privatePem)
      await submit.click()
      await ledger.getByRole('row', { name: /结账锁定.*已签名.*admin/ }).waitFor()
      const secret = privatePem.split('\n')[1] ?? ''
      expect(sent.filter((body) => body.includes('signature'))).toHaveLength(1)
      expect(sent.join('')).not.toContain(secret)

      await ledger.getByRole('button', { name: '重新打开并重述…' }).click()
      await dialog.getByText('该月没有等待的迟到数据。').waitFor()
      await dialog.getByRole('textbox', { name: '理由（随决定留存）' }).fill('表计更正')
      await dialog.getByRole('button', { name: /确\s*定/ }).click()
      await ledger.getByRole('row', { name: /重新打开.*表计更正.*admin/ }).waitFor()
      expect(bench.errors).toEqual([])
    },
    PAGES_MS_MAX,
  )

  test(
    'no figure of energy, power, emissions or money stands on a page without the way down',
    async () => {
      const shape = z.object({ found: z.int(), untraced: z.array(z.string()) })
      for (const [path, there] of [
        ['/', '[data-testid="tile-energy"] .number'],
        ['/enterprises/steel', '[data-testid="enterprise-carriers"] .number'],
        ['/account', '[data-testid="account-lines"] .number'],
      ] as const) {
        const page = await bench.page(path)
        await page.locator(there).first().waitFor()
        const { found, untraced } = shape.parse(await page.evaluate(UNTRACED))
        expect(untraced, path).toEqual([])
        expect(found, path).toBeGreaterThan(0)
        await page.close()
      }
      expect(bench.errors).toEqual([])
    },
    PAGES_MS_MAX,
  )

  test(
    'says so where there is no such figure, and fits a phone',
    async () => {
      const page = await bench.page('/trace/nothing/at/all', { width: 390, height: 844 })
      await page.getByText('没有这个数字，或您无权查看。').waitFor()
      await page.goto(`${bench.server.url}/#/trace/meters/steel-incoming/2026-03-31/${march.fromMs}`)
      await page.getByTestId('revision-1').waitFor()
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
    },
    PAGES_MS_MAX,
  )
})
