import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { request, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { buffer, text } from 'node:stream/consumers'
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Fault } from '#contract/fault.ts'
import { faultBody, overview, tick } from './api/shapes.ts'
import { commitOf, smallPark } from './small-park.test-support.ts'
import { meterIn, power, ServerBench, startMs } from './server.test-support.ts'
import { startServer } from './server.ts'

let bench: ServerBench

beforeEach(() => {
  bench = new ServerBench()
})
afterEach(() => bench.stop())

describe('live stream', () => {
  test('a snapshot, then what changed after a commit, then silence when nothing more comes', async () => {
    await bench.start()
    const stream = await bench.listen()
    const first = await stream.next()
    expect(first.name).toBe('snapshot')
    expect(overview.parse(first.data).meters).toHaveLength(smallPark.meters.size)

    await bench.store.append([power('forge-main', startMs, 42)])
    bench.server.noticeCommits([commitOf('gw-east', ['forge-main', 'not-of-this-park'], startMs)])
    bench.clock.advance(250)
    const second = await stream.next()
    expect(second.name).toBe('change')
    expect(meterIn(overview.parse(second.data), 'forge-main').power).toMatchObject({
      value: 42,
      ageMs: 250,
      fresh: true,
    })

    bench.clock.advance(40_000)
    const later = overview.parse((await stream.next()).data)
    expect(later.gateways[0]).toMatchObject({ state: 'silent', why: 'no-message' })
    expect(meterIn(later, 'forge-main')).toMatchObject({ state: 'gateway-silent', power: { fresh: false } })
    const beat = await stream.next()
    expect(beat.name).toBe('tick')
    expect(tick.parse(beat.data).nowMs).toBe(bench.clock.wallMs())
    stream.close()
  })

  test('the overview is up to date although nobody watches a stream', async () => {
    await bench.start()
    await bench.store.append([power('forge-main', startMs, 42)])
    bench.server.noticeCommits([commitOf('gw-east', ['forge-main'], startMs)])
    bench.clock.advance(250)
    await expect.poll(async () => meterIn(await bench.overview(), 'forge-main').power?.value).toBe(42)
  })

  test('a backlog that is older than what is shown is no news; a newer value behind it is', async () => {
    await bench.start()
    await bench.store.append([power('forge-main', startMs, 42)])
    bench.server.noticeCommits([commitOf('gw-east', ['forge-main'], startMs)])
    bench.clock.advance(250)
    await expect.poll(async () => meterIn(await bench.overview(), 'forge-main').power?.value).toBe(42)
    const read = bench.store.latestReads
    for (let past = 1; past < 50; past += 1)
      bench.server.noticeCommits([commitOf('gw-east', ['forge-main'], startMs - past * 1_000)])
    bench.clock.advance(1_000)
    await bench.store.append([power('forge-main', startMs + 1_000, 43)])
    expect(bench.store.latestReads).toBe(read)
    bench.server.noticeCommits([commitOf('gw-east', ['forge-main'], startMs + 1_000)])
    bench.clock.advance(250)
    await expect.poll(async () => meterIn(await bench.overview(), 'forge-main').power?.value).toBe(43)
  })

  test('stopping ends the streams', async () => {
    await bench.start()
    const stream = await bench.listen()
    await stream.next()
    await bench.server.stop()
    expect((await stream.next()).name).toBe('closed')
  })

  test('what was committed while the store could not be read is shown when it can', async () => {
    await bench.start()
    const stream = await bench.listen()
    await stream.next()
    await bench.store.append([power('forge-main', startMs, 100)])
    bench.store.fault = new Fault('store-unavailable', 'The store does not answer.')
    bench.server.noticeCommits([commitOf('gw-east', ['forge-main'], startMs)])
    bench.clock.advance(250)
    // The gateway was heard, but its meter could not be read.
    expect(meterIn(overview.parse((await stream.next()).data), 'forge-main').power).toBeNull()
    bench.store.fault = undefined
    bench.clock.advance(750)
    expect(meterIn(overview.parse((await stream.next()).data), 'forge-main').power).toMatchObject({
      value: 100,
    })
    stream.close()
  })
})

describe('hosts', () => {
  /** The status of an answer to a request that names a host. */
  async function statusFor(host: string, path: string): Promise<number | undefined> {
    const asked = request(bench.server.url + path, { headers: { host } })
    asked.end()
    const [answer] = await once(asked, 'response')
    answer.destroy()
    return answer.statusCode
  }

  test.each(['/', '/api/park', '/api/overview', '/api/live', '/api/quality', '/healthz', '/api/nothing'])(
    'a name that an attacker gave our address is not answered: %s',
    async (path) => {
      await bench.start({ names: ['energy.park.example'] })
      expect(await statusFor('evil.example', path)).toBe(421)
      const known = path === '/api/nothing' ? 404 : 200
      for (const host of ['localhost:1', '127.0.0.1', '[::1]:8080']) {
        expect(await statusFor(host, path)).toBe(known)
      }
      // Open access is for browsers on this machine: behind a name it may be anybody.
      expect(await statusFor('Energy.Park.example', path)).toBe(path.startsWith('/api/') ? 401 : 200)
    },
  )

  test('the refusal says what to do, and nothing of the park', async () => {
    await bench.start()
    const asked = request(`${bench.server.url}/api/park`, { headers: { host: 'evil.example' } })
    asked.end()
    const [answer] = await once(asked, 'response')
    const body = faultBody.parse(JSON.parse(await text(answer)))
    expect(body).toMatchObject({ code: 'host-unknown', message: 'This server is not "evil.example".' })
    expect(body.advice).toContain('--name')
  })
})

describe('answers', () => {
  test.each([
    ['/api/meters/nobody', 404, 'not-found'],
    ['/api/meters/nobody/curve', 404, 'not-found'],
    ['/api/meters/chemical-water/curve', 404, 'not-found'],
    ['/api/meters/NOT%20AN%20ID', 400, 'request-invalid'],
    ['/api/meters/forge-main/intervals?day=2026-02-31', 400, 'request-invalid'],
    ['/api/meters/forge-main/curve?from=9&to=5', 400, 'request-invalid'],
    ['/api/meters/forge-main/curve?from=%7B', 400, 'request-invalid'],
    ['/api/nothing', 404, 'not-found'],
    ['/%E0%A4%A', 400, 'request-invalid'],
    ['/..%2f..%2fpackage.json', 404, 'not-found'],
  ])('%s is refused with %i %s and advice', async (path, status, code) => {
    await bench.start()
    const answer = await fetch(bench.server.url + path)
    expect(answer.status).toBe(status)
    const body = faultBody.parse(await answer.json())
    expect(body.code).toBe(code)
    expect(body.advice).not.toBe('')
  })

  test('what went wrong inside is not told to the viewer', async () => {
    await bench.start()
    bench.store.fault = new Error('secret path')
    const answer = await fetch(`${bench.server.url}/api/load`)
    expect(answer.status).toBe(500)
    expect(await answer.text()).not.toContain('secret')
  })

  test('pages come with a policy that keeps foreign scripts and hosts out', async () => {
    await bench.start()
    for (const path of ['/', '/api/park', '/api/nothing']) {
      const { headers } = await fetch(bench.server.url + path)
      expect(headers.get('content-security-policy')).toContain("script-src 'self';")
      expect(headers.get('access-control-allow-origin')).toBeNull()
    }
    expect(await (await fetch(`${bench.server.url}/healthz`)).json()).toEqual({ status: 'ok' })
  })

  test('a taken port and missing pages are faults with a name', async () => {
    await bench.start()
    const port = Number(new URL(bench.server.url).port)
    await expect(startServer(bench.options({ port }))).rejects.toMatchObject({ code: 'port-taken' })
    const webFolder = join(bench.folder, 'nothing')
    await expect(startServer(bench.options({ webFolder }))).rejects.toMatchObject({ code: 'web-not-built' })
  })
})

test('what was built comes compressed to who takes it, and as it is to who does not', async () => {
  const script = 'export const text = "碳表"\n'.repeat(100)
  const { webFolder = '' } = bench.options()
  const file = join(webFolder, 'assets', 'page-abc.js')
  mkdirSync(join(webFolder, 'assets'))
  writeFileSync(file, script)
  writeFileSync(`${file}.br`, brotliCompressSync(script))
  writeFileSync(`${file}.gz`, gzipSync(script))
  await bench.start()
  const answerTo = async (accepted: string): Promise<IncomingMessage> => {
    const asked = request(`${bench.server.url}/assets/page-abc.js`, {
      headers: { 'accept-encoding': accepted },
    })
    asked.end()
    const [answer] = await once(asked, 'response')
    return answer
  }
  const readers = {
    br: brotliDecompressSync,
    gzip: gunzipSync,
    identity: (bytes: Buffer) => bytes,
  } as const
  for (const [encoding, read] of Object.entries(readers)) {
    const answer = await answerTo(encoding)
    expect(answer.headers['content-encoding'] ?? 'identity').toBe(encoding)
    expect(answer.headers['cache-control']).toContain('immutable')
    expect(answer.headers['content-type']).toContain('javascript')
    expect(answer.headers['content-security-policy']).toContain("script-src 'self'")
    expect(read(await buffer(answer)).toString()).toBe(script)
  }
})

test('pages that are built again while it runs are served at once, and nothing beside them', async () => {
  const { webFolder = '' } = bench.options()
  mkdirSync(join(webFolder, 'assets'))
  writeFileSync(join(bench.folder, 'secret.js'), 'no page')
  await bench.start()
  writeFileSync(join(webFolder, 'assets', 'page-new.js'), 'export {}')
  writeFileSync(join(webFolder, 'index.html'), '<script type="module" src="./assets/page-new.js"></script>')
  const page = await fetch(bench.server.url)
  expect(await page.text()).toContain('page-new.js')
  expect(page.headers.get('cache-control')).toBe('no-cache')
  const script = await fetch(`${bench.server.url}/assets/page-new.js`)
  expect([script.status, await script.text()]).toEqual([200, 'export {}'])
  for (const path of [
    '/assets/%2e%2e/%2e%2e/secret.js',
    '/assets/..%2f..%2fsecret.js',
    '/assets/',
    '/assets/no.js',
  ])
    expect((await fetch(bench.server.url + path)).status, path).toBeGreaterThanOrEqual(400)
})

test('more screens than a park has are refused, and told why', async () => {
  await bench.start()
  const streams = await Promise.all(Array.from({ length: 200 }, () => bench.listen()))
  const answer = await fetch(`${bench.server.url}/api/live`)
  expect(answer.status).toBe(503)
  expect(faultBody.parse(await answer.json()).code).toBe('viewers-full')
  for (const { close } of streams) close()
})
