import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Page } from 'playwright-core'
import { serverPath } from './servers.ts'

/** A browser of a test: Debian's Chromium with a profile of its own, that talks to nobody but the server under test. */
export interface Browser {
  /** A new tab of that size in pixels. What the page reports as an error is kept in `errors`. */
  open(url: string, size?: { width: number; height: number }): Promise<Page>
  /** A tab of a browser that knows nothing of the other tabs, and whose errors count for nothing. To be closed with its context. */
  openAlone(): Promise<Page>
  /** Uncaught errors and console errors of all pages. */
  readonly errors: readonly string[]
  close(): Promise<void>
}

const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export async function openChromium(): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'tanbiao-chromium-'))
  const given = {
    executablePath: serverPath('chromium'),
    args: quiet,
    // The machine's language must not decide what a test sees.
    locale: 'zh-CN',
    timezoneId: 'UTC',
  }
  const context = await chromium.launchPersistentContext(profile, given)
  const errors: string[] = []
  return {
    errors,
    open: async (url, size = { width: 1440, height: 900 }) => {
      const page = await context.newPage()
      page.on('pageerror', (error) => errors.push(error.message))
      page.on('console', (message) => {
        if (message.type() === 'error') errors.push(`${message.text()} ${message.location().url}`)
      })
      await page.setViewportSize(size)
      await page.goto(url)
      return page
    },
    openAlone: async () => {
      const alone = await chromium.launchPersistentContext('', given)
      return alone.pages()[0] ?? alone.newPage()
    },
    close: async () => {
      await context.close()
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
