import { afterAll, beforeAll, expect, test } from 'vitest'
import { join } from 'node:path'
import { deskOf } from '#cli/desk.ts'
import { commitOf, smallPark, stateOf } from '#dashboards/small-park.test-support.ts'
import { dayStartMs, startMs } from '#dashboards/server.test-support.ts'
import { openBooks, openReadingStore } from '#store/open.ts'
import type { Books, ReadingStore } from '#store/port.ts'
import { z } from 'zod'
import { alarmRule } from '#contract/alarm.ts'
import { describeWith } from '#test/support/servers.ts'
import { PageBench, PAGES_MS_MAX } from './page.test-support.ts'

describeWith(['chromium'], 'the pages of operations', () => {
  const bench = new PageBench()
  const published: number[] = []
  let books: Books
  let store: ReadingStore

  beforeAll(async () => {
    await bench.open()
    books = openBooks(join(bench.folder, 'books.sqlite'), 'Asia/Shanghai', {
      charactersPerGateway: 1_000_000,
      entriesPerGateway: 5,
      characters: 1_000_000,
      entries: 100,
    })
    store = await openReadingStore(`sqlite:${join(bench.folder, 'readings.sqlite')}`)
    const gap = { kind: 'meter' as const, gateway: 'gw-east', cause: 'no-readings' as const }
    const stretch = { first: dayStartMs, last: startMs - 1, fromMs: dayStartMs, toMs: startMs }
    books.changeGaps({ opened: [{ ...gap, ...stretch, meter: 'forge-main' }], changed: [] }, startMs)
    const refusal = {
      code: 'meter-unknown',
      detail: 'press-9 is in no park file',
      meter: 'press-9',
      encoding: 'json' as const,
      payload: '{"meter":"press-9"}',
    }
    books.follow([{ ...commitOf('gw-east', [], startMs), refused: [refusal] }], startMs)
    await bench.start({
      books,
      desk: deskOf({ books, store, park: smallPark, clock: bench.clock }),
      publishConfiguration: async ({ version }) => void published.push(version),
      alarms: {
        rules: z.array(alarmRule).parse([{ id: 'offline', kind: 'gateway-offline', severity: 'critical' }]),
        settle: (conditions, nowMs) => books.settleAlarms(conditions, nowMs),
        tell: () => undefined,
      },
    })
    bench.server.noticeState({
      ...stateOf('gw-east', 'birth', startMs),
      journal: { rows: 1_234, bytes: 900, oldestMs: startMs - 20 * 60_000 },
      clock: { condition: 'doubtful', jumps: 1, aheadMs: -7_000 },
      software: { version: '0.0.9', runtime: 'v26.10.0', platform: 'linux-arm64' },
      configuration: {
        source: 'remote',
        version: 3,
        digest: 'c'.repeat(64),
        state: 'confirmed',
        failed: {
          source: 'remote',
          version: 4,
          digest: 'e'.repeat(64),
          state: 'rolled-back',
          atMs: startMs,
          error: 'no meter answered',
        },
      },
      meters: [
        {
          meter: 'forge-main',
          bus: 'line-1',
          state: 'ok',
          slots: { wanted: 100, read: 90, failed: 10, missed: 0, held: 0 },
        },
      ],
      buses: [{ bus: 'line-1', observedMs: 1_000, busyMs: 400, requests: 50, unanswered: 2 }],
    })
  }, PAGES_MS_MAX)
  afterAll(async () => {
    await bench.stop()
    books.close()
    await store.close()
  })

  test(
    'gateways: silent ones first, clock and backlog called by their names, opened to lines and meters',
    async () => {
      const page = await bench.page('/fleet')
      const rows = page.getByTestId('fleet-page').getByRole('row')
      await rows.nth(2).getByText('东区配电房网关').waitFor()
      expect(await rows.nth(1).textContent()).toContain('西区配电房网关离线')
      const east = (await rows.nth(2).textContent()) ?? ''
      expect(east).toContain('存疑 -7.000\u00A0s')
      expect(east).toContain('1,234 批')
      expect(east).toContain('版本 3 已确认 版本 4 已回退')
      expect(east).toContain('0.0.9 ≠')
      await page.getByRole('button', { name: '东区配电房网关' }).click()
      await page.getByText('no meter answered').waitFor()
      await page.getByText('0.0.9 · Node v26.10.0 · linux-arm64').waitFor()
      await page.getByTestId('fleet-buses').getByText('40.0%').waitFor()
      await page
        .getByTestId('fleet-meters')
        .getByRole('row', { name: /锻造厂进线/ })
        .getByText('90.0%')
        .waitFor()
      // Who may only read is offered nothing to publish.
      expect(await page.getByText('已签名的配置文件').count()).toBe(0)
      expect(bench.errors).toEqual([])
    },
    PAGES_MS_MAX,
  )

  test(
    'a signed configuration is handed on by one who may, and what is none is refused in the page',
    async () => {
      const page = await bench.pageOfAdministrator('/fleet')
      await page.getByRole('button', { name: '东区配电房网关' }).click()
      const file = page.getByLabel('已签名的配置文件')
      const give = async (text: string): Promise<void> => {
        await file.setInputFiles({
          name: 'gw.signed.json',
          mimeType: 'application/json',
          buffer: Buffer.from(text),
        })
        await page.getByRole('button', { name: /发\s*布/ }).click()
      }
      await give('gateway: gw-east')
      await page.getByText('这不是已签名的配置文件').waitFor()
      const message = {
        v: 1,
        park: 'binhai',
        gateway: 'gw-east',
        version: 9,
        text: 'gateway: gw-east\n',
        key: 'd'.repeat(64),
        signature: `${'A'.repeat(86)}==`,
      }
      await give(JSON.stringify(message))
      await page.getByText('gw.signed.json 已交给消息代理').waitFor()
      await page.getByRole('dialog').getByText('版本 9 已发布，等待网关').waitFor()
      expect(published).toEqual([9])
    },
    PAGES_MS_MAX,
  )

  test(
    'data quality: days of every meter, a gap is accepted with its reason, a refused payload is opened and discarded',
    async () => {
      const page = await bench.pageOfAdministrator('/quality')
      const days = page.getByTestId('completeness').getByRole('table')
      const main = days.getByRole('row', { name: /锻造厂进线/ })
      // Nothing is known of yesterday, and tomorrow has not begun.
      const yesterday = main.getByLabel(/^2026-06-01 已知 0\/96 时段/)
      expect(await yesterday.getAttribute('class')).toBe('is-missing')
      expect(await main.getByLabel('2026-06-03', { exact: true }).getAttribute('class')).toBe('')
      const gaps = page.getByTestId('gaps')
      await gaps
        .getByRole('row', { name: /锻造厂进线/ })
        .getByRole('button', { name: '接受缺数' })
        .click()
      const dialog = page.getByRole('dialog')
      await dialog.getByRole('textbox').fill('停电检修')
      await dialog.getByRole('button', { name: /确\s*定/ }).click()
      await gaps.getByText('没有缺数').waitFor()
      await gaps.getByText('已接受').click()
      await gaps.getByText('admin: 停电检修').waitFor()
      const refused = page.getByTestId('quarantine')
      await refused.getByText('press-9 is in no park file').waitFor()
      await refused.locator('.ant-table-row-expand-icon').click()
      await refused.getByText('{"meter":"press-9"}').waitFor()
      await refused.getByRole('button', { name: /弃\s*置/ }).click()
      await page.getByRole('dialog').getByRole('textbox').fill('调试数据')
      await page
        .getByRole('dialog')
        .getByRole('button', { name: /确\s*定/ })
        .click()
      await refused.getByText('没有记录').waitFor()
      await page.getByTestId('closures').getByText('数据不完整').first().waitFor()
      expect(bench.errors).toEqual([])
    },
    PAGES_MS_MAX,
  )

  test(
    'data quality fits a phone',
    async () => {
      const page = await bench.page('/quality', { width: 390, height: 844 })
      await page.getByTestId('completeness').getByRole('table').waitFor()
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
    },
    PAGES_MS_MAX,
  )

  test(
    'alarms: a badge on every page leads to what holds, which is acknowledged and remarked on by name',
    async () => {
      await bench.server.alarms?.look()
      const page = await bench.pageOfAdministrator('/fleet')
      const badge = page.getByTestId('alarm-badge')
      await badge.waitFor()
      expect(await badge.textContent()).toBe('1')
      expect(await badge.getAttribute('class')).toContain('is-new')
      await badge.click()
      const row = page.getByTestId('alarms-page').getByRole('row', { name: /网关离线.*西区配电房网关/ })
      await row.getByRole('button', { name: /确\s*认/ }).click()
      await row.getByText(/^admin 于 .* 确认$/).waitFor()
      await row.getByRole('button', { name: /备\s*注/ }).click()
      await page.getByRole('dialog').getByRole('textbox').fill('已派人')
      await page
        .getByRole('dialog')
        .getByRole('button', { name: /确\s*定/ })
        .click()
      await row.getByText('admin: 已派人').waitFor()
      await page.getByTestId('alarm-rules').getByText('持续 60 秒').waitFor()
      // It is heard again: then it is over.
      bench.server.noticeState(stateOf('gw-west', 'birth', startMs))
      await bench.server.alarms?.look()
      const phone = await bench.page('/alarms', { width: 390, height: 844 })
      await phone.getByText('没有告警').waitFor()
      expect(await phone.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
      await phone.getByText('全部').click()
      await phone.getByText('已结束').waitFor()
      expect(bench.errors).toEqual([])
    },
    PAGES_MS_MAX,
  )

  test(
    'a refused sample is put right in the page and taken, and who decided what is on record at once',
    async () => {
      const sample = {
        meter: 'press-9',
        atMs: startMs - 60_000,
        quality: 'good',
        values: { 'activePower.total': 700 },
      }
      const refusal = {
        code: 'meter-unknown',
        detail: 'press-9 is not there',
        meter: 'press-9',
        encoding: 'json' as const,
        payload: JSON.stringify(sample),
      }
      books.follow([{ ...commitOf('gw-east', [], startMs + 1), refused: [refusal] }], startMs + 1)
      const page = await bench.pageOfAdministrator('/quality')
      const refused = page.getByTestId('quarantine')
      const dialog = page.getByRole('dialog')
      const submit = dialog.getByRole('button', { name: /确\s*定/ })
      await refused.getByRole('button', { name: /重\s*放/ }).click()
      await dialog.getByRole('textbox', { name: '理由（随决定留存）' }).fill('表号写错')
      // As it is it is refused once more: the dialog stays and says why.
      await submit.click()
      await dialog.getByRole('alert').waitFor()
      await dialog.getByText('修正报文后重放').click()
      const payload = dialog.getByRole('textbox', { name: '应有的报文' })
      expect(await payload.inputValue()).toBe(refusal.payload)
      await payload.fill(refusal.payload.replace('press-9', 'forge-main'))
      await submit.click()
      await refused.getByText('已存储 1 条读数').waitFor()
      await dialog.waitFor({ state: 'hidden' })
      await refused.getByText('没有记录').waitFor()
      expect(await store.latest(['forge-main'])).toMatchObject([{ value: 700 }])
      await refused.getByText('已重放').click()
      await refused.getByText('admin: 表号写错').waitFor()
      await page.goto(`${bench.server.url}/#/audit`)
      await page
        .getByTestId('audit')
        .getByRole('row', { name: /admin.*POST \/api\/v1\/quarantine\/:id\/replay 200/ })
        .waitFor()
      await page.close()
    },
    PAGES_MS_MAX,
  )

  test(
    'quarantine that is full says how much was only counted',
    async () => {
      const page = await bench.pageOfAdministrator('/quality')
      await page.getByTestId('quarantine').getByText('没有记录').waitFor()
      expect(await page.getByTestId('quarantine-overflow').count()).toBe(0)
      await page.close()
      const refusal = { code: 'meter-unknown', detail: 'x', encoding: 'json' as const, payload: '{}' }
      const refused = Array.from({ length: 9 }, () => refusal)
      books.follow([{ ...commitOf('gw-west', [], startMs + 2), refused }], startMs + 2)
      const full = await bench.pageOfAdministrator('/quality')
      await full
        .getByTestId('quarantine-overflow')
        .getByText('隔离区已满：另有 4 条被拒数据只计数，未保留。')
        .waitFor()
      await full.close()
    },
    PAGES_MS_MAX,
  )
})
