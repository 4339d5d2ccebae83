import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { sessionInfo } from '../api/session-shape.ts'
import { tokenWithSecret, userWithLink } from '../api/user-shapes.ts'
import { ServerBench } from '../server.test-support.ts'

let bench: ServerBench
beforeEach(() => {
  bench = new ServerBench()
})
afterEach(() => bench.stop())

const PASSWORD = 'correct horse battery'

async function startClosed(over: object = {}): Promise<void> {
  const { openAs: _, ...closed } = bench.options()
  await bench.startWith({ ...closed, ...over })
  await bench.signIn()
}

const post = (path: string, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  fetch(bench.server.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })

test('the live stream of somebody who is shut out ends with the next heartbeat, as does that of an ended token', async () => {
  await startClosed()
  const added = userWithLink.parse(
    await (await bench.change('POST', '/api/v1/users', { name: 'eve', role: 'auditor' })).json(),
  )
  const made = tokenWithSecret.parse(
    await (
      await bench.change('POST', '/api/v1/tokens', {
        name: 'screen',
        user: added.user.id,
        access: ['read'],
        days: 1,
      })
    ).json(),
  )
  const byToken = await bench.listen({ authorization: `Bearer ${made.secret}` })
  expect((await byToken.next()).name).toBe('snapshot')
  expect((await bench.change('DELETE', `/api/v1/tokens/${made.token.id}`, {})).status).toBe(204)
  bench.clock.advance(10_000)
  await expect.poll(async () => (await byToken.next()).name).toBe('closed')

  const answer = await post('/api/v1/session/link', {
    secret: added.link.split('/').at(-1),
    password: PASSWORD,
  })
  const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? ''
  const bySession = await bench.listen({ cookie })
  expect((await bySession.next()).name).toBe('snapshot')
  expect((await bench.change('PATCH', `/api/v1/users/${added.user.id}`, { active: false })).status).toBe(200)
  bench.clock.advance(10_000)
  await expect.poll(async () => (await bySession.next()).name).toBe('closed')
})

test('a session that an attacker put into a browser is not the one that its person signs in to', async () => {
  await startClosed()
  await bench.change('POST', '/api/v1/session/password', { present: PASSWORD, next: PASSWORD })
  const planted = 'tanbiao-session=' + 'A'.repeat(43)
  const answer = await post('/api/v1/session', { name: 'admin', password: PASSWORD }, { cookie: planted })
  expect(answer.status).toBe(200)
  const given = answer.headers.get('set-cookie') ?? ''
  expect(given).not.toContain('A'.repeat(43))
  const asked = await fetch(`${bench.server.url}/api/v1/session`, { headers: { cookie: planted } })
  expect(sessionInfo.parse(await asked.json()).user).toBeNull()
})

test('a change by a form of another site, or in another content type, is not taken', async () => {
  await startClosed()
  const answer = await post('/api/v1/session', { name: 'admin', password: PASSWORD })
  const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? ''
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
    const forged = await post('/api/v1/users', JSON.stringify({ name: 'mallory', role: 'administrator' }), {
      cookie,
      'content-type': type,
    })
    expect([400, 403, 415], type).toContain(forged.status)
  }
  expect(bench.access.userNamed('mallory')).toBeUndefined()
})

test('bodies beyond their limit, and those that are no JSON, are refused without being kept', async () => {
  await startClosed()
  const large = await post('/api/v1/session', { name: 'admin', password: 'x'.repeat(2 * 1024 * 1024) })
  expect(large.status).toBe(400)
  expect((await post('/api/v1/session', '{"name":')).status).toBe(400)
  expect(
    (await post('/api/v1/session', '{"__proto__":{"role":"administrator"},"name":"a","password":"b"}'))
      .status,
  ).toBe(400)
  const [entry] = bench.access.audit(1)
  expect(entry?.detail.length).toBeLessThanOrEqual(2_000)
})

test('what is behind a proxy counts only where the proxy is named', async () => {
  const asHttps = { 'x-forwarded-proto': 'https', 'x-forwarded-for': '203.0.113.7' }
  const signIn = async (): Promise<string> =>
    (await post('/api/v1/session', { name: 'admin', password: PASSWORD }, asHttps)).headers.get(
      'set-cookie',
    ) ?? ''
  await startClosed()
  expect(await signIn()).not.toContain('Secure')
  expect(bench.access.audit(1)[0]?.address).toBe('127.0.0.1')
  await bench.server.stop()
  const { openAs: _, ...closed } = bench.options()
  await bench.startWith({ ...closed, trustedProxies: ['127.0.0.1'] })
  expect(await signIn()).toMatch(/; HttpOnly; Secure; SameSite=Strict/)
  expect(bench.access.audit(1)[0]?.address).toBe('203.0.113.7')
  // Whoever comes through the proxy is not on this machine, whatever it says.
  const metrics = await fetch(`${bench.server.url}/metrics`, {
    headers: { ...asHttps, 'x-forwarded-host': 'localhost' },
  })
  expect(metrics.status).not.toBe(200)
})

test('nobody escapes the audit log by not waiting for the answer', async () => {
  await startClosed()
  const added = userWithLink.parse(
    await (await bench.change('POST', '/api/v1/users', { name: 'eve', role: 'auditor' })).json(),
  )
  const body = JSON.stringify({ secret: added.link.split('/').at(-1), password: PASSWORD })
  const { hostname, port } = new URL(bench.server.url)
  const hasty = connect(Number(port), hostname)
  hasty.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await once(hasty, 'data')
  hasty.write(
    `POST /api/v1/session/link HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  )
  // When later requests are answered this one was read; its hash takes longer.
  for (let count = 0; count < 3; count += 1) await bench.ask('/healthz')
  hasty.resetAndDestroy()
  await expect.poll(() => bench.access.userNamed('eve')?.hasPassword, { timeout: 30_000 }).toBe(true)
  await expect
    .poll(() => bench.access.audit(1)[0]?.action, { timeout: 30_000 })
    .toBe('POST /api/v1/session/link')
})

test('what a stranger sends without end is counted on record, not written down one by one', async () => {
  await startClosed()
  const before = bench.access.audit(1_000).length
  for (let count = 0; count < 70; count += 1) await post('/api/nothing', '')
  expect(bench.access.audit(1_000).length - before).toBe(60)
  expect((await bench.ask('/api/v1/audit')).status).toBe(200)
  expect(bench.access.audit(1)[0]).toMatchObject({
    user: '-',
    action: 'refused',
    detail: '10 further requests in a minute',
  })
})

test('a long or a deep body pushes nothing out of the audit log', async () => {
  await startClosed()
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
  expect((await post('/api/v1/session', `{"name":"admin","password":"x","more":${deep}}`)).status).toBe(400)
  expect(bench.access.audit(1)[0]?.detail).toContain('nested too deeply')
  const payload = 'x'.repeat(10_000)
  await bench.change('POST', '/api/v1/quarantine/1/replay', { payload, reason: 'the clock was wrong' })
  expect(bench.access.audit(1)[0]?.detail).toMatch(
    /the clock was wrong.*10000 characters, SHA-256 [0-9a-f]{64}/,
  )
})

test('passwords guessed at once from many addresses all count, and one’s own sign-in clears nothing', async () => {
  const { openAs: _, ...closed } = bench.options()
  await bench.startWith({ ...closed, trustedProxies: ['127.0.0.1'] })
  await bench.signIn()
  const attempt = async (address: string, name: string, password: string): Promise<number> =>
    (await post('/api/v1/session', { name, password }, { 'x-forwarded-for': address })).status
  const guesses = Array.from({ length: 12 }, async () => attempt('203.0.113.7', 'admin', 'guess'))
  const statuses = await Promise.all(guesses)
  expect(statuses.filter((status) => status === 401)).toHaveLength(10)
  // Its person is elsewhere, and comes in.
  expect(await attempt('198.51.100.2', 'admin', PASSWORD)).toBe(200)
  for (let count = 0; count < 9; count += 1) await attempt('198.51.100.2', `guess-${count}`, 'wrong')
  expect(await attempt('198.51.100.2', 'admin', PASSWORD)).toBe(200)
  expect(await attempt('198.51.100.2', 'guess-9', 'wrong')).toBe(401)
  expect(await attempt('198.51.100.2', 'admin', PASSWORD)).toBe(429)
})

test.each(['-', 'admin (Grafana)', 'a\u202Enimda', 'adm\u200Bin', 'x\u0000y'])(
  'a user %j, who would be taken for another one, is not added',
  async (name) => {
    await startClosed()
    expect((await bench.change('POST', '/api/v1/users', { name, role: 'auditor' })).status).toBe(400)
  },
)

test('wrong passwords of one address behind a proxy shut out that address alone', async () => {
  const { openAs: _, ...closed } = bench.options()
  await bench.startWith({ ...closed, trustedProxies: ['127.0.0.1'] })
  await bench.signIn()
  const attempt = async (address: string, name: string, password: string): Promise<number> =>
    (await post('/api/v1/session', { name, password }, { 'x-forwarded-for': address })).status
  for (let count = 0; count < 10; count += 1) await attempt('203.0.113.7', `guess-${count}`, 'wrong')
  expect(await attempt('203.0.113.7', 'admin', PASSWORD)).toBe(429)
  expect(await attempt('198.51.100.2', 'admin', PASSWORD)).toBe(200)
})

test('who has signed in from a browser comes in there, whatever is tried elsewhere in that name', async () => {
  const { openAs: _, ...closed } = bench.options()
  await bench.startWith({ ...closed, trustedProxies: ['127.0.0.1'] })
  await bench.signIn()
  const attempt = async (address: string, password: string, cookie = ''): Promise<Response> =>
    post('/api/v1/session', { name: 'admin', password }, { 'x-forwarded-for': address, cookie })
  const device = (await attempt('192.0.2.1', PASSWORD)).headers
    .getSetCookie()
    .find((each) => each.startsWith('tanbiao-device='))
  expect(device).toMatch(/; HttpOnly; SameSite=Strict$/)
  const own = device?.split(';')[0] ?? ''
  for (let address = 1; address <= 10; address += 1) {
    const tries = Array.from({ length: 10 }, async () => attempt(`203.0.113.${address}`, 'guess'))
    await Promise.all(tries)
  }
  expect((await attempt('198.51.100.2', PASSWORD)).status).toBe(429)
  expect(
    (await attempt('198.51.100.2', PASSWORD, `tanbiao-device=${'A'.repeat(22)}.${'A'.repeat(43)}`)).status,
  ).toBe(429)
  expect((await attempt('203.0.113.1', PASSWORD, own)).status).toBe(200)
  // What is stolen of it tries no more often than anybody, and is of one name.
  const stolen = Array.from({ length: 11 }, async () => attempt('198.51.100.9', 'guess', own))
  const statuses = (await Promise.all(stolen)).map(({ status }) => status)
  expect(statuses.filter((status) => status === 401)).toHaveLength(10)
  expect((await attempt('198.51.100.9', PASSWORD, own)).status).toBe(429)
})

test('a token of an enterprise user has no more than that user, and reads no more by asking for it', async () => {
  await startClosed()
  const added = userWithLink.parse(
    await (
      await bench.change('POST', '/api/v1/users', {
        name: 'forge meter',
        role: 'enterprise-user',
        enterprise: 'forge',
      })
    ).json(),
  )
  const made = tokenWithSecret.parse(
    await (
      await bench.change('POST', '/api/v1/tokens', {
        name: 'erp',
        user: added.user.id,
        access: ['read', 'operate', 'manage', 'administer'],
        days: 1,
      })
    ).json(),
  )
  const headers = { authorization: `Bearer ${made.secret}` }
  const status = async (path: string): Promise<number> =>
    (await fetch(bench.server.url + path, { headers })).status
  expect(await status('/api/meters/forge-main')).toBe(200)
  expect(await status('/api/meters/chemical-main')).toBe(404)
  expect(await status('/api/v1/accounts/chemical/statement')).toBe(403)
  // A parameter of the query does not stand in for that of the path.
  expect(await status('/api/v1/accounts/chemical/statement?account=forge')).toBe(403)
  expect(await status('/api/v1/users')).toBe(403)
  expect((await post('/api/v1/users', { name: 'x', role: 'auditor' }, headers)).status).toBe(403)
  // A token never makes another one, and a wrong one is not passed over for the openness of the server.
  expect(await status('/api/v1/audit')).toBe(403)
  const wrong = await fetch(`${bench.server.url}/api/overview`, { headers: { authorization: 'Bearer x' } })
  expect(wrong.status).toBe(401)
})

test('every change and every refused one is on record, with its person, and without a secret', async () => {
  await startClosed()
  await bench.change('POST', '/api/v1/users', { name: 'eve', role: 'auditor' })
  await bench.change('PATCH', '/api/v1/users/999', { active: false })
  await post('/api/v1/users', { name: 'mallory', role: 'administrator' })
  await post('/api/v1/session', { name: 'admin', password: 'not the password' })
  await post('/api/v1/nothing', { a: 1 })
  const actions = bench.access
    .audit(20)
    .map(({ user, action, detail }) => `${user} ${action} ${detail.slice(0, 3)}`)
  expect(actions).toEqual([
    '- POST /api/v1/nothing 401',
    '- POST /api/v1/session 401',
    '- POST /api/v1/users 401',
    'admin PATCH /api/v1/users/:id 404',
    'admin POST /api/v1/users 200',
    '- POST /api/v1/session/link 200',
  ])
  expect(JSON.stringify(bench.access.audit(20))).not.toContain('not the password')
})

test('a connection that says nothing, or sends rubbish, gets no page and harms no other', async () => {
  await startClosed()
  const { hostname, port } = new URL(bench.server.url)
  const rubbish = connect(Number(port), hostname)
  rubbish.write('\u0016\u0003\u0001 not HTTP\r\n\r\n')
  const [data]: unknown[] = await once(rubbish, 'data')
  expect(String(data)).toMatch(/^HTTP\/1\.1 400 /)
  rubbish.destroy()
  const smuggled = connect(Number(port), hostname)
  smuggled.write(
    'POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  )
  const [refused]: unknown[] = await once(smuggled, 'data')
  expect(String(refused)).toMatch(/^HTTP\/1\.1 400 /)
  smuggled.destroy()
  const overview = z.object({ meters: z.array(z.unknown()) })
  expect(overview.parse(await bench.get('/api/overview')).meters.length).toBeGreaterThan(0)
})
