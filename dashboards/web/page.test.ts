import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { ManualClock } from '#contract/clock.ts'
import { SLOT_MS } from '#contract/grid.ts'
import type { Reading } from '#contract/reading.ts'
import {
  commitOf,
  knownInterval,
  MemoryBooks,
  MemoryReadings,
  smallPark,
  stateOf,
} from '#dashboards/small-park.test-support.ts'
import { startServer } from '#dashboards/server.ts'
import type { Server, ServerOptions } from '#dashboards/server-options.ts'
import { AccessBook } from '#store/access-book.ts'
import { openChromium, type Browser } from '#test/support/chromium.ts'
import { describeWith } from '#test/support/servers.ts'
import { buildPages } from './page.test-support.ts'

const dayStartMs = Date.UTC(2026, 5, 1, 16)
const startMs = dayStartMs + 3 * SLOT_MS + 5 * 60_000

const power = (meter: string, atMs: number, value: number): Reading => ({
  meter,
  quantity: 'activePower.total',
  atMs,
  quality: 'simulated',
  value,
})

describeWith(['chromium'], 'the overview page', () => {
  let browser: Browser
  let clock: ManualClock
  let store: MemoryReadings
  let books: MemoryBooks
  let server: Server
  let access: AccessBook
  const accessFolder = mkdtempSync(join(tmpdir(), 'tanbiao-access-'))
  const options = (port: number): ServerOptions => ({
    port,
    park: smallPark,
    store,
    books,
    clock,
    log: pino({ level: 'silent' }),
    access,
    openAs: 'auditor',
  })

  beforeAll(async () => {
    await buildPages()
    browser = await openChromium()
    access = new AccessBook(join(accessFolder, 'access.sqlite'))
  })
  afterAll(async () => {
    await browser.close()
    access.close()
    rmSync(accessFolder, { recursive: true })
  })

  beforeEach(async () => {
    clock = new ManualClock(startMs)
    store = new MemoryReadings()
    books = new MemoryBooks()
    const register = 'activeEnergyImport.total'
    books.entered = [0, 1, 2].map((index) =>
      knownInterval('forge-main', register, dayStartMs + index * SLOT_MS, index * 5_000, 5_000),
    )
    await store.append([power('forge-main', startMs, 1234.5), power('chemical-main', startMs, 100)])
    server = await startServer(options(0))
    server.noticeState(stateOf('gw-east', 'birth', startMs))
  })
  let page: Page | undefined
  afterEach(async () => {
    await page?.evaluate(() => window.localStorage.clear())
    await page?.close()
    await server.stop()
  })

  const openPage = async (size?: { width: number; height: number }): Promise<Page> => {
    page = await browser.open(server.url, size)
    await page.getByTestId('tile-power').waitFor()
    return page
  }

  /** What was read and committed by the eastern gateway at this moment. */
  async function commit(readings: readonly Reading[]): Promise<void> {
    await store.append(readings)
    server.noticeCommits([
      commitOf(
        'gw-east',
        readings.map(({ meter }) => meter),
        clock.wallMs(),
      ),
    ])
    clock.advance(250)
  }

  test('shows the park, its live values with units, and that they are simulated', async () => {
    const page = await openPage()
    await page.getByRole('heading', { level: 1, name: '滨海新材料产业园' }).waitFor()
    await page.getByTestId('simulated').getByText('模拟数据').waitFor()
    await page.getByTestId('tile-power').getByText('1,334.5').waitFor()
    await page.getByTestId('value-forge-main').getByText('1,234.5').waitFor()
    await page.getByTestId('clock').getByText('00:50').waitFor()

    clock.advance(1_000)
    await commit([power('forge-main', clock.wallMs(), 777.7)])
    await page.getByTestId('value-forge-main').getByText('777.7').waitFor()
    await page.getByTestId('tile-power').getByText('877.7').waitFor()
    expect(await page.getByTestId('value-forge-main').textContent()).toBe('777.7 kW')
    expect(browser.errors).toEqual([])
  })

  test('a day that is not known in full says so beside its total', async () => {
    const page = await openPage()
    const tile = page.getByTestId('tile-energy')
    await tile.getByText('150.0').waitFor()
    await tile.getByText('数据不完整：3/6 时段').waitFor()
    await page.getByTestId('tile-naturalGas').getByText('今日尚无数据').waitFor()
    // Nothing known is a dash, not a zero.
    expect(await page.getByTestId('tile-naturalGas').locator('.number').textContent()).toBe('—')
  })

  test('the age of a value grows when its gateway falls silent, and the page says plainly that it did', async () => {
    const page = await openPage()
    await page.getByTestId('gateway-gw-east').getByText('在线').waitFor()
    clock.advance(65_000)
    await page
      .getByTestId('age-forge-main')
      .getByText(/^1 分 \d+ 秒前$/)
      .waitFor()
    const card = page.getByTestId('gateway-gw-east')
    await card.getByText('离线').waitFor()
    await card.getByText('超过 30 秒无消息').waitFor()
    await page.getByTestId('state-forge-main').getByText('网关离线').waitFor()
    await page.getByTestId('value-forge-main').locator('.is-stale').getByText('1,234.5').waitFor()
    await page.getByTestId('tile-power').getByText('—').waitFor()
    expect(await card.getAttribute('class')).toContain('is-silent')
  })

  test('a failed reading shows its cause, not an old value as the present one', async () => {
    const page = await openPage()
    clock.advance(1_000)
    const atMs = clock.wallMs()
    await commit([
      { meter: 'forge-main', quantity: 'activePower.total', atMs, quality: 'bad', cause: 'illegal-address' },
    ])
    await page.getByTestId('state-forge-main').getByText('读取失败：非法寄存器地址').waitFor()
    await page.getByTestId('value-forge-main').locator('.is-stale').waitFor()
    expect(await page.getByTestId('tile-power').locator('.tile-value').textContent()).toBe('100.0 kW')
  })

  test('says so when the live stream is cut, greys its values, and comes back with the server', async () => {
    const page = await openPage()
    const load = page.getByTestId('load')
    await load.getByRole('img').waitFor()
    const port = Number(new URL(server.url).port)
    const unread = page.waitForEvent('requestfailed', (request) => request.url().includes('api/load/day'))
    await server.stop()
    await page.getByText('实时数据流已断开').waitFor()
    await unread
    // The curve that came stays below the words that it is not the present.
    await load.getByText('今日，15 分钟平均').waitFor()
    expect(await load.getByRole('img').isVisible()).toBe(true)
    await page.getByTestId('connection').getByText('已断开').waitFor()
    await page.getByTestId('value-forge-main').locator('.is-stale').waitFor()
    server = await startServer(options(port))
    await page.getByTestId('connection').getByText('实时').waitFor()
    await page.getByTestId('value-forge-main').locator('.value:not(.is-stale)').waitFor()
    expect(await page.getByText('实时数据流已断开').count()).toBe(0)
  })

  test('switches to English and remembers it', async () => {
    const page = await openPage()
    await page.getByText('EN', { exact: true }).click()
    await page.getByRole('heading', { level: 1, name: 'Binhai Materials Park' }).waitFor()
    await page.getByTestId('tile-power').getByText('Power now').waitFor()
    await page.reload()
    await page.getByTestId('tile-power').getByText('Power now').waitFor()
    expect(await page.locator('html').getAttribute('lang')).toBe('en')
  })

  test('the load is that of the day, or of the last hour where somebody wants that', async () => {
    const page = await openPage()
    const load = page.getByTestId('load')
    await load.getByText('今日，15 分钟平均').waitFor()
    await load.getByRole('img').waitFor()
    await load.getByRole('button', { name: '60 分钟' }).click()
    await load.getByText('最近 60 分钟', { exact: true }).waitFor()
    await load.getByRole('button', { name: '今日', pressed: false }).click()
    await load.getByRole('button', { name: '今日', pressed: true }).waitFor()
  })

  test('a park of whose day nothing is known yet shows the last hour', async () => {
    books.entered = []
    const page = await openPage()
    await page.getByTestId('load').getByText('最近 60 分钟', { exact: true }).waitFor()
  })

  test('a meter opens down to the registers of each slot', async () => {
    const page = await openPage()
    await page.getByRole('button', { name: '锻造厂进线' }).click()
    await page.getByTestId('day-total').getByText('150.00').waitFor()
    const cells = page
      .getByTestId('slots')
      .getByRole('row', { name: /^00:30/ })
      .getByRole('cell')
    await cells.first().waitFor()
    expect(await cells.allTextContents()).toEqual(['00:30', '50.00', '100.00', '150.00', '实测', '100%', '1'])
    await page.getByTestId('readings').getByText('有功功率（总）').waitFor()
  })

  test('the wall is dark, and who leaves it has the look again that was chosen', async () => {
    const page = await openPage()
    const look = (): Promise<string | null> => page.locator('html').getAttribute('data-look')
    expect(await look()).toBe('light')
    await page.evaluate("location.hash = '/wall'")
    await page.locator('.wall-head').waitFor()
    expect(await look()).toBe('dark')
    await page.evaluate("location.hash = '/'")
    await page.locator('nav').first().waitFor()
    expect(await look()).toBe('light')
  })

  test('fits a phone: nothing reaches beyond its width', async () => {
    const page = await openPage({ width: 390, height: 844 })
    await page.getByTestId('value-forge-main').getByText('1,234.5').waitFor()
    const width = await page.evaluate(() => document.documentElement.scrollWidth)
    expect(width).toBeLessThanOrEqual(390)
  })
})
