import fc from 'fast-check'
import type { CommitRecord } from '#contract/commit.ts'

/** What batches touched, around a moment: few different moments, so that meters share ranges. */
export const touchedAround = (atMs: number, maxLength: number): fc.Arbitrary<CommitRecord['touched']> =>
  fc.array(
    fc.record({
      meter: fc.stringMatching(/^[a-z0-9]{1,4}(-[a-z0-9]{1,4}){0,2}$/),
      fromMs: fc.integer({ min: atMs, max: atMs + 2 }),
      toMs: fc.integer({ min: atMs, max: atMs + 2 }),
    }),
    { maxLength },
  )
