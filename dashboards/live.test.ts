import { createServer, get, IncomingMessage, ServerResponse, type Server } from 'node:http'
import { Socket } from 'node:net'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ManualClock } from '#contract/clock.ts'
import type { Overview } from './api/shapes.ts'
import { energyTotalOf, energyOfMeters } from './energy.ts'
import { smallPark } from './small-park.test-support.ts'
import { LiveStreams } from './live.ts'

const METERS = 4_000
/** Fewer where many look at once. */
let meters = METERS
const startMs = Date.UTC(2026, 5, 1)
const today = energyTotalOf(energyOfMeters('kWh', []))

let clock: ManualClock
let stream: LiveStreams
let http: Server
let url: string
let accepted: ServerResponse[]
let catchUps: number
let mayLook: boolean
/** What making a view takes. */
let viewMs: number

/** A large park in which every meter changes with every view: one change is about two megabytes. */
function view(): Overview {
  if (viewMs > 0) clock.advance(viewMs)
  const atMs = clock.wallMs()
  const power = { value: 1, exact: null, unit: 'kW', quality: 'good', atMs, ageMs: 0, fresh: true } as const
  return {
    nowMs: atMs,
    simulated: false,
    day: '2026-06-01',
    power: [],
    energy: [],
    gateways: [],
    meters: Array.from({ length: meters }, (_, index) => ({
      meter: `meter-${index}`,
      state: 'ok' as const,
      cause: null,
      limitMs: 30_000,
      power,
      register: power,
      today,
    })),
  }
}

beforeEach(async () => {
  clock = new ManualClock(startMs)
  accepted = []
  catchUps = 0
  mayLook = true
  viewMs = 0
  meters = METERS
  stream = new LiveStreams({
    park: smallPark,
    clock,
    log: pino({ level: 'silent' }),
    view,
    catchUp: async () => void (catchUps += 1),
  })
  http = createServer((_request, response) => {
    accepted.push(response)
    try {
      stream.accept(smallPark, response, {}, () => mayLook)
    } catch (error) {
      response.writeHead(503).end(error instanceof Error ? error.message : '')
    }
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const address = http.address()
  url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
})

afterEach(async () => {
  await stream.stop()
  http.closeAllConnections()
  await new Promise((resolve) => http.close(resolve))
})

const connect = (): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    get(url, { agent: false }, resolve).once('error', reject)
  })

/** Reads until an event of that name has come whole. */
function nextEvent(from: IncomingMessage, name: string): Promise<void> {
  return new Promise((resolve) => {
    let tail = ''
    let seen = false
    const onData = (chunk: Buffer): void => {
      tail = (tail + chunk.toString()).slice(-100_000)
      seen ||= tail.includes(`event: ${name}\n`)
      if (!seen || !tail.endsWith('\n\n')) return
      from.off('data', onData)
      resolve()
    }
    from.on('data', onData)
  })
}

test('a viewer that does not read is dropped before much waits for it, and the others are served on', async () => {
  const slow = await connect()
  slow.pause()
  slow.on('error', () => undefined)
  const isServed = (): boolean => accepted[0]?.destroyed === false
  const good = await connect()
  await nextEvent(good, 'snapshot')
  let changes = 0
  for (; changes < 40 && isServed(); changes += 1) {
    const received = nextEvent(good, 'change')
    clock.advance(1_000)
    await received
  }
  expect(isServed()).toBe(false)
  const received = nextEvent(good, 'change')
  clock.advance(1_000)
  await received
  expect(accepted[1]?.destroyed).toBe(false)
})

test('a viewer that may look no longer is sent away with the next heartbeat', async () => {
  const viewer = await connect()
  await nextEvent(viewer, 'snapshot')
  const ended = new Promise((resolve) => {
    viewer.once('end', resolve)
  })
  viewer.resume()
  mayLook = false
  clock.advance(10_000)
  await ended
})

test('a change is on its way 50 ms after its commit, and the next one not before 100 ms more', async () => {
  const viewer = await connect()
  await nextEvent(viewer, 'snapshot')
  for (const waitMs of [50, 100]) {
    const received = nextEvent(viewer, 'change')
    const before = catchUps
    stream.notice()
    clock.advance(waitMs - 1)
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
    expect(catchUps).toBe(before)
    clock.advance(1)
    await received
  }
})

test('however long a change takes to make, the next one is on its way 300 ms later', async () => {
  const viewer = await connect()
  await nextEvent(viewer, 'snapshot')
  const first = nextEvent(viewer, 'change')
  viewMs = 200
  stream.notice()
  clock.advance(50)
  await first
  const second = nextEvent(viewer, 'change')
  stream.notice()
  clock.advance(300)
  await second
  viewMs = 0
})

test('commits that come together are one change', async () => {
  const viewer = await connect()
  await nextEvent(viewer, 'snapshot')
  const received = nextEvent(viewer, 'change')
  for (let commit = 0; commit < 20; commit += 1) stream.notice()
  clock.advance(250)
  await received
  expect(catchUps).toBe(1)
})

test('one enterprise takes a tenth of the places, and none of them those that are kept for the park', async () => {
  meters = 1
  const park = { ...smallPark }
  const response = (): ServerResponse => new ServerResponse(new IncomingMessage(new Socket()))
  const openStreams = (of: typeof park, count: number): number => {
    let open = 0
    for (let index = 0; index < count; index += 1) {
      try {
        stream.accept(of, response(), {}, () => true)
        open += 1
      } catch {
        return open
      }
    }
    return open
  }
  expect(openStreams(park, 200)).toBe(20)
  const others = Array.from({ length: 20 }, () => openStreams({ ...smallPark }, 20))
  expect(others.reduce((sum, open) => sum + open, 20)).toBe(160)
  expect(openStreams(smallPark, 200)).toBe(40)
})
