import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readReportFiles } from '#cli/accounting-files.ts'
import { planWith, PostingBench, smallPark } from '#cli/posting.test-support.ts'
import { reportSchedule } from '#contract/report-schedule.ts'
import { ReportArchive } from '#dashboards/scheduled/archive.ts'
import { ScheduleBook } from '#dashboards/scheduled/schedule-book.ts'
import { describeWith } from '#test/support/servers.ts'
import { PageBench, PAGES_MS_MAX } from './page.test-support.ts'

describeWith(['chromium'], 'schedules of reports', () => {
  const posting = new PostingBench()
  const bench = new PageBench()
  let schedules: ScheduleBook

  beforeAll(async () => {
    await bench.open()
    const { books, rules, clock } = posting
    const folder = join(bench.folder, 'reports')
    schedules = new ScheduleBook(folder, [reportSchedule.parse({ id: 'of-the-file' })])
    await bench.start({
      park: smallPark,
      books,
      clock,
      reports: { ...readReportFiles(), library: rules.library, plan: planWith(), books },
      scheduled: { book: schedules, archive: new ReportArchive(folder), mailTo: undefined },
    })
  }, PAGES_MS_MAX)
  afterAll(async () => {
    await bench.stop()
    posting.remove()
  })

  const kept = () => schedules.list().map(({ schedule, by }) => [schedule.id, schedule.day, by])

  test(
    'are looked at by whoever may read, and made by none of them',
    async () => {
      const page = await bench.page('/reports')
      const list = page.getByTestId('schedules')
      await list.getByRole('row', { name: /of-the-file.*reports\.yaml/ }).waitFor()
      expect(await list.getByRole('button').count()).toBe(0)
      expect(bench.errors).toEqual([])
    },
    PAGES_MS_MAX,
  )

  test(
    'one is made, refused where its name is taken, changed and ended, each time with the keyboard back in its place',
    async () => {
      const page = await bench.pageOfAdministrator('/reports')
      const list = page.getByTestId('schedules')
      const dialog = page.getByRole('dialog')
      const make = list.getByRole('button', { name: '新建定期报表' })
      const save = dialog.getByRole('button', { name: /保\s*存/ })
      await make.click()
      await save.click()
      await dialog.getByText('请填写').first().waitFor()
      await dialog.getByRole('textbox', { name: '名称' }).fill('Monthly Report')
      await dialog.locator('.ant-form-item-explain-error').waitFor()
      await page.keyboard.press('Escape')
      await dialog.waitFor({ state: 'hidden' })
      await expect.poll(() => make.evaluate((element) => element === document.activeElement)).toBe(true)

      await make.click()
      await dialog.getByRole('textbox', { name: '名称' }).fill('of-the-file')
      await save.click()
      const refusal = dialog.getByRole('alert')
      await refusal.getByText('此名称已被使用').waitFor()
      // The server's own words are in one language, and there to be opened.
      const said = refusal.getByText('There is, or was, a schedule "of-the-file"')
      expect(await said.isVisible()).toBe(false)
      await refusal.getByText('服务器的原话').click()
      await said.waitFor()
      await dialog.getByRole('textbox', { name: '名称' }).fill('monthly')
      await dialog.getByRole('spinbutton').fill('5')
      await dialog.getByRole('checkbox', { name: '碳排放账户报表' }).uncheck()
      await save.click()
      await dialog.waitFor({ state: 'hidden' })
      const line = list.getByRole('row', { name: /monthly.*5/ })
      await line.getByText('admin').waitFor()
      expect(kept()).toEqual([
        ['of-the-file', 3, undefined],
        ['monthly', 5, 'admin'],
      ])

      await line.getByRole('button', { name: /修\s*改/ }).click()
      await dialog.getByRole('spinbutton').fill('10')
      await save.click()
      await dialog.waitFor({ state: 'hidden' })
      await list.getByRole('row', { name: /monthly.*10/ }).waitFor()
      expect(kept()[1]).toEqual(['monthly', 10, 'admin'])

      await list.getByRole('button', { name: /停\s*止/ }).click()
      await page
        .locator('.ant-popconfirm')
        .getByRole('button', { name: /停\s*止/ })
        .click()
      await list.getByRole('row', { name: /monthly/ }).waitFor({ state: 'detached' })
      expect(kept()).toEqual([['of-the-file', 3, undefined]])
      // The refusal is the browser's to report, and the only one; but for the overview, which is seen on the way through the
      // sign-in and may ask for the day: this server has a plan without accounts.
      const expected = [/\b409\b/, /\b400\b/, /\/api\/v1\/day$/]
      expect(bench.errors.filter((each) => !expected.some((one) => one.test(each)))).toEqual([])
    },
    PAGES_MS_MAX,
  )
})
