import { execFile } from 'node:child_process'
import { existsSync, globSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Page } from 'playwright-core'
import type { ServerOptions } from '#dashboards/server-options.ts'
import { ServerBench } from '#dashboards/server.test-support.ts'
import { openChromium, type Browser } from '#test/support/chromium.ts'

const folder = import.meta.dirname

/** Is being built: one folder can be made once only, whoever asks. */
const building = join(folder, '../../node_modules/.cache/tanbiao-pages-building')
/** A build takes a minute on a loaded machine; who has not ended by then was killed. */
const BUILD_MS_MAX = 180_000

function isBuilt(): boolean {
  const built = join(folder, 'dist/index.html')
  const sources = globSync(
    [
      'src/**/*',
      'index.html',
      'vite.config.ts',
      '../api/*shape*.ts',
      '../presence.ts',
      '../../accounts/*view*.ts',
    ],
    {
      cwd: folder,
    },
  )
  const newestMs = Math.max(...sources.map((file) => statSync(join(folder, file)).mtimeMs))
  return existsSync(built) && statSync(built).mtimeMs > newestMs
}

function takeTurn(): boolean {
  try {
    mkdirSync(building)
    return true
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    return false
  }
}

/**
 * Builds the pages where they were never built, or where a source is newer than they are. Tests run side by side: one of
 * them builds, the others wait for it.
 */
export async function buildPages(): Promise<void> {
  mkdirSync(dirname(building), { recursive: true })
  const givenUpMs = Date.now() + BUILD_MS_MAX
  while (!takeTurn()) {
    if (Date.now() > givenUpMs) rmSync(building, { recursive: true, force: true })
    await setTimeout(100)
  }
  try {
    if (isBuilt()) return
    // In a process of its own: a build below NODE_ENV=test would bundle React for developers.
    const vite = join(folder, '../../node_modules/vite/bin/vite.js')
    const env = { ...process.env, NODE_ENV: 'production' }
    await promisify(execFile)(process.execPath, [vite, 'build', folder], { env })
  } finally {
    rmSync(building, { recursive: true, force: true })
  }
}

/** On a loaded machine a build, or the first page of a browser, may take long. */
export const PAGES_MS_MAX = 240_000
const LOCATOR_MS_MAX = 60_000

const PASSWORD = 'correct horse battery'

/** The real server with the real pages, and a browser that looks at them. */
export class PageBench extends ServerBench {
  #browser: Browser | undefined
  #isSignedIn = false

  /** Opens the browser, and builds the pages where they are not built. */
  async open(): Promise<void> {
    await buildPages()
    this.#browser = await openChromium()
  }

  override options(over: Partial<ServerOptions> = {}): ServerOptions {
    return super.options({ webFolder: join(folder, 'dist'), ...over })
  }

  /** Uncaught errors and console errors of all pages. */
  get errors(): readonly string[] {
    return this.#browser?.errors ?? []
  }

  /** A new tab at an address behind the #. */
  async page(hash: string, size?: { width: number; height: number }): Promise<Page> {
    if (this.#browser === undefined) throw new Error('the browser was not opened')
    const page = await this.#browser.open(`${this.server.url}/#${hash}`, size)
    page.setDefaultTimeout(LOCATOR_MS_MAX)
    return page
  }

  /** The same for the first administrator, who chooses a password at the first call. */
  async pageOfAdministrator(hash: string, size?: { width: number; height: number }): Promise<Page> {
    const { firstLink } = this.server
    if (firstLink === undefined) throw new Error('the first administrator has a password already')
    if (!this.#isSignedIn) {
      const page = await this.page(new URL(firstLink).hash.slice(1))
      const [password, again] = [
        page.locator('input[type=password]').first(),
        page.locator('input[type=password]').last(),
      ]
      await password.fill(PASSWORD)
      await again.fill(PASSWORD)
      await page.locator('button[type=submit]').click()
      await page.getByRole('navigation').waitFor()
      await page.close()
      this.#isSignedIn = true
    }
    return this.page(hash, size)
  }

  override async stop(): Promise<void> {
    await this.#browser?.close()
    await super.stop()
  }
}
