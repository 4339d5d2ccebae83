import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { buildPages, PAGES_MS_MAX } from '#dashboards/web/page.test-support.ts'
import { openChromium, type Browser } from './support/chromium.ts'
import { Demo, FREE_PORTS } from './support/demo.ts'
import { openings } from './support/page-openings.ts'
import { forgetDrawnTexts, isStrange, keepDrawnTexts, strangeTexts } from './support/page-language.ts'
import {
  becomeAdministrator,
  lookAlikeAs,
  lookAs,
  nowhere,
  openDetails,
  openPage,
  settled,
  pagesOf,
  seriousFindings,
  turnTo,
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
const LOCATOR_MS_MAX = 120_000

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
    page.setDefaultTimeout(LOCATOR_MS_MAX)
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
  async function wrongWith(what: string, view: View, seen = page): Promise<string[]> {
    const width = await widthOf(seen)
    // First: axe draws texts on a canvas of its own.
    const strange = await strangeTexts(seen, view.language)
    const found = [
      ...strange.map((text) => `in another language: ${text}`),
      ...(await seriousFindings(seen)),
      ...(width > view.width ? [`${width} px wide`] : []),
    ]
    await forgetDrawnTexts(seen)
    return found.map((each) => `${what}: ${each}`)
  }

  it.each(['zh-light-phone', 'en-dark-1920'] as const)(
    'before the park, as %s: a one-time link and what is wrong with a password, signing in, and being refused',
    async (name) => {
      const view = views[name]
      const stranger = await browser.openAlone()
      try {
        stranger.setDefaultTimeout(LOCATOR_MS_MAX)
        await keepDrawnTexts(stranger)
        await stranger.goto(`${url}/healthz`)
        await lookAlikeAs(stranger, view)
        await stranger.goto(`${url}/#/welcome/${'x'.repeat(43)}`)
        const passwords = stranger.locator('input[type=password]')
        await passwords.nth(0).fill('short')
        await passwords.nth(1).fill('other')
        await stranger.locator('button[type=submit]').click()
        await stranger.locator('.ant-form-item-explain-error').nth(1).waitFor()
        const found = await wrongWith('the welcome', view, stranger)
        // What is wrong is said in the language that is chosen after it was said.
        const other = view.language === 'zh' ? views['en-dark-1920'] : views['zh-light-phone']
        await stranger.getByText(other.language === 'en' ? 'EN' : '中文', { exact: true }).click()
        await stranger.locator(`html[lang^=${other.language}]`).waitFor()
        found.push(
          ...(await wrongWith(
            'the welcome in the other language',
            { ...view, language: other.language },
            stranger,
          )),
        )
        await stranger.getByText(view.language === 'en' ? 'EN' : '中文', { exact: true }).click()
        await passwords.nth(0).fill('long enough a password')
        await passwords.nth(1).fill('long enough a password')
        await stranger.locator('button[type=submit]').click()
        await stranger.getByRole('alert').waitFor()
        found.push(...(await wrongWith('a link that has ended', view, stranger)))
        await stranger.goto(`${url}/#/sign-in`)
        await stranger.locator('button[type=submit]').click()
        await stranger.locator('.ant-form-item-explain-error').nth(1).waitFor()
        found.push(...(await wrongWith('signing in', view, stranger)))
        expect(found).toEqual([])
      } finally {
        await stranger.context().close()
      }
    },
    WALK_MS_MAX,
  )

  it.each(['zh-light-1920', 'en-dark-phone'] as const)(
    'drawers, dialogs, calendars and choices open as %s with a name of their own, close by Escape, and give the keyboard back',
    async (name) => {
      const view = views[name]
      await lookAs(page, url, view)
      const found: string[] = []
      for (const { path, what, by, opened } of openings) {
        await openPage(page, url, path)
        const trigger = by(page)
        await trigger.click()
        await opened(page).waitFor()
        await settled(page)
        found.push(...(await wrongWith(`${path}, ${what}`, view)))
        await page.keyboard.press('Escape')
        await opened(page).waitFor({ state: 'hidden' })
        const isBack = await trigger.evaluate((element) =>
          element.contains(element.ownerDocument.activeElement),
        )
        if (!isBack) found.push(`${path}, ${what}: the keyboard is not back where it was`)
      }
      expect(found).toEqual([])
      expect(browser.errors).toEqual([])
    },
    WALK_MS_MAX,
  )

  it.each(['zh-light-1920', 'en-dark-phone'] as const)(
    'says as %s what it could not read, on every page',
    async (name) => {
      const view = views[name]
      await lookAs(page, url, view)
      const pages = await pagesOf(page)
      const failing = await browser.openAlone()
      try {
        failing.setDefaultTimeout(LOCATOR_MS_MAX)
        await keepDrawnTexts(failing)
        await failing.context().addCookies(await page.context().cookies())
        await failing.goto(`${url}/healthz`)
        await lookAlikeAs(failing, view)
        await failing.route(/\/api\/(?!live|park$|v1\/session|overview)/, (route) =>
          route.fulfill({ status: 500, contentType: 'application/json', body: '{}' }),
        )
        const found: string[] = []
        for (const path of pages) {
          // No new document for each: a page that is left takes its answers and failures with it.
          await turnTo(failing, url, path)
          await failing.locator('main :is(.notice, .is-incomplete, [role=alert])').first().waitFor()
          await settled(failing)
          found.push(...(await wrongWith(path, view, failing)))
        }
        expect(found).toEqual([])
      } finally {
        await failing.context().close()
      }
    },
    WALK_MS_MAX,
  )

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
