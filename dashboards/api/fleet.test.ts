import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { deskOf } from '#cli/desk.ts'
import { Fault } from '#contract/fault.ts'
import type { ConfigurationMessage, StateMessage } from '#contract/messages.ts'
import { faultBody } from './shapes.ts'
import { openBooks, openReadingStore } from '#store/open.ts'
import type { Books, ReadingStore } from '#store/port.ts'
import { smallPark, stateOf } from '../small-park.test-support.ts'
import { ServerBench, startMs } from '../server.test-support.ts'
import { fleet } from './fleet-shapes.ts'

let bench: ServerBench
let books: Books
let store: ReadingStore
const published: ConfigurationMessage[] = []

beforeEach(async () => {
  bench = new ServerBench()
  published.length = 0
  books = openBooks(join(bench.folder, 'books.sqlite'), 'Asia/Shanghai')
  store = await openReadingStore(`sqlite:${join(bench.folder, 'readings.sqlite')}`)
})
afterEach(async () => {
  await bench.stop()
  books.close()
  await store.close()
})

/** What a server needs that hands configurations on. */
const publishing = (
  publishConfiguration = async (message: ConfigurationMessage): Promise<void> => void published.push(message),
) => ({ publishConfiguration, books, desk: deskOf({ books, store, park: smallPark, clock: bench.clock }) })

const configuration: NonNullable<StateMessage['configuration']> = {
  source: 'remote',
  version: 3,
  digest: 'c'.repeat(64),
  state: 'confirmed',
}
const signed = (version: number, gateway = 'gw-east'): ConfigurationMessage => ({
  v: 1,
  park: 'binhai',
  gateway,
  version,
  text: 'gateway: gw-east\n',
  key: 'd'.repeat(64),
  signature: `${'A'.repeat(86)}==`,
})
/** As the first administrator, whose session the bench opens. */
async function push(gateway: string, message: object): Promise<{ status: number; code: string }> {
  const answer = await bench.change('POST', `/api/v1/fleet/${gateway}/configuration`, message)
  const body: unknown = await answer.json()
  return { status: answer.status, code: answer.ok ? '' : faultBody.parse(body).code }
}

test('what gateways say of themselves stands beside how the server hears them', async () => {
  await bench.start()
  bench.server.noticeState({
    ...stateOf('gw-east', 'birth', startMs),
    journal: { rows: 4, bytes: 900, oldestMs: startMs - 60_000 },
    clock: { condition: 'doubtful', jumps: 1, aheadMs: -7_000 },
    configuration,
    buses: [{ bus: 'line-1', observedMs: 1_000, busyMs: 400, requests: 50, unanswered: 2 }],
  })
  const { gateways, publishes } = fleet.parse(await bench.json('/api/fleet'))
  expect(publishes).toBe(false)
  expect(gateways.find(({ gateway }) => gateway === 'gw-east')).toMatchObject({
    state: 'online',
    saidMs: startMs,
    journal: { rows: 4 },
    clock: { aheadMs: -7_000 },
    configuration: { version: 3 },
    buses: [{ unanswered: 2 }],
    meterIds: expect.arrayContaining(['forge-main', 'park-incoming']),
  })
  expect(gateways.find(({ gateway }) => gateway === 'gw-west')).toMatchObject({
    state: 'silent',
    why: 'never-heard',
    saidMs: null,
    journal: null,
    configuration: null,
    lines: [],
  })
})

test('a signed configuration is handed on as it is, under a number that was not tried; then it is wanted', async () => {
  await bench.start(publishing())
  bench.server.noticeState({
    ...stateOf('gw-east', 'birth', startMs),
    configuration: {
      ...configuration,
      failed: {
        source: 'remote',
        version: 5,
        digest: 'e'.repeat(64),
        state: 'rolled-back',
        atMs: startMs,
        error: 'no meter answered',
      },
    },
  })
  await bench.signIn()
  expect(await push('gw-east', signed(5))).toEqual({ status: 409, code: 'configuration-outdated' })
  expect(await push('gw-east', signed(6, 'gw-west'))).toMatchObject({ status: 400 })
  expect(await push('gw-north', signed(6))).toMatchObject({ status: 404 })
  expect(await push('gw-east', { ...signed(6), signature: 'none' })).toMatchObject({ status: 400 })
  expect(published).toEqual([])
  expect(await push('gw-east', signed(6))).toMatchObject({ status: 200 })
  expect(published).toEqual([signed(6)])
  const { gateways } = fleet.parse(await bench.json('/api/fleet'))
  expect(gateways.find(({ gateway }) => gateway === 'gw-east')?.wanted).toMatchObject({
    version: 6,
    by: 'admin',
  })
})

test('what the broker did not take is not wanted', async () => {
  const publishConfiguration = async (): Promise<void> => {
    throw new Fault('broker-unavailable', 'There is no connection to the broker.')
  }
  await bench.start(publishing(publishConfiguration))
  await bench.signIn()
  expect(await push('gw-east', signed(1))).toEqual({ status: 503, code: 'broker-unavailable' })
  const { gateways } = fleet.parse(await bench.json('/api/fleet'))
  expect(gateways.map(({ wanted }) => wanted)).toEqual([null, null])
})

test('what is wanted of a gateway is known after the server was started again', async () => {
  await bench.start(publishing())
  await bench.signIn()
  expect(await push('gw-east', signed(6))).toMatchObject({ status: 200 })
  await bench.server.stop()
  await bench.start(publishing())
  const { gateways } = fleet.parse(await bench.json('/api/fleet'))
  expect(gateways.find(({ gateway }) => gateway === 'gw-east')?.wanted).toMatchObject({
    version: 6,
    atMs: startMs,
    by: 'admin',
  })
})
