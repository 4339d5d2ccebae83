import { afterAll, beforeAll, expect, test } from 'vitest'
import { DAY_MS } from '#contract/duration.ts'
import { SampleBlocks } from '#contract/sample-block.ts'
import { describeEachInflux, type InfluxPlace, type RunningInflux } from '#test/support/influx-kinds.ts'
import { sorted } from './conformance/any-readings.ts'
import { dyingServerConformance } from './conformance/dying-server.ts'
import { blockOfReadings } from './conformance/sample-blocks.ts'
import { known, SLOT0, stretchOf, undecided } from './conformance/sample-intervals.ts'
import { counted, everything, power, register, T0, value } from './conformance/sample-readings.ts'

/** What a real server does, the same on each version of InfluxDB of which there is one. */
describeEachInflux('Readings in', ({ start, tooOld }) => {
  let server: RunningInflux

  beforeAll(async () => {
    server = await start()
  })
  afterAll(() => server.remove())

  async function withPlace(work: (place: InfluxPlace) => Promise<void>): Promise<void> {
    const place = await server.newPlace(new URL(`http://127.0.0.1:${server.port}`), 10_000)
    try {
      await work(place)
    } finally {
      await place.store.close()
    }
  }

  test('against a field type are found and returned, all others are stored', () =>
    withPlace(async ({ store, writeForeign }) => {
      // Somebody else made activePower.total a text in the shard of T0.
      await writeForeign(`electricity,meter=x ${power}="oops" ${T0}000000`)
      const readings = Array.from({ length: 300 }, (_, index) =>
        index % 3 === 0 ? value(index, index) : counted(index, index),
      )
      const blocks = new SampleBlocks([readings.slice(0, 120), readings.slice(120)].map(blockOfReadings))
      const ofBlocks = await store.append(blocks)
      expect(ofBlocks.stored).toBe(200)
      expect(ofBlocks.refused.map(({ index }) => blocks.readings()[index]?.quantity)).toEqual(
        Array.from({ length: 100 }, () => power),
      )
      const { stored, refused } = await store.append(readings)
      expect(stored).toBe(200)
      expect(refused.map(({ index }) => index)).toEqual(Array.from({ length: 100 }, (_, index) => index * 3))
      expect(refused[0]?.fault.code).toBe('store-refused')
      expect(refused[0]?.fault.message).toMatch(/field type conflict/)
      expect(await store.readings('m-1', register, everything)).toEqual(
        readings.filter(({ quantity }) => quantity === register),
      )
    }))

  test('beyond retention are returned with the reason, all others are stored', () =>
    withPlace(async ({ store, keepForDays }) => {
      await keepForDays(100)
      const now = Date.now() - (Date.now() % 1_000)
      const old = (index: number) => ({ ...counted(index, index), atMs: index * 1_000 })
      const fresh = (index: number) => ({ ...counted(index, index), atMs: now - index * 1_000 })
      const readings = Array.from({ length: 64 }, (_, index) =>
        index === 5 || index > 60 ? old(index) : fresh(index),
      )
      const { stored, refused } = await store.append(readings)
      expect(refused.map(({ index }) => index)).toEqual([5, 61, 62, 63])
      expect(refused[0]?.fault.message).toMatch(tooOld)
      expect(stored).toBe(60)
      expect(await store.readings('m-1', register, everything)).toHaveLength(60)
    }))

  test('have nowhere to go once their database or bucket is gone, in the server’s words', () =>
    withPlace(async ({ store, drop }) => {
      await drop()
      await expect(store.append([value(0, 1)])).rejects.toMatchObject({
        code: 'store-unavailable',
        message: expect.stringMatching(/404 .*not found/),
      })
      await expect(store.readings('m-1', power, everything)).rejects.toMatchObject({
        code: 'store-unavailable',
        message: expect.stringMatching(/not found|could not find/),
      })
    }))

  test('are no rows that somebody else wrote, and these stop nothing', () =>
    withPlace(async ({ store, writeForeign }) => {
      await store.append([value(0, 1), counted(1, 5)])
      await writeForeign(`electricity,meter=m-1 ${power}=7 ${T0 + 5_000}000000`)
      await writeForeign(`electricity,meter=m-1,quality=good ${register}.count=7i ${T0}000001`)
      await writeForeign(`bad,meter=m-1 ${power}="feeling unwell" ${T0}000000`)
      expect(await store.readings('m-1', power, everything)).toEqual([value(0, 1)])
      expect(await store.readings('m-1', register, everything)).toEqual([counted(1, 5)])
      expect(sorted(await store.latest(['m-1']))).toEqual(sorted([value(0, 1), counted(1, 5)]))
    }))

  test('are kept as long as the server says, also after that was changed', () =>
    withPlace(async ({ store, keepForDays }) => {
      const keptMs = async () => store.retention?.by === 'server' && (await store.retention.keptMs())
      expect(await keptMs()).toBe(Infinity)
      await keepForDays(30)
      expect(await keptMs()).toBe(30 * DAY_MS)
    }))

  test('have their finished intervals beside them: a later revision takes the place of the one before, and what is known no longer shows no energy', () =>
    withPlace(async ({ store, influxQl }) => {
      await store.intervalCopy?.write([stretchOf(known(0, 1, 250), known(1, 1, 300), known(2, 1, 100))])
      await store.intervalCopy?.write([stretchOf(undecided(0, 2), known(1, 2, 310))])
      const values = [
        [SLOT0, null, 'undecided', 2],
        [SLOT0 + 900_000, 3.1, 'known', 2],
        [SLOT0 + 1_800_000, 1, 'known', 1],
      ]
      expect(await influxQl('SELECT "energy", "state", "revision" FROM "interval"')).toMatchObject({
        results: [{ series: [{ values }] }],
      })
    }))

  dyingServerConformance(
    () => server,
    (work) => withPlace(({ store }) => work(store)),
  )
})
