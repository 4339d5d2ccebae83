import type { Reading } from '#contract/reading.ts'

/**
 * Qualities from weakest to strongest. Of two readings of one identity the stronger quality stays, and of equal
 * qualities the one written last, so that what was read is never hidden by a failure written after it.
 */
export const qualityOrder = ['bad', 'simulated', 'uncertain', 'good', 'manual'] as const

/** The place of a quality in that order. */
export function strengthOf(quality: Reading['quality']): number {
  return qualityOrder.indexOf(quality)
}
