import { expect, it } from 'vitest'
import type { StateMessage } from '#contract/messages.ts'
import { timeFor } from './told-time.ts'
import { T0 } from './ingest.test-support.ts'

const state = (over: Partial<StateMessage> = {}): StateMessage => ({
  v: 1,
  gateway: 'gw-a',
  kind: 'state',
  atMs: T0,
  reason: 'periodic',
  clock: { condition: 'set', jumps: 0 },
  ...over,
})

it('a state whose time is off is answered by ours', () => {
  const told = timeFor(state({ atMs: T0 + 3_600_000 }), T0 + 0.5, 'one')
  expect(told).toEqual({
    v: 1,
    id: 'one',
    gateway: 'gw-a',
    kind: 'time',
    issuedAtMs: T0,
    stateAtMs: T0 + 3_600_000,
  })
  expect(timeFor(state({ atMs: T0 - 6_000 }), T0, 'two')).toMatchObject({ issuedAtMs: T0 })
})

it('and one whose clock is in doubt, so that doubt can end', () => {
  expect(timeFor(state({ clock: { condition: 'doubtful', jumps: 1 } }), T0, 'one')).toBeDefined()
  expect(timeFor(state({ clock: { condition: 'unset', jumps: 0 } }), T0, 'one')).toBeDefined()
})

it('a sound one is not, nor a farewell', () => {
  expect(timeFor(state(), T0 + 4_000, 'one')).toBeUndefined()
  const { clock: _, ...unsaid } = state()
  expect(timeFor(unsaid, T0, 'one')).toBeUndefined()
  expect(timeFor(state({ kind: 'death', atMs: T0 - 3_600_000 }), T0, 'one')).toBeUndefined()
})
