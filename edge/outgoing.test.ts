import fc from 'fast-check'
import { expect, it } from 'vitest'
import { bytesInBundle, rowsOf } from '#contract/bundle.ts'
import type { Due } from './lanes.ts'
import { BYTES_TOGETHER_MAX, outgoing } from './outgoing.ts'

const due = fc.record({
  lane: fc.constantFrom('live' as const, 'backlog' as const, 'backlog' as const, 'backlog' as const),
  bytes: fc.oneof(
    { weight: 9, arbitrary: fc.integer({ min: 1, max: 3_000 }) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 2 * BYTES_TOGETHER_MAX }) },
  ),
})

function dueOf(lane: Due['lane'], bytes: number, place: number): Due {
  const payload = new Uint8Array(bytes).fill(1 + (place % 255))
  const row = { place, epoch: '0'.repeat(32), seq: place, digest: `${place}`, payload }
  return { row, lane, taken: () => {} }
}

it('sends every row once and whole, in its order on its lane, new ones by themselves, others within the bounds', () => {
  fc.assert(
    fc.property(fc.array(due, { maxLength: 100 }), fc.integer({ min: 1, max: 64 }), (all, togetherMax) => {
      const rows = all.map(({ lane, bytes }, place) => dueOf(lane, bytes, place))
      const messages = [...outgoing(rows, () => togetherMax)]
      for (const { lane, payload, rows: within } of messages) {
        expect(rowsOf(payload)).toEqual(within.map(({ row }) => row.payload))
        expect(within.every((each) => each.lane === lane)).toBe(true)
        if (within.length === 1) continue
        expect(lane).toBe('backlog')
        expect(within.length).toBeLessThanOrEqual(togetherMax)
        const bytes = within.reduce((sum, { row }) => sum + bytesInBundle(row.payload), 0)
        expect(bytes).toBeLessThanOrEqual(BYTES_TOGETHER_MAX)
      }
      for (const lane of ['live', 'backlog'] as const) {
        const sent = messages.filter((each) => each.lane === lane).flatMap((each) => each.rows)
        expect(sent).toEqual(rows.filter((each) => each.lane === lane))
      }
    }),
  )
})

it('lets a new row go before older ones that wait for company', () => {
  const rows = [dueOf('backlog', 10, 1), dueOf('live', 10, 2), dueOf('backlog', 10, 3)]
  const sent = [...outgoing(rows, () => 8)].map((each) => each.rows.map(({ row }) => row.place))
  expect(sent).toEqual([[2], [1, 3]])
})
