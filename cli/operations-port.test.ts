import { afterEach, expect, it } from 'vitest'
import type { Complaint } from '#dashboards/api/operations.ts'
import { openOperationsPort, type OperationsPort } from './operations-port.ts'

let port: OperationsPort | undefined
afterEach(() => port?.stop())

const open = async (complaints: readonly Complaint[] = []): Promise<string> => {
  const operations = { metrics: () => 'a 1\n', complaints: async () => complaints }
  port = await openOperationsPort({ host: '127.0.0.1', port: 0, operations })
  return port.url
}

it('says that the process is alive, ready, and what it did', async () => {
  const url = await open()
  expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ status: 'ok' })
  expect(await (await fetch(`${url}/readyz`)).json()).toEqual({ ready: true, reasons: [] })
  const figures = await fetch(`${url}/metrics`)
  expect(figures.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  expect(await figures.text()).toBe('a 1\n')
})

it('is not ready where something is wrong, and knows no other path and no change', async () => {
  const complaint = { about: 'broker', what: 'no subscription' } as const
  const url = await open([complaint])
  const ready = await fetch(`${url}/readyz`)
  expect([ready.status, await ready.json()]).toEqual([503, { ready: false, reasons: [complaint] }])
  expect((await fetch(`${url}/api/park`)).status).toBe(404)
  expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).toBe(405)
})

it('does not take a port that another has', async () => {
  const url = new URL(await open())
  const operations = { metrics: () => '', complaints: async () => [] }
  await expect(
    openOperationsPort({ host: '127.0.0.1', port: Number(url.port), operations }),
  ).rejects.toMatchObject({ code: 'port-taken' })
})
