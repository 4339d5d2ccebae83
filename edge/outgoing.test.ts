import fc from 'fast-check'
import { expect, it } from 'vitest'
import { bytesInBundle, rowsOf } from '#contract/bundle.ts'
import { BYTES_TOGETHER_MAX } from './bundling.ts'
import type { Due } from './lanes.ts'
import { outgoing } from './outgoing.ts'

const due = fc.record({
  lane: fc.constantFrom('live' as const, 'backlog' as const, 'backlog' as const, 'backlog' as const),
  isAgain: fc.integer({ min: 0, max: 4 }).map((chance) => chance === 0),
  bytes: fc.oneof(
    { weight: 9, arbitrary: fc.integer({ min: 1, max: 3_000 }) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 2 * BYTES_TOGETHER_MAX }) },
  ),
})

function dueOf(lane: Due['lane'], bytes: number, place: number, isAgain = false): Due {
  const payload = new Uint8Array(bytes).fill(1 + (place % 255))
  const row = { place, epoch: '0'.repeat(32), seq: place, digest: `${place}`, payload }
  return { row, lane, isAgain, taken: () => {} }
}

it('sends every row once and whole, new ones and such as go again by themselves, others within the bounds', () => {
  fc.assert(
    fc.property(fc.array(due, { maxLength: 100 }), fc.integer({ min: 1, max: 64 }), (all, togetherMax) => {
      const rows = all.map(({ lane, bytes, isAgain }, place) => dueOf(lane, bytes, place, isAgain))
      const messages = [...outgoing(rows, { rowsMax: () => togetherMax, bytesMax: BYTES_TOGETHER_MAX })]
      for (const { lane, payload, rows: within } of messages) {
        expect(rowsOf(payload)).toEqual(within.map(({ row }) => row.payload))
        expect(within.every((each) => each.lane === lane)).toBe(true)
        if (within.length === 1) continue
        expect(lane).toBe('backlog')
        expect(within.some(({ isAgain }) => isAgain)).toBe(false)
        expect(within.length).toBeLessThanOrEqual(togetherMax)
        const bytes = within.reduce((sum, { row }) => sum + bytesInBundle(row.payload), 0)
        expect(bytes).toBeLessThanOrEqual(BYTES_TOGETHER_MAX)
      }
      for (const lane of ['live', 'backlog'] as const) {
        const sent = messages.filter((each) => each.lane === lane).flatMap((each) => each.rows)
        const due = rows.filter((each) => each.lane === lane)
        expect(sent.toSorted((a, b) => a.row.place - b.row.place)).toEqual(due)
        // Those that travel together, and those that travel alone, are in order; one may overtake the other.
        const together = sent.filter(
          ({ row, isAgain }) => !isAgain && row.payload.length < BYTES_TOGETHER_MAX / 2,
        )
        expect(together).toEqual(due.filter((each) => together.includes(each)))
      }
    }),
  )
})

it('lets a new row go before older ones that wait for company', () => {
  const rows = [dueOf('backlog', 10, 1), dueOf('live', 10, 2), dueOf('backlog', 10, 3)]
  const sent = [...outgoing(rows, { rowsMax: () => 8, bytesMax: BYTES_TOGETHER_MAX })].map((each) =>
    each.rows.map(({ row }) => row.place),
  )
  expect(sent).toEqual([[2], [1, 3]])
})

it('sends what it has taken though there is an end to what is due', () => {
  function* failing(): Generator<Due> {
    yield dueOf('backlog', 10, 1)
    yield dueOf('backlog', 10, 2)
    throw new Error('the journal cannot be read')
  }
  const sent: number[][] = []
  expect(() => {
    for (const { rows } of outgoing(failing(), { rowsMax: () => 8, bytesMax: BYTES_TOGETHER_MAX }))
      sent.push(rows.map(({ row }) => row.place))
  }).toThrow('the journal cannot be read')
  expect(sent).toEqual([[1, 2]])
})
