import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { march, planWith, PostingBench, smallPark } from '#cli/posting.test-support.ts'
import { describeWith } from '#test/support/servers.ts'
import { PageBench, PAGES_MS_MAX } from './page.test-support.ts'

/**
 * Counts what React draws again, as its developer tools would: function components that worked in a commit, by what they
 * stand in. A part that was left as it was has the children of before.
 */
const COUNT = `(() => {
  const WORKED = 1, FUNCTIONS = new Set([0, 11, 14, 15])
  const seen = { commits: 0, drawn: 0 }
  const walk = (fiber, before) => {
    if (FUNCTIONS.has(fiber.tag) && (fiber.flags & WORKED) !== 0) seen.drawn += 1
    if (before !== null && fiber.child === before.child) return
    for (let child = fiber.child; child !== null; child = child.sibling) walk(child, child.alternate)
  }
  window.redrawn = seen
  window.__REACT_DEVTOOLS_GLOBAL_HOOK__ = {
    supportsFiber: true,
    inject: () => 1,
    onCommitFiberRoot: (_, root) => {
      seen.commits += 1
      walk(root.current, root.current.alternate)
    },
    onCommitFiberUnmount: () => {},
    onPostCommitFiberRoot: () => {},
  }
})()`

const counted = z.object({ commits: z.int(), drawn: z.int() })

describeWith(['chromium'], 'what is drawn again', () => {
  const posting = new PostingBench()
  const bench = new PageBench()

  beforeAll(async () => {
    await bench.open()
    posting.fill('steel-incoming', march)
    await posting.post()
    const { books, rules, clock } = posting
    const plan = planWith()
    await bench.start({
      park: smallPark,
      books,
      clock,
      accounts: { plan, rules, books, commits: { commitsSince: async () => [] } },
    })
  }, PAGES_MS_MAX)
  afterAll(async () => {
    await bench.stop()
    posting.remove()
  })

  test(
    'a second that goes by draws the clock again, and no table of the account',
    async () => {
      const page = await bench.page('/account')
      await page.addInitScript(COUNT)
      await page.reload()
      await page.getByTestId('account-ledger').getByText('2 条，哈希链完整').waitFor()
      const clock = page.getByTestId('clock')
      const text = async (): Promise<string> => (await clock.textContent()) ?? ''
      const state = async (): Promise<z.output<typeof counted>> =>
        counted.parse(await page.evaluate('window.redrawn'))
      const goesOn = async (): Promise<void> => {
        const before = await text()
        await expect.poll(text).not.toBe(before)
      }
      await goesOn()
      const before = await state()
      for (let second = 0; second < 3; second += 1) await goesOn()
      const after = await state()
      const commits = after.commits - before.commits
      expect(commits).toBeGreaterThanOrEqual(3)
      // The provider of the clock and the clock, and what an answer or the minute may bring meanwhile.
      expect((after.drawn - before.drawn) / commits).toBeLessThan(60)
      await page.close()
      expect(bench.errors).toEqual([])
    },
    PAGES_MS_MAX,
  )

  test(
    'a part that fails says so in its place, and the others live; it is shown again when somebody asks for it',
    async () => {
      const page = await bench.page('/account')
      await page.addInitScript(`(() => {
        const copied = Array.prototype.toReversed
        Array.prototype.toReversed = function () {
          if (window.isBroken && this[0]?.posting !== undefined) throw new RangeError('broken on purpose')
          return copied.call(this)
        }
        window.isBroken = true
      })()`)
      const errors = bench.errors.length
      await page.reload()
      const failed = page.getByTestId('failed-part')
      await failed.getByText('broken on purpose').waitFor()
      await page.getByTestId('account-ledger').getByText('2 条，哈希链完整').waitFor()
      await page.getByRole('navigation').waitFor()
      await page.evaluate('window.isBroken = false')
      await failed.getByRole('button').click()
      await page.getByTestId('account-lines').waitFor()
      await failed.waitFor({ state: 'detached' })
      await page.close()
      // React tells the console of it, and nothing else has failed.
      expect(bench.errors.slice(errors).every((text) => text.includes('broken on purpose'))).toBe(true)
    },
    PAGES_MS_MAX,
  )
})
