import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { at, counted, register } from '#store/conformance/sample-readings.ts'
import { openReadingStore } from '#store/open.ts'
import { MemorySeries } from './in-memory.test-support.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-in-memory-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

test('a series in memory is that of a real store, of readings in any order and any pieces', async () => {
  const lines = fc.uniqueArray(fc.record({ index: fc.nat(30), count: fc.nat() }), {
    selector: ({ index }) => index,
    maxLength: 30,
  })
  let stores = 0
  await fc.assert(
    fc.asyncProperty(lines, fc.nat(), fc.nat(32), fc.nat(32), async (given, cut, one, other) => {
      const readings = given.map(({ index, count }) => counted(index, count))
      const place = cut % (readings.length + 1)
      const real = await openReadingStore(`sqlite:${join(folder, `readings-${(stores += 1)}.sqlite`)}`)
      const memory = new MemorySeries()
      for (const piece of [readings.slice(place), readings.slice(0, place), readings]) {
        await real.append(piece)
        memory.add(piece)
      }
      const period = { fromMs: at(Math.min(one, other)), toMs: at(Math.max(one, other)) }
      try {
        expect(memory.series(period)).toEqual(await real.registerSeries('m-1', register, period))
      } finally {
        await real.close()
      }
    }),
    { numRuns: 20 },
  )
})
