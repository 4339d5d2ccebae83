import { BOUNDARY_TOLERANCE_MS, SLOT_MS } from '#contract/grid.ts'
import type { Sample } from '#contract/messages.ts'
import { readingsIn } from './batch.ts'

/**
 * What is kept of samples that must go for want of room: registers of energy as they were read at the lines of the
 * 15-minute grid. The energy of every slot rests on these; of all that lies between them a gap record says that it is gone.
 */
export function energyAtLines(samples: readonly Sample[]): Sample[] {
  return samples.flatMap(({ meter, atMs, quality, values }) => {
    const line = Math.round(atMs / SLOT_MS) * SLOT_MS
    if (Math.abs(atMs - line) > BOUNDARY_TOLERANCE_MS) return []
    const registers = Object.entries(values).filter(([, value]) => typeof value !== 'number')
    return registers.length === 0 ? [] : [{ meter, atMs, quality, values: Object.fromEntries(registers) }]
  })
}

/** Whether what is kept is worth the room: of what was thinned before nearly all would be kept, and nothing gained. */
export function isWorthKeeping(kept: readonly Sample[], ofReadings: number): boolean {
  return kept.length > 0 && 2 * countOf(kept) <= ofReadings
}

export const countOf = (samples: readonly Sample[]): number =>
  samples.reduce((sum, sample) => sum + readingsIn(sample), 0)
