import type { RecordedInterval } from '#contract/interval.ts'
import type { StretchToCopy } from '../port.ts'
import { register, T0 } from './sample-readings.ts'

/** Finished intervals of one meter, for the tests of their copies. */

/** The start of the first one's slot. */
export const SLOT0 = T0 - (T0 % 900_000)

const identity = { meter: 'm-1', quantity: register } as const

/** Energy of so many hundredths in slot `index`. */
export function known(index: number, revision: number, count: number): RecordedInterval {
  const point = { atMs: SLOT0, register: { count: 0, resolution: '0.01' } }
  const boundary = { ...point, method: 'measured', before: point, after: point } as const
  return {
    ...identity,
    slotMs: SLOT0 + index * 900_000,
    revision,
    undecided: [],
    state: 'known',
    basis: 'register',
    energy: { count, resolution: '0.01' },
    method: 'measured',
    coverage: 1,
    opening: boundary,
    closing: boundary,
    simulated: false,
    uncertain: false,
  }
}

/** Slot `index` without an energy. */
export function undecided(index: number, revision: number): RecordedInterval {
  return {
    ...identity,
    slotMs: SLOT0 + index * 900_000,
    revision,
    undecided: [],
    state: 'missing',
    cause: 'undecided',
  }
}

export function stretchOf(...intervals: RecordedInterval[]): StretchToCopy {
  return { ...identity, mayReplace: false, intervals }
}
