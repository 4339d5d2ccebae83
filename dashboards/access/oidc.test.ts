import type { Server } from 'node:http'
import { Provider } from 'oidc-provider'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { freePort } from '#test/support/servers.ts'
import { sessionInfo, signInWays } from '../api/session-shape.ts'
import { smallPark } from '../small-park.test-support.ts'
import { ServerBench } from '../server.test-support.ts'
import { signInFile, userOfClaims, type OidcSettings } from './oidc-settings.ts'
import { OidcSignIn } from './oidc.ts'
import { digestOf } from './secrets.ts'

const SECRET = 'a secret of the client'
const settingsAt = (issuer: string, address: string): OidcSettings =>
  signInFile.parse({
    oidc: {
      name: { zh: '统一身份认证', en: 'the park’s directory' },
      issuer,
      clientId: 'tanbiao',
      address,
      enterpriseClaim: 'company',
      roles: [
        { group: 'energy-admins', role: 'administrator' },
        { group: 'energy', role: 'park-manager' },
        { group: 'forge', role: 'enterprise-user', enterprise: 'forge' },
        { group: 'companies', role: 'enterprise-user' },
      ],
    },
  }).oidc

describe('who becomes what', () => {
  const settings = settingsAt('http://127.0.0.1:1', 'http://127.0.0.1:2')
  const of = (claims: object) => userOfClaims(settings, { preferred_username: 'li', ...claims }, ['forge'])

  test('the first line whose group a person has; nobody without one', () => {
    expect(of({ groups: ['energy', 'energy-admins'] })).toEqual({ name: 'li', role: 'administrator' })
    expect(of({ groups: 'energy' })).toEqual({ name: 'li', role: 'park-manager' })
    for (const groups of [[], ['energy '], ['Energy'], [null], 7, { energy: true }, undefined]) {
      expect(of({ groups }), JSON.stringify(groups)).toBeUndefined()
    }
    expect(of({ groups: 'energy', preferred_username: ' ' })).toBeUndefined()
    expect(of({ groups: 'energy', preferred_username: '-' })).toBeUndefined()
    expect(of({ groups: 'energy', preferred_username: 'x'.repeat(65) })).toBeUndefined()
  })

  test('an enterprise by its line or by a claim, and only one that the park has', () => {
    const own = { name: 'li', role: 'enterprise-user', enterprise: 'forge' }
    expect(of({ groups: ['forge'], company: 'chemical' })).toEqual(own)
    expect(of({ groups: ['companies'], company: 'forge' })).toEqual(own)
    expect(of({ groups: ['companies'], company: 'of-another-park' })).toBeUndefined()
    expect(of({ groups: ['companies'] })).toBeUndefined()
  })

  test('a file that would let enterprise users in without an enterprise is refused', () => {
    const file = {
      oidc: {
        ...settings,
        enterpriseClaim: undefined,
        roles: [{ group: 'forge', role: 'enterprise-user' }],
      },
    }
    expect(signInFile.safeParse(file).success).toBe(false)
  })

  test('a provider is not asked in the open, but on this machine', () => {
    const parts = { clientSecret: undefined, enterprises: [], clock: new ServerBench().clock }
    const open = settingsAt('http://id.park.example', 'https://energy.park.example')
    expect(() => new OidcSignIn({ ...parts, settings: open })).toThrow(/without encryption/)
  })
})

/** What a form sends; nothing where a page is only opened. */
interface Submission {
  readonly method?: 'POST'
  readonly body?: URLSearchParams
}

/** Cookies of one browser, by origin. */
class Browser {
  readonly #jars = new Map<string, Map<string, string>>()

  async get(url: string, init: Submission = {}): Promise<Response> {
    const { origin } = new URL(url)
    const jar = this.#jars.get(origin) ?? new Map<string, string>()
    this.#jars.set(origin, jar)
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await fetch(url, { ...init, redirect: 'manual', headers: { cookie } })
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '' || /expires=Thu, 01 Jan 1970/i.test(line)) jar.delete(name)
      else jar.set(name, value)
    }
    return answer
  }

  cookie(url: string, name: string): string | undefined {
    return this.#jars.get(new URL(url).origin)?.get(name)
  }

  /** Goes where it is sent, filling in the provider's forms as a person, until it is sent to a place that is wanted. */
  async goAs(person: string, url: string, until: (url: string) => boolean): Promise<string> {
    let at = url
    let init: Submission = {}
    for (let step = 0; step < 20; step += 1) {
      if (until(at)) return at
      const answer = await this.get(at, init)
      const location = answer.headers.get('location')
      if (location !== null) {
        at = new URL(location, at).href
        init = {}
        continue
      }
      const html = await answer.text()
      const action = /action="([^"]+)"/.exec(html)?.[1]
      const prompt = /name="prompt" value="(\w+)"/.exec(html)?.[1]
      if (action === undefined || prompt === undefined)
        throw new Error(`stopped at ${at}: ${html.slice(0, 500)}`)
      at = new URL(action, at).href
      init = { method: 'POST', body: new URLSearchParams({ prompt, login: person, password: 'any' }) }
    }
    throw new Error(`never came to the end, last at ${at}`)
  }
}

describe('against a provider that is not ours', () => {
  let provider: Server
  let issuer: string
  let bench: ServerBench
  let address: string
  const people = new Map<string, object>()

  beforeAll(async () => {
    const [port, own] = [await freePort(), await freePort()]
    issuer = `http://127.0.0.1:${port}`
    address = `http://127.0.0.1:${own}`
    const { promise: listening, resolve } = Promise.withResolvers<void>()
    provider = new Provider(issuer, {
      clients: [
        {
          client_id: 'tanbiao',
          client_secret: SECRET,
          redirect_uris: [`${address}/api/v1/session/oidc/callback`],
        },
      ],
      pkce: { required: () => true },
      cookies: { keys: ['of a test'] },
      claims: { openid: ['sub'], profile: ['preferred_username', 'groups', 'company'] },
      findAccount: (_context, accountId) => ({
        accountId,
        claims: async () => ({ sub: accountId, ...people.get(accountId) }),
      }),
    }).listen(port, '127.0.0.1', resolve)
    await listening
  })
  afterAll(async () => {
    provider.closeAllConnections()
    await new Promise((resolve) => {
      provider.close(resolve)
    })
  })
  beforeEach(async () => {
    people.clear()
    bench = new ServerBench()
    const { openAs: _, ...closed } = bench.options()
    await bench.startWith({
      ...closed,
      port: Number(new URL(address).port),
      oidc: new OidcSignIn({
        settings: settingsAt(issuer, address),
        clientSecret: SECRET,
        enterprises: smallPark.description.enterprises.map(({ id }) => id),
        clock: bench.clock,
      }),
    })
  })
  afterEach(() => bench.stop())

  const start = (): string => `${address}/api/v1/session/oidc/start`
  const isCallback = (url: string): boolean => url.startsWith(`${address}/api/v1/session/oidc/callback`)
  const isEnd = (url: string): boolean => new URL(url).origin === address && new URL(url).pathname === '/'
  const signIn = (person: string, browser = new Browser()): Promise<string> =>
    browser.goAs(person, start(), isEnd)
  const whoIs = async (browser: Browser) =>
    sessionInfo.parse(await (await browser.get(`${address}/api/v1/session`)).json())

  test('a person with a group is let in as what it stands for, is the same one the next time, and is on record', async () => {
    people.set('7f3', { preferred_username: 'li.wei', groups: ['energy'] })
    const browser = new Browser()
    expect(signInWays.parse(await bench.json('/api/v1/session/ways')).oidc?.en).toBe('the park’s directory')
    expect(await signIn('7f3', browser)).toBe(`${address}/`)
    expect(await whoIs(browser)).toMatchObject({ user: 'li.wei', role: 'park-manager', how: 'session' })
    const first = browser.cookie(address, 'tanbiao-session')
    people.set('7f3', { preferred_username: 'li.wei-chen', groups: ['forge'] })
    await signIn('7f3', browser)
    // Another session, and the role that the provider says now; a new name changes nothing.
    expect(browser.cookie(address, 'tanbiao-session')).not.toBe(first)
    expect(await whoIs(browser)).toMatchObject({
      user: 'li.wei',
      role: 'enterprise-user',
      enterprise: 'forge',
    })
    expect(bench.access.users().map(({ name }) => name)).toEqual(['admin', 'li.wei'])
    expect(bench.access.audit(10).map(({ user, detail }) => `${user} ${detail}`)).toEqual([
      `li.wei 303 ${issuer} 7f3`,
      `li.wei 303 ${issuer} 7f3`,
    ])
  })

  test('nobody without a group; who lost it loses the sessions too', async () => {
    people.set('7f3', { preferred_username: 'li.wei', groups: ['energy'] })
    const browser = new Browser()
    await signIn('7f3', browser)
    const token = digestOf('a secret of a program')
    const own = { name: 'erp', user: bench.access.userNamed('li.wei')?.id ?? 0, access: ['read'] as const }
    bench.access.addToken(token, own, bench.clock.wallMs(), undefined)
    people.set('7f3', { preferred_username: 'li.wei', groups: ['canteen'] })
    expect(await signIn('7f3')).toBe(`${address}/?refused=sign-in-refused#/sign-in`)
    expect(await whoIs(browser)).toMatchObject({ user: null, role: null })
    expect(bench.access.token(token)).toBeUndefined()
    people.set('8a1', { preferred_username: 'stranger', groups: [] })
    expect(await signIn('8a1')).toContain('refused=sign-in-refused')
    expect(bench.access.users().map(({ name }) => name)).toEqual(['admin', 'li.wei'])
    expect(bench.access.audit(1)[0]?.detail).toContain('nothing lets them in')
  })

  test('nobody takes over a local user by being called alike, and who is shut out stays out', async () => {
    people.set('9c0', { preferred_username: 'Admin', groups: ['energy-admins'] })
    expect(await signIn('9c0')).toContain('refused=sign-in-refused')
    people.set('7f3', { preferred_username: 'li.wei', groups: ['energy'] })
    await signIn('7f3')
    const user = bench.access.userNamed('li.wei')
    bench.access.setActive(user?.id ?? 0, false)
    expect(await signIn('7f3')).toContain('refused=sign-in-refused')
  })

  test('an answer of the provider is good once, in the browser that asked, for ten minutes', async () => {
    people.set('7f3', { preferred_username: 'li.wei', groups: ['energy'] })
    const [victim, attacker] = [new Browser(), new Browser()]
    const answer = await attacker.goAs('7f3', start(), isCallback)
    // Somebody else's answer in this browser: it would sign its person in as the attacker.
    expect((await victim.get(answer)).headers.get('location')).toContain('refused=sign-in-refused')
    expect((await attacker.get(answer)).headers.get('location')).toBe('../../../../')
    expect((await attacker.get(answer)).headers.get('location')).toContain('refused=sign-in-refused')

    const late = new Browser()
    const second = await late.goAs('7f3', start(), isCallback)
    bench.clock.advance(10 * 60_000 + 1)
    expect((await late.get(second)).headers.get('location')).toContain('refused=sign-in-refused')

    const forged = new Browser()
    const third = new URL(await forged.goAs('7f3', start(), isCallback))
    third.searchParams.set('state', 'another')
    expect((await forged.get(third.href)).headers.get('location')).toContain('refused=sign-in-refused')
    expect(bench.access.users()).toHaveLength(2)
  })

  test('a provider that is away is said on the page of signing in; name and password work on', async () => {
    const away = new ServerBench()
    try {
      await away.start({
        oidc: new OidcSignIn({
          settings: settingsAt(`http://127.0.0.1:${await freePort()}`, address),
          clientSecret: undefined,
          enterprises: [],
          clock: away.clock,
        }),
      })
      const answer = await new Browser().get(`${away.server.url}/api/v1/session/oidc/start`)
      expect(answer.headers.get('location')).toBe('../../../../?refused=sign-in-unavailable#/sign-in')
      await away.signIn()
      expect(sessionInfo.parse(await away.get('/api/v1/session'))).toMatchObject({ user: 'admin' })
    } finally {
      await away.stop()
    }
  })
})
