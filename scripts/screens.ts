import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { accountList } from '#dashboards/api/account-shapes.ts'
import { sessionInfo } from '#dashboards/api/session-shape.ts'
import { overview } from '#dashboards/api/shapes.ts'
import { buildPages } from '#dashboards/web/page.test-support.ts'
import { openChromium } from '#test/support/chromium.ts'
import { Demo, FREE_PORTS } from '#test/support/demo.ts'
import { becomeAdministrator, lookAs, openPage, pagesOf, views } from '#test/support/page-walk.ts'
import { until } from '#test/support/until.ts'

/**
 * `npm run screens`: every page of the demo park with some months of its past, in both languages, light and dark, on a
 * screen of 1920×1080 and on a phone, as pictures in docs/screens. For people to look at: nothing is compared.
 */
const MONTHS = process.env['TANBIAO_SCREENS_MONTHS'] ?? '2'
/** Curves and live values settle after a page is there. */
const SETTLE_MS = 2_500
const PAST_WITHIN_MS = 20 * 60_000

/** The overview as the two READMEs show it. */
const shown = {
  en: { language: 'en', look: 'light', width: 1_440, height: 900 },
  zh: { language: 'zh', look: 'light', width: 1_440, height: 900 },
} as const

const target = fileURLToPath(new URL('../docs/screens/', import.meta.url))
mkdirSync(target, { recursive: true })
await buildPages()
const folder = mkdtempSync(join(tmpdir(), 'tanbiao-screens-'))
const demo = new Demo('--data', join(folder, 'data'), ...FREE_PORTS, '--history-months', MONTHS)

/** True when the energy of today is known and months were posted: readings that are imported are computed afterwards. */
async function isComputed(page: Page): Promise<true | undefined> {
  const read = async (path: string): Promise<unknown> =>
    page.evaluate(`fetch('${path}').then((it) => it.json())`)
  const { energy } = overview.parse(await read('api/overview'))
  const { accounts } = accountList.parse(await read('api/v1/accounts'))
  const today = energy.find(
    ({ enterprise, carrier, flow }) => enterprise === null && carrier === 'electricity' && flow === 'in',
  )
  return today?.complete === true && accounts.every(({ entries }) => entries > 0) ? true : undefined
}

/** One user of each role, called by it: the lists of users and of changes show what they are for, and name nobody. */
async function addUsers(page: Page, url: string): Promise<void> {
  const session = await page.request.get(`${url}/api/v1/session`)
  const { changeToken } = sessionInfo.parse(await session.json())
  for (const data of [
    { name: 'manager', role: 'park-manager' },
    { name: 'auditor', role: 'auditor' },
    { name: 'steel', role: 'enterprise-user', enterprise: 'steel' },
  ]) {
    const headers = { 'x-tanbiao-change': changeToken ?? '' }
    const added = await page.request.post(`${url}/api/v1/users`, { data, headers })
    if (!added.ok()) throw new Error(`${data.name} was not added: ${await added.text()}`)
  }
}

/** /meters/steel-incoming becomes meters. */
const nameOf = (path: string): string => path.split('/')[1] ?? ''

try {
  const url = await demo.url()
  if (MONTHS !== '0')
    await until(() => (demo.output.includes('importing it 100 %') ? true : undefined), PAST_WITHIN_MS)
  const browser = await openChromium()
  try {
    const page = await browser.open('about:blank')
    await becomeAdministrator(page, demo.administratorLink())
    await addUsers(page, url)
    if (MONTHS !== '0') await until(async () => isComputed(page), PAST_WITHIN_MS)
    for (const [name, view] of Object.entries(shown)) {
      await lookAs(page, url, view)
      await pause(SETTLE_MS)
      await page.screenshot({ path: join(target, `overview.${name}.png`) })
      console.log(`docs/screens/overview.${name}.png`)
    }
    for (const [name, view] of Object.entries(views)) {
      await lookAs(page, url, view)
      for (const path of await pagesOf(page)) {
        await openPage(page, url, path)
        await pause(SETTLE_MS)
        const file = `${nameOf(path) || 'overview'}.${name}.png`
        await page.screenshot({ path: join(target, file) })
        console.log(`docs/screens/${file}`)
      }
    }
    for (const error of browser.errors) console.error(`a page said: ${error}`)
  } finally {
    await browser.close()
  }
} finally {
  demo.interrupt()
  await demo.ended()
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}
