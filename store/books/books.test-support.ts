import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CommitRecord, Refusal } from '#contract/commit.ts'
import { SLOT_MS } from '#contract/grid.ts'
import type { Interval } from '#contract/interval.ts'
import type { GapRecord } from '#contract/messages.ts'
import { openBooks } from '../books.ts'
import type { QuarantineBounds } from './quarantine.ts'

/** A moment at which a slot begins. */
export const T0 = 1_790_000_100_000 - (1_790_000_100_000 % SLOT_MS)
export const epoch = 'a'.repeat(32)
/** A day after everything here: all slots are settled, no commit is of the future. */
export const LATER = T0 + 86_400_000

/** New books in a folder of their own. */
export function newBooks(bounds?: QuarantineBounds) {
  const folder = mkdtempSync(join(tmpdir(), 'tanbiao-books-'))
  const books = openBooks(join(folder, 'books.sqlite'), undefined, bounds)
  const remove = (): void => {
    books.close()
    rmSync(folder, { recursive: true, force: true })
  }
  return { folder, books, remove }
}

export const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex')

/** A payload that could not be decoded. */
export const refusalOf = (text: string): Refusal => ({
  code: 'message-undecodable',
  detail: '',
  encoding: 'base64',
  payload: Buffer.from(text).toString('base64'),
})

export function commitOf(seq: number | null, over: Partial<CommitRecord> = {}): CommitRecord {
  return {
    gateway: 'gw-1',
    epoch,
    seq,
    digest: digestOf(String(seq)),
    committedAtMs: T0 + (seq ?? 0),
    stored: 2,
    touched: [],
    refused: [],
    ...over,
  }
}

export function gapOf(firstSeq: number, lastSeq: number, seq: number, lostEpoch = epoch): GapRecord {
  return {
    v: 1,
    gateway: 'gw-1',
    epoch,
    seq,
    kind: 'gap',
    cause: 'quota',
    lost: { epoch: lostEpoch, firstSeq, lastSeq },
    fromMs: T0,
    toMs: T0 + 1_000,
  }
}

export const touch = (fromMs: number, toMs: number, meter = 'm-1') => ({ meter, fromMs, toMs })

export function missing(slotMs: number, cause: 'no-readings' | 'undecided' = 'no-readings'): Interval {
  return {
    meter: 'm-1',
    quantity: 'activeEnergyImport.total',
    slotMs,
    state: 'missing',
    cause,
    undecided: [],
  }
}

export function known(slotMs: number, count: number): Interval {
  const point = { atMs: slotMs, register: { count: 0, resolution: '0.01' } }
  const boundary = { ...point, method: 'measured' as const, before: point, after: point }
  return {
    meter: 'm-1',
    quantity: 'activeEnergyImport.total',
    slotMs,
    state: 'known',
    basis: 'register',
    energy: { count, resolution: '0.01' },
    method: 'measured',
    coverage: 1,
    opening: boundary,
    closing: boundary,
    simulated: false,
    uncertain: false,
    undecided: [],
  }
}
