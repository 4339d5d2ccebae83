import { once } from 'node:events'
import { IncomingMessage, request } from 'node:http'
import { json } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ServerBench } from '../server.test-support.ts'
import type { Complaint } from './operations.ts'

let bench: ServerBench
let complaints: Complaint[]

beforeEach(async () => {
  complaints = []
  bench = new ServerBench()
  await bench.start({
    names: ['park.example'],
    operations: { metrics: () => 'a 1\n', complaints: async () => complaints },
  })
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

it('tells strangers which part it is, and not what the store said', async () => {
  complaints = [{ about: 'store', what: 'InfluxDB at influx.example:8086: unauthorized' }]
  const answerTo = async (headers: Record<string, string>): Promise<unknown> => {
    const [response]: unknown[] = await once(
      request(`${bench.server.url}/readyz`, { headers }).end(),
      'response',
    )
    if (!(response instanceof IncomingMessage)) throw new Error('no answer')
    expect(response.statusCode).toBe(503)
    return json(response)
  }
  // As through a proxy on this machine.
  expect(await answerTo({ host: 'park.example' })).toEqual({ ready: false, reasons: [{ about: 'store' }] })
  expect(await answerTo({ host: 'localhost' })).toEqual({ ready: false, reasons: complaints })
})

it('gives its figures to Prometheus', async () => {
  const answer = await get('/metrics')
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  expect(await answer.text()).toBe('a 1\n')
})
