import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { describeWith } from '#test/support/servers.ts'
import { PageBench, PAGES_MS_MAX } from './page.test-support.ts'

const WIDTH_PX = 1_920

/** Keeps every place that a list of choices was ever put at, in pixels from the left. */
const KEEP_PLACES = `
  window.places = []
  new MutationObserver((changes) => {
    for (const { target } of changes) {
      if (!target.classList?.contains('ant-select-dropdown')) continue
      if (target.style.left.endsWith('px')) window.places.push(parseFloat(target.style.left))
    }
  }).observe(document, { subtree: true, attributeFilter: ['style'] })`

async function placesOf(page: Page): Promise<number[]> {
  return z.array(z.number()).parse(await page.evaluate('window.places'))
}

/** Moves a box as components do to measure it: where it is right afterwards, in pixels from the left. */
const MEASURED_AFTER_MOVE = `(() => {
  const box = document.body.appendChild(document.createElement('div'))
  box.style.cssText = 'position: absolute; top: 0; left: -1000vw'
  box.getBoundingClientRect()
  box.style.left = '0'
  const left = box.getBoundingClientRect().left
  box.remove()
  return left
})()`

describeWith(['chromium'], 'pages of who asked for less movement', () => {
  const bench = new PageBench()
  beforeAll(async () => {
    await bench.open()
    await bench.start()
  }, PAGES_MS_MAX)
  afterAll(() => bench.stop())

  test(
    'what is moved is at its new place at once, and a list opens where it belongs, never beyond the page',
    async () => {
      const page = await bench.pageOfAdministrator('/users', { width: WIDTH_PX, height: 1_080 })
      await page.emulateMedia({ reducedMotion: 'reduce' })
      await page.addInitScript(KEEP_PLACES)
      await page.reload()
      const roles = page.getByRole('combobox', { name: '角色' })
      const list = page.locator('.ant-select-dropdown')
      for (let opening = 0; opening < 3; opening += 1) {
        await roles.click()
        await list.waitFor()
        await page.keyboard.press('Escape')
        await list.waitFor({ state: 'hidden' })
      }
      const places = await placesOf(page)
      expect(places).not.toEqual([])
      expect(places.filter((left) => left < 0 || left > WIDTH_PX)).toEqual([])
      expect(await page.evaluate(MEASURED_AFTER_MOVE)).toBe(0)
      expect(bench.errors).toEqual([])
    },
    PAGES_MS_MAX,
  )
})
