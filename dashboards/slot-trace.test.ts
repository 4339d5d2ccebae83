import { expect, test } from 'vitest'
import { commitOf, smallPark } from './small-park.test-support.ts'
import { originOf, type CommitSource } from './slot-trace.ts'

const atMs = Date.parse('2026-03-01T00:00:00Z')

/** A store with one batch of forge-main, which has a reading of `atMs`, taken so long after it. */
function takenAfter(laterMs: number): CommitSource {
  const record = { ...commitOf('gw-east', ['forge-main'], atMs), committedAtMs: atMs + laterMs }
  return {
    commitsSince: (sinceMs) => Promise.resolve(record.committedAtMs >= sinceMs ? [record] : []),
  }
}

test.each([2_000, 0, -4 * 60_000])(
  'the batch of a reading is named, also where its gateway’s clock was ahead (taken after %i ms)',
  async (laterMs) => {
    const { gateway, batch } = await originOf(takenAfter(laterMs), smallPark, 'forge-main', atMs)
    expect(gateway).toBe('gw-east')
    expect(batch?.committedAtMs).toBe(atMs + laterMs)
  },
)

test('a batch of another meter, or of much later, is none', async () => {
  expect((await originOf(takenAfter(2_000), smallPark, 'forge-pv', atMs)).batch).toBeNull()
  expect((await originOf(takenAfter(2 * 3_600_000), smallPark, 'forge-main', atMs)).batch).toBeNull()
})
