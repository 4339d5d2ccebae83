import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { smallPark } from '#dashboards/small-park.test-support.ts'
import type { CommitRecord } from '#contract/commit.ts'
import { DAY_MS, HOUR_MS } from '#contract/duration.ts'
import { Fault } from '#contract/fault.ts'
import { command as commandSchema, type Command } from '#contract/messages.ts'
import { watchGaps } from '#ingest/gap-watch.ts'
import { openBooks, openReadingStore } from '#store/open.ts'
import { findLost, LostBatches } from './lost-batches.ts'
import { systemClock } from './system-clock.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-lost-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const nowMs = Date.UTC(2026, 5, 1)
const epoch = 'e'.repeat(32)
const log = pino({ level: 'silent' })
const clock = { ...systemClock, wallMs: () => nowMs }

const commit = (seq: number, over: Partial<CommitRecord> = {}): CommitRecord => ({
  gateway: 'gw-1',
  epoch,
  seq,
  digest: String(seq).padStart(64, '0'),
  committedAtMs: nowMs - HOUR_MS + seq,
  stored: 1,
  touched: [],
  refused: [],
  ...over,
})

function booksThatKnow(records: readonly CommitRecord[]) {
  const books = openBooks(join(folder, 'books.sqlite'))
  books.follow(records, nowMs)
  return books
}

it('Gateways are asked for what the store has lost, in commands that they take, until it is there', async () => {
  const numbers = Array.from({ length: 12_000 }, (_, index) => index + 1)
  const known = [
    ...numbers.map((seq) => commit(seq)),
    commit(12_002),
    commit(3, { gateway: 'gw-2' }),
    commit(9, { epoch: null, seq: null }),
  ]
  const commands: Command[] = []
  const parts = {
    books: booksThatKnow(known),
    clock,
    log,
    command: (given: Command) => commands.push(given) > 0,
  }
  const store = await openReadingStore(`sqlite:${join(folder, 'readings.sqlite')}`)
  const batches = new LostBatches({ ...parts, store })
  expect(batches.lost).toBeUndefined()
  expect(await batches.look()).toBe(known.length)
  expect(batches.lost).toBe(known.length)
  for (const given of commands) expect(commandSchema.safeParse(given).success).toBe(true)
  expect(commands.map(({ gateway, resend }) => ({ gateway, ...resend }))).toEqual([
    { gateway: 'gw-1', epoch, firstSeq: 1, lastSeq: 5_000 },
    { gateway: 'gw-1', epoch, firstSeq: 5_001, lastSeq: 10_000 },
    { gateway: 'gw-1', epoch, firstSeq: 10_001, lastSeq: 12_000 },
    { gateway: 'gw-1', epoch, firstSeq: 12_002, lastSeq: 12_002 },
    { gateway: 'gw-2', epoch, firstSeq: 3, lastSeq: 3 },
  ])
  commands.length = 0
  await store.appendCommits(known)
  expect(await batches.look()).toBe(0)
  expect(batches.lost).toBe(0)
  expect(commands).toEqual([])
  await store.close()
})

it('what never arrived is asked for too, until a person lets it be, for a week', async () => {
  const books = booksThatKnow([commit(1), commit(2), commit(5), commit(7)])
  const park = smallPark
  watchGaps({ books, park }, nowMs)
  const asked = async (atMs = nowMs) => {
    const commands: Command[] = []
    const store = { commitsSince: async () => [1, 2, 5, 7].map((seq) => commit(seq)) }
    const command = (given: Command) => commands.push(given) > 0
    expect(
      await new LostBatches({ store, books, clock: { ...clock, wallMs: () => atMs }, log, command }).look(),
    ).toBe(0)
    return commands.map(({ resend }) => [resend?.firstSeq, resend?.lastSeq])
  }
  expect(await asked()).toEqual([
    [3, 4],
    [6, 6],
  ])
  expect(await asked(nowMs + 8 * DAY_MS)).toEqual([])
  const hole = books.unfilledGaps().find(({ kind, first }) => kind === 'batches' && first === 3)
  expect(books.acceptGap(hole?.id ?? 0, { by: 'x', reason: 'burnt', atMs: nowMs })).toBe(true)
  expect(await asked()).toEqual([[6, 6]])
})

it('it is looked for soon after the start, every hour, and sooner where something is lost or the store is away', async () => {
  const abort = new AbortController()
  const waits: number[] = []
  const answers = [
    async () => [],
    () => Promise.reject(new Fault('store-unavailable', 'away')),
    async () => [commit(1)],
    async () => [commit(1)],
  ]
  const batches = new LostBatches({
    books: booksThatKnow([commit(1)]),
    store: { commitsSince: () => answers[Math.min(waits.length, 4) - 1]?.() ?? Promise.resolve([]) },
    clock: {
      ...clock,
      sleep: async (durationMs) => {
        waits.push(durationMs)
        if (waits.length === 5) abort.abort()
      },
    },
    log,
    command: () => false,
  })
  await batches.run(abort.signal)
  expect(waits.map((ms) => ms / 60_000)).toEqual([0.5, 10, 10, 60, 60])
})

it('what the server of the store lets go of is not lost, nor what gateways keep no longer', async () => {
  const ago = (hours: number, seq: number) => commit(seq, { committedAtMs: nowMs - hours * HOUR_MS })
  const books = booksThatKnow([ago(30, 1), ago(20, 2), ago(3, 3)])
  const lostOf = async (keptMs: number | undefined) => {
    const retention = { by: 'server', keptMs: async () => keptMs } as const
    const { lost } = await findLost({ books, store: { commitsSince: async () => [], retention } }, nowMs)
    return lost.map(({ seq }) => seq)
  }
  expect(await lostOf(undefined)).toEqual([3, 2])
  expect(await lostOf(Infinity)).toEqual([3, 2])
  expect(await lostOf(DAY_MS / 2)).toEqual([3])
  expect(await lostOf(HOUR_MS)).toEqual([])
})
