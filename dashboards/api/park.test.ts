import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Fault } from '#contract/fault.ts'
import { SLOT_MS } from '#contract/grid.ts'
import { commitOf, knownInterval, smallPark, stateOf } from '../small-park.test-support.ts'
import { countedPower } from '../overview.ts'
import { dayStartMs, meterIn, power, ServerBench, startMs } from '../server.test-support.ts'
import { loadCurve, overview, parkTree } from './shapes.ts'

let bench: ServerBench

beforeEach(() => {
  bench = new ServerBench()
})
afterEach(() => bench.stop())

describe('the tree', () => {
  test('the park tree names every meter at its place', async () => {
    await bench.start()
    const tree = parkTree.parse(await bench.json('/api/park'))
    expect(tree.meters.map(({ id }) => id)).toEqual(['park-incoming'])
    expect(tree.enterprises[0]?.processes[0]?.equipment[0]?.meters[0]?.power?.unit).toBe('kW')
  })
})

describe('overview', () => {
  test('a meter of exported energy shows a negative power while it delivers, and counts what it delivers', () => {
    const pv = smallPark.meters.get('forge-pv')
    if (pv === undefined) throw new Error('the park has no PV')
    expect(countedPower({ ...pv, register: 'activeEnergyExport.total' }, -30)).toBe(30)
    expect(countedPower({ ...pv, register: 'activeEnergyExport.total' }, 0.2)).toBe(-0.2)
    expect(Object.is(countedPower({ ...pv, register: 'activeEnergyExport.total' }, 0), 0)).toBe(true)
    expect(countedPower(pv, 30)).toBe(30)
  })

  test('power is the sum of the enterprises’ boundary meters, production beside it', async () => {
    await bench.store.append([
      power('park-incoming', startMs, 999),
      power('forge-main', startMs, 100.5),
      power('chemical-main', startMs, 50),
      power('forge-pv', startMs, 30),
      power('forging-shop', startMs, 80),
    ])
    await bench.start()
    const { power: lines } = await bench.overview()
    expect(lines.filter(({ enterprise }) => enterprise === null)).toEqual([
      { enterprise: null, flow: 'in', value: 150.5, unit: 'kW', counted: 2, expected: 2 },
      { enterprise: null, flow: 'produced', value: 30, unit: 'kW', counted: 1, expected: 1 },
    ])
  })

  test('a stale meter is not in the sum, and the sum says that it is not', async () => {
    await bench.store.append([
      power('forge-main', startMs, 100),
      power('chemical-main', startMs - 31_000, 50),
    ])
    await bench.start()
    const view = await bench.overview()
    expect(view.power[0]).toMatchObject({ value: 100, counted: 1, expected: 2 })
    expect(meterIn(view, 'chemical-main')).toMatchObject({ state: 'gateway-silent', power: { fresh: false } })
  })

  test('nothing known is null, never zero', async () => {
    await bench.start()
    const view = await bench.overview()
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
    bench.books.entered = [
      ...[0, 1, 2].map((i) => knownInterval('forge-main', register, dayStartMs + i * SLOT_MS, i * 10, 10)),
      knownInterval('chemical-main', register, dayStartMs - SLOT_MS, 0, 5_000),
      knownInterval('chemical-main', register, dayStartMs + SLOT_MS, 0, 1),
    ]
    await bench.start()
    const { energy } = await bench.overview()
    const park = energy.find(({ enterprise, carrier }) => enterprise === null && carrier === 'electricity')
    expect(park).toMatchObject({ total: '0.31', unit: 'kWh', expected: 8, known: 4, missing: 2, pending: 2 })
    expect(park?.complete).toBe(false)
  })

  test('a failed reading shows its cause and keeps the last value apart as stale', async () => {
    await bench.store.append([
      power('forge-main', startMs - 10_000, 100),
      { meter: 'forge-main', quantity: 'activePower.total', atMs: startMs, quality: 'bad', cause: 'timeout' },
    ])
    await bench.start()
    expect(meterIn(await bench.overview(), 'forge-main')).toMatchObject({
      state: 'failing',
      cause: 'timeout',
      power: { value: 100, ageMs: 10_000, fresh: false },
    })
  })

  test('an unreachable store keeps the page up, and its values come when it answers', async () => {
    await bench.store.append([power('forge-main', startMs, 100)])
    bench.store.fault = new Fault('store-unavailable', 'The store does not answer.')
    await bench.start()
    expect((await bench.overview()).power[0]).toMatchObject({ value: null })
    expect((await fetch(`${bench.server.url}/api/load`)).status).toBe(503)
    bench.store.fault = undefined
    const stream = await bench.listen()
    await stream.next()
    bench.clock.advance(1_000)
    expect(overview.parse((await stream.next()).data).power[0]).toMatchObject({ value: 100 })
    stream.close()
  })
})

describe('gateways', () => {
  test('a gateway is silent when nothing came for its time, and after its will until it is heard again', async () => {
    await bench.start()
    const east = async (): Promise<unknown> => (await bench.overview()).gateways[0]
    expect(await east()).toMatchObject({ state: 'silent', why: 'never-heard', ageMs: null })
    bench.server.noticeState(stateOf('gw-east', 'birth', startMs))
    expect(await east()).toMatchObject({ state: 'online', why: null })
    bench.clock.advance(30_001)
    expect(await east()).toMatchObject({ state: 'silent', why: 'no-message', ageMs: 30_001 })
    bench.server.noticeCommits([commitOf('gw-east', [], bench.clock.wallMs())])
    expect(await east()).toMatchObject({ state: 'online' })
    bench.server.noticeState(stateOf('gw-east', 'death', startMs))
    expect(await east()).toMatchObject({ state: 'silent', why: 'connection-lost' })
    bench.server.noticeCommits([commitOf('gw-east', [], bench.clock.wallMs())])
    expect(await east()).toMatchObject({ state: 'silent' })
    bench.clock.advance(1)
    bench.server.noticeCommits([commitOf('gw-east', [], bench.clock.wallMs())])
    expect(await east()).toMatchObject({ state: 'online' })
  })

  test('an old commit told again, or a retained state, does not make a gateway look alive', async () => {
    await bench.start()
    bench.server.noticeCommits([commitOf('gw-east', [], startMs - 60_000)])
    bench.server.noticeState(stateOf('gw-west', 'state', startMs - 60_000))
    expect((await bench.overview()).gateways).toMatchObject([{ state: 'silent' }, { state: 'silent' }])
  })
})

describe('the load curve', () => {
  test('the load of the park is unknown where one enterprise is', async () => {
    await bench.store.append([
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
    await bench.start()
    const load = loadCurve.parse(await bench.json('/api/load?minutes=1'))
    const first = load.series.map(({ enterprise, values }) => [enterprise, ...values.slice(0, 2)])
    expect(first).toEqual([
      [null, 12, null],
      ['forge', 5, 5],
      ['chemical', 7, null],
    ])
  })
})
