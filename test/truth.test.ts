import { describe, expect, it } from 'vitest'
import type { Reading } from '#contract/reading.ts'
import { compareMeter, missingNumbers, REGISTER } from './support/truth.ts'

/** The comparison that the great proofs rest on finds what it is there to find. */

const T0 = 1_790_000_000_000
const served = [1, 2, 3, 4].map((count) => ({ count, atMs: T0 + count * 1_000 }))
const stored = (...counts: number[]): Reading[] =>
  counts.map((count) => ({
    meter: 'm',
    quantity: REGISTER,
    atMs: T0 + count * 1_000,
    quality: 'good',
    value: { count, resolution: '1' },
  }))
const failedAt = (atMs: number): Reading => ({
  meter: 'm',
  quantity: REGISTER,
  atMs,
  quality: 'bad',
  cause: 'timeout',
})
const kill = { gateway: 'g', atMs: T0 + 4_500 }

describe('compareMeter', () => {
  it('is content with what was served', () => {
    expect(compareMeter('m', served, stored(1, 2, 3, 4), []).differences).toEqual([])
  })

  it('finds what is lost, invented and stored twice', () => {
    expect(compareMeter('m', served, stored(1, 2, 4), []).differences).toEqual([
      expect.stringMatching(/3 Wh, .* is lost without a kill/),
    ])
    expect(compareMeter('m', served, stored(1, 2, 3, 4, 5), []).differences).toEqual([
      expect.stringMatching(/5 Wh is invented/),
    ])
    expect(compareMeter('m', served, stored(1, 2, 3, 4, 4), []).differences).toEqual([
      expect.stringMatching(/1 stored twice/),
    ])
  })

  it('finds what stands at another time', () => {
    const moved = stored(1, 2, 3, 4).map((reading, index) =>
      index === 2 ? { ...reading, atMs: reading.atMs + 1_200_000 } : reading,
    )
    expect(compareMeter('m', served, moved, []).differences).toEqual([
      expect.stringMatching(/3 Wh is stamped 1200000 ms off/),
    ])
  })

  it('lets a kill take the last reads, and none before them', () => {
    expect(compareMeter('m', served, stored(1, 2, 3), [kill])).toMatchObject({
      differences: [],
      takenAlong: 1,
    })
    expect(compareMeter('m', served, stored(1, 2, 4), [kill]).differences).toEqual([
      expect.stringMatching(/later reads before the kill were kept/),
    ])
  })

  it('takes a failure in the place of one read, and of no other', () => {
    const one = [...stored(1, 3, 4), failedAt(T0 + 2_500)]
    expect(compareMeter('m', served, one, [])).toMatchObject({ differences: [], tooLate: 1 })
    const two = [...stored(1, 4), failedAt(T0 + 2_500)]
    expect(compareMeter('m', served, two, []).differences).toHaveLength(1)
  })

  it('does not take a failure that was noted before or after a neighbour was read', () => {
    for (const atMs of [T0 + 900, T0 + 3_100]) {
      const beside = [...stored(1, 3, 4), failedAt(atMs)]
      expect(compareMeter('m', served, beside, []).differences, String(atMs)).toHaveLength(1)
    }
  })

  it('tells a read that died with its gateway from a late one, whatever the next process notes', () => {
    // As it was seen: the simulator was stopped 8 s after the last kill, and each poll of it failed from then on.
    const afterwards = [failedAt(kill.atMs + 1), failedAt(kill.atMs + 3_000)]
    expect(compareMeter('m', served, [...stored(1, 2, 3), ...afterwards], [kill])).toMatchObject({
      differences: [],
      takenAlong: 1,
      tooLate: 0,
    })
    const before = failedAt(kill.atMs - 100)
    expect(compareMeter('m', served, [...stored(1, 2, 3), before, ...afterwards], [kill])).toMatchObject({
      differences: [],
      takenAlong: 0,
      tooLate: 1,
    })
  })

  it('lets a kill take no more reads than can be inside a gateway, whatever failures are noted after it', () => {
    const many = Array.from({ length: 12 }, (_, index) => ({ count: index + 1, atMs: T0 + index * 100 }))
    const failures = many.map((_, index) => failedAt(kill.atMs + 1 + index))
    expect(compareMeter('m', many, [...stored(1), ...failures], [kill]).differences).toEqual([
      expect.stringMatching(/11 reads lost at one kill/),
    ])
  })
})

it('a number that is neither entered nor waiting is missing', () => {
  const hole = { gateway: 'g', epoch: 'e', firstSeq: 2, lastSeq: 3, unnumbered: 0 }
  expect(missingNumbers([hole], new Map([['g', new Set(['e 2'])]]))).toEqual(['g e 3'])
  expect(missingNumbers([hole], new Map([['g', new Set(['e 2', 'e 3'])]]))).toEqual([])
})
