import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { buildPages, PAGES_MS_MAX } from '#dashboards/web/page.test-support.ts'
import { openChromium, type Browser } from './support/chromium.ts'
import { Demo, FREE_PORTS } from './support/demo.ts'
import { forgetDrawnTexts, isStrange, keepDrawnTexts, strangeTexts } from './support/page-language.ts'
import {
  becomeAdministrator,
  lookAs,
  nowhere,
  openDetails,
  openPage,
  pagesOf,
  seriousFindings,
  views,
  widthOf,
  type View,
} from './support/page-walk.ts'
import { describeWith } from './support/servers.ts'

it('a word of the other language would be found, and a unit or a file would not', () => {
  expect(isStrange('Electricity today', 'zh')).toBe(true)
  expect(isStrange('今日用电', 'en')).toBe(true)
  expect(isStrange('光伏 12.3 kWh，写入 alarms.yaml', 'zh')).toBe(false)
  expect(isStrange('PV 12.3 kWh', 'en')).toBe(false)
})

/** Some seconds where nothing else runs; how long a busy machine takes decides nothing. */
const WALK_MS_MAX = 10 * 60_000

describeWith(['chromium'], 'every page of the demo park', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tanbiao-pages-'))
  let demo: Demo
  let browser: Browser
  let page: Page
  let url: string

  beforeAll(async () => {
    await buildPages()
    demo = new Demo('--data', join(folder, 'data'), ...FREE_PORTS, '--history-months', '0')
    url = await demo.url()
    browser = await openChromium()
    page = await browser.open('about:blank')
    await keepDrawnTexts(page)
    await becomeAdministrator(page, demo.administratorLink())
  }, PAGES_MS_MAX)
  afterAll(async () => {
    await browser.close()
    demo.interrupt()
    await demo.ended()
    rmSync(folder, { recursive: true, maxRetries: 5 })
  })

  /** What is wrong with what is open. */
  async function wrongWith(what: string, view: View): Promise<string[]> {
    const width = await widthOf(page)
    // First: axe draws texts on a canvas of its own.
    const strange = await strangeTexts(page, view.language)
    return [
      ...strange.map((text) => `in another language: ${text}`),
      ...(await seriousFindings(page)),
      ...(width > view.width ? [`${width} px wide`] : []),
    ].map((each) => `${what}: ${each}`)
  }

  // Two of the four: each language, look and size once.
  it.each(['zh-light-1920', 'en-dark-phone'] as const)(
    'opens as %s without an error, a serious finding of axe, a word of another language, or a part beyond the screen',
    async (name) => {
      const view = views[name]
      await lookAs(page, url, view)
      const pages = await pagesOf(page)
      expect(pages.length).toBeGreaterThan(4)
      const found: string[] = []
      for (const path of [...pages, ...nowhere]) {
        await openPage(page, url, path)
        await forgetDrawnTexts(page)
        await openDetails(page)
        found.push(...(await wrongWith(path, view)))
      }
      expect(found).toEqual([])
      expect(browser.errors).toEqual([])
    },
    WALK_MS_MAX,
  )
})
