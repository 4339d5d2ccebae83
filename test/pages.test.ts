import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { buildPages, PAGES_MS_MAX } from '#dashboards/web/page.test-support.ts'
import { openChromium, type Browser } from './support/chromium.ts'
import { Demo, FREE_PORTS } from './support/demo.ts'
import {
  becomeAdministrator,
  lookAs,
  openPage,
  pagesOf,
  seriousFindings,
  views,
  widthOf,
} from './support/page-walk.ts'
import { describeWith } from './support/servers.ts'

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
    await becomeAdministrator(page, demo.administratorLink())
  }, PAGES_MS_MAX)
  afterAll(async () => {
    await browser.close()
    demo.interrupt()
    await demo.ended()
    rmSync(folder, { recursive: true, maxRetries: 5 })
  })

  // Two of the four: each language, look and size once.
  it.each(['zh-light-1920', 'en-dark-phone'] as const)(
    'opens as %s without an error, a serious finding of axe, or a part beyond the screen',
    async (name) => {
      const view = views[name]
      await lookAs(page, url, view)
      const pages = await pagesOf(page)
      expect(pages.length).toBeGreaterThan(4)
      const found: string[] = []
      for (const path of pages) {
        await openPage(page, url, path)
        found.push(...(await seriousFindings(page)).map((each) => `${path}: ${each}`))
        const width = await widthOf(page)
        if (width > view.width) found.push(`${path}: ${width} px wide`)
      }
      expect(found).toEqual([])
      expect(browser.errors).toEqual([])
    },
  )
})
