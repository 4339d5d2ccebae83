import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CommitRecord } from '#contract/commit.ts'
import type { GapRecord } from '#contract/messages.ts'
import { SLOT_MS } from '#contract/grid.ts'
import type { Interval } from '#contract/interval.ts'
import { openBooks } from '#store/open.ts'
import type { Books } from '#store/port.ts'
import { watchGaps } from './gap-watch.ts'
import { epochOf, T0, testPark } from './ingest.test-support.ts'

const MINUTE = 60_000
const FAR = T0 + 100 * 86_400_000
const epoch = epochOf('a')
const REGISTER = 'activeEnergyImport.total'
const park = testPark()

let folder: string
let books: Books

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-gaps-'))
  books = openBooks(join(folder, 'books.sqlite'))
})
afterEach(() => {
  books.close()
  rmSync(folder, { recursive: true })
})

const look = (nowMs: number): void => watchGaps({ books, park }, nowMs)
const entries = () => books.gapEntries(100).toReversed()

function arrive(seq: number, committedAtMs: number, gap?: GapRecord): void {
  const record: CommitRecord = {
    gateway: 'gw-a',
    epoch,
    seq,
    digest: createHash('sha256').update(`${seq}`).digest('hex'),
    committedAtMs,
    stored: 1,
    touched: [],
    refused: [],
    ...(gap === undefined ? {} : { gap }),
  }
  books.follow([record], FAR)
}

/** Records slots of meter-a: `coverage` of each from T0 on; undefined for a missing one. */
function slots(
  coverages: readonly (number | undefined)[],
  fromMs = T0,
  methodOf: (index: number) => 'measured' | 'interpolated' = () => 'measured',
): void {
  const computed = coverages.map((coverage, index): Interval => {
    const identity = { meter: 'meter-a', quantity: REGISTER, slotMs: fromMs + index * SLOT_MS } as const
    if (coverage === undefined) return { ...identity, state: 'missing', cause: 'no-readings', undecided: [] }
    const register = { count: 0, resolution: '0.01' }
    const point = { atMs: identity.slotMs, register }
    const boundary = { ...point, method: 'measured' as const, before: point, after: point }
    const sure = {
      basis: 'register' as const,
      simulated: false,
      uncertain: false,
      undecided: [],
      method: methodOf(index),
    }
    return {
      ...identity,
      state: 'known',
      energy: register,
      coverage,
      opening: boundary,
      closing: boundary,
      ...sure,
    }
  })
  books.record({ meter: 'meter-a', fromMs: 1, toMs: 0 }, computed, FAR)
}

describe('holes in the numbers', () => {
  it('become a gap when nothing fills them for five minutes, and are filled by what comes late', () => {
    arrive(1, T0)
    arrive(5, T0 + 1_000)
    look(T0 + 4 * MINUTE)
    expect(entries().filter(({ kind }) => kind === 'batches')).toEqual([])
    look(T0 + 6 * MINUTE)
    const hole = {
      kind: 'batches',
      gateway: 'gw-a',
      epoch,
      first: 2,
      last: 4,
      cause: 'not-arrived',
      fromMs: T0,
    }
    expect(entries()).toContainEqual(
      expect.objectContaining({ ...hole, missing: 3, toMs: T0 + 1_000, state: 'open' }),
    )
    arrive(3, T0 + 7 * MINUTE)
    look(T0 + 8 * MINUTE)
    expect(entries()).toContainEqual(expect.objectContaining({ ...hole, missing: 2, state: 'open' }))
    const id = entries().find(({ kind }) => kind === 'batches')?.id ?? 0
    expect(books.acceptGap(id, { by: 'an engineer', reason: 'the card is broken', atMs: T0 })).toBe(true)
    expect(books.acceptGap(id, { by: 'an engineer', reason: 'twice', atMs: T0 })).toBe(false)
    arrive(2, T0 + 9 * MINUTE)
    arrive(4, T0 + 9 * MINUTE)
    look(T0 + 20 * MINUTE)
    expect(entries()).toContainEqual(
      expect.objectContaining({ ...hole, missing: 0, state: 'filled', decision: expect.anything() }),
    )
  })

  it('what a gateway declares lost is a gap with its cause, but for what arrived', () => {
    const lost: GapRecord = {
      v: 1,
      gateway: 'gw-a',
      epoch,
      seq: 9,
      kind: 'gap',
      cause: 'quota',
      lost: { epoch, firstSeq: 2, lastSeq: 8 },
      fromMs: T0 - 1_000,
      toMs: T0,
    }
    arrive(1, T0)
    arrive(4, T0)
    arrive(9, T0 + 1, lost)
    look(T0 + MINUTE)
    const found = entries().map(({ kind, first, last, cause, fromMs, toMs }) => [
      kind,
      first,
      last,
      cause,
      fromMs,
      toMs,
    ])
    expect(found).toEqual([
      ['declared', 2, 3, 'quota', T0 - 1_000, T0],
      ['declared', 5, 8, 'quota', T0 - 1_000, T0],
    ])
  })
})

describe('silence', () => {
  it('of a gateway begins with what it sent last and ends when it is back; one never heard is not silent', () => {
    arrive(1, T0)
    look(T0 + 5 * MINUTE)
    expect(entries()).toEqual([])
    look(T0 + 6 * MINUTE)
    look(T0 + 9 * MINUTE)
    expect(entries()).toMatchObject([
      { kind: 'gateway', gateway: 'gw-a', fromMs: T0, last: T0 + 9 * MINUTE, state: 'open', cause: 'silent' },
    ])
    expect(entries()[0]?.toMs).toBeUndefined()
    arrive(2, T0 + 10 * MINUTE)
    look(T0 + 10 * MINUTE)
    expect(entries()).toMatchObject([{ state: 'filled', toMs: T0 + 9 * MINUTE }])
  })

  it('of a meter is every slot without full cover, and what was never computed since; late data fills it', () => {
    const nowMs = T0 + 10 * SLOT_MS + 3 * MINUTE
    slots([0.5, 1, undefined, undefined, 1, 0.4, 1, 1])
    look(nowMs)
    const shown = () =>
      entries().map(({ meter, fromMs, toMs, state, cause }) => [
        meter,
        (fromMs - T0) / SLOT_MS,
        toMs === undefined ? undefined : (toMs - T0) / SLOT_MS,
        state,
        cause,
      ])
    expect(shown()).toEqual([
      ['meter-a', 2, 4, 'open', 'no-readings'],
      ['meter-a', 5, 6, 'open', 'no-readings'],
      ['meter-a', 8, undefined, 'open', 'no-readings'],
    ])
    // Nothing new, a minute later.
    look(nowMs + MINUTE)
    expect(shown()).toHaveLength(3)
    // The backlog comes: one slot stays without.
    slots([1, undefined], T0 + 2 * SLOT_MS)
    slots([1], T0 + 5 * SLOT_MS)
    slots([1, 1, 1], T0 + 8 * SLOT_MS)
    look(nowMs + 2 * MINUTE)
    expect(shown().map((each) => each[3])).toEqual(['open', 'filled', 'filled'])
    expect(entries()[0]).toMatchObject({ missing: SLOT_MS })
    slots([1], T0 + 3 * SLOT_MS)
    look(nowMs + 3 * MINUTE)
    expect(shown().map((each) => each[3])).toEqual(['filled', 'filled', 'filled'])
  })
  it('of a meter read by the quarter-hour is a quarter-hour that was not read, not the time between two', () => {
    // No reading at T0 + 3 slots: the two slots that meet there are cut by interpolation.
    slots([0, 0, 0, 0, 0, 0], T0, (index) => (index === 2 || index === 3 ? 'interpolated' : 'measured'))
    look(T0 + 6 * SLOT_MS + MINUTE)
    expect(entries()).toMatchObject([
      { meter: 'meter-a', fromMs: T0 + 2 * SLOT_MS, toMs: T0 + 4 * SLOT_MS, state: 'open' },
    ])
  })
})

describe('what waits for a person', () => {
  const point = (atMs: number, count: number) => ({ atMs, register: { count, resolution: '0.01' } })
  function undecided(
    meter: string,
    quantity: typeof REGISTER | 'activeEnergyExport.total',
    slotMs: number,
  ): void {
    const stretch = {
      reason: 'register-decreased',
      from: point(slotMs, 500),
      to: point(slotMs + 1, 3),
    } as const
    const identity = { meter, quantity, slotMs } as const
    books.record(
      { meter, fromMs: 1, toMs: 0 },
      [{ ...identity, state: 'missing', cause: 'undecided', undecided: [stretch] }],
      FAR,
    )
  }
  const shown = () =>
    entries().map(({ kind, meter, fromMs, toMs, state, cause }) => [
      kind,
      meter,
      (fromMs - T0) / SLOT_MS,
      toMs === undefined ? undefined : (toMs - T0) / SLOT_MS,
      state,
      cause,
    ])

  it('is an entry of its own, with why, until it is decided; what is missing beside it is another', () => {
    const nowMs = T0 + 6 * SLOT_MS + 3 * MINUTE
    slots([1, 1, undefined, 1, 1, 1])
    undecided('meter-a', REGISTER, T0 + SLOT_MS)
    look(nowMs)
    const missing = ['meter', 'meter-a', 2, 3, 'open', 'no-readings']
    const waits = ['undecided', 'meter-a', 1, 2, 'open', 'register-decreased']
    expect(shown()).toEqual([waits, missing])
    slots([1], T0 + SLOT_MS)
    look(nowMs + MINUTE)
    expect(shown()).toEqual([waits.with(4, 'filled'), missing])
  })

  it('of another register than the one that energy is computed from is told as well', () => {
    slots([1, 1, 1])
    undecided('meter-a', 'activeEnergyExport.total', T0 + SLOT_MS)
    undecided('meter-a', REGISTER, T0 + 2 * SLOT_MS)
    look(T0 + 3 * SLOT_MS + 3 * MINUTE)
    expect(shown()).toEqual([['undecided', 'meter-a', 1, 3, 'open', 'register-decreased']])
  })

  it('is told once its slot is settled', () => {
    slots([1, 1])
    undecided('meter-a', REGISTER, T0 + SLOT_MS)
    look(T0 + 2 * SLOT_MS + MINUTE)
    expect(shown()).toEqual([])
    look(T0 + 2 * SLOT_MS + 3 * MINUTE)
    expect(shown()).toEqual([['undecided', 'meter-a', 1, 2, 'open', 'register-decreased']])
  })
})
