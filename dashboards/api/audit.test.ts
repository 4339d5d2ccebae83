import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { DAY_MS } from '#contract/duration.ts'
import { ServerBench, startMs } from '../server.test-support.ts'
import { auditShape, userWithLink } from './user-shapes.ts'

let bench: ServerBench

beforeEach(async () => {
  bench = new ServerBench()
  await bench.start()
  await bench.signIn()
  const note = { address: '10.0.0.7', detail: '200 {"account":"steel"} {"month":"2026-03"}' }
  bench.access.note({ ...note, atMs: startMs - DAY_MS, user: 'Li Wei', action: 'POST /closings' })
  bench.access.note({
    ...note,
    atMs: startMs,
    user: 'li.na',
    action: 'PATCH /users',
    detail: '200 {} {"a":"5%_"}',
  })
})
afterEach(() => bench.stop())

async function ofPeople(query: string): Promise<string[]> {
  const all = z.array(auditShape).parse(await bench.get(`/api/v1/audit?${query}`))
  return all.filter(({ address }) => address === '10.0.0.7').map(({ user }) => user)
}

test('entries are found by person, object and days of the park, each alone and together, newest first', async () => {
  expect(await ofPeople('')).toEqual(['li.na', 'Li Wei'])
  expect(await ofPeople('user=LI')).toEqual(['li.na', 'Li Wei'])
  expect(await ofPeople('user=wei')).toEqual(['Li Wei'])
  expect(await ofPeople('about=2026-03')).toEqual(['Li Wei'])
  expect(await ofPeople('about=patch')).toEqual(['li.na'])
  // Letters that a database might take for a pattern are letters.
  expect(await ofPeople('about=%25_')).toEqual(['li.na'])
  expect(await ofPeople('user=l_')).toEqual([])
  // startMs is one in the morning of 2 June in the park, and still 1 June elsewhere.
  expect(await ofPeople('from=2026-06-02')).toEqual(['li.na'])
  expect(await ofPeople('to=2026-06-01')).toEqual(['Li Wei'])
  expect(await ofPeople('from=2026-06-01&to=2026-06-02&user=li&about=steel')).toEqual(['Li Wei'])
})

test('pages follow one another without a hole', async () => {
  for (let index = 0; index < 450; index += 1) {
    bench.access.note({ atMs: startMs, user: 'robot', address: '::1', action: `POST /${index}`, detail: '' })
  }
  const seen: string[] = []
  for (let before = ''; ;) {
    const page = z.array(auditShape).parse(await bench.get(`/api/v1/audit?user=robot${before}`))
    seen.push(...page.map(({ action }) => action))
    if (page.length < 200) break
    before = `&before=${page.at(-1)?.id}`
  }
  expect(seen).toEqual(Array.from({ length: 450 }, (_, index) => `POST /${449 - index}`))
})

test('the file has what was asked for, in the park’s time', async () => {
  const answer = await bench.ask('/api/v1/audit/file?user=wei&format=csv&language=en')
  expect(answer.headers.get('content-disposition')).toContain('audit-2026-06-02.csv')
  const text = await answer.text()
  expect(text).toContain('2026-06-01T01:00')
  expect(text).toContain('Li Wei,10.0.0.7,POST /closings')
  expect(text).not.toContain('li.na')
  expect((await bench.ask('/api/v1/audit/file')).headers.get('content-type')).toContain('spreadsheetml')
})

test('is for people with a name who see the whole park', async () => {
  for (const path of ['/api/v1/audit', '/api/v1/audit/file']) {
    expect((await fetch(bench.server.url + path)).status).toBe(401)
  }
  await bench.signInAsUserOf('forge')
  expect((await bench.ask('/api/v1/audit/file')).status).toBe(403)
  await bench.signInAgain()
  const auditor = await bench.change('POST', '/api/v1/users', { name: 'auditor', role: 'auditor' })
  await bench.signIn(userWithLink.parse(await auditor.json()).link)
  expect((await bench.ask('/api/v1/audit')).status).toBe(200)
})
