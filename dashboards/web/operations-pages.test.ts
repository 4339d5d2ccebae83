import { afterAll, beforeAll, expect, test } from 'vitest'
import { stateOf } from '#dashboards/fixture.ts'
import { startMs } from '#dashboards/server.test-support.ts'
import { describeWith } from '#test/support/servers.ts'
import { PageBench, PAGES_MS_MAX } from './page.test-support.ts'

describeWith(['chromium'], 'the pages of operations', () => {
  const bench = new PageBench()
  const published: number[] = []

  beforeAll(async () => {
    await bench.open()
    await bench.start({ publishConfiguration: async ({ version }) => void published.push(version) })
    bench.server.noticeState({
      ...stateOf('gw-east', 'birth', startMs),
      journal: { rows: 1_234, bytes: 900, oldestMs: startMs - 20 * 60_000 },
      clock: { condition: 'doubtful', jumps: 1, aheadMs: -7_000 },
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
  afterAll(() => bench.stop())

  test(
    'gateways: silent ones first, clock and backlog called by their names, opened to lines and meters',
    async () => {
      const page = await bench.page('/fleet')
      const rows = page.getByTestId('fleet-page').getByRole('row')
      await rows.nth(2).getByText('东区配电房网关').waitFor()
      expect(await rows.nth(1).textContent()).toContain('西区配电房网关离线')
      const east = (await rows.nth(2).textContent()) ?? ''
      expect(east).toContain('存疑 -7 s')
      expect(east).toContain('1,234 批')
      expect(east).toContain('版本 3 已确认 版本 4 已回退')
      await page.getByRole('button', { name: '东区配电房网关' }).click()
      await page.getByText('no meter answered').waitFor()
      await page.getByTestId('fleet-buses').getByText('40%').waitFor()
      await page
        .getByTestId('fleet-meters')
        .getByRole('row', { name: /锻造厂进线/ })
        .getByText('90%')
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
})
