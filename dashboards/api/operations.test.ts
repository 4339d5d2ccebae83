import { afterEach, beforeEach, expect, it } from 'vitest'
import { ServerBench } from '../server.test-support.ts'
import type { Complaint } from './operations.ts'

let bench: ServerBench
let complaints: Complaint[]

beforeEach(async () => {
  complaints = []
  bench = new ServerBench()
  await bench.start({ operations: { metrics: () => 'a 1\n', complaints: async () => complaints } })
})
afterEach(() => bench.stop())

const get = (path: string) => fetch(bench.server.url + path)

it('is alive, and ready where nothing is wrong', async () => {
  expect(await (await get('/healthz')).json()).toEqual({ status: 'ok' })
  const ready = await get('/readyz')
  expect(ready.status).toBe(200)
  expect(await ready.json()).toEqual({ ready: true, reasons: [] })
})

it('is alive but not ready where something is wrong, and says what', async () => {
  complaints = [{ about: 'store', what: 'no space left' }]
  const ready = await get('/readyz')
  expect(ready.status).toBe(503)
  expect(await ready.json()).toEqual({ ready: false, reasons: complaints })
  expect((await get('/healthz')).status).toBe(200)
})

it('gives its figures to Prometheus', async () => {
  const answer = await get('/metrics')
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  expect(await answer.text()).toBe('a 1\n')
})
