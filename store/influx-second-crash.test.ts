import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { describeEachInflux, type InfluxPlace, type RunningInflux } from '#test/support/influx-kinds.ts'
import { tearLog } from '#test/support/torn-log.ts'
import { known, SLOT0, stretchOf, undecided } from './conformance/sample-intervals.ts'
import { counted, everything, register, T0 } from './conformance/sample-readings.ts'
import type { ReadingStore } from './port.ts'

async function countsIn(store: ReadingStore): Promise<unknown[]> {
  const found = await store.readings('m-1', register, everything)
  return found.map((reading) =>
    reading.quality === 'bad' || typeof reading.value === 'number' ? undefined : reading.value.count,
  )
}

describeEachInflux('A crash within an entry of the log of', ({ start }) => {
  let parent: string
  let server: RunningInflux
  let place: InfluxPlace

  beforeEach(async () => {
    parent = mkdtempSync(join(tmpdir(), 'tanbiao-second-crash-'))
    server = await start(parent)
    place = await server.newPlace(new URL(`http://127.0.0.1:${server.port}`), 10_000)
  })
  afterEach(async () => {
    await place.store.close()
    await server.remove()
    rmSync(parent, { recursive: true })
  })

  /** kill -9 while an entry of its log was written. */
  async function dieWithinAnEntry(): Promise<void> {
    await server.kill()
    tearLog(parent)
    await server.start()
  }

  test('and a second one lose what was acknowledged in between; what tanbiao wrote is there again with its next write', async () => {
    const { store } = place
    await store.append([counted(0, 1)])
    await dieWithinAnEntry()
    await store.append([counted(1, 2)])
    expect(await countsIn(store)).toEqual([1, 2])
    await server.kill()
    await server.start()
    // Acknowledged, and gone: were this to hold the second reading too, InfluxDB had been mended.
    expect(await countsIn(store)).toEqual([1])
    await store.append([counted(2, 3)])
    expect(await countsIn(store)).toEqual([1, 2, 3])
  })

  test('and two starts before anybody writes lose nothing', async () => {
    const { store } = place
    await store.append([counted(0, 1)])
    await dieWithinAnEntry()
    await server.stop()
    await server.start()
    // As somebody who was not there before, and writes nothing again.
    await place.writeForeign(
      `electricity,meter=m-1,quality=good ${register}.count=2i,${register}.resolution="0.01" ${T0 + 1_000}000000`,
    )
    await server.kill()
    await server.start()
    expect(await countsIn(store)).toEqual([1, 2])
  })

  test('or any other bring back no energy that was taken out', async () => {
    const { store, influxQl } = place
    await store.intervalCopy?.write([stretchOf(known(0, 1, 250), known(1, 1, 300))])
    await store.intervalCopy?.write([stretchOf(undecided(0, 2))])
    await server.kill()
    await server.start()
    await store.append([counted(0, 1)])
    const values = [
      [SLOT0, null, 'undecided'],
      [SLOT0 + 900_000, 3, 'known'],
    ]
    expect(await influxQl('SELECT "energy", "state" FROM "interval"')).toMatchObject({
      results: [{ series: [{ values }] }],
    })
  })
})
