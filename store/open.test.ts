import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startRecordingServer, type RecordingServer } from '#test/support/recording-server.ts'
import { openBooks, openReadingStore } from './open.ts'

describe('opening by URL', () => {
  let folder: string
  let server: RecordingServer

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tanbiao-open-'))
    server = await startRecordingServer(({ target }) =>
      target.pathname === '/api/v3/query_sql' ? { status: 200, body: '[]' } : { status: 204 },
    )
  })
  afterEach(async () => {
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test('sqlite: is a file', async () => {
    const store = await openReadingStore(`sqlite:${join(folder, 'readings.sqlite')}`)
    expect(await store.commitsSince(0)).toEqual([])
    await store.close()
    const again = await openReadingStore(`sqlite://${join(folder, 'readings.sqlite')}`)
    await again.close()
  })

  test('influx1: is a database of a server, with a user', async () => {
    const store = await openReadingStore(`influx1://me:p%40ss@${server.url.host}/park.v1?create=false`)
    await store.append([{ meter: 'm-1', quantity: 'steamFlow', atMs: 1, quality: 'good', value: 1 }])
    // The store writes, and asks since when the server runs.
    expect(server.requests.map(({ target }) => target.pathname)).toEqual(['/write', '/debug/vars'])
    for (const { headers } of server.requests)
      expect(headers.authorization).toBe(`Basic ${Buffer.from('me:p@ss').toString('base64')}`)
    expect(server.requests[0]?.target.searchParams.get('db')).toBe('park.v1')
    await store.close()
  })

  test('influx2: is a bucket of an organisation, with a token from outside the URL', async () => {
    const url = `influx2://${server.url.host}/My%20Org/park`
    for (const options of [{ token: 't-1' }, { environment: { TANBIAO_INFLUX_TOKEN: 't-1' } }]) {
      const store = await openReadingStore(url, options)
      await store.append([{ meter: 'm-1', quantity: 'steamFlow', atMs: 1, quality: 'good', value: 1 }])
      await store.close()
    }
    const writes = server.requests.filter(({ target }) => target.pathname === '/api/v2/write')
    expect(writes).toHaveLength(2)
    for (const { headers, target } of writes) {
      expect(headers.authorization).toBe('Token t-1')
      expect(target.searchParams.get('org')).toBe('My Org')
      expect(target.searchParams.get('bucket')).toBe('park')
    }
  })

  test('influx3: is a database of a server, with a token where it asks for one', async () => {
    for (const [token, authorization] of [['t-1', 'Bearer t-1'] as const, ['', undefined] as const]) {
      const store = await openReadingStore(`influx3://${server.url.host}/park-1`, { token })
      await store.append([{ meter: 'm-1', quantity: 'steamFlow', atMs: 1, quality: 'good', value: 1 }])
      await store.close()
      // The store asks how long the database keeps, and writes.
      const [asked, written] = server.requests.slice(-2)
      expect([asked, written].map((request) => request?.headers.authorization)).toEqual([
        authorization,
        authorization,
      ])
      expect(JSON.parse(asked?.body ?? '')).toMatchObject({ params: { name: 'park-1' } })
      expect(written?.target.searchParams.get('db')).toBe('park-1')
    }
  })

  test.each([
    '',
    'readings.sqlite',
    'sqlite:',
    'sqlite::memory:',
    'influx1://127.0.0.1:8086',
    'influx1://127.0.0.1:8086/',
    'influx1://127.0.0.1:8086/a/b',
    'influx1://127.0.0.1:8086/a"b',
    'influx1://127.0.0.1:8086/a?created=true',
    'influx1://127.0.0.1:8086/a?create=yes',
    'influx1:///a',
    'influx2://127.0.0.1:8086/org',
    'influx2://127.0.0.1:8086/org/bucket/more',
    'influx2://user:token@127.0.0.1:8086/org/bucket',
    'influx3://127.0.0.1:8181',
    'influx3://127.0.0.1:8181/a/b',
    'influx3://127.0.0.1:8181/-a',
    'influx3://user:token@127.0.0.1:8181/a',
    'influx4://127.0.0.1:8181/a',
    'mysql://127.0.0.1/a',
  ])('%j is refused', async (url) => {
    await expect(openReadingStore(url, { token: 't' })).rejects.toMatchObject({ code: 'store-url-invalid' })
  })

  test('influx2: without a token is refused', async () => {
    const opening = openReadingStore('influx2://127.0.0.1:8086/org/bucket', { environment: {} })
    await expect(opening).rejects.toMatchObject({ code: 'store-url-invalid' })
  })

  test('a refusal does not repeat the password', async () => {
    const opening = openReadingStore('mysql://me:hunter2@127.0.0.1/a')
    await expect(opening).rejects.toMatchObject({ message: expect.not.stringContaining('hunter2') })
  })

  test('readings are not opened as books, nor books as readings', async () => {
    const file = join(folder, 'file.sqlite')
    openBooks(file).close()
    await expect(openReadingStore(`sqlite:${file}`)).rejects.toMatchObject({ code: 'store-unavailable' })
  })
})
