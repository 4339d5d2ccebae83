import { expect, test } from 'vitest'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '#contract/duration.ts'
import { durationText } from './search-progress.ts'

test('a duration is said in its two largest units, from seconds to months of a gap', () => {
  const of: readonly (readonly [number, string])[] = [
    [-1, '0 s'],
    [59_400, '59 s'],
    [MINUTE_MS + 5_000, '1 min 05 s'],
    [5 * HOUR_MS + 10 * MINUTE_MS, '5 h 10 min'],
    [47 * HOUR_MS, '47 h 00 min'],
    [107 * DAY_MS + 14 * HOUR_MS, '107 d 14 h'],
  ]
  for (const [ms, text] of of) expect(durationText(ms)).toBe(text)
})
