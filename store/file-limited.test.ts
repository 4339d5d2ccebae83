import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DAY_MS } from '#contract/duration.ts'
import type { Period } from '#contract/grid.ts'
import { inHalves, nearest, TooManyFiles } from './file-limited.ts'

const FILE_MS = 600_000
const END_MS = 60 * DAY_MS

/** Moments of rows, and a server that opens so many files, one for every ten minutes in which there is a row. */
const world = fc.record({
  moments: fc.uniqueArray(fc.integer({ min: 0, max: END_MS - 1 }), { maxLength: 300 }),
  filesMax: fc.integer({ min: 1, max: 20 }),
  fromMs: fc.integer({ min: 0, max: END_MS }),
  toMs: fc.integer({ min: 0, max: END_MS }),
})

function serverOf(moments: readonly number[], filesMax: number) {
  const asked: Period[] = []
  const within = ({ fromMs, toMs }: Period): number[] =>
    moments.filter((ms) => ms >= fromMs && ms < toMs).toSorted((a, b) => a - b)
  return {
    asked,
    within,
    ask: async (period: Period) => {
      expect(period.fromMs).toBeLessThan(period.toMs)
      asked.push(period)
      const found = within(period)
      const files = new Set(found.map((ms) => Math.floor(ms / FILE_MS))).size
      if (files > filesMax) throw new TooManyFiles(`${files} files`)
      return found
    },
  }
}

test('all rows of a period are found, in order, each once', () =>
  fc.assert(
    fc.asyncProperty(world, async ({ moments, filesMax, fromMs, toMs }) => {
      const server = serverOf(moments, filesMax)
      const found = await inHalves({ fromMs, toMs }, { ask: server.ask, from: 'earliest' })
      expect(found).toEqual(server.within({ fromMs, toMs }))
    }),
  ))

test('of a period with very many rows none is too many', async () => {
  const halfMs = DAY_MS / 2
  const rows = Array.from({ length: 300_000 }, (_, index) => index)
  const found = await inHalves(
    { fromMs: 0, toMs: DAY_MS },
    {
      ask: async ({ fromMs, toMs }) => {
        if (toMs - fromMs > halfMs) throw new TooManyFiles('433 files')
        return fromMs < halfMs ? rows : []
      },
      from: 'earliest',
    },
  )
  expect(found).toHaveLength(rows.length)
})

test.each(['earliest', 'latest'] as const)('the %s row of a period is found', (from) =>
  fc.assert(
    fc.asyncProperty(world, async ({ moments, filesMax, fromMs, toMs }) => {
      const server = serverOf(moments, filesMax)
      const end = (rows: readonly number[]): number | undefined =>
        from === 'earliest' ? rows[0] : rows.at(-1)
      const found = await nearest(
        { fromMs, toMs },
        {
          ask: async (period) => (await server.ask(period)).filter((ms) => ms === end(server.within(period))),
          from,
          isEnough: (rows) => rows.length > 0,
        },
      )
      expect(found.slice(0, 1)).toEqual(
        [end(server.within({ fromMs, toMs }))].filter((ms) => ms !== undefined),
      )
    }),
  ),
)

test('a moment that is in too many files by itself is a fault, and other faults are thrown on', async () => {
  const failing = (error: Error) =>
    inHalves({ fromMs: 0, toMs: DAY_MS }, { ask: () => Promise.reject(error), from: 'earliest' })
  await expect(failing(new TooManyFiles('433 files'))).rejects.toMatchObject({ code: 'store-unavailable' })
  await expect(failing(new Error('away'))).rejects.toThrow('away')
})
