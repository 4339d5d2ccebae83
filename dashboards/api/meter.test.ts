import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { knownInterval, smallPark } from '../small-park.test-support.ts'
import { dayStartMs, power, ServerBench, startMs } from '../server.test-support.ts'
import { meterCurve, meterDetail, meterIntervals } from './shapes.ts'

let bench: ServerBench

beforeEach(() => {
  bench = new ServerBench()
})
afterEach(() => bench.stop())

describe('meters', () => {
  test('facts, way down the tree and all quantities, failed ones with their cause', async () => {
    await bench.store.append([
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
    await bench.start()
    const detail = meterDetail.parse(await bench.json('/api/meters/press-1-meter'))
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
    bench.books.entered = [knownInterval('forge-main', 'activeEnergyImport.total', dayStartMs, 100, 25)]
    await bench.start()
    const day = meterIntervals.parse(await bench.json('/api/meters/forge-main/intervals?day=2026-06-02'))
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

  test('slots of another register are its own, and what is of the moment has none', async () => {
    const reactive = 'reactiveEnergyImport.total'
    bench.books.entered = [
      knownInterval('forge-main', 'activeEnergyImport.total', dayStartMs, 100, 25),
      knownInterval('forge-main', reactive, dayStartMs, 700, 3),
    ]
    await bench.start()
    const path = '/api/meters/forge-main/intervals?day=2026-06-02&quantity='
    const day = meterIntervals.parse(await bench.json(`${path}${reactive}`))
    expect(day).toMatchObject({ quantity: reactive, unit: 'kvarh', total: { total: '0.03' } })
    expect(day.slots[0]).toMatchObject({ energy: '0.03', opening: { register: '7.00' } })
    expect(await bench.get(`${path}voltage.l1`)).toMatchObject({ code: 'request-invalid' })
  })

  test('what delivers is shown as delivered, and its readings as they were read', async () => {
    const pv = smallPark.meters.get('forge-pv')
    if (pv === undefined) throw new Error('the park has no PV')
    const delivering = { ...pv, register: 'activeEnergyExport.total' } as const
    await bench.store.append([power('forge-pv', startMs, -30)])
    await bench.start({ park: { ...smallPark, meters: new Map(smallPark.meters).set(pv.id, delivering) } })
    const detail = meterDetail.parse(await bench.json('/api/meters/forge-pv'))
    expect(detail.live.power?.value).toBe(30)
    expect(detail.readings.map(({ value }) => value)).toEqual([-30])
    const curve = meterCurve.parse(await bench.json('/api/meters/forge-pv/curve'))
    expect(curve.points.map(({ value }) => value)).toEqual([30])
    const { power: lines } = await bench.overview()
    expect(lines.find(({ flow }) => flow === 'produced')?.value).toBe(30)
  })

  test('a formula that reaches over to another enterprise tells its own nothing of that one', async () => {
    const {
      basis: _,
      opening: __,
      closing: ___,
      ...facts
    } = knownInterval('press-1-meter', 'activeEnergyImport.total', dayStartMs, 100, 25)
    const inputs = ['forge-main', 'chemical-main'].map((meter) => ({
      meter,
      quantity: facts.quantity,
      revision: 1,
    }))
    bench.books.entered = [
      { ...facts, basis: 'formula', formula: '{forge-main} - {chemical-main}', inputs, partial: false },
    ]
    await bench.start()
    const paths = [
      '/api/meters/press-1-meter/intervals?day=2026-06-02',
      `/api/meters/press-1-meter/slots/${dayStartMs}`,
    ]
    await bench.signIn()
    for (const path of paths) expect(JSON.stringify(await bench.get(path))).toContain('chemical-main')
    await bench.signInAsUserOf('forge')
    for (const path of paths) {
      const text = JSON.stringify(await bench.get(path))
      expect(text).toContain('forge-main')
      expect(text).not.toContain('chemical-main')
    }
  })

  test('a curve keeps its gap', async () => {
    const moments = [0, 10_000, 20_000, 200_000, 210_000]
    await bench.store.append(moments.map((ms) => power('forge-main', startMs - 300_000 + ms, 5)))
    await bench.start()
    const curve = meterCurve.parse(await bench.json('/api/meters/forge-main/curve'))
    expect(curve.points.map(({ value }) => value)).toEqual([5, 5, 5, null, 5, 5])
  })
})
