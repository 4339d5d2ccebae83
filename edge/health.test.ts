import { describe, expect, it } from 'vitest'
import { healthAfter, meterState, UNTRIED, type MeterHealth, type PollOutcome } from './health.ts'

const polls = (...outcomes: PollOutcome[]): MeterHealth => outcomes.reduce(healthAfter, UNTRIED)
const good = (atMs: number): PollOutcome => ({ atMs, answered: 2, cause: undefined })
const dumb = (atMs: number): PollOutcome => ({ atMs, answered: 0, cause: 'timeout' })

describe('healthAfter', () => {
  it('calls a meter silent after three polls in a row without a sign of it', () => {
    expect(polls(good(1), dumb(2), dumb(3)).state).toBe('failing')
    expect(polls(good(1), dumb(2), dumb(3), dumb(4))).toEqual({
      state: 'silent',
      failuresInRow: 3,
      lastGoodMs: 1,
      cause: 'timeout',
    })
    expect(polls(dumb(2), dumb(3), dumb(4), good(5))).toEqual({
      state: 'ok',
      failuresInRow: 0,
      lastGoodMs: 5,
      cause: undefined,
    })
  })

  it('calls a meter failing that answers in part, or with exceptions only', () => {
    expect(polls({ atMs: 1, answered: 1, cause: 'illegal-address' })).toMatchObject({
      state: 'failing',
      failuresInRow: 0,
      lastGoodMs: 1,
    })
    const refused: PollOutcome = { atMs: 1, answered: 0, cause: 'device-busy' }
    expect(polls(refused, refused, refused, refused).state).toBe('failing')
  })

  it('has no time of a good poll where there was none', () => {
    const slots = { wanted: 1, read: 0, failed: 1, missed: 0, held: 0 }
    const shown = { meter: 'm1', state: 'failing', cause: 'timeout', slots }
    expect(meterState('m1', { health: polls(dumb(1)), slots, ratios: [] })).toEqual(shown)
  })
})
