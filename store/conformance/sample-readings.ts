import { createHash } from 'node:crypto'
import type { CommitRecord } from '#contract/commit.ts'
import type { QuantityName } from '#contract/quantities.ts'
import type { Reading, RegisterReading, UsableReading } from '#contract/reading.ts'

/** Readings and commit records of one meter, by number, for the tests of every store. */

/** A moment at which everything begins. */
export const T0 = 1_790_000_000_000
export const everything = { fromMs: 0, toMs: 9_000_000_000_000 }
export const power = 'activePower.total'
export const register = 'activeEnergyImport.total'

/** The moment of reading `index`: one a second. */
export const at = (index: number): number => T0 + index * 1_000

export function value(index: number, number: number, quantity: QuantityName = power): UsableReading {
  return { meter: 'm-1', quantity, atMs: at(index), quality: 'good', value: number }
}

export function counted(index: number, count: number, resolution = '0.01'): RegisterReading {
  return {
    meter: 'm-1',
    quantity: register,
    atMs: at(index),
    quality: 'good',
    value: { count, resolution },
  }
}

export function bad(index: number, quantity: QuantityName = power): Reading {
  return { meter: 'm-1', quantity, atMs: at(index), quality: 'bad', cause: 'timeout' }
}

/** A commit record; `mark` makes its digest. */
export function commitOf(mark: number, over: Partial<CommitRecord> = {}): CommitRecord {
  return {
    gateway: 'gw-1',
    epoch: 'a'.repeat(32),
    seq: mark,
    digest: createHash('sha256').update(String(mark)).digest('hex'),
    committedAtMs: T0 + mark,
    stored: 2,
    touched: [{ meter: 'm-1', fromMs: T0, toMs: T0 + 1_000 }],
    refused: [],
    ...over,
  }
}
