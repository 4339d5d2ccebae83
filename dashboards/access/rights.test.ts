import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { roleMay, roleNames, type Role } from '#contract/access.ts'
import { openBooks, openReadingStore } from '#store/open.ts'
import type { Books, ReadingStore } from '#store/port.ts'
import { accountingOf } from '../accounting.test-support.ts'
import { sessionInfo } from '../api/session-shape.ts'
import { knownInterval } from '../small-park.test-support.ts'
import { power, ServerBench, startMs } from '../server.test-support.ts'
import { CHANGE_HEADER, type GuardedRoute } from './guard.ts'

const PASSWORD = 'correct horse battery'
const OWN = 'forge'
const OTHER = 'chemical'

/** A person with a session: how they ask. */
interface Person {
  readonly role: Role
  readonly headers: Readonly<Record<string, string>>
}

let bench: ServerBench
let books: Books
let readings: ReadingStore
const people = new Map<Role, Person>()

async function post(
  path: string,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(bench.server.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}

async function personOf(role: Role, answer: Response): Promise<Person> {
  expect(answer.status).toBe(200)
  const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? ''
  const { changeToken } = sessionInfo.parse(await answer.json())
  return { role, headers: { cookie, [CHANGE_HEADER]: changeToken ?? '' } }
}

const secretIn = (link: string): string => link.split('/').at(-1) ?? ''

async function addPerson(role: Role, by: Person): Promise<Person> {
  const user = role === 'enterprise-user' ? { name: role, role, enterprise: OWN } : { name: role, role }
  const added = z
    .object({ link: z.string() })
    .parse(await (await post('/api/v1/users', user, by.headers)).json())
  return personOf(
    role,
    await post('/api/v1/session/link', { secret: secretIn(added.link), password: PASSWORD }),
  )
}

beforeAll(async () => {
  bench = new ServerBench()
  await bench.store.append([power('forge-main', startMs, 12), power('chemical-main', startMs, 34)])
  bench.books.entered = ['forge-main', 'chemical-main'].map((meter) =>
    knownInterval(meter, 'activeEnergyImport.total', startMs, 0, 5_000),
  )
  const { openAs: _, ...closed } = bench.options()
  books = openBooks(join(bench.folder, 'books.sqlite'), 'Asia/Shanghai')
  readings = await openReadingStore(`sqlite:${join(bench.folder, 'readings.sqlite')}`)
  await bench.startWith({ ...closed, ...accountingOf(bench, books, readings) })
  const { firstLink = '' } = bench.server
  const first = await post('/api/v1/session/link', { secret: secretIn(firstLink), password: PASSWORD })
  const administrator = await personOf('administrator', first)
  people.set('administrator', administrator)
  for (const role of roleNames) {
    if (role !== 'administrator') people.set(role, await addPerson(role, administrator))
  }
})
afterAll(async () => {
  books.close()
  await readings.close()
  await bench.stop()
})

/** A path that exists: parameters named after something of the other enterprise. */
function pathOf({ url }: GuardedRoute): string {
  return url
    .replace('/meters/:id', '/meters/chemical-main')
    .replaceAll(/:(?:account|enterprise)\b/g, OTHER)
    .replaceAll(/:\w+/g, '1')
}

/** Ends at the first byte of the body where it never ends by itself. */
async function ask(route: GuardedRoute, headers: Readonly<Record<string, string>>): Promise<Response> {
  const abort = new AbortController()
  const answer = await fetch(bench.server.url + pathOf(route), {
    method: route.method,
    headers,
    signal: abort.signal,
  })
  if (route.url === '/api/live') abort.abort()
  return answer
}

function personWith(role: Role): Person {
  const person = people.get(role)
  if (person === undefined) throw new Error(`nobody is ${role}`)
  return person
}

/** What the table of rights says of a role and a route about the other enterprise. */
function isAllowed(role: Role, { needs, within }: GuardedRoute['access']): boolean {
  if (needs === 'nobody') return true
  return roleMay(role, needs) && (role !== 'enterprise-user' || within === 'filtered')
}

/** Routes that end a session are walked by nobody, so that the walk goes on. */
const walked = (): GuardedRoute[] =>
  bench.server.routes.filter(({ method, url }) => method !== 'HEAD' && !url.startsWith('/api/v1/session'))

describe('every route as every role', () => {
  test('is closed to those who are not signed in, unless it is for everybody', async () => {
    expect(walked().length).toBeGreaterThan(12)
    for (const route of walked()) {
      const { status } = await ask(route, {})
      expect(status === 401, `${route.method} ${route.url}`).toBe(route.access.needs !== 'nobody')
    }
  })

  test('has the newer parts of the pages in its walk', () => {
    const urls = new Set(walked().map(({ method, url }) => `${method} ${url}`))
    for (const route of [
      'POST /api/v1/accounts/:account/closings',
      'GET /api/v1/accounts/:account/closing-draft',
      'GET /api/v1/tokens',
      'POST /api/v1/tokens',
      'GET /api/v1/audit',
      'GET /api/v1/audit/file',
      'GET /api/v1/accounts/:account/targets/:target/preview',
      'GET /api/v1/accounts/:account/restatement-preview',
      'GET /api/power/:flow',
      'GET /api/energy/:carrier/:flow',
      'GET /api/v1/accounts/:account/day',
      'GET /api/v1/accounts/:account/electricity-cost',
      'POST /api/v1/meters/:id/events',
      'POST /api/v1/meters/:id/entries/:entry/withdraw',
      'POST /api/v1/report-schedules',
      'PATCH /api/v1/report-schedules/:schedule',
      'DELETE /api/v1/report-schedules/:schedule',
    ])
      expect(urls, route).toContain(route)
  })

  test.each(roleNames)('answers %s as the table says', async (role) => {
    for (const route of walked()) {
      const { status } = await ask(route, personWith(role).headers)
      const refused = status === 401 || status === 403
      expect(refused, `${role}: ${route.method} ${route.url} (${status})`).toBe(
        !isAllowed(role, route.access),
      )
    }
  })

  test('tells an enterprise user nothing of another enterprise', async () => {
    const { headers } = personWith('enterprise-user')
    for (const route of walked()) {
      if (route.method !== 'GET' || route.url === '/api/live') continue
      const answer = await ask(route, headers)
      const text = await answer.text()
      // The question itself may be repeated in a refusal.
      if (answer.ok) expect(text, route.url).not.toContain(OTHER)
    }
    const own = await fetch(`${bench.server.url}/api/meters/forge-main`, { headers })
    expect(own.status).toBe(200)
    expect((await fetch(`${bench.server.url}/api/meters/chemical-main`, { headers })).status).toBe(404)
    expect((await fetch(`${bench.server.url}/api/meters/park-incoming`, { headers })).status).toBe(404)
  })

  test('a report of an enterprise says nothing of another one, and that of the park is not for it', async () => {
    const { headers } = personWith('enterprise-user')
    const reports = walked().filter(({ url }) => url.includes('/reports/'))
    expect(reports.length).toBeGreaterThan(10)
    for (const { url } of reports) {
      const path = url.replace(':account', OWN)
      const answer = await fetch(`${bench.server.url}${path}?period=2026-06`, { headers })
      expect(answer.status, path).toBe(url.includes(':account') ? 200 : 403)
      if (!path.endsWith('/file')) expect(await answer.text(), path).not.toContain(OTHER)
    }
  })

  test('the live stream of an enterprise user has its own meters alone', async () => {
    const stream = await bench.listen(personWith('enterprise-user').headers)
    const snapshot = JSON.stringify((await stream.next()).data)
    stream.close()
    expect(snapshot).toContain('forge-main')
    expect(snapshot).not.toContain(OTHER)
    expect(snapshot).not.toContain('park-incoming')
  })
})

describe('sessions and tokens', () => {
  test('a change without the session’s change token is refused, with it it is taken, and both are on record', async () => {
    const { headers } = personWith('administrator')
    const user = { name: 'Second auditor', role: 'auditor' }
    const { [CHANGE_HEADER]: _, ...cookieOnly } = headers
    expect((await post('/api/v1/users', user, cookieOnly)).status).toBe(403)
    expect((await post('/api/v1/users', user, { ...cookieOnly, [CHANGE_HEADER]: 'guessed' })).status).toBe(
      403,
    )
    expect((await post('/api/v1/users', user, headers)).status).toBe(200)
    expect((await post('/api/v1/users', { ...user, name: 'SECOND AUDITOR' }, headers)).status).toBe(409)
    const audit = z
      .array(z.object({ user: z.string(), action: z.string(), detail: z.string() }))
      .parse(await (await fetch(`${bench.server.url}/api/v1/audit`, { headers })).json())
    const ofUsers = audit.filter(({ action }) => action === 'POST /api/v1/users')
    expect(ofUsers.slice(0, 4).map(({ detail }) => detail.slice(0, 3))).toEqual(['409', '200', '403', '403'])
    expect(ofUsers[1]).toMatchObject({ user: 'admin' })
    expect(JSON.stringify(audit)).not.toContain(PASSWORD)
  })

  test('the cookie is out of reach of scripts and other sites', async () => {
    const answer = await post('/api/v1/session', { name: 'auditor', password: PASSWORD })
    expect(answer.headers.get('set-cookie')).toMatch(/; HttpOnly; SameSite=Strict$/)
  })

  test('a link is good once, and a wrong password opens nothing', async () => {
    const { headers } = personWith('administrator')
    const added = z
      .object({ link: z.string() })
      .parse(await (await post('/api/v1/users', { name: 'third', role: 'auditor' }, headers)).json())
    const use = { secret: secretIn(added.link), password: PASSWORD }
    expect((await post('/api/v1/session/link', { ...use, password: 'short' })).status).toBe(400)
    expect((await post('/api/v1/session/link', use)).status).toBe(200)
    expect((await post('/api/v1/session/link', use)).status).toBe(410)
    expect((await post('/api/v1/session', { name: 'third', password: 'not the password' })).status).toBe(401)
    expect((await post('/api/v1/session', { name: 'nobody', password: 'not the password' })).status).toBe(401)
    expect((await post('/api/v1/session', { name: 'Third', password: PASSWORD })).status).toBe(200)
  })

  test('a token has the access that it was given and no more, until it is ended', async () => {
    const { headers } = personWith('administrator')
    const users = z
      .array(z.object({ id: z.int(), name: z.string() }))
      .parse(await (await fetch(`${bench.server.url}/api/v1/users`, { headers })).json())
    const admin = users.find(({ name }) => name === 'admin')
    const asked = { name: 'Grafana', user: admin?.id, access: ['read'], days: 30 }
    const made = z
      .object({ secret: z.string(), token: z.object({ id: z.int() }) })
      .parse(await (await post('/api/v1/tokens', asked, headers)).json())
    const bearer = { authorization: `Bearer ${made.secret}` }
    expect((await fetch(`${bench.server.url}/api/overview`, { headers: bearer })).status).toBe(200)
    expect((await fetch(`${bench.server.url}/api/v1/users`, { headers: bearer })).status).toBe(403)
    const ended = await fetch(`${bench.server.url}/api/v1/tokens/${made.token.id}`, {
      method: 'DELETE',
      headers,
    })
    expect(ended.status).toBe(204)
    expect((await fetch(`${bench.server.url}/api/overview`, { headers: bearer })).status).toBe(401)
  })

  test('a session ends with sign-out', async () => {
    const { headers } = await personOf(
      'auditor',
      await post('/api/v1/session', { name: 'auditor', password: PASSWORD }),
    )
    const status = async (): Promise<number> =>
      (await fetch(`${bench.server.url}/api/overview`, { headers })).status
    expect(await status()).toBe(200)
    await fetch(`${bench.server.url}/api/v1/session`, { method: 'DELETE', headers })
    expect(await status()).toBe(401)
  })

  test('a session that was not used for half a day has ended', async () => {
    const { headers } = await personOf(
      'auditor',
      await post('/api/v1/session', { name: 'auditor', password: PASSWORD }),
    )
    bench.clock.advance(12 * 3_600_000 + 1)
    const answer = await fetch(`${bench.server.url}/api/overview`, { headers })
    expect(answer.status).toBe(401)
    for (const [role, { headers: old }] of people) {
      const name = role === 'administrator' ? 'admin' : role
      const { [CHANGE_HEADER]: _, ...cookieOnly } = old
      people.set(
        role,
        await personOf(role, await post('/api/v1/session', { name, password: PASSWORD }, cookieOnly)),
      )
    }
  })

  test('the last administrator stays', async () => {
    const { headers } = personWith('administrator')
    const answer = await fetch(`${bench.server.url}/api/v1/users/1`, {
      method: 'PATCH',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ active: false }),
    })
    expect(answer.status).toBe(400)
  })

  test('after ten failures a name is left alone, and its right password too', async () => {
    await post('/api/v1/users', { name: 'fourth', role: 'auditor' }, personWith('administrator').headers)
    const tries = Array.from({ length: 11 }, async () =>
      post('/api/v1/session', { name: 'fourth', password: 'wrong' }),
    )
    const statuses = (await Promise.all(tries)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 401).length).toBeGreaterThan(0)
    expect((await post('/api/v1/session', { name: 'fourth', password: 'wrong' })).status).toBe(429)
  })
})
