import { afterAll, beforeAll, expect, test } from 'vitest'
import { SLOT_MS } from '#contract/grid.ts'
import { commitOf, knownInterval, stateOf } from '#dashboards/small-park.test-support.ts'
import { dayStartMs, power, startMs } from '#dashboards/server.test-support.ts'
import { describeWith } from '#test/support/servers.ts'
import { PageBench, PAGES_MS_MAX } from './page.test-support.ts'

describeWith(['chromium'], 'the page of a meter', () => {
  const bench = new PageBench()

  beforeAll(async () => {
    await bench.open()
    bench.books.entered = [0, 2].map((index) =>
      knownInterval(
        'forge-main',
        'activeEnergyImport.total',
        dayStartMs + index * SLOT_MS,
        index * 5_000,
        5_000,
      ),
    )
    await bench.store.append([
      power('forge-main', startMs - 60_000, 1_200),
      power('forge-main', startMs, 1_234.5),
    ])
    await bench.start()
    bench.server.noticeState({
      ...stateOf('gw-east', 'birth', startMs),
      meters: [
        {
          meter: 'forge-main',
          bus: 'line-1',
          state: 'ok',
          slots: { wanted: 100, read: 95, failed: 3, missed: 2, held: 0 },
        },
      ],
      buses: [{ bus: 'line-1', observedMs: 1_000, busyMs: 400, requests: 50, unanswered: 2 }],
    })
  }, PAGES_MS_MAX)
  afterAll(() => bench.stop())

  test(
    'is reached from the overview, and shows value, day, slots and reader; a missing slot is no zero',
    async () => {
      const page = await bench.page('/')
      await page.getByRole('button', { name: '锻造厂进线' }).click()
      await page.getByRole('link', { name: '打开仪表页' }).click()
      await page.getByRole('heading', { level: 2, name: '锻造厂进线' }).waitFor()
      await page.getByTestId('tile-meter-power').getByText('1,234.5').waitFor()
      const day = page.getByTestId('day')
      await day.getByTestId('day-total').getByText('100.00').waitFor()
      const missing = day.getByRole('row', { name: /^00:15/ })
      expect(await missing.textContent()).toContain('缺失')
      expect(await missing.textContent()).not.toMatch(/\b0(\.0+)?\b(?!:)/)
      await page.getByTestId('reader').getByText('95 (95%)').waitFor()
      await page.getByTestId('reader').getByText('40%').waitFor()
      await page.getByTestId('quality').getByText('没有缺数').waitFor()
      for (const range of ['1 小时', '7 天', '31 天']) {
        await page.getByTestId('trend').getByText(range, { exact: true }).click()
        await page.getByTestId('trend').getByRole('img').waitFor()
      }
      expect(bench.errors).toEqual([])
    },
    PAGES_MS_MAX,
  )

  test(
    'is answered even where it asks anew before the answer is there',
    async () => {
      const page = await bench.page('/')
      await page.getByTestId('tile-power').waitFor()
      const held: (() => Promise<void>)[] = []
      const asked = Promise.withResolvers<undefined>()
      await page.route('**/forge-main/intervals*', (route) => {
        held.push(async () => route.continue())
        asked.resolve(undefined)
      })
      await page.evaluate("location.hash = '/meters/forge-main'")
      await asked.promise
      const later = startMs + 60_000
      bench.clock.advance(60_000)
      await bench.store.append([power('forge-main', later, 987.6)])
      bench.server.noticeCommits([commitOf('gw-east', ['forge-main'], later)])
      bench.clock.advance(250)
      await page.getByTestId('tile-meter-power').getByText('987.6').waitFor()
      // Only what was asked first is ever answered.
      await held[0]?.()
      await page.getByTestId('day').getByTestId('day-total').waitFor()
    },
    PAGES_MS_MAX,
  )

  test(
    'shows a day before, in English, on a phone, and says so of a meter that is not there',
    async () => {
      const page = await bench.page('/meters/chemical-water', { width: 390, height: 844 })
      await page.getByText('EN', { exact: true }).click()
      await page.getByRole('heading', { level: 2, name: 'Chemicals water meter' }).waitFor()
      await page.getByRole('button', { name: 'The day before' }).click()
      await page.getByTestId('day').getByText('2026-06-01').waitFor()
      await page.getByTestId('trend').getByText('There are no data for this time').waitFor()
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
      await page.evaluate(() => {
        window.location.hash = '#/meters/nowhere'
      })
      await page.getByText('The park has no meter “nowhere”').waitFor()
      expect(bench.errors).toEqual([])
    },
    PAGES_MS_MAX,
  )
})
