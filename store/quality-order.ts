import { compare, type Amount } from '#contract/amount-arithmetic.ts'
import type { Reading } from '#contract/reading.ts'

/**
 * Qualities from weakest to strongest. Of two readings of one identity the stronger quality stays, so that what was read
 * is never hidden by a failure written after it.
 */
export const qualityOrder = ['bad', 'simulated', 'uncertain', 'good', 'manual'] as const

/** The place of a quality in that order. */
export function strengthOf(quality: Reading['quality']): number {
  return qualityOrder.indexOf(quality)
}

function compareValues(a: number | Amount, b: number | Amount): number {
  if (typeof a === 'number' || typeof b === 'number') return typeof a === typeof b ? Number(a) - Number(b) : 0
  // Of one value in two resolutions the finer one says more.
  return compare(a, b) || Number(a.resolution) - Number(b.resolution)
}

/**
 * True where of two readings of one identity the second one stays. What persons enter is put right by entering it again.
 * Of what was measured the lower value stays, in whatever order they come and however often: a batch that is delivered
 * again must change nothing.
 */
export function outweighs(kept: Reading, added: Reading): boolean {
  const stronger = strengthOf(added.quality) - strengthOf(kept.quality)
  if (stronger !== 0) return stronger > 0
  if (kept.quality === 'bad' || added.quality === 'bad')
    return kept.quality === 'bad' && added.quality === 'bad' && added.cause < kept.cause
  return added.quality === 'manual' || compareValues(added.value, kept.value) < 0
}
