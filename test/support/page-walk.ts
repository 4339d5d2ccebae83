import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { z } from 'zod'
import { until } from './until.ts'

/** Every page of the web application, as somebody who may do everything finds them. */

/** Someone looks at this: the language, the look and the size of the screen. */
export interface View {
  readonly language: 'zh' | 'en'
  readonly look: 'light' | 'dark'
  readonly width: number
  readonly height: number
}

/** Both languages, both looks and both sizes, each with each other one. */
export const views = {
  'zh-light-1920': { language: 'zh', look: 'light', width: 1_920, height: 1_080 },
  'en-dark-1920': { language: 'en', look: 'dark', width: 1_920, height: 1_080 },
  'zh-light-phone': { language: 'zh', look: 'light', width: 390, height: 844 },
  'en-dark-phone': { language: 'en', look: 'dark', width: 390, height: 844 },
} as const satisfies Readonly<Record<string, View>>

/** Pages that no menu names. */
const beside = ['/tokens', '/meters/steel-incoming', '/wall']

/** Addresses of nothing. */
export const nowhere = ['/meters/no-such-meter', '/enterprises/no-such-enterprise', '/no-such-page']

/** Chooses a password through the one-time link and stays signed in. */
export async function becomeAdministrator(page: Page, link: string): Promise<void> {
  const password = 'walks through every page'
  await page.goto(link)
  await page.locator('input[type=password]').nth(0).fill(password)
  await page.locator('input[type=password]').nth(1).fill(password)
  await page.locator('button[type=submit]').click()
  await page.getByTestId('tile-power').waitFor()
}

/** Addresses of all pages behind the #, those of the menu first. */
export async function pagesOf(page: Page): Promise<string[]> {
  const hrefs = await page
    .locator('nav a')
    .evaluateAll((links) => links.map((link) => link.getAttribute('href')))
  const menu = hrefs.flatMap((href) => (href === null ? [] : [href.replace(/^#/, '')]))
  const traced = await page.getByTestId('tile-energy').getByRole('link').getAttribute('href')
  return [...menu, ...(traced === null ? [] : [traced.replace(/^#/, '')]), ...beside]
}

/** Opens every help and every table behind a chart. */
export async function openDetails(page: Page): Promise<void> {
  await page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
}

/** Chooses language, look and size of a view; what is opened next has them. */
export async function lookAlikeAs(page: Page, { language, look, width, height }: View): Promise<void> {
  await page.setViewportSize({ width, height })
  // What is half way between two colours is none that anybody chose.
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await page.evaluate(`localStorage.setItem('tanbiao.language', '${language}')`)
  await page.evaluate(`localStorage.setItem('tanbiao.look', '${look}')`)
}

/** Shows the application as a view has it. */
export async function lookAs(page: Page, url: string, view: View): Promise<void> {
  await lookAlikeAs(page, view)
  await page.goto(`${url}/`)
  await page.getByTestId('tile-power').waitFor()
}

/** What stands on a page while something of it is on its way. */
const WAITING = '.loading, .skeleton, .ant-spin-spinning, .ant-skeleton-active'

/** What the components mark while something opens or closes. */
const MOVING = ['enter', 'leave', 'appear'].map((way) => `[class*="-${way}-active"]`).join(', ')

/** Waits until nothing is on its way, and nothing moves. */
export async function settled(page: Page): Promise<void> {
  await until(async () => ((await page.locator(`${WAITING}, ${MOVING}`).count()) === 0 ? true : undefined))
}

/** Goes to another page of the same document, and waits until what stood there before is gone. */
export async function turnTo(page: Page, url: string, path: string): Promise<void> {
  await page.evaluate("for (const each of document.querySelectorAll('main > *')) each.dataset.before = ''")
  await page.goto(`${url}/#${path}`)
  await page.locator('main > [data-before]').first().waitFor({ state: 'detached' })
}

/** Opens a page and waits until nothing of it is on its way. */
export async function openPage(page: Page, url: string, path: string): Promise<void> {
  await page.goto(`${url}/#${path}`)
  await page.locator('main :is(h1, h2, [role=alert])').first().waitFor()
  await settled(page)
}

/** How wide what is open really is, in pixels. */
export async function widthOf(page: Page): Promise<number> {
  return z.number().parse(await page.evaluate('document.documentElement.scrollWidth'))
}

const findings = z.array(
  z.object({
    id: z.string(),
    impact: z.string().nullable(),
    nodes: z.array(z.object({ html: z.string(), failureSummary: z.string().optional() })),
  }),
)

/** Tables of components that scroll sideways: browsers let the keyboard into such parts by themselves. */
const isScrollingTable = (html: string): boolean => html.includes('ant-table-content')

/** What axe holds against the page that is open, serious and critical findings alone, each with its first place. */
export async function seriousFindings(page: Page): Promise<string[]> {
  if ((await page.evaluate('typeof axe')) === 'undefined') await page.evaluate(axe.source)
  // What is as it should be is most of a page, and to describe it takes longer than to find the rest.
  const found: unknown = await page.evaluate(
    "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations)",
  )
  return findings
    .parse(found)
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .filter(
      ({ id, nodes }) =>
        id !== 'scrollable-region-focusable' || !nodes.every(({ html }) => isScrollingTable(html)),
    )
    .map(
      ({ id, nodes }) =>
        `${id} (${nodes.length}): ${nodes[0]?.html.slice(0, 200)} ${nodes[0]?.failureSummary}`,
    )
}
