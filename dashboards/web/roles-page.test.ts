import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { roleMay, roleNames, type Access, type Role } from '#contract/access.ts'
import { alarmRule } from '#contract/alarm.ts'
import { accountingOf } from '#dashboards/accounting.test-support.ts'
import { userWithLink } from '#dashboards/api/user-shapes.ts'
import { commitOf, knownInterval, smallPark, stateOf } from '#dashboards/small-park.test-support.ts'
import { dayStartMs, power, startMs } from '#dashboards/server.test-support.ts'
import { openBooks, openReadingStore } from '#store/open.ts'
import type { Books, ReadingStore } from '#store/port.ts'
import { settled } from '#test/support/page-walk.ts'
import { describeWith } from '#test/support/servers.ts'
import { PageBench, PAGES_MS_MAX } from './page.test-support.ts'

const PASSWORD = 'correct horse battery'
const OWN = 'forge'

/** What persons can do on a page: the name of its button, and what a role must have to be offered it. */
const acts: readonly { readonly path: string; readonly button: RegExp; readonly needs: Access }[] = [
  { path: '/alarms', button: /^确\s*认$/, needs: 'operate' },
  { path: '/alarms', button: /^备\s*注$/, needs: 'operate' },
  { path: '/quality', button: /^接受缺数$/, needs: 'operate' },
  { path: '/quality', button: /^重\s*放$/, needs: 'manage' },
  { path: '/quality', button: /^弃\s*置$/, needs: 'manage' },
  { path: '/account', button: /^调\s*整$/, needs: 'manage' },
  { path: '/account', button: /^录入配额/, needs: 'manage' },
  { path: '/reports', button: /^新建定期报表$/, needs: 'manage' },
  { path: '/users', button: /^添\s*加$/, needs: 'administer' },
  { path: '/tokens', button: /^创\s*建$/, needs: 'administer' },
]

/** Pages of things, which no menu names, and the wall. */
const beside = ['/meters/forge-main', '/enterprises/forge', '/trace/power/forge/in', '/wall']
/** What everybody who may not open it is told. */
const UNKNOWN = '没有这个页面，或当前用户无权查看。'

describeWith(['chromium'], 'every page as every role', () => {
  const bench = new PageBench()
  let books: Books
  let readings: ReadingStore

  beforeAll(async () => {
    await bench.open()
    books = openBooks(join(bench.folder, 'books.sqlite'), 'Asia/Shanghai')
    readings = await openReadingStore(`sqlite:${join(bench.folder, 'readings.sqlite')}`)
    await bench.store.append([power('forge-main', startMs, 12), power('chemical-main', startMs, 34)])
    for (const meter of ['forge-main', 'chemical-main']) {
      const slot = knownInterval(meter, 'activeEnergyImport.total', dayStartMs, 0, 5_000)
      books.record({ meter, fromMs: 1, toMs: 0 }, [slot], startMs)
    }
    const gap = { kind: 'meter' as const, gateway: 'gw-east', cause: 'no-readings' as const }
    const stretch = { first: dayStartMs, last: startMs - 1, fromMs: dayStartMs, toMs: startMs }
    books.changeGaps({ opened: [{ ...gap, ...stretch, meter: 'forge-main' }], changed: [] }, startMs)
    const refusal = {
      code: 'meter-unknown',
      detail: 'press-9 is in no park file',
      meter: 'forge-main',
      encoding: 'json' as const,
      payload: '{}',
    } as const
    books.follow([{ ...commitOf('gw-east', [], startMs), refused: [refusal] }], startMs)
    const { openAs: _, ...closed } = bench.options()
    await bench.startWith({
      ...closed,
      ...accountingOf(bench, books, readings),
      books,
      publishConfiguration: async () => undefined,
      alarms: {
        rules: z.array(alarmRule).parse([{ id: 'silent', kind: 'meter-silent', afterSeconds: 0 }]),
        settle: (conditions, nowMs) => books.settleAlarms(conditions, nowMs),
        tell: () => undefined,
      },
    })
    bench.server.noticeState(stateOf('gw-east', 'birth', startMs))
    await bench.server.alarms?.look()
    await bench.signIn()
    for (const role of roleNames) {
      if (role === 'administrator') continue
      const user = role === 'enterprise-user' ? { name: role, role, enterprise: OWN } : { name: role, role }
      const { link } = userWithLink.parse(await (await bench.change('POST', '/api/v1/users', user)).json())
      await sessionOf('/api/v1/session/link', { secret: link.split('/').at(-1), password: PASSWORD })
    }
  }, PAGES_MS_MAX)
  afterAll(async () => {
    await bench.stop()
    books.close()
    await readings.close()
  })

  /** The cookie of a new session. */
  async function sessionOf(path: string, body: object): Promise<{ name: string; value: string }> {
    const answer = await fetch(bench.server.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    expect(answer.status).toBe(200)
    const [name = '', value = ''] = (answer.headers.get('set-cookie')?.split(';')[0] ?? '').split('=')
    return { name, value }
  }

  async function pageOf(role: Role): Promise<Page> {
    const name = role === 'administrator' ? 'admin' : role
    const cookie = await sessionOf('/api/v1/session', { name, password: PASSWORD })
    const page = await bench.page('/sign-in')
    await page.context().addCookies([{ ...cookie, url: bench.server.url }])
    await page.goto(`${bench.server.url}/#/`)
    await page.reload()
    await page.getByTestId('tile-power').waitFor()
    return page
  }

  const others = smallPark.description.enterprises.filter(({ id }) => id !== OWN)
  const foreign = [
    ...others.flatMap(({ id, name }) => [id, name.zh]),
    ...[...smallPark.meters.values()]
      .filter(({ enterprise }) => enterprise !== OWN)
      .map(({ name }) => name.zh),
  ]

  test.each(roleNames)(
    '%s opens what it may, is refused nothing by the server, and is offered what it may do and no more',
    async (role) => {
      const page = await pageOf(role)
      const refused: string[] = []
      page.on('response', (answer) => {
        if (answer.status() >= 400) refused.push(`${answer.status()} ${answer.url()}`)
      })
      const hrefs = await page
        .getByRole('navigation')
        .getByRole('link')
        .evaluateAll((links) => links.map((link) => link.getAttribute('href') ?? ''))
      const menu = hrefs.map((href) => href.replace(/^#/, ''))
      const isOpen = (path: string): boolean =>
        menu.includes(path) || (path === '/tokens' && menu.includes('/users'))
      expect(isOpen('/users')).toBe(roleMay(role, 'administer'))
      expect(isOpen('/fleet')).toBe(role !== 'enterprise-user')
      const found: string[] = []
      const walked = [...new Set([...menu, ...beside, ...acts.map(({ path }) => path)])]
      for (const path of walked) {
        await page.goto(`${bench.server.url}/#${path}`)
        await page.locator('main :is(h1, h2, .notice)').first().waitFor()
        await settled(page)
        if (await page.getByText(UNKNOWN).isVisible()) {
          if (isOpen(path)) found.push(`${path} is in the menu and cannot be opened`)
          continue
        }
        for (const { button, needs } of acts.filter((act) => act.path === path)) {
          const isOffered = (await page.getByRole('button', { name: button }).count()) > 0
          if (isOffered !== roleMay(role, needs)) found.push(`${path} ${String(button)}: ${isOffered}`)
        }
        if (role === 'enterprise-user') {
          const text = (await page.locator('body').textContent()) ?? ''
          found.push(...foreign.filter((word) => text.includes(word)).map((word) => `${path} shows ${word}`))
        }
      }
      expect(found).toEqual([])
      expect(refused).toEqual([])
      expect(bench.errors).toEqual([])
      await page.close()
    },
    PAGES_MS_MAX,
  )

  test.each(['park-manager', 'auditor'] as const)(
    'a configuration is published by %s only where it manages',
    async (role) => {
      const page = await pageOf(role)
      await page.goto(`${bench.server.url}/#/fleet`)
      await page.getByRole('button', { name: '东区配电房网关' }).click()
      await page.getByTestId('fleet-meters').waitFor()
      expect(await page.getByLabel('已签名的配置文件').count()).toBe(roleMay(role, 'manage') ? 1 : 0)
      await page.close()
    },
    PAGES_MS_MAX,
  )

  test(
    'what has come of the day stays when the server goes, below the words that it is not the present',
    async () => {
      const page = await pageOf('auditor')
      const parts = ['tile-co2', 'shares', 'flow'].map((each) => page.getByTestId(each))
      for (const part of parts) await part.waitFor()
      await bench.server.stop()
      await page.getByText('实时数据流已断开').waitFor()
      for (const part of parts) expect(await part.isVisible()).toBe(true)
    },
    PAGES_MS_MAX,
  )
})
