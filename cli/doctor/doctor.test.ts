import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CommitRecord } from '#contract/commit.ts'
import { openBooks, openReadingStore } from '#store/open.ts'
import { startRecordingServer } from '#test/support/recording-server.ts'
import { openDataFolder } from '../data-folder.ts'
import { checkClock, serverAheadMs } from './clock.ts'
import { checkDisk, checkFolder, holderOf } from './folder.ts'
import { checkBooks, checkStore } from './kept.ts'
import { checkLost } from './lost.ts'
import { checkPort } from './ports.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-doctor-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('clock', () => {
  const nowMs = Date.UTC(2026, 5, 1)
  const statesOf = (...given: Parameters<typeof checkClock>) => checkClock(...given).map(({ state }) => state)

  it('is believed where nothing speaks against it', () => {
    const followedUntilMs = nowMs - 1_000
    const [found] = checkClock({
      nowMs,
      synchronized: true,
      followedUntilMs,
      storeAheadMs: -900,
      gatewaysAheadMs: [5, -9, 2_000_000],
    })
    expect(found).toMatchObject({ state: 'ok', what: expect.stringMatching(/kept by NTP; it agrees with/) })
  })

  it.each<[string, Partial<Parameters<typeof checkClock>[0]>]>([
    ['1970', { nowMs: 1_000 }],
    ['it was set back', { followedUntilMs: nowMs + 61_000 }],
    ['the store’s server has another time', { storeAheadMs: 6_000 }],
    ['most gateways have another time', { gatewaysAheadMs: [3_600_000, 3_599_000, 10] }],
  ])('is wrong where %s', (_what, witness) => {
    expect(statesOf({ nowMs, synchronized: undefined, ...witness })).toEqual(['fault'])
  })

  it.each<[number, number, number, string]>([
    [0, 1_000, 0, 'asked and answered at once'],
    [0, 9_000, 0, 'an answer that took nine seconds'],
    [8_000, 9_000, -7_000, 'a server that is behind'],
    [-20_000, -11_000, 11_000, 'a server that is ahead, and slow'],
  ])(
    'is held against the store’s: asked at %d ms, answered at %d ms: %d ms ahead',
    async (askedMs, answeredMs, aheadMs) => {
      const server = await startRecordingServer(() => ({
        status: 204,
        headers: { date: new Date(nowMs).toUTCString() },
      }))
      const times = [nowMs + askedMs, nowMs + answeredMs]
      expect(await serverAheadMs(server.url, () => times.shift() ?? NaN)).toBe(aheadMs)
      await server.close()
    },
  )

  it('one gateway that is off is not our clock’s fault', () => {
    expect(statesOf({ nowMs, synchronized: true, gatewaysAheadMs: [3_600_000] })).toEqual(['ok'])
  })

  it('is worth a look where the system says that it is not synchronised', () => {
    expect(statesOf({ nowMs, synchronized: false })).toEqual(['warning'])
  })
})

describe('folder', () => {
  it('can be written, and nobody holds it; nothing is left in it', () => {
    expect(checkFolder(folder)).toMatchObject({ state: 'ok', what: expect.stringMatching(/no server runs/) })
    rmSync(folder, { recursive: true })
    expect(checkFolder(folder)).toMatchObject({ state: 'ok', what: expect.stringMatching(/not there yet/) })
    expect(checkFolder(join(folder, 'a', 'b'))).toMatchObject({ state: 'fault' })
    // Nobody can make a folder there, not even root.
    expect(checkFolder('/proc/tanbiao')).toMatchObject({
      state: 'fault',
      what: expect.stringMatching(/cannot be made/),
    })
    openDataFolder(folder).release()
  })

  it('tells who holds it, without taking it', () => {
    const held = openDataFolder(folder)
    held.describe('http://127.0.0.1:8080, mqtt://127.0.0.1:1883')
    expect(holderOf(folder)).toEqual({
      text: expect.stringContaining(`process ${process.pid}`),
      url: 'http://127.0.0.1:8080',
      broker: 'mqtt://127.0.0.1:1883',
    })
    held.release()
    expect(holderOf(folder)).toBeUndefined()
    openDataFolder(folder).release()
  })

  it('says how much room there is', () => {
    expect(checkDisk(folder).what).toMatch(/^\d+ MiB free \(\d+ %\)/)
  })
})

describe('what is kept', () => {
  it('is skipped before the first start, and not made', async () => {
    const url = `sqlite:${join(folder, 'readings.sqlite')}`
    expect(await checkStore(url, 0)).toMatchObject({ state: 'skipped' })
    expect(checkBooks(join(folder, 'books.sqlite')).findings).toMatchObject([{ state: 'skipped' }])
    expect(await checkStore(url, 0)).toMatchObject({ state: 'skipped' })
  })

  it('takes writes, and tells what waits for a person', async () => {
    const url = `sqlite:${join(folder, 'readings.sqlite')}`
    await (await openReadingStore(url)).close()
    expect(await checkStore(url, 0)).toMatchObject({ state: 'ok' })
    const file = join(folder, 'books.sqlite')
    const books = openBooks(file)
    const refusal = { code: 'meter-unknown', detail: 'x', encoding: 'json', payload: '{}' } as const
    const record = { gateway: 'gw-1', epoch: 'a'.repeat(32), stored: 0, touched: [] }
    books.follow(
      [{ ...record, seq: 3, digest: 'b'.repeat(64), committedAtMs: 7_000, refused: [refusal] }],
      9_000,
    )
    books.close()
    const { findings, followedUntilMs } = checkBooks(file)
    expect(followedUntilMs).toBe(7_000)
    expect(findings.map(({ state, what }) => `${state} ${what}`)).toEqual([
      expect.stringMatching(/^ok .* takes writes/),
      expect.stringMatching(/^warning 1 entries in quarantine/),
      expect.stringMatching(/^warning 2 batches have not arrived/),
    ])
  })

  it('tells of what was too much for quarantine', () => {
    const file = join(folder, 'books.sqlite')
    const books = openBooks(file, undefined, {
      charactersPerGateway: 1_000,
      entriesPerGateway: 2,
      characters: 1_000,
      entries: 2,
    })
    const refusal = { code: 'meter-unknown', detail: 'x', encoding: 'json', payload: '{}' } as const
    const record = { gateway: 'gw-1', epoch: null, seq: null, stored: 0, touched: [] }
    const refused = Array.from({ length: 5 }, () => refusal)
    books.follow([{ ...record, digest: 'b'.repeat(64), committedAtMs: 7_000, refused }], 9_000)
    books.close()
    expect(checkBooks(file).findings.map(({ what }) => what)).toContain(
      '2 entries in quarantine; 3 more were beyond its bounds, and are only counted.',
    )
  })

  describe('what the books know of the last day', () => {
    const nowMs = Date.UTC(2026, 5, 1)
    const commit = (seq: number | null, over: Partial<CommitRecord> = {}): CommitRecord => ({
      gateway: 'gw-1',
      epoch: seq === null ? null : 'e'.repeat(32),
      seq,
      digest: String(seq ?? 0).padStart(64, '0'),
      committedAtMs: nowMs - 3_600_000 + (seq ?? 0),
      stored: 1,
      touched: [{ meter: 'm-1', fromMs: nowMs, toMs: nowMs }],
      refused: [],
      ...over,
    })

    async function lost(known: readonly CommitRecord[], held: readonly CommitRecord[]) {
      const url = `sqlite:${join(folder, 'readings.sqlite')}`
      const store = await openReadingStore(url)
      await store.appendCommits(held)
      await store.close()
      const file = join(folder, 'books.sqlite')
      const books = openBooks(file)
      books.follow(known, nowMs)
      books.close()
      return checkLost(url, file, nowMs)
    }

    it('is all in the store, or the store has lost it, by journals and numbers', async () => {
      const known = [1, 2, 3, 4, 5, 6].map((seq) => commit(seq))
      expect(await lost(known, known)).toMatchObject([
        { state: 'ok', what: 'It holds all 6 newest batches that the books know.' },
      ])
      const other = commit(2, { gateway: 'gw-2' })
      const undecoded = commit(null)
      const [found] = await lost([other, commit(7), commit(8), undecoded, commit(10)], [])
      const epoch = `(epoch ${'e'.repeat(32)})`
      expect(found).toMatchObject({
        state: 'fault',
        what: expect.stringMatching(
          /^It holds 5 of 11 acknowledged batches no more: .*, 1 without a number\.$/,
        ),
        advice: expect.stringMatching(/A running server asks the gateways/),
      })
      for (const range of ['gw-2 2', 'gw-1 7 to 8', 'gw-1 10'])
        expect(found?.what).toContain(`${range} ${epoch}`)
    })

    it('is not told of where it is older than gateways keep it, or where nothing is known', async () => {
      expect(await lost([], [commit(1)])).toEqual([])
      expect(await lost([commit(2, { committedAtMs: nowMs - 25 * 3_600_000 })], [])).toEqual([])
    })

    it('is found through pages, many records of one moment among them', async () => {
      const known = Array.from({ length: 3_500 }, (_, index) =>
        commit(index + 1, { committedAtMs: nowMs - (index < 2_500 ? 9_000 : 8_000) }),
      )
      const [found] = await lost(
        known,
        known.filter(({ seq }) => seq !== 1_234),
      )
      expect(found?.what).toMatch(/^It holds 1 of 3500 acknowledged batches no more: gw-1 1234 /)
    })
  })

  it('a store that cannot be reached is a fault with its advice', async () => {
    expect(await checkStore('influx1://127.0.0.1:1/park?create=true', 0)).toMatchObject({
      state: 'fault',
      advice: expect.stringMatching(/Start the store/),
    })
    expect(await checkStore('postgres:x', 0)).toMatchObject({ state: 'fault' })
  })
})

it('a port is free for a server that is to start, and answers where one runs', async () => {
  const other = createServer()
  await new Promise<void>((resolve) => {
    other.listen(0, '127.0.0.1', resolve)
  })
  const address = other.address()
  const place = {
    host: '127.0.0.1',
    port: address === null || typeof address === 'string' ? 0 : address.port,
  }
  expect(await checkPort('pages', { ...place, isRunning: true })).toMatchObject({ state: 'ok' })
  expect(await checkPort('pages', { ...place, isRunning: false })).toMatchObject({
    state: 'fault',
    what: expect.stringMatching(/EADDRINUSE/),
  })
  await new Promise((resolve) => {
    other.close(resolve)
  })
  expect(await checkPort('pages', { ...place, isRunning: false })).toMatchObject({ state: 'ok' })
  expect(await checkPort('pages', { ...place, isRunning: true })).toMatchObject({ state: 'fault' })
})
