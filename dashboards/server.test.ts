import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ManualClock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import { SLOT_MS } from '#contract/grid.ts'
import type { Reading } from '#contract/reading.ts'
import {
  faultBody,
  loadCurve,
  meterCurve,
  meterDetail,
  meterIntervals,
  overview,
  parkTree,
  quality,
  tick,
  type Overview,
} from './api/shapes.ts'
import { commitOf, knownInterval, MemoryBooks, MemoryReadings, smallPark, stateOf } from './fixture.ts'
import { startServer, type Server } from './server.ts'

const dayStartMs = Date.UTC(2026, 5, 1, 16)
const startMs = dayStartMs + 4 * SLOT_MS
const power = (meter: string, atMs: number, value: number): Reading => ({
  meter,
  quantity: 'activePower.total',
  atMs,
  quality: 'good',
  value,
})

let folder: string
let clock: ManualClock
let store: MemoryReadings
let books: MemoryBooks
let server: Server

async function start(): Promise<void> {
  const log = pino({ level: 'silent' })
  server = await startServer({ port: 0, park: smallPark, store, books, clock, log, webFolder: folder })
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-web-'))
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>碳表</title>')
  clock = new ManualClock(startMs)
  store = new MemoryReadings()
  books = new MemoryBooks()
})

afterEach(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

const fetchJson = async (path: string): Promise<unknown> => (await fetch(server.url + path)).json()
const readOverview = async (): Promise<Overview> => overview.parse(await fetchJson('/api/overview'))

function meterIn(view: Overview, id: string): Overview['meters'][number] {
  const found = view.meters.find(({ meter }) => meter === id)
  if (found === undefined) throw new Error(`no ${id} in the overview`)
  return found
}

/** Reads events of the live stream one after another. */
async function listen(): Promise<{
  next: () => Promise<{ name: string; data: unknown }>
  close: () => void
}> {
  const abort = new AbortController()
  const answer = await fetch(`${server.url}/api/live`, { signal: abort.signal })
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  const next = async (): Promise<{ name: string; data: unknown }> => {
    for (;;) {
      const event = /^event: (.*)\ndata: (.*)\n\n/m.exec(text)
      if (event !== null) {
        text = text.slice(event.index + event[0].length)
        return { name: event[1] ?? '', data: JSON.parse(event[2] ?? 'null') }
      }
      const chunk = await reader?.read()
      if (chunk === undefined || chunk.done) return { name: 'closed', data: undefined }
      text += chunk.value
    }
  }
  return { next, close: () => abort.abort() }
}

describe('overview', () => {
  test('power is the sum of the enterprises’ boundary meters, production beside it', async () => {
    await store.append([
      power('park-incoming', startMs, 999),
      power('forge-main', startMs, 100.5),
      power('chemical-main', startMs, 50),
      power('forge-pv', startMs, 30),
      power('forging-shop', startMs, 80),
    ])
    await start()
    const { power: lines } = await readOverview()
    expect(lines.filter(({ enterprise }) => enterprise === null)).toEqual([
      { enterprise: null, flow: 'in', value: 150.5, unit: 'kW', counted: 2, expected: 2 },
      { enterprise: null, flow: 'produced', value: 30, unit: 'kW', counted: 1, expected: 1 },
    ])
  })

  test('a stale meter is not in the sum, and the sum says that it is not', async () => {
    await store.append([power('forge-main', startMs, 100), power('chemical-main', startMs - 31_000, 50)])
    await start()
    const view = await readOverview()
    expect(view.power[0]).toMatchObject({ value: 100, counted: 1, expected: 2 })
    expect(meterIn(view, 'chemical-main')).toMatchObject({ state: 'gateway-silent', power: { fresh: false } })
  })

  test('nothing known is null, never zero', async () => {
    await start()
    const view = await readOverview()
    expect(view.power[0]).toMatchObject({ value: null, counted: 0, expected: 2 })
    expect(view.energy.every(({ total }) => total === null)).toBe(true)
    expect(meterIn(view, 'forge-main')).toMatchObject({
      state: 'gateway-silent',
      power: null,
      register: null,
    })
  })

  test('energy of the day is exact and counts what is missing', async () => {
    const register = 'activeEnergyImport.total'
    books.entered = [
      ...[0, 1, 2].map((i) => knownInterval('forge-main', register, dayStartMs + i * SLOT_MS, i * 10, 10)),
      knownInterval('chemical-main', register, dayStartMs - SLOT_MS, 0, 5_000),
      knownInterval('chemical-main', register, dayStartMs + SLOT_MS, 0, 1),
    ]
    await start()
    const { energy } = await readOverview()
    const park = energy.find(({ enterprise, carrier }) => enterprise === null && carrier === 'electricity')
    expect(park).toMatchObject({ total: '0.31', unit: 'kWh', expected: 8, known: 4, missing: 2, pending: 2 })
    expect(park?.complete).toBe(false)
  })

  test('a failed reading shows its cause and keeps the last value apart as stale', async () => {
    await store.append([
      power('forge-main', startMs - 10_000, 100),
      { meter: 'forge-main', quantity: 'activePower.total', atMs: startMs, quality: 'bad', cause: 'timeout' },
    ])
    await start()
    expect(meterIn(await readOverview(), 'forge-main')).toMatchObject({
      state: 'failing',
      cause: 'timeout',
      power: { value: 100, ageMs: 10_000, fresh: false },
    })
  })

  test('an unreachable store keeps the page up, and its values come when it answers', async () => {
    await store.append([power('forge-main', startMs, 100)])
    store.fault = new Fault('store-unavailable', 'The store does not answer.')
    await start()
    expect((await readOverview()).power[0]).toMatchObject({ value: null })
    expect((await fetch(`${server.url}/api/load`)).status).toBe(503)
    store.fault = undefined
    const stream = await listen()
    await stream.next()
    clock.advance(1_000)
    expect(overview.parse((await stream.next()).data).power[0]).toMatchObject({ value: 100 })
    stream.close()
  })
})

test('what was committed while the store could not be read is shown when it can', async () => {
  await start()
  const stream = await listen()
  await stream.next()
  await store.append([power('forge-main', startMs, 100)])
  store.fault = new Fault('store-unavailable', 'The store does not answer.')
  server.noticeCommits([commitOf('gw-east', ['forge-main'], startMs)])
  clock.advance(250)
  // The gateway was heard, but its meter could not be read.
  expect(meterIn(overview.parse((await stream.next()).data), 'forge-main').power).toBeNull()
  store.fault = undefined
  clock.advance(750)
  expect(meterIn(overview.parse((await stream.next()).data), 'forge-main').power).toMatchObject({
    value: 100,
  })
  stream.close()
})

describe('gateways', () => {
  test('a gateway is silent when nothing came for its time, and after its will until it is heard again', async () => {
    await start()
    const east = async (): Promise<unknown> => (await readOverview()).gateways[0]
    expect(await east()).toMatchObject({ state: 'silent', why: 'never-heard', ageMs: null })
    server.noticeState(stateOf('gw-east', 'birth', startMs))
    expect(await east()).toMatchObject({ state: 'online', why: null })
    clock.advance(30_001)
    expect(await east()).toMatchObject({ state: 'silent', why: 'no-message', ageMs: 30_001 })
    server.noticeCommits([commitOf('gw-east', [], clock.wallMs())])
    expect(await east()).toMatchObject({ state: 'online' })
    server.noticeState(stateOf('gw-east', 'death', startMs))
    expect(await east()).toMatchObject({ state: 'silent', why: 'connection-lost' })
    server.noticeCommits([commitOf('gw-east', [], clock.wallMs())])
    expect(await east()).toMatchObject({ state: 'silent' })
    clock.advance(1)
    server.noticeCommits([commitOf('gw-east', [], clock.wallMs())])
    expect(await east()).toMatchObject({ state: 'online' })
  })

  test('an old commit told again, or a retained state, does not make a gateway look alive', async () => {
    await start()
    server.noticeCommits([commitOf('gw-east', [], startMs - 60_000)])
    server.noticeState(stateOf('gw-west', 'state', startMs - 60_000))
    expect((await readOverview()).gateways).toMatchObject([{ state: 'silent' }, { state: 'silent' }])
  })
})

describe('live stream', () => {
  test('a snapshot, then what changed after a commit, then silence when nothing more comes', async () => {
    await start()
    const stream = await listen()
    const first = await stream.next()
    expect(first.name).toBe('snapshot')
    expect(overview.parse(first.data).meters).toHaveLength(smallPark.meters.size)

    await store.append([power('forge-main', startMs, 42)])
    server.noticeCommits([commitOf('gw-east', ['forge-main', 'not-of-this-park'], startMs)])
    clock.advance(250)
    const second = await stream.next()
    expect(second.name).toBe('change')
    expect(meterIn(overview.parse(second.data), 'forge-main').power).toMatchObject({
      value: 42,
      ageMs: 250,
      fresh: true,
    })

    clock.advance(40_000)
    const later = overview.parse((await stream.next()).data)
    expect(later.gateways[0]).toMatchObject({ state: 'silent', why: 'no-message' })
    expect(meterIn(later, 'forge-main')).toMatchObject({ state: 'gateway-silent', power: { fresh: false } })
    const beat = await stream.next()
    expect(beat.name).toBe('tick')
    expect(tick.parse(beat.data).nowMs).toBe(clock.wallMs())
    stream.close()
  })

  test('stopping ends the streams', async () => {
    await start()
    const stream = await listen()
    await stream.next()
    await server.stop()
    expect((await stream.next()).name).toBe('closed')
  })
})

describe('meters', () => {
  test('facts, way down the tree and all quantities, failed ones with their cause', async () => {
    await store.append([
      power('press-1-meter', startMs, 12),
      {
        meter: 'press-1-meter',
        quantity: 'voltage.l1',
        atMs: startMs,
        quality: 'bad',
        cause: 'not-available',
      },
      {
        meter: 'press-1-meter',
        quantity: 'activeEnergyImport.total',
        atMs: startMs,
        quality: 'good',
        value: { count: 123_456, resolution: '0.01' },
      },
    ])
    await start()
    const detail = meterDetail.parse(await fetchJson('/api/meters/press-1-meter'))
    expect(detail.path.map(({ id }) => id)).toEqual(['binhai', 'forge', 'forging', 'press-1'])
    expect(
      detail.readings.map(({ quantity, exact, value, cause }) => [quantity, exact ?? value, cause]),
    ).toEqual([
      ['voltage.l1', null, 'not-available'],
      ['activePower.total', 12, null],
      ['activeEnergyImport.total', '1234.56', null],
    ])
  })

  test('intervals open down to the registers, and every slot that has begun is there', async () => {
    books.entered = [knownInterval('forge-main', 'activeEnergyImport.total', dayStartMs, 100, 25)]
    await start()
    const day = meterIntervals.parse(await fetchJson('/api/meters/forge-main/intervals?day=2026-06-02'))
    expect(day).toMatchObject({
      day: '2026-06-02',
      fromMs: dayStartMs,
      total: { total: '0.25', complete: false },
    })
    expect(day.slots.map(({ state }) => state)).toEqual(['known', 'missing', 'missing', 'pending'])
    expect(day.slots[0]).toMatchObject({
      energy: '0.25',
      method: 'measured',
      revision: 1,
      opening: { register: '1.00' },
      closing: { register: '1.25' },
    })
  })

  test('a curve keeps its gap', async () => {
    const moments = [0, 10_000, 20_000, 200_000, 210_000]
    await store.append(moments.map((ms) => power('forge-main', startMs - 300_000 + ms, 5)))
    await start()
    const curve = meterCurve.parse(await fetchJson('/api/meters/forge-main/curve'))
    expect(curve.points.map(({ value }) => value)).toEqual([5, 5, 5, null, 5, 5])
  })

  test('the load of the park is unknown where one enterprise is', async () => {
    await store.append([
      ...[0, 10_000].map((ms) => power('forge-main', startMs - 60_000 + ms, 5)),
      power('chemical-main', startMs - 60_000, 7),
      {
        meter: 'chemical-main',
        quantity: 'activePower.total',
        atMs: startMs - 50_000,
        quality: 'bad',
        cause: 'timeout',
      },
    ])
    await start()
    const load = loadCurve.parse(await fetchJson('/api/load?minutes=1'))
    const first = load.series.map(({ enterprise, values }) => [enterprise, ...values.slice(0, 2)])
    expect(first).toEqual([
      [null, 12, null],
      ['forge', 5, 5],
      ['chemical', 7, null],
    ])
  })
})

describe('the rest', () => {
  test('the park tree names every meter at its place', async () => {
    await start()
    const tree = parkTree.parse(await fetchJson('/api/park'))
    expect(tree.meters.map(({ id }) => id)).toEqual(['park-incoming'])
    expect(tree.enterprises[0]?.processes[0]?.equipment[0]?.meters[0]?.power?.unit).toBe('kW')
  })

  test('holes, gaps and quarantine are listed', async () => {
    books.holeEntries = [{ gateway: 'gw-east', epoch: '0'.repeat(32), firstSeq: 3, lastSeq: 5 }]
    await start()
    expect(quality.parse(await fetchJson('/api/quality')).holes).toHaveLength(1)
  })

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
    await start()
    const answer = await fetch(server.url + path)
    expect(answer.status).toBe(status)
    const body = faultBody.parse(await answer.json())
    expect(body.code).toBe(code)
    expect(body.advice).not.toBe('')
  })

  test('what went wrong inside is not told to the viewer', async () => {
    await start()
    store.fault = new Error('secret path')
    const answer = await fetch(`${server.url}/api/load`)
    expect(answer.status).toBe(500)
    expect(await answer.text()).not.toContain('secret')
  })

  test('pages come with a policy that keeps foreign scripts and hosts out', async () => {
    await start()
    for (const path of ['/', '/api/park', '/api/nothing']) {
      const { headers } = await fetch(server.url + path)
      expect(headers.get('content-security-policy')).toContain("script-src 'self';")
      expect(headers.get('access-control-allow-origin')).toBeNull()
    }
    expect(await (await fetch(`${server.url}/healthz`)).json()).toEqual({ status: 'ok' })
  })

  test('a taken port and missing pages are faults with a name', async () => {
    await start()
    const port = Number(new URL(server.url).port)
    const log = pino({ level: 'silent' })
    const common = { park: smallPark, store, books, clock, log }
    await expect(startServer({ ...common, port, webFolder: folder })).rejects.toMatchObject({
      code: 'port-taken',
    })
    const empty = join(folder, 'nothing')
    await expect(startServer({ ...common, port: 0, webFolder: empty })).rejects.toMatchObject({
      code: 'web-not-built',
    })
  })
})

test('more screens than a park has are refused, and told why', async () => {
  await start()
  const streams = await Promise.all(Array.from({ length: 200 }, listen))
  const answer = await fetch(`${server.url}/api/live`)
  expect(answer.status).toBe(503)
  expect(faultBody.parse(await answer.json()).code).toBe('viewers-full')
  for (const { close } of streams) close()
})
