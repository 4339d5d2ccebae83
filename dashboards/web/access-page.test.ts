import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeWith } from '#test/support/servers.ts'
import { PageBench, PAGES_MS_MAX } from './page.test-support.ts'

describeWith(['chromium'], 'the pages of tokens and of the audit log', () => {
  const bench = new PageBench()
  beforeAll(async () => {
    await bench.open()
    await bench.start()
  }, PAGES_MS_MAX)
  afterAll(() => bench.stop())

  test(
    'who is not signed in is told why there is no log, and nobody but administrators sees tokens',
    async () => {
      const page = await bench.page('/audit', { width: 390, height: 844 })
      await page.getByText('审计日志涉及人员，请先登录。').waitFor()
      expect(await page.getByRole('link', { name: 'API 令牌' }).count()).toBe(0)
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
      await page.goto(`${bench.server.url}/#/tokens`)
      await page.getByText('没有这个页面，或当前用户无权查看。').waitFor()
      expect(bench.errors).toEqual([])
    },
    PAGES_MS_MAX,
  )

  test(
    'a token is made, shown once, asks what it may and no more, and is ended; the log has all of it',
    async () => {
      const page = await bench.pageOfAdministrator('/users')
      await page.getByRole('link', { name: 'API 令牌' }).click()
      const tokens = page.getByTestId('tokens')
      await tokens.getByRole('textbox', { name: '程序名称' }).fill('Grafana')
      await tokens.getByRole('combobox', { name: '所属用户' }).click()
      await page.locator('.ant-select-item-option').getByText('admin', { exact: false }).click()
      await tokens.getByRole('button', { name: /创\s*建/ }).click()
      const secret = (await tokens.getByTestId('secret').textContent())?.trim() ?? ''
      const row = tokens.getByRole('row', { name: /Grafana admin 查看/ })
      await row.waitFor()
      const ask = async (path: string): Promise<number> =>
        (await fetch(bench.server.url + path, { headers: { authorization: `Bearer ${secret}` } })).status
      expect([await ask('/api/overview'), await ask('/api/v1/users')]).toEqual([200, 403])
      await page.reload()
      await row.waitFor()
      expect(await page.getByText(secret).count()).toBe(0)
      await row.getByRole('button', { name: /注\s*销/ }).click()
      await page
        .locator('.ant-popconfirm')
        .getByRole('button', { name: /注\s*销/ })
        .click()
      await tokens.getByText('尚无令牌').waitFor()
      expect(await ask('/api/overview')).toBe(401)

      await page.getByRole('link', { name: '审计日志' }).first().click()
      const audit = page.getByTestId('audit')
      await audit.getByRole('row', { name: /admin.*DELETE \/api\/v1\/tokens\/:id 204/ }).waitFor()
      const about = audit.getByRole('searchbox', { name: '对象：账户、月份、网关…' })
      await about.fill('grafana')
      await about.press('Enter')
      await expect.poll(async () => audit.getByRole('row').count()).toBe(2)
      await audit.getByRole('row', { name: /POST \/api\/v1\/tokens 200 .*"name":"Grafana"/ }).waitFor()
      expect(await audit.textContent()).not.toContain(secret)
      const href = await audit.getByRole('link', { name: '下载 CSV' }).getAttribute('href')
      expect(href).toContain('about=grafana')
      expect(bench.errors).toEqual([])
    },
    PAGES_MS_MAX,
  )

  test(
    'a token that could not be asked for is said not to be made, and what was entered stays',
    async () => {
      const page = await bench.pageOfAdministrator('/tokens')
      const tokens = page.getByTestId('tokens')
      const name = tokens.getByRole('textbox', { name: '程序名称' })
      await name.fill('energy board')
      await tokens.getByRole('combobox', { name: '所属用户' }).click()
      await page.locator('.ant-select-item-option').getByText('admin', { exact: false }).click()
      const make = tokens.getByRole('button', { name: /创\s*建/ })
      await page.context().setOffline(true)
      await make.click()
      await tokens.getByText('无法连接服务器').first().waitFor()
      expect(await name.inputValue()).toBe('energy board')
      await page.context().setOffline(false)
      await make.click()
      await tokens.getByTestId('secret').waitFor()
      await expect.poll(async () => name.inputValue()).toBe('')
      // An ended token leaves no secret to be copied.
      await tokens
        .getByRole('row', { name: /energy board/ })
        .getByRole('button', { name: /注\s*销/ })
        .click()
      const ended = page.waitForResponse((response) => response.request().method() === 'DELETE')
      await page
        .locator('.ant-popconfirm')
        .getByRole('button', { name: /注\s*销/ })
        .click()
      // Told apart: a click that met nothing, an answer that was no, and a page that does not do what it was told.
      expect((await ended).status()).toBe(204)
      await tokens.getByTestId('secret').waitFor({ state: 'detached' })
      await page.close()
    },
    PAGES_MS_MAX,
  )
})
